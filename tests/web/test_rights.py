"""What is not permitted is neither shown nor reachable: menu, buttons and addresses say the same."""

import io
import re

import pytest
from django.urls import get_resolver
from openpyxl import load_workbook

from shebao.hall.audit.models import AuditEntry
from shebao.hall.documents.operations import issue_document
from shebao.hall.documents.printing import print_bills
from shebao.hall.documents.statements import issue_statement
from shebao.hall.mail.models import Mail
from shebao.hall.operators.models import Operator
from shebao.rules.months import Month
from shebao.web.rights import FUNCTIONS
from tests.factories import DIRECT, NOW, EmployerFactory, OperatorFactory, at, enrolled
from tests.settlement.hall import settle

MOST = 60
LINK = re.compile(r'(?:href|action|formaction)="(/e/[^"#?]*)')


@pytest.fixture(autouse=True)
def november(db):
    with at(NOW):
        yield


def links_of(client, path: str) -> set[str]:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return set(LINK.findall(answer.content.decode()))


def routes(resolver=None, before=""):
    for one in (resolver or get_resolver()).url_patterns:
        route = before + str(one.pattern)
        if hasattr(one, "url_patterns"):
            yield from routes(one, route)
        else:
            yield one.name or route, route


def test_every_address_of_the_employers_side_belongs_to_a_function():
    own = {name for name, route in routes() if route.startswith("e/")}
    assert sorted(own - set(FUNCTIONS)) == []
    assert sorted(set(FUNCTIONS) - own) == []


@pytest.mark.parametrize("region", ["tianjin", DIRECT, "shenzhen"])
@pytest.mark.parametrize(
    "less",
    [
        {"duty": "entry"}, {"duty": "finance"}, {"duty": "read"}, {"departments": ["生产部"]},
        {"withheld": ["roster", "cases", "service:employee_enrolment", "import"]},
    ],
    ids=lambda less: "-".join(map(str, less.values())),
)  # fmt: skip
def test_no_link_or_button_of_a_page_leads_to_a_refusal(client, region, less):
    employer = EmployerFactory(region=region)
    one = enrolled(employer, department="生产部")
    clerk = OperatorFactory(clerk=True, employer=employer, **less)
    client.force_login(clerk)
    todo, tried = ["/e/"], {"/e/"}
    if clerk.may_use("roster"):
        todo.append(f"/e/roster/{one.pk}/")
    for path in todo[:]:
        todo += sorted(links_of(client, path) - tried)
        tried |= set(todo)
    for link in todo[:MOST]:
        assert client.get(link).status_code != 403, link
    assert len(todo) > 5


def test_a_clerk_with_the_whole_sees_every_link_as_before(client):
    employer = EmployerFactory()
    client.force_login(OperatorFactory(clerk=True, employer=employer))
    assert {"/e/settle/", "/e/bills/", "/e/roster/"} <= links_of(client, "/e/")


def test_what_the_employer_has_not_opened_is_not_in_the_menu_and_says_how_to_open_it(client):
    employer = EmployerFactory(region="yunnan", areas=["social_insurance"])
    client.force_login(OperatorFactory(clerk=True, employer=employer))
    shown = links_of(client, "/e/")
    assert "/e/declare/employee_enrolment/" in shown
    assert not any("project" in link for link in shown)
    for path in ("/e/declare/project_registration/", "/e/declare/project_worker_enrolment/", "/e/projects/"):
        answer = client.get(path)
        assert answer.status_code == 403
        assert "还没有开通“工程项目工伤保险业务”" in answer.content.decode()


def test_who_was_never_asked_has_every_area(client):
    client.force_login(OperatorFactory(clerk=True, employer=EmployerFactory(region="yunnan")))
    assert "/e/projects/" in links_of(client, "/e/")


