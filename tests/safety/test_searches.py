"""What somebody types about a person stands in no address: not in the browser's, not in a link, not in a log (B10)."""

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client

from shebao.hall import clock
from shebao.hall.reports.models import ExportRun, SavedView
from shebao.web import searching
from shebao.web.searching import is_number, opened_for, sealed_for
from tests.factories import NOW, EmployerFactory, OperatorFactory, at, enrolled, synthetic_id

TEMPLATES = Path(__file__).parents[2] / "src/shebao/web/templates"
# Forms of which nobody can type anything about a person: months, days, kinds; and those that are open to everybody.
ASK_NOBODY = {
    "agency/configuration.html", "agency/undeclared.html", "employer/documents.html", "employer/documents_of.html",
    "employer/issued.html",
    "employer/vouchers.html", "employer/yearly_plan.html", "operators/audit.html", "public/verify.html",
    "public/rates_of.html", "public/trial.html", "styleguide.html",
}  # fmt: skip
QUERY = "/e/queries/employee_contributions/"


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


def test_a_name_is_sealed_and_what_is_chosen_from_a_list_stays_readable(clerk):
    answer = clerk.post("/e/roster/", {"_search": "1", "q": "周平", "status": "all", "department": "生产部"})
    assert quote("周平") not in answer["Location"]
    assert answer["Location"].endswith(f"&status=all&department={quote('生产部')}")
    clerk.post("/e/roster/", {"_search": "1", "q": "", "status": "all"})
    page = clerk.get(answer["Location"]).content.decode()
    assert 'value="周平"' in page and f"q={quote('周平')}" not in page


def test_typing_is_answered_at_once_and_its_links_are_sealed(clerk):
    for typed in (clerk.employee.person.id_number, "周平"):
        answer = clerk.post("/e/search/", {"_search": "1", "q": typed}, headers={"HX-Request": "true"})
        text = answer.content.decode()
        assert answer.status_code == 200 and "周平" in text
        assert "?q=~" in text and f"?q={quote(typed)}" not in text


def test_pages_tabs_and_the_workbook_of_a_search_find_the_same_people(clerk):
    for number in range(24):
        enrolled(clerk.operator.employer, name="周平同名", number=synthetic_id(sequence=100 + number))
    first = clerk.post("/e/roster/", {"_search": "1", "q": "周平同", "status": "all", "size": "20"})["Location"]
    page = clerk.get(first).content.decode()
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="([^"]*q=~[^"]*)"', page)]
    following = next(link for link in links if "page=2" in link)
    workbook = next(link for link in links if "export" in link)
    assert clerk.get("/e/roster/" + following).content.decode().count("周平同名") >= 4
    assert clerk.get(workbook).status_code == 200
    assert not [link for link in re.findall(r'href="([^"]*)"', page) if quote("周平") in link]


def test_a_kept_query_is_encrypted_and_its_link_opens_for_its_owner(clerk):
    number = clerk.employee.person.id_number
    clerk.force_login(OperatorFactory(admin=True, employer=EmployerFactory(region="guiyang")))
    page = clerk.get(clerk.post(QUERY, {"_search": "1", "q": number})["Location"]).content.decode()
    keep = re.search(r'action="([^"]*keep[^"]*)"', page)[1].replace("&amp;", "&")
    assert number not in keep
    answer = clerk.post(keep, {"name": "这个人"})
    assert answer.status_code == 302 and number not in answer["Location"]
    assert SavedView.objects.get().conditions == {"q": number}
    with connection.cursor() as cursor:
        cursor.execute("SELECT conditions FROM reports_savedview")
        assert number not in cursor.fetchone()[0]
    page = clerk.get(QUERY).content.decode()
    link = re.search(r'<a href="([^"]*\?[^"]*)"[^>]*>这个人</a>', page)[1].replace("&amp;", "&")
    assert number not in page and f'value="{number}"' in clerk.get(link).content.decode()


def test_what_an_export_was_asked_for_is_encrypted(clerk):
    number, who = clerk.employee.person.id_number, clerk.operator
    ExportRun.objects.create(
        operator=who, employer=who.employer, query="x", title="x", asked_line=f"单位：甲；人员：{number}",
        conditions={"q": number}, asked_at=clock.now(), rows_total=1, busy_at=clock.now(), expires_at=clock.now(),
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT conditions, asked_line FROM reports_exportrun")
        assert not [text for text in cursor.fetchone() if number in text]
    assert ExportRun.objects.get().asked_line.endswith(number)


def test_where_an_answer_leads_is_sealed_too(clerk):
    answer = clerk.post("/e/statements/contribution_detail/print/", {"q": "查无此人", "from": "x"})
    assert answer.status_code == 302 and quote("查无此人") not in answer["Location"] and "q=~" in answer["Location"]


def test_a_search_never_leads_to_another_host(clerk):
    answer = clerk.post("//evil.example/x", {"_search": "1", "q": "x"})
    assert not answer.headers.get("Location", "").startswith("//")


def test_whole_numbers_are_looked_for_sixty_times_a_minute_at_most(clerk):
    number = clerk.employee.person.id_number
    answers = [clerk.get(f"/e/roster/?q={number}").status_code for _ in range(searching.LOOKUPS + 1)]
    assert answers == [200] * searching.LOOKUPS + [429]
    refused = clerk.get(f"/e/search/?q={number}")
    assert refused.status_code == 429 and "请稍等一分钟再查" in refused.content.decode()
    assert clerk.get("/e/search/?q=周平").status_code == 200, "names are not counted"


def test_the_agency_finds_a_person_the_same_way(clerk):
    desk = Client()
    desk.force_login(OperatorFactory(reviewer=True))
    number = clerk.employee.person.id_number
    answer = desk.post("/a/people/", {"_search": "1", "q": number})
    assert number not in answer["Location"] and "周*" in desk.get(answer["Location"]).content.decode()


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
    wrong = {
        str(file.relative_to(TEMPLATES))
        for file in TEMPLATES.rglob("*.html")
        if 'method="get"' in file.read_text("utf-8")
    }
    assert wrong == ASK_NOBODY
