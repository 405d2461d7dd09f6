"""账单数额核实: a clerk doubts an amount; the agency answers with what the amount rested on when it was doubted."""

# ruff: noqa: F811 - fixtures are imported by name

import pytest

from shebao.hall.declarations.models import Declaration, DeclarationEvent
from shebao.hall.declarations.operations import (
    InvalidDeclaration,
    approve_declarations,
    reject_declaration,
    repair_declaration,
    return_declaration,
    save_declarations,
    submit_declarations,
    withdraw_declaration,
)
from shebao.hall.desk.sampling import draw_sample
from shebao.hall.errors import Refused
from shebao.hall.operators.managing import ask_for_a_second
from shebao.hall.regions import all_regions
from shebao.hall.settlement.declared import open_counts
from shebao.hall.settlement.models import Bill, BillLine
from shebao.rules.money import yuan

from ..factories import OperatorFactory
from ..settlement.hall import NOVEMBER, hire, make_clerk, make_employer, on_day, settle

KEY = "amount_doubt"


@pytest.fixture(autouse=True)
def november(db):
    with on_day():
        yield


@pytest.fixture
def bill():
    employer = make_employer()
    hire(employer, [720_000, 300_000])
    return settle(employer, make_clerk(employer))


@pytest.fixture
def clerk(bill):
    return bill.employer.operators.get()


@pytest.fixture
def reviewer():
    return OperatorFactory(reviewer=True, region="tianjin")


@pytest.fixture
def line(bill):
    return bill.lines.filter(scheme="pension", declared_wage=300_000).get()


def asked(line, **more) -> dict:
    said = {"amount": f"{line.bill_id}:line:{line.pk}:employer", "doubt_kind": "01", "expected": "480"}
    return said | {"doubt_reason": "工资表上是 3,000 元"} | more


def sent(clerk, raw) -> Declaration:
    (made,) = save_declarations(clerk.employer_id, KEY, [raw], by=clerk)
    assert submit_declarations([made.pk], by=clerk).submitted
    made.refresh_from_db()
    return made


def address(line, which="") -> str:
    return f"/e/bills/{line.bill_id}/doubt/{which or f'line:{line.pk}:employer'}/"


def text_of(response) -> str:
    text = response.content.decode()
    assert "UNDEFINED" not in text
    return text


def test_a_doubt_goes_to_the_desk_with_its_clock_and_with_what_the_amount_rested_on(client, clerk, reviewer, line):
    client.force_login(clerk)
    why = text_of(client.get(f"/e/bills/lines/{line.pk}/employer/"))
    assert f'href="{address(line)}"' in why
    form = text_of(client.get(address(line)))
    assert "当时的依据" in form and line.bill.number in form and line.employer_evidence.digest in form
    raw = {key: value for key, value in asked(line).items() if key != "amount"}
    answer = client.post(address(line), raw, follow=True)
    made = Declaration.objects.get()
    assert (made.state, made.due_on is not None, made.state_label) == ("submitted", True, "核实中")
    assert made.subject_name.startswith(line.employee.name) and "核实中" in text_of(answer)
    kept = made.before["derivation"]
    assert kept["amount"] == line.employer_due and kept["evidence"] == [
        [line.employer_evidence_id, line.employer_evidence.digest]
    ]

    client.force_login(reviewer)
    assert made.subject_name in text_of(client.get("/a/"))
    page = text_of(client.get(f"/a/cases/{made.pk}"))
    assert (
        yuan(line.employer_due) in page and f">{line.employer_evidence_id}<" in page and "工资表上是 3,000 元" in page
    )
    assert client.post(f"/a/cases/{made.pk}/approve", {"note": ""}, follow=True).status_code == 200
    made.refresh_from_db()
    assert made.state == "submitted", "an answer has words"
    client.post(f"/a/cases/{made.pk}/reject", {"answer": "02", "note": "下限 4,473 元"})
    made.refresh_from_db()
    assert (made.state, made.note) == ("rejected", "申报工资低于下限或高于上限，按上下限计算：下限 4,473 元")

    client.force_login(clerk)
    for page in ("/e/cases/", f"/e/cases/{made.pk}/", f"/e/bills/lines/{line.pk}/employer/"):
        assert "核实无误" in text_of(client.get(page)) and "按上下限计算" in text_of(client.get(page)), page


def test_what_was_doubted_stays_as_it_was_when_it_is_repaired_and_sent_again(clerk, reviewer, line):
    made = sent(clerk, asked(line))
    before = made.before
    return_declaration(made.pk, by=reviewer, marks={}, note="请写明合同日期")
    line.employee.name = "改名的人"
    line.employee.save()
    made.refresh_from_db()
    repair_declaration(
        made.pk, asked(line, doubt_reason="合同 11 月 1 日"), by=clerk, confirmed={}, version=made.version
    )
    assert submit_declarations([made.pk], by=clerk).submitted
    made.refresh_from_db()
    assert made.before == before and made.answers["doubt_reason"] == "合同 11 月 1 日"