def test_the_record_is_filtered_by_person_and_day_and_taken_away(client):
    admin = OperatorFactory(admin=True)
    clerk = OperatorFactory(clerk=True, employer=admin.employer)
    client.force_login(admin)
    client.post("/operators/new", {"username": "wang", "name": "王敏", "role": "clerk"})
    text = client.get("/audit/", {"actor": admin.pk, "from": "2026-11-10", "to": "2026-11-10"}).content.decode()
    assert "共 1 条" in text
    assert "共 0 条" in client.get("/audit/", {"actor": clerk.pk}).content.decode()
    assert client.get("/audit/", {"from": "昨天"}).status_code == 422
    answer = client.get("/audit/export", {"action": "operator.created"})
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert "新建操作员" in [cell.value for row in sheet.iter_rows() for cell in row]
    assert AuditEntry.objects.latest("sequence").action == "data.exported"


def test_the_tree_keeps_what_was_ticked_when_a_branch_is_flipped_without_scripts(client):
    admin = OperatorFactory(admin=True)
    clerk = OperatorFactory(clerk=True, employer=admin.employer)
    client.force_login(admin)
    page = client.get(f"/e/operators/{clerk.pk}/").content.decode()
    every = re.findall(r'name="function" value="([^"]+)" checked', page)
    assert {"settle", "roster", "service:employee_enrolment"} <= set(every)
    said = {"name": clerk.name, "role": "clerk", "duty": "all", "function": every, "toggle": "2"}
    flipped = client.post(f"/e/operators/{clerk.pk}/", said).content.decode()
    left = re.findall(r'name="function" value="([^"]+)" checked', flipped)
    assert 0 < len(left) < len(every)
    assert 'aria-checked="false"' in flipped
    assert Operator.objects.get(pk=clerk.pk).withheld == []
    client.post(f"/e/operators/{clerk.pk}/", said | {"function": left[1:], "toggle": ""})
    said.pop("toggle")
    client.post(f"/e/operators/{clerk.pk}/", said | {"function": left})
    assert set(Operator.objects.get(pk=clerk.pk).withheld) == set(every) - set(left)


def states_of(page: str) -> dict[str, str]:
    """How each branch of the tree is ticked, by its place."""
    return dict(re.findall(r'name="toggle" value="([\d-]+)" role="checkbox" aria-checked="(\w+)"', page))


def test_the_tree_has_the_levels_of_the_menu_each_half_ticked_where_something_below_is_left_out(client):
    admin = OperatorFactory(admin=True, employer=EmployerFactory(region="fujian"))
    clerk = OperatorFactory(clerk=True, employer=admin.employer)
    client.force_login(admin)
    address = f"/e/operators/{clerk.pk}/"
    page = client.get(address).content.decode()
    every = re.findall(r'name="function" value="([^"]+)" checked', page)
    levels = states_of(page)
    inner = next(place for place in levels if "-" in place)
    outer = inner.partition("-")[0]
    assert set(levels.values()) == {"true"}
    said = {"name": clerk.name, "role": "clerk", "duty": "all", "function": every, "toggle": inner}
    flipped = states_of(client.post(address, said).content.decode())
    assert (flipped[inner], flipped[outer]) == ("false", "mixed")
    reminders = [key for key in every if key.startswith("reminder:")]
    page = client.post(address, said | {"function": [one for one in every if one != reminders[0]], "toggle": ""})
    assert {place for place, state in states_of(page.content.decode()).items() if state == "mixed"} == {outer, inner}


@pytest.mark.parametrize("place", ["9", "0-9", "x", "0-0-0", "-", ""])
def test_a_branch_that_is_not_there_flips_nothing(client, place):
    admin = OperatorFactory(admin=True, employer=EmployerFactory(region="fujian"))
    clerk = OperatorFactory(clerk=True, employer=admin.employer)
    client.force_login(admin)
    said = {"name": clerk.name, "role": "clerk", "duty": "all", "function": ["roster"], "toggle": place}
    page = client.post(f"/e/operators/{clerk.pk}/", said).content.decode()
    assert re.findall(r'name="function" value="([^"]+)" checked', page) == ["roster"]


def test_every_entry_of_the_menu_is_in_the_tree_and_says_with_which_other_it_opens(client):
    admin = OperatorFactory(admin=True)
    clerk = OperatorFactory(clerk=True, employer=admin.employer)
    client.force_login(admin)
    page = client.get(f"/e/operators/{clerk.pk}/").content.decode()
    assert '单位征集核定单打印 <span class="note">随“通知单与凭证”</span>' in page
    assert page.count('value="documents"') == 1


