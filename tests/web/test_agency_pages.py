"""The agency's other pages: notices, people, privileged queries, the counter, templates; each for whom it is."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from shebao.hall.audit.models import AuditEntry
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import approve_declarations, return_declaration
from shebao.hall.notices.models import Announcement
from shebao.hall.privileged.models import PrivilegedLook, PrivilegedQuery
from shebao.hall.roster.models import Employee
from shebao.web.templatetags.frame import writes_amounts
from tests.factories import EmployerFactory, OperatorFactory, at, enrolled, enrolment

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def november():
    with at():
        yield


@pytest.fixture
def hall():
    clerk = OperatorFactory(clerk=True, employer=EmployerFactory(phone="13800001111", bank_account="622202123456789"))
    return {
        "clerk": clerk,
        "boss": OperatorFactory(admin=True, employer=clerk.employer),
        "reviewer": OperatorFactory(reviewer=True, name="李娜"),
        "head": OperatorFactory(agency_admin=True, name="陈志远"),
        "security": OperatorFactory(security_admin=True),
        "stranger": OperatorFactory(agency_admin=True, region="leshan"),
    }


@pytest.fixture
def visit(client, hall):
    def open_as(who, address, data=None, **options):
        client.force_login(hall[who])
        return client.post(address, data, **options) if data is not None else client.get(address, **options)

    return open_as


def text(response) -> str:
    return response.content.decode()


def test_an_announcement_goes_from_the_form_to_the_bell_and_the_public_page(visit, hall, client):
    given = {"kind": "announcement", "title": "系统停机", "text": "**周六**停机", "audience": "", "must_confirm": "on"}
    assert visit("head", "/a/notices/new", given | {"title": ""}).status_code == 422
    made = visit("head", "/a/notices/new", given).url
    assert "<b>周六</b>停机" in text(visit("head", made))
    key = Announcement.objects.get().pk
    visit("head", f"{made}/files", {"files": SimpleUploadedFile("安排.pdf", b"%PDF-1.4\n%%EOF")})
    assert "系统停机" not in text(visit("clerk", "/e/notices/"))
    assert visit("clerk", f"/e/notices/{key}/").status_code == 404
    visit("head", f"{made}/publish", {})
    home = text(visit("clerk", "/e/"))
    assert "阅读并确认" in home and "1 条未读" in home
    shown = text(visit("clerk", f"/e/notices/{key}/"))
    assert "确认已阅" in shown and "安排.pdf" in shown
    visit("clerk", f"/e/notices/{key}/confirm/", {"version": "1"})
    assert "1 条未读" not in text(visit("clerk", "/e/"))
    assert "已确认阅读" in text(visit("clerk", f"/e/notices/{key}/"))
    file = Announcement.objects.get().files.get().pk
    assert visit("clerk", f"/e/notices/{key}/files/{file}/")["Content-Disposition"].startswith("attachment")
    client.logout()
    assert "系统停机" in text(client.get("/notices/tianjin"))
    assert "<b>周六</b>" in text(client.get(f"/notices/tianjin/{key}"))
    assert client.get(f"/notices/tianjin/{key}/{file}").status_code == 200
    assert client.get(f"/notices/leshan/{key}").status_code == 404
    visit("head", f"{made}/withdraw", {})
    assert visit("clerk", f"/e/notices/{key}/").status_code == 404
    assert visit("stranger", made).status_code == 404


@pytest.mark.parametrize(
    "address",
    ["/a/notices/", "/a/notices/new", "/a/templates/", "/a/templates/registration_sms", "/a/people/", "/a/privileged/"],
)
def test_each_page_opens_for_whom_it_is_and_for_nobody_else(visit, address):
    allowed = {"head"} | ({"reviewer"} if "people" in address else set())
    for who in ("head", "reviewer", "clerk", "boss"):
        expected = 200 if who in allowed else 403 if who == "reviewer" else 404
        assert visit(who, address).status_code == expected, (who, address)


def test_a_template_is_seen_before_it_is_kept(visit):
    address = "/a/templates/registration_sms"
    words = {"text": "津社保 {number}：{result}", "version": "0"}
    assert "津社保 202611000123：" in text(visit("head", address, words | {"way": "preview"}))
    assert visit("head", address, words | {"way": "save", "text": "{number}"}).status_code == 422
    assert visit("head", address, words | {"way": "save"}).status_code == 302
    assert "本地第 1 版" in text(visit("head", "/a/templates/"))
    assert visit("head", address, words | {"way": "save"}).status_code == 409
    assert visit("head", "/a/templates/none").status_code == 404


def test_a_person_is_found_by_the_whole_number_and_every_look_is_on_record(visit, hall):
    employee = enrolled(hall["clerk"].employer, name="李示例")
    number = employee.person.id_number
    assert "没有这个人" in text(visit("reviewer", f"/a/people/?q={number[:8]}"))
    found = text(visit("reviewer", f"/a/people/?q={number}"))
    assert "李*" in found and "李示例" not in found
    shown = text(visit("reviewer", f"/a/people/{employee.person_id}"))
    assert number not in shown and hall["clerk"].employer.name in shown
    assert visit("stranger", f"/a/people/{employee.person_id}").status_code == 404
    looked = AuditEntry.objects.filter(action="person.looked_at", employer=hall["clerk"].employer)
    assert looked.count() == 1


def test_the_employers_page_holds_everything_with_numbers_masked(visit, hall):
    employer = hall["clerk"].employer
    shown = text(visit("reviewer", f"/a/employers/{employer.pk}"))
    for part in ("登记信息", "办件", "账单", "操作员", "单据", "办理动态", "公告通知的阅读", hall["clerk"].username):
        assert part in shown
    assert "13800001111" not in shown and "622202123456789" not in shown
    assert visit("stranger", f"/a/employers/{employer.pk}").status_code == 404


def test_a_privileged_query_takes_two_people_and_the_employer_reads_of_it(visit, hall):
    employer = hall["clerk"].employer
    enrolled(employer, name="李示例")
    ask = {"scope": "employer", "number": employer.employer_number, "reason": "法院协助调查，要完整资料"}
    assert visit("reviewer", "/a/privileged/", ask).status_code == 403
    assert "/a/privileged/" not in text(visit("reviewer", "/a/"))
    assert visit("head", "/a/privileged/named").status_code == 403
    assert "李娜（审核人员）" in text(visit("security", "/a/privileged/named"))
    visit("security", "/a/privileged/named", {"operator": hall["reviewer"].pk})
    assert "/a/privileged/" in text(visit("reviewer", "/a/"))
    assert "至少 8 个字；被查的单位会看到这段话" in text(visit("reviewer", "/a/privileged/"))
    assert visit("reviewer", "/a/privileged/", ask | {"reason": ""}).status_code == 422
    assert visit("reviewer", "/a/privileged/", ask).status_code == 302
    query = PrivilegedQuery.objects.get()
    look = f"/a/privileged/{query.pk}"
    assert visit("reviewer", look).status_code == 403
    assert visit("reviewer", f"{look}/approve", {"minutes": "30"}).status_code == 403
    query.refresh_from_db()
    assert query.state == "asked"
    visit("head", f"{look}/approve", {"minutes": "30", "note": "同意"})
    shown = text(visit("reviewer", look))
    assert "622202123456789" in shown and "13800001111" in shown
    assert Employee.objects.get().person.id_number in shown
    assert visit("head", look).status_code == 403
    assert PrivilegedLook.objects.count() == 1
    told = text(visit("boss", "/e/privileged/"))
    assert "法院协助调查" in told and "李娜" in told and "陈志远" in told
    assert visit("clerk", "/e/privileged/").status_code == 403
    assert "特权查询查看" in text(visit("boss", "/audit/"))
    person = ask | {"scope": "person", "number": Employee.objects.get().person.id_number}
    visit("reviewer", "/a/privileged/", person)
    second = PrivilegedQuery.objects.order_by("-pk").first()
    visit("head", f"/a/privileged/{second.pk}/approve", {"minutes": "5"})
    assert person["number"] in text(visit("reviewer", f"/a/privileged/{second.pk}"))
    visit("security", f"/a/privileged/named/{hall['reviewer'].pk}/end", {})
    assert visit("reviewer", f"/a/privileged/{second.pk}").status_code == 403


def test_the_counter_enters_for_an_employer_and_somebody_else_reviews(visit, hall):
    employer = hall["clerk"].employer
    address = f"/a/employers/{employer.pk}/counter/employee_enrolment/"
    assert "替单位录入" in text(visit("reviewer", f"/a/employers/{employer.pk}/counter/"))
    assert visit("reviewer", address, {"id_number": "1"}).status_code == 422
    raw = enrolment(1, enrolment_kind="11", household="11", employment_kind="41")
    raw = {k: v for k, v in raw.items() if k != "supplementary_medical"}
    assert "没有问题" in text(visit("reviewer", address, raw | {"way": "check"}))
    assert visit("reviewer", address, raw | {"way": "save"}).status_code == 302
    made = Declaration.objects.get()
    assert (made.state, made.at_counter, made.declared_by.name) == ("submitted", True, "李娜")
    assert "窗口录入" in text(visit("head", f"/a/cases/{made.pk}"))
    assert "不能自己审核" in text(visit("reviewer", f"/a/cases/{made.pk}/approve", {}, follow=True))
    assert "王示例" in text(visit("clerk", "/e/cases/"))
    return_declaration(made.pk, by=hall["head"], marks={}, note="工资请核对")
    repair = f"{address}?case={made.pk}"
    assert "工资请核对" in text(visit("reviewer", repair))
    made.refresh_from_db()
    again = raw | {"way": "save", "version": made.version, "declared_wage": "8200"}
    assert visit("reviewer", repair, again).status_code == 302
    approve_declarations([made.pk], by=hall["head"])
    issued = Employee.objects.get(employer=employer)
    assert issued.person_number and issued.name == "王示例"
    assert visit("stranger", address).status_code == 404
    assert visit("clerk", address).status_code == 404


def test_what_takes_effect_at_once_for_the_employer_still_waits_when_the_counter_enters_it(client):
    employer = EmployerFactory(region="leshan")
    reviewer = OperatorFactory(reviewer=True, region="leshan")
    client.force_login(reviewer)
    raw = enrolment(1, enrolment_kind="11", household="11", employment_kind="41")
    page = client.get(f"/a/employers/{employer.pk}/counter/employee_enrolment/")
    asked = {f["name"] for group in page.context["groups"] for f in group["fields"]}
    response = client.post(page.request["PATH_INFO"], {k: v for k, v in raw.items() if k in asked} | {"way": "save"})
    assert response.status_code == 302, response.context["errors"]
    made = Declaration.objects.get()
    assert made.state == "submitted" and not Employee.objects.filter(employer=employer).exists()
    approve_declarations([made.pk], by=OperatorFactory(reviewer=True, region="leshan"))
    assert Employee.objects.filter(employer=employer).exists()


def test_every_service_of_every_region_opens_at_the_counter(client):
    from shebao.hall.regions import all_regions

    for region in all_regions().values():
        if not region.services:
            continue
        employer = EmployerFactory(region=region.code)
        client.force_login(OperatorFactory(reviewer=True, region=region.code))
        for key in region.services:
            assert client.get(f"/a/employers/{employer.pk}/counter/{key}/").status_code == 200, (region.code, key)


def test_the_warning_about_values_of_example_stands_where_amounts_are_and_nowhere_else(client):
    def is_warned(path):
        return "含示例参数" in client.get(path).content.decode()

    clerk = OperatorFactory()
    client.force_login(OperatorFactory(agency_admin=True))
    desk = ("/a/", "/a/employers/", f"/a/employers/{clerk.employer_id}", "/a/money/")
    assert [is_warned(path) for path in desk] == [False, False, True, True]
    assert is_warned("/rates/tianjin") and not is_warned("/rates") and not is_warned("/trial")
    assert is_warned("/trial?region=tianjin&wage=8000")
    client.force_login(clerk)
    here = ("/e/", "/e/bills/", "/e/settle/", "/e/pay/", "/e/declare/employee_enrolment/")
    assert [path for path in here if not is_warned(path)] == []
    vain = ("/e/import/", "/e/roster/", "/e/employer/", "/e/documents/", "/e/none/", "/e/declare/employer_change/")
    assert [path for path in vain if is_warned(path)] == []


def test_where_amounts_are_the_templates_tell_themselves():
    assert writes_amounts("employer/bill_people.html") and writes_amounts("agency/case.html")
    plain = ("shell.html", "shell_rail.html", "employer/papers.html", "agency/desk.html")
    assert [name for name in plain if writes_amounts(name)] == []
