"""A month in the halls that only their folders make, from yunnan to wage_hall, by their manuals' labels."""

import pytest
from django.test import TestCase

from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import approve_declarations, submit_declarations
from shebao.hall.declarations.states import State
from shebao.hall.documents.operations import issue_document, pdf
from shebao.hall.regions import region
from shebao.hall.roster.models import Employee, Spell
from shebao.hall.settlement.operations import settle_month
from shebao.hall.settlement.progress import applicable_settlement
from shebao.hall.sheets import operations, queries
from tests.documents.test_operations import pay, words
from tests.factories import (
    MONTH,
    EmployerFactory,
    OperatorFactory,
    at,
    cessation,
    enrolled,
    enrolment,
    labour_registered,
)

from .declared import CEASE, ENROL, WAGE, text_of

PROVINCIAL = ["企业职工参保申报", "企业职工停保申报", "职工缴费基数申报"]
PROVINCIAL_SHEETS = ["企业职工批量参保", "企业职工批量停保", "职工缴费基数批量申报"]
#: region → titles of the three services and of their sheets; of the month's settlement, the basket and the cases
HALLS = {
    "yunnan": (PROVINCIAL, PROVINCIAL_SHEETS, "社会保险费核定", "申请提交", "审核结果"),
    "lijiang": (PROVINCIAL, PROVINCIAL_SHEETS, "企业职工社会保险核定", "申请提交", "审核结果"),
    "langfang": (
        ["人员新增", "人员减少", "工资申报"],
        ["人员批量新增", "人员批量减少", "工资批量申报"],
        *("缴费申报", "待提交", "办件进度"),
    ),
    "jinan": (
        ["增员申报", "减员申报", "工资申报"],
        ["增员申报—导入报盘", "减员申报—导入报盘", "工资申报—导入报盘"],
        *("社会保险费核定", "申报提交", "办件进度"),
    ),
    "guiyang": (
        ["人员参保", "人员停保", "社保缴费基数变更"],
        ["人员批量参保", "批量停保", "社保缴费基数批量变更"],
        *("应缴社会保险费核定", "", "业务办理情况"),
    ),
    "general_hall": (
        ["新增员工", "删除员工", "工资申报"],
        ["新增员工", "删除员工", "工资申报"],
        *("社保申报", "", "办件进度"),
    ),
    "certificate_city": (
        ["增员申报", "减员申报", "工资申报"],
        ["批量增员", "批量减员", "批量工资申报"],
        *("提交结算", "信息提交", "办件进度"),
    ),
    "wage_hall": (
        ["社保增员", "社保减员", "工资申报"],
        ["社保批量增员", "社保减员", "工资申报—模板上传"],
        *("单位当月缴费核定申请", "待提交", "办件进度"),
    ),
}
REVIEWED = ("yunnan", "lijiang", "langfang", "certificate_city", "wage_hall")


@pytest.fixture(autouse=True)
def november(db):
    with at():
        yield


def clerk_of(code, client=None):
    operator = OperatorFactory(clerk=True, employer=EmployerFactory(region=code))
    if client:
        client.force_login(operator)
    return operator


def approved(clerk):
    """The one declaration goes through submission and review."""
    saved = Declaration.objects.get()
    assert submit_declarations([saved.pk], by=clerk).submitted
    approve_declarations([saved.pk], by=OperatorFactory(reviewer=True, region=clerk.region))


def settle(clerk):
    kind = applicable_settlement(clerk.employer, MONTH)
    return settle_month(clerk.employer_id, MONTH, kind.key, by=clerk, confirmations=kind.confirmations)


@pytest.mark.parametrize("code", HALLS)
def test_every_page_bears_the_name_that_the_manual_gives_it(client, code):
    clerk_of(code, client)
    titles, sheets, settlement, basket, cases = HALLS[code]
    for service, title in zip((ENROL, CEASE, WAGE), titles, strict=True):
        assert title in text_of(client.get(f"/e/declare/{service}/"))
    page = text_of(client.get("/e/import/"))
    assert [title for title in sheets if title not in page] == []
    assert settlement in text_of(client.get("/e/settle/"))
    assert cases in text_of(client.get("/e/cases/"))
    if code in REVIEWED:
        assert basket in text_of(client.get("/e/basket/"))