def test_the_record_says_by_name_which_rights_were_given_and_taken(client):
    admin = OperatorFactory(admin=True)
    clerk = OperatorFactory(clerk=True, employer=admin.employer, withheld=["settle", "bills"])
    client.force_login(admin)
    page = client.get(f"/e/operators/{clerk.pk}/").content.decode()
    every = re.findall(r'name="function" value="([^"]+)"', page)
    said = {"name": clerk.name, "role": "clerk", "duty": "all", "scheme": ["injury"]}
    client.post(f"/e/operators/{clerk.pk}/", said | {"function": [one for one in every if one not in ("bills", "pay")]})
    detail = AuditEntry.objects.get(action="operator.changed").detail
    assert len(detail["given"]) == len(detail["taken"]) == 1
    text = client.get("/audit/").content.decode()
    assert f"新开放 {detail['given'][0]}" in text and f"不再开放 {detail['taken'][0]}" in text
    assert "险种不限" in detail["was"] and "险种工伤保险" in detail["now"]


def test_a_new_clerk_has_the_whole_and_the_page_that_gives_the_password_says_so(client):
    admin = OperatorFactory(admin=True)
    client.force_login(admin)
    answers = {"username": "wang", "name": "王敏", "role": "clerk"}
    page = client.post("/operators/new", answers).content.decode()
    made = Operator.objects.get(username="wang")
    assert "现在可以使用本单位的全部功能" in page and f'class="btn p" href="/e/operators/{made.pk}/"' in page
    page = client.post("/operators/new", answers | {"username": "zhou", "role": "employer_admin"}).content.decode()
    assert "现在可以使用" not in page


@pytest.mark.parametrize(
    ("phone", "gateway", "told"),
    [
        ("13900000001", "https://sms.example", "短信已发往 139****0001"),
        ("13900000001", "", "短信没有发出"),
        ("02200000000", "https://sms.example", "不是手机号，没有发短信"),
        ("", "https://sms.example", "没有登记联系电话"),
    ],
)
def test_a_reset_says_a_message_went_out_only_where_one_did(client, settings, phone, gateway, told):
    settings.SHEBAO_SMS_URL = gateway
    boss = OperatorFactory(admin=True, employer=EmployerFactory(phone=phone))
    client.force_login(OperatorFactory(reviewer=True))
    page = client.post(f"/a/operators/{boss.pk}/reset", {"reason": "介绍信核对无误"}).content.decode()
    assert told in page and ("短信已发往" in page) == told.startswith("短信已发往")
    assert Mail.objects.exists() == phone.startswith("1")


def test_what_is_ticked_and_stays_shut_all_the_same_is_said_when_it_is_saved(client):
    admin = OperatorFactory(admin=True)
    clerk = OperatorFactory(clerk=True, employer=admin.employer)
    client.force_login(admin)
    said = {"name": clerk.name, "role": "clerk", "duty": "all", "function": ["roster", "bills"]}
    whole = client.post(f"/e/operators/{clerk.pk}/", said, follow=True).content.decode()
    assert "不开放。" not in whole
    some = client.post(f"/e/operators/{clerk.pk}/", said | {"scheme": ["injury"]}, follow=True).content.decode()
    assert "不在岗位或范围之内，不开放。" in some and "花名册不在岗位" not in some


def test_the_agency_resets_an_employers_password_and_says_why(client):
    employer = EmployerFactory(phone="13900000001")
    boss = OperatorFactory(admin=True, employer=employer)
    client.force_login(OperatorFactory(reviewer=True))
    client.post(f"/a/operators/{boss.pk}/reset", {"reason": ""})
    assert not AuditEntry.objects.filter(action="operator.reset_at_agency").exists()
    answer = client.post(f"/a/operators/{boss.pk}/reset", {"reason": "介绍信核对无误"})
    assert "/activate/" in answer.content.decode()
    assert AuditEntry.objects.get(action="operator.reset_at_agency").detail["reason"] == "介绍信核对无误"
    client.force_login(OperatorFactory(reviewer=True, region=DIRECT))
    assert client.post(f"/a/operators/{boss.pk}/reset", {"reason": "x"}).status_code == 404