def test_an_answer_that_it_holds_changes_no_bill_and_is_one_by_one(clerk, reviewer, line):
    lines, total = BillLine.objects.live().count(), Bill.objects.live().get().total_due
    made, other = sent(clerk, asked(line)), sent(clerk, asked(line, amount=f"{line.bill_id}:total:both"))
    with pytest.raises(Refused, match="答复"):
        approve_declarations([made.pk], by=reviewer)
    with pytest.raises(Refused, match="逐笔"):
        draw_sample([made.pk, other.pk], by=reviewer)
    approve_declarations([made.pk], by=reviewer, note="类别登记有误，更正后补差")
    made.refresh_from_db()
    assert (made.state, made.state_label) == ("approved", "核实属实")
    assert (BillLine.objects.live().count(), Bill.objects.live().get().total_due) == (lines, total)
    reject_declaration(other.pk, by=reviewer, note="逐项相符")
    sent(clerk, asked(line))  # answered: it may be asked anew


def test_it_can_be_taken_back_until_it_is_answered_and_no_settlement_waits_for_it(clerk, line):
    made = sent(clerk, asked(line))
    assert not any(open_counts(clerk.employer, NOVEMBER).values())
    with pytest.raises(InvalidDeclaration) as twice:
        save_declarations(clerk.employer_id, KEY, [asked(line, doubt_reason="再问一次")], by=clerk)
    assert {problem.code for problem in twice.value.previews[0].problems} == {"already_declared"}
    assert withdraw_declaration(made.pk, by=clerk).state == "draft"


@pytest.mark.parametrize(
    "which",
    ["person:{employee}", "sum:pension:both", "total:employer", "late_fee", "line:{line}:employee"],
)
def test_every_number_that_is_explained_can_be_doubted(client, clerk, line, which):
    client.force_login(clerk)
    about = which.format(employee=line.employee_id, line=line.pk)
    assert "当时的依据" in text_of(client.get(address(line, which=about)))
    made = sent(clerk, asked(line, amount=f"{line.bill_id}:{about}", expected=""))
    assert made.before["derivation"]["steps"]


def test_what_is_wrong_is_said_beside_the_questions_and_nothing_is_kept(client, clerk, line):
    client.force_login(clerk)
    same = {"doubt_kind": "01", "expected": yuan(line.employer_due), "doubt_reason": ""}
    answer = client.post(address(line), same)
    assert answer.status_code == 422
    assert "与账单上的数相同" in text_of(answer) and "请填写“理由”" in text_of(answer)
    for strange in ("line:99999999:employer", "line:1:nobody", "total:none", "nothing", "person:x"):
        assert client.get(address(line, which=strange)).status_code == 404
        with pytest.raises(InvalidDeclaration):
            save_declarations(clerk.employer_id, KEY, [asked(line, amount=f"{line.bill_id}:{strange}")], by=clerk)
    assert not Declaration.objects.exists()


def test_another_employer_doubts_nothing_here(client, line):
    other = make_clerk(make_employer(number="120002"))
    client.force_login(other)
    assert client.get(address(line)).status_code == 404
    with pytest.raises(InvalidDeclaration):
        save_declarations(other.employer_id, KEY, [asked(line)], by=other)


@pytest.mark.parametrize("less", [{"duty": "read"}, {"duty": "entry"}, {"withheld": ["bills"]}])
def test_whoever_may_not_see_bills_sees_no_doubt_and_has_none(client, clerk, line, less):
    made = sent(clerk, asked(line))
    one = OperatorFactory(clerk=True, employer=clerk.employer, **less)
    assert not Declaration.objects.visible_to(one).exists()
    assert not DeclarationEvent.objects.visible_to(one).exists()
    client.force_login(one)
    for page in ("/e/", "/e/cases/", f"/e/cases/{made.pk}/", "/e/declare/amount_doubt/", address(line)):
        text = client.get(page).content.decode()
        assert yuan(line.employer_due) not in text and made.subject_name not in text, page
    with pytest.raises(Refused):
        save_declarations(one.employer_id, KEY, [asked(line, amount=f"{line.bill_id}:total:both")], by=one)


def test_a_doubt_waits_for_no_second_person_whose_duty_sees_no_bills(client, clerk, line):
    checker = OperatorFactory(clerk=True, employer=clerk.employer, duty="check")
    assert ask_for_a_second(True, by=OperatorFactory(admin=True, employer=clerk.employer)).needs_second
    client.force_login(clerk)
    raw = {key: value for key, value in asked(line).items() if key != "amount"}
    assert "已提出核实" in text_of(client.post(address(line), raw, follow=True))
    made = Declaration.objects.get()
    assert (made.state, made.proposed_by) == ("submitted", None)
    assert not Declaration.objects.visible_to(checker).exists()


def test_it_stands_in_no_menu_and_makes_no_hall_a_reviewed_one(client, clerk):
    client.force_login(clerk)
    assert "/e/declare/amount_doubt/" not in text_of(client.get("/e/"))
    for here in all_regions().values():
        assert here.services[KEY] not in here.listed_services
    assert not all_regions()["leshan"].is_reviewed