@pytest.mark.parametrize("code", REVIEWED)
def test_an_approved_enrolment_is_settled_and_the_first_paper_of_the_hall_printed(client, code):
    clerk = clerk_of(code, client)
    labour_registered(clerk.employer)  # asked for in one of the halls, no matter in the others
    kept = client.post(f"/e/declare/{ENROL}/", enrolment() | {"next": "again"}, follow=True)
    assert "本次已录 1 人" in text_of(kept)
    approved(clerk)
    bill = settle(clerk)
    assert bill.head_count == 1
    papers = region(code).documents
    kind = "declaration_assessment" if "declaration_assessment" in papers else "payment_notice"
    assert papers[kind]["title"] in words(pdf(issue_document(bill.pk, kind, by=clerk))).replace(" ", "")


@pytest.mark.parametrize(("code", "title"), [("guiyang", "电子票据"), ("general_hall", "缴费凭证")])
def test_what_was_paid_is_confirmed_on_a_paper_of_the_manuals_name(client, code, title):
    clerk = clerk_of(code, client)
    client.post(f"/e/declare/{ENROL}/", enrolment())
    bill = settle(clerk)
    pay(bill, clerk)
    assert title in words(pdf(issue_document(bill.pk, "receipt", by=clerk))).replace(" ", "")
    assert title in text_of(client.get("/e/documents/"))


@pytest.mark.parametrize(("household", "part"), [("11", 50_00), ("21", 0)])
def test_certificate_city_asks_no_unemployment_share_of_a_farmers_household(client, household, part):
    clerk = clerk_of("certificate_city", client)
    client.post(f"/e/declare/{ENROL}/", enrolment(household=household, declared_wage="10000"))
    approved(clerk)
    line = settle(clerk).lines.get(scheme="unemployment")
    assert (line.employer_due, line.employee_due) == (50_00, part)


@pytest.mark.parametrize("code", REVIEWED)
def test_a_cessation_ends_what_is_insured(client, code):
    clerk = clerk_of(code, client)
    client.post(f"/e/declare/{CEASE}/", cessation(enrolled(clerk.employer)))
    approved(clerk)
    assert set(Spell.objects.values_list("last_month", flat=True)) == {MONTH.previous()}


ADDRESS = "济南市历下区示例路 1 号"


@pytest.mark.parametrize(
    ("typed", "household"), [("本地", "51"), ("外地居民户口", "52"), ("港澳台", "30"), ("本地非农业户口", "51")]
)
def test_jinan_asks_for_one_of_three_households_and_its_whole_address(client, typed, household):
    clerk_of("jinan", client)
    asked = enrolment(household=typed)
    refused = client.post(f"/e/declare/{ENROL}/", asked)
    assert refused.status_code == 422 and 'href="#id_household_address"' in text_of(refused)
    client.post(f"/e/declare/{ENROL}/", asked | {"household_address": ADDRESS})
    client.post("/e/basket/submit/", {"chosen": Declaration.objects.get().pk, "declared": "1"})
    saved = Declaration.objects.get()
    assert saved.state == State.APPROVED
    assert saved.answers["household_address"] == ADDRESS
    assert Employee.objects.get().household == household


def confirm_sheet(clerk, service, rows):
    """A sheet whose heads are the labels of the region's form, uploaded and confirmed."""
    labels = {
        field.id: field.label
        for field in region(clerk.region).forms[region(clerk.region).services[service].form].fields
    }
    columns = [column for column in rows[0] if column in labels]
    lines = [",".join(labels[one] for one in columns), *(",".join(row[one] for one in columns) for row in rows)]
    with TestCase.captureOnCommitCallbacks(execute=True):
        batch = operations.receive_sheet(
            clerk.employer_id, service, "报盘.csv", "\n".join(lines).encode(), by=clerk
        ).batch
    assert queries.counts(batch)["passed"] == len(rows)
    operations.confirm_batch(batch.pk, by=clerk)


@pytest.mark.parametrize("code", ["langfang", "jinan"])
def test_many_come_and_go_by_sheet(code):
    clerk = clerk_of(code)
    house = {"household": "51" if code == "jinan" else "11", "household_address": ADDRESS}
    coming = [enrolment(n, name=f"王示例{n}", **house) for n in (1, 2)]
    confirm_sheet(clerk, ENROL, coming)
    leaving = [enrolled(clerk.employer, name=f"李示例{n}", sequence=n) for n in (901, 902)]
    confirm_sheet(clerk, CEASE, [cessation(one) for one in leaving])
    assert list(Declaration.objects.values_list("state", flat=True)) == [State.DRAFT] * 4
    sent = submit_declarations(list(Declaration.objects.values_list("pk", flat=True)), by=clerk).submitted
    assert {one.state for one in sent} == {State.SUBMITTED if code in REVIEWED else State.APPROVED}