ROSTER_ALONE = {"bills", "documents", "settle", "voids", "pay", "cases", "statement:roster_list", "queries"}


def test_with_the_roster_alone_no_amount_and_no_paper_is_reached_by_its_address(client):
    employer = EmployerFactory()
    enrolled(employer)
    whole = OperatorFactory(clerk=True, employer=employer)
    bill = settle(employer, whole, Month(2026, 11))
    paper = issue_document(bill.pk, "payment_notice", by=whole)
    statement = issue_statement(employer.pk, "roster_list", by=whole, first=None, last=Month(2026, 11), people=[])
    run = print_bills([(bill.pk, "payment_notice")], title="十一月的通知单", by=whole)
    amount = f"{bill.total_due / 100:,.2f}"
    client.force_login(whole)
    assert amount in client.get("/e/?whole=1").content.decode()
    client.force_login(OperatorFactory(clerk=True, employer=employer, withheld=sorted(ROSTER_ALONE)))
    home = client.get("/e/?whole=1").content.decode()
    assert "已核定" in home and amount not in home and "元" not in home and "近 12 个月应缴" not in home
    assert run.title not in client.get("/e/prints/").content.decode()
    shut = [
        "/e/month/", f"/e/documents/file/{paper.pk}/", f"/e/documents/file/{paper.pk}/download/",
        f"/e/documents/file/{statement.pk}/",
        *(f"/e/prints/{run.pk}/{page}" for page in ("", "file/", "joined/", "progress/")),
    ]  # fmt: skip
    assert {path: client.get(path).status_code for path in shut} == dict.fromkeys(shut, 403)
    assert client.post(f"/e/prints/{run.pk}/resume/").status_code == 403


def test_a_paper_goes_with_the_function_that_issues_it(client):
    employer = EmployerFactory()
    enrolled(employer)
    whole = OperatorFactory(clerk=True, employer=employer)
    statement = issue_statement(employer.pk, "roster_list", by=whole, first=None, last=Month(2026, 11), people=[])
    client.force_login(OperatorFactory(clerk=True, employer=employer, withheld=["documents", "bills"]))
    assert client.get(f"/e/documents/file/{statement.pk}/").status_code == 200


def test_whoever_only_looks_is_shown_nobodys_wage(client):
    employer = EmployerFactory()
    one = enrolled(employer, wage_fen=712_345)
    whole = OperatorFactory(clerk=True, employer=employer)
    settle(employer, whole, Month(2026, 11))
    paper = issue_statement(employer.pk, "roster_list", by=whole, first=None, last=Month(2026, 11), people=[])
    reader = OperatorFactory(clerk=True, employer=employer, duty="read")
    pages = ["/e/roster/", f"/e/roster/{one.pk}/", "/e/queries/employer_roster/", "/e/search/?q=李示例"]
    for operator, is_shown in ((whole, True), (reader, False)):
        client.force_login(operator)
        for page in pages[:-1]:
            text = client.get(page).content.decode()
            assert ("7,123.45" in text) == is_shown, page
            assert "李示例" in text
        assert "7,123.45" not in client.get(pages[-1]).content.decode()
        for book in ("/e/roster/export/?status=all", "/e/queries/employer_roster/export/"):
            cells = load_workbook(io.BytesIO(client.get(book).content)).active.values
            assert (7123.45 in [cell for row in cells for cell in row]) == is_shown, book
        assert client.get("/e/statements/roster_list/").status_code == (200 if is_shown else 403)
        assert client.get(f"/e/documents/file/{paper.pk}/").status_code == (200 if is_shown else 403)
    assert "李示例" in client.get("/e/roster/?base_from=9000").content.decode(), "what is not shown is not asked for"
    assert "/e/statements/roster_list/" not in links_of(client, "/e/")
