"""The looks of the key pages are kept, wide and narrow: whoever changes one is told, and says so by `make golden`."""

import os

import pytest
from django.utils import timezone

from shebao.cli.demo_city import load_demo_city
from shebao.hall.operators.models import Operator
from shebao.hall.settlement.models import Bill
from shebao.hall.sheets import operations
from shebao.hall.sheets.jobs import carry_on
from tests.factories import NOW

from . import golden
from .steps import all_believe, newcomers, sheet_of

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
WRITE = bool(os.environ.get("SHEBAO_GOLDEN"))
WIDTHS = (1440, 390)


@pytest.fixture
def november(monkeypatch):
    """The server's threads, too, believe that it is the tenth of November."""
    moment = timezone.make_aware(NOW)
    all_believe(monkeypatch, moment)


STILL = {"reduced_motion": "reduce", "device_scale_factor": 1}


@pytest.fixture
def people(november, settings):
    """A city as it is on that day, and two who work in it."""
    settings.SHEBAO_BANK_URL = "https://bank.invalid"
    load_demo_city({"tianjin"})
    names = {"clerk": "tianjin-clerk-1", "reviewer": "tianjin-reviewer", "": None}
    return {role: name and Operator.objects.get(username=name) for role, name in names.items()}


@pytest.fixture
def canvas(browser):
    page = browser.new_page()
    yield page
    page.close()


def import_grid(clerk) -> str:
    """An uploaded sheet with right rows, a wrong number and a low wage."""
    from shebao.hall.regions import region

    crowd, month = newcomers("golden"), clerk.employer.first_month.next(11)
    rows = [crowd.next(month) | {"declared_wage": "8000"} for _ in range(8)]
    rows[2]["id_number"] = rows[2]["id_number"][:-1] + ("1" if rows[2]["id_number"][-1] != "1" else "2")
    rows[5]["declared_wage"] = "3000"
    form = region(clerk.region).forms["employee_enrolment"]
    data = sheet_of(rows, form)
    batch = operations.receive_sheet(clerk.employer_id, "employee_enrolment", "十一月.csv", data, by=clerk).batch
    carry_on(batch.pk, by=clerk)
    return f"/e/import/{batch.pk}/"


@pytest.mark.slow
def test_the_key_pages_look_as_they_did(page_of, people, canvas, live_server):
    bill = Bill.objects.visible_to(people["clerk"]).first()
    pages = {
        "sign-in": ("", "/login"), "styleguide": ("", "/styleguide"), "home": ("clerk", "/e/"),
        "import-grid": ("clerk", import_grid(people["clerk"])), "bill": ("clerk", f"/e/bills/{bill.pk}/"),
        "desk": ("reviewer", "/a/"),
    }  # fmt: skip
    changed = []
    for name, (role, address) in pages.items():
        for width in WIDTHS:
            page = page_of(people[role], width=width, **STILL)
            # The amounts of the first page come as a part of their own.
            page.goto(live_server.url + address, wait_until="networkidle")
            page.evaluate("() => document.fonts.ready.then(() => true)")
            found = golden.seen(page, canvas)
            kept = golden.load(f"{name}-{width}")
            if WRITE and (kept is None or golden.differences(kept, found)):
                golden.keep(f"{name}-{width}", found)
            elif not WRITE:
                changed += [f"{name} at {width} px: {words}" for words in golden.differences(kept, found)]
    assert not changed, "run `make golden` if that is how it should look: " + "; ".join(changed)


SAMPLE = "/styleguide?show=home"
CHANGES = {
    "a block is gone": "document.querySelector('main .card').style.visibility = 'hidden'",
    "a block moved": "document.querySelector('main').style.marginTop = '40px'",
    "another colour, equally light": "document.querySelector('main .card').style.backgroundColor = '#ffe9b0'",
    "the side is dark": "document.querySelector('nav, aside').style.backgroundColor = '#222'",
}


def test_a_visible_change_is_seen_and_another_smoothing_of_the_letters_is_not(page_of, canvas, live_server):
    page = page_of(**STILL)
    page.goto(live_server.url + SAMPLE)
    before = golden.seen(page, canvas)
    assert golden.differences(before, golden.seen(page, canvas)) == []
    page.evaluate("() => { document.body.style.letterSpacing = '0.1px'; document.body.style.fontWeight = '380' }")
    assert golden.differences(before, golden.seen(page, canvas)) == []
    for name, change in CHANGES.items():
        page.goto(live_server.url + SAMPLE)
        page.evaluate(f"() => {{ {change} }}")
        assert golden.differences(before, golden.seen(page, canvas)), name
