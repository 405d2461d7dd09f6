"""A number that somebody looks for stands in no address: not in the browser's, not in a link, not in a log (B10)."""

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from django.test import Client

from shebao.web.searching import is_number, opened_for, sealed_for
from tests.factories import NOW, EmployerFactory, OperatorFactory, at, enrolled

TEMPLATES = Path(__file__).parents[2] / "src/shebao/web/templates"
# Forms whose fields hold no number of a person: months, kinds, the check code of a paper.
ASK_NO_NUMBER = {"documents.html", "employer_papers.html", "vouchers.html", "yearly_plan.html"}


@pytest.fixture
def clerk(db):
    with at(NOW):
        client = Client()
        client.operator = OperatorFactory(admin=True)
        client.force_login(client.operator)
        client.employee = enrolled(client.operator.employer, name="周平")
        yield client


@pytest.mark.parametrize("address", ["/e/search/", "/e/roster/", "/e/cases/"])
def test_a_search_by_number_leads_to_an_address_without_it(clerk, address):
    number = clerk.employee.person.id_number
    answer = clerk.post(address, {"_search": "1", "q": number, "status": "all"})
    assert answer.status_code == 302 and number not in answer["Location"]
    page = clerk.get(answer["Location"]).content.decode()
    assert "周平" in page or address == "/e/cases/"
    assert f'value="{number}"' in page, "what was typed stands in the box again"
    assert not re.findall(rf'(?:href|action|src)="[^"]*{number}', page)


def test_a_name_stays_readable_and_typing_is_answered_at_once(clerk):
    answer = clerk.post("/e/roster/", {"_search": "1", "q": "周平", "status": "all"})
    assert answer["Location"] == f"/e/roster/?q={quote('周平')}&status=all"
    number = clerk.employee.person.id_number
    typed = clerk.post("/e/search/", {"_search": "1", "q": number}, headers={"HX-Request": "true"})
    assert typed.status_code == 200 and "周平" in typed.content.decode()
    assert not re.findall(rf'href="[^"]*{number}', typed.content.decode())


def test_the_agency_finds_a_person_the_same_way(clerk):
    desk = Client()
    desk.force_login(OperatorFactory(reviewer=True))
    number = clerk.employee.person.id_number
    answer = desk.post("/a/people/", {"_search": "1", "q": number})
    assert number not in answer["Location"] and "周平" in desk.get(answer["Location"]).content.decode()


def test_a_sealed_number_opens_for_its_owner_only_and_for_a_day(clerk):
    number, other = clerk.employee.person.id_number, OperatorFactory(employer=EmployerFactory())
    sealed = sealed_for(clerk.operator, number)
    assert opened_for(clerk.operator, sealed) == number and number not in sealed
    assert opened_for(other, sealed) is None and opened_for(clerk.operator, sealed[:-3]) is None
    stranger = Client()
    stranger.force_login(other)
    answer = stranger.get(f"/e/roster/?q={sealed}", follow=True)
    assert answer.redirect_chain == [("/e/roster/", 302)] and "链接已失效" in answer.content.decode()
    with at(NOW.replace(day=12)):
        assert opened_for(clerk.operator, sealed) is None


@pytest.mark.parametrize("typed", ["990101199005170075", "99010119900517007X", "1390000 8888", "9901 0119 9005 1700"])
def test_what_looks_like_a_number_is_known(typed):
    assert is_number(typed)
    assert not is_number("2026-11") and not is_number("周平") and not is_number("0000000012")


def test_no_form_of_an_operator_puts_what_is_typed_into_the_address():
    wrong = [
        file.name
        for side in ("employer", "agency", "parts")
        for file in (TEMPLATES / side).glob("*.html")
        if 'method="get"' in file.read_text("utf-8") and file.name not in ASK_NO_NUMBER
    ]
    assert wrong == []
