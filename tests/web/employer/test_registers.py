"""Registers that a region's catalogue names: who paid into a scheme, and who is covered for a year."""

import io

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from shebao.hall.clock import now
from shebao.hall.declarations.operations import save_declarations
from shebao.hall.documents.models import Document
from shebao.hall.documents.operations import verify
from shebao.hall.operators.models import Duty
from shebao.hall.payments.models import Payment
from shebao.hall.settlement.ledger import book_paid
from shebao.rules.months import Month
from tests.factories import NOW, EmployerFactory, OperatorFactory, at, enrolled
from tests.settlement.hall import hire, make_clerk, settle

from .declared import signed_in, text_of

SERVICE = "supplementary_medical_declaration"


@pytest.fixture(autouse=True)
def november(db):
    with at(NOW):
        yield


REGISTER = "/e/queries/large_medical_roster/"


def test_the_large_medical_register_lists_everybody_of_the_months_with_sums(client):
    clerk = signed_in(client)
    hire(clerk.employer, [800_000, 900_000])
    settle(clerk.employer, clerk, Month(2026, 10))
    bill = settle(clerk.employer, clerk)
    book_paid(bill, Payment.objects.create(
        employer=clerk.employer, bill=bill, number="P1", channel="bank", amount_fen=bill.total_due, state="succeeded",
        bank_serial="YH1", started_by=clerk, started_at=now(), finished_at=now(), paid_at=now(),
    ))  # fmt: skip
    text = text_of(client.get(REGISTER, {"from": "2026-10", "to": "2026-11"}))
    assert "大额医疗救助人员缴费名册查询" in text and "养老保险" not in text.split("<main")[1]
    assert "共 2 人、4 笔" in text and "80.00" in text
    assert text.count(">实缴<") == text.count(">欠缴<") == 2
    assert "共 2 人、2 笔" in text_of(client.get(REGISTER, {"from": "2026-11", "to": "2026-11"}))
    taken = client.get(f"{REGISTER}export/", {"from": "2026-10", "to": "2026-11"})
    sheet = load_workbook(io.BytesIO(taken.content)).active
    last = [cell.value for cell in sheet[sheet.max_row]]
    assert last[:2] == ["合计", "2 人"] and last[7] == 80


def test_whoever_may_not_settle_sees_the_register_without_doors_that_would_be_shut(client):
    clerk = signed_in(client)
    hire(clerk.employer, [800_000])
    settle(clerk.employer, clerk)
    reader = make_clerk(clerk.employer)
    reader.duty = Duty.READ
    reader.save()
    client.force_login(reader)
    text = text_of(client.get(REGISTER))
    assert "共 1 人、1 笔" in text
    assert "/e/bills/" not in text.split("<main")[1]


def test_months_the_wrong_way_round_are_said_beside_the_question(client):
    signed_in(client)
    answer = client.get(REGISTER, {"from": "2026-11", "to": "2026-10"})
    assert answer.status_code == 422 and "早于开始年月" in text_of(answer)


def test_another_employers_lines_are_in_nobodys_register(client):
    other = EmployerFactory()
    hire(other, [800_000])
    settle(other, OperatorFactory(employer=other))
    signed_in(client)
    assert "这段时间没有记录" in text_of(client.get(REGISTER, {"from": "2026-11", "to": "2026-11"}))


def test_where_the_region_names_no_register_there_is_none(client):
    signed_in(client, direct=True)
    assert client.get(REGISTER).status_code == 404
    assert "大额医疗" not in text_of(client.get("/e/yearly-plan/"))


def test_the_plan_of_a_year_is_printed_with_everybody_and_stays_the_same_paper(client):
    clerk = signed_in(client, direct=True)
    one = enrolled(clerk.employer)
    answers = {"id_number": one.person.id_number, "name": one.name, "cover_year": "2026", "pay_by": "转账"}
    save_declarations(clerk.employer_id, SERVICE, [answers], by=clerk)
    text = text_of(client.get("/e/yearly-plan/"))
    assert "2026 年度共 1 人" in text and "打印缴费计划" in text
    shown = client.post("/e/yearly-plan/print/", {"year": "2026"}, follow=True)
    words = "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(shown.content)).pages).split())
    assert "职工补充医疗保险缴费计划" in words and "李示例" in words and "155.00" in words and "2026-11的账单" in words
    client.post("/e/yearly-plan/print/", {"year": "2026"})
    document = Document.objects.get()
    assert verify(document.verification_code, "155")["title"] == "职工补充医疗保险缴费计划"
    two = enrolled(clerk.employer, name="赵示例", sequence=2)
    answers |= {"id_number": two.person.id_number, "name": two.name}
    save_declarations(clerk.employer_id, SERVICE, [answers], by=clerk)
    client.post("/e/yearly-plan/print/", {"year": "2026"})
    assert Document.objects.count() == 2


def test_a_year_without_anybody_has_no_plan_to_print(client):
    signed_in(client, direct=True)
    answer = client.post("/e/yearly-plan/print/", {"year": "2026"}, follow=True)
    assert "还没有人员申报" in text_of(answer)
    assert not Document.objects.exists()


def test_many_ticked_people_are_declared_together_and_the_one_without_a_balance_is_told_what_to_do(client):
    clerk = signed_in(client, direct=True)
    people = [enrolled(clerk.employer, name=f"李示例{n}", sequence=n) for n in (1, 2)]
    asked = {"chosen": [one.pk for one in people], "step": "check", "cover_year": "2026", "pay_by": "1"}
    answer = client.post(f"/e/declare/{SERVICE}/many/", asked, follow=True)
    assert "没有登记该人员的个人账户余额" in text_of(answer)
    answer = client.post(f"/e/declare/{SERVICE}/many/", asked | {"pay_by": "2", "step": "save"}, follow=True)
    assert "2 人的职工补充医疗申报已生效" in text_of(answer)
