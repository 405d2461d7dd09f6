"""The pages of a region's catalogue share one address; each asks for its permission, in the menu and on the page."""

import pytest
from django.urls import reverse

from shebao.hall.operators.models import DUTIES, Duty
from shebao.hall.regions import all_regions
from shebao.web.places import KEYED
from shebao.web.rights import PAGE_NEEDS
from tests.factories import NOW, EmployerFactory, OperatorFactory, at

PAGES = sorted(
    {page.page: (code, key) for code, here in all_regions().items() for key, page in here.pages.items()}.items()
)
"""Each kind of page once: in a region that shows it."""
KEYED_PAGES = [pytest.param(code, key, kind, id=kind) for kind, (code, key) in PAGES if kind in KEYED]


@pytest.fixture(autouse=True)
def in_november(db):
    with at(NOW):
        yield


def test_every_kind_of_page_says_what_it_asks_for():
    assert set(PAGE_NEEDS) == set(KEYED)


@pytest.mark.parametrize(("code", "key", "kind"), KEYED_PAGES)
def test_a_page_opens_for_the_duties_that_have_its_permission_and_stands_in_their_menu_only(client, code, key, kind):
    employer, address = EmployerFactory(region=code), reverse("e_page", args=[key])
    for duty in Duty:
        client.force_login(OperatorFactory(clerk=True, employer=employer, duty=duty))
        # Vouchers tell wages, and whoever only looks is not shown those.
        is_open = PAGE_NEEDS[kind] in DUTIES[duty] and (kind, duty) != ("vouchers", Duty.READ)
        assert client.get(address).status_code == (200 if is_open else 403), (duty, kind)
        home = client.get(reverse("e_home")).content.decode()
        assert is_open or f'href="{address}"' not in home, (duty, kind)


def test_whoever_pays_finds_the_debits_of_the_bank_in_the_menu(client):
    employer = EmployerFactory(region="shenzhen")
    (key,) = [key for key, page in all_regions()["shenzhen"].pages.items() if page.page == "bank_debit"]
    client.force_login(OperatorFactory(clerk=True, employer=employer, duty="finance"))
    assert f'href="{reverse("e_page", args=[key])}"' in client.get(reverse("e_home")).content.decode()
