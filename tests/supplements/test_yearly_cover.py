"""补充医疗: once a year, from the personal account as the agency has it on record, or with the bill."""

import pytest

from shebao.hall.declarations.operations import InvalidDeclaration, save_declarations, undo_declarations
from shebao.hall.declarations.preview import preview
from shebao.hall.errors import Refused
from shebao.hall.settlement import voiding
from shebao.hall.settlement.explaining import explain_line
from shebao.hall.settlement.ledger import check_ledger
from shebao.hall.settlement.models import BillLine
from shebao.hall.supplements.models import AccountEntry, MedicalAccount, YearlyCover
from shebao.hall.supplements.operations import state_balances, state_balances_by_sheet
from shebao.rules.months import Month
from shebao.rules.region_model import Void
from tests.factories import DIRECT, OperatorFactory, enrolled, settled
from tests.settlement.hall import on_day, settle

SERVICE = "supplementary_medical_declaration"


@pytest.fixture
def accountant(db):
    return OperatorFactory(reviewer=True, region=DIRECT)


def asked(employee, pay_by="转账", year="2026"):
    return {
        "id_number": employee.person.id_number, "name": employee.name, "cover_year": year, "pay_by": pay_by,
    }  # fmt: skip


def balance(employee, yuan="155"):
    return {
        "id_number": employee.person.id_number, "name": employee.name, "balance": yuan, "stated_on": "2026-10-31",
    }  # fmt: skip


def declare(clerk, *answers):
    return save_declarations(clerk.employer_id, SERVICE, list(answers), by=clerk)


def found(clerk, answers):
    return [p.message for p in preview(clerk.employer, SERVICE, answers, by=clerk).problems]


def test_by_transfer_the_year_is_charged_once_with_the_bill_of_the_month_and_explained(direct_clerk):
    one, other = (enrolled(direct_clerk.employer, name=f"李示例{n}", sequence=n) for n in (1, 2))
    declare(direct_clerk, asked(one))
    bill = settle(direct_clerk.employer, direct_clerk)
    line = BillLine.objects.get(bill=bill, scheme="supplementary_medical")
    assert (line.employee, line.employee_due, line.employer_due) == (one, 15_500, 0)
    told = explain_line(direct_clerk, line.pk, "employee")
    assert "每人每年个人定额" in told.text
    next_bill = settle(direct_clerk.employer, direct_clerk, Month(2026, 12))
    assert not BillLine.objects.filter(bill=next_bill, scheme="supplementary_medical").exists()
    assert BillLine.objects.filter(bill=next_bill, employee=other).exists()
    assert list(check_ledger()) == []


def test_after_a_void_the_year_is_charged_with_the_next_bill_of_the_month(direct_clerk, monkeypatch):
    monkeypatch.setattr(voiding, "void_rule", lambda code: Void("核定回退", "核定记录", ("auto_check",), (), ()))
    one = enrolled(direct_clerk.employer)
    declare(direct_clerk, asked(one))
    old = settle(direct_clerk.employer, direct_clerk)
    with on_day():
        voiding.ask_to_void(old.assessment_id, by=direct_clerk, reason="工资报错")
    new = settle(direct_clerk.employer, direct_clerk)
    line = BillLine.objects.live().get(scheme="supplementary_medical")
    assert (line.bill, line.employee_due) == (new, 15_500)
    assert list(check_ledger()) == []


def test_from_the_account_nothing_is_billed_and_the_account_is_drawn_upon(direct_clerk, accountant):
    one = enrolled(direct_clerk.employer)
    state_balances({1: balance(one, "155.00")}, by=accountant)
    declare(direct_clerk, asked(one, "个账划转"))
    assert MedicalAccount.objects.get().balance_fen == 0
    assert list(AccountEntry.objects.values_list("kind", "amount_fen", "balance_fen")) == [
        ("drawn", -15_500, 0),
        ("stated", 15_500, 15_500),
    ]
    bill = settle(direct_clerk.employer, direct_clerk)
    assert not BillLine.objects.filter(bill=bill, scheme="supplementary_medical").exists()


@pytest.mark.parametrize("held", [None, "154.99"])
def test_an_account_that_is_not_known_to_hold_enough_is_refused_with_the_other_way_as_a_button(
    direct_clerk, accountant, held
):
    one = enrolled(direct_clerk.employer)
    if held:
        state_balances({1: balance(one, held)}, by=accountant)
    with pytest.raises(InvalidDeclaration) as no:
        declare(direct_clerk, asked(one, "个账划转"))
    (problem,) = no.value.previews[0].problems
    assert problem.fix == ("改为转账", "2")
    assert ("没有登记" if held is None else "低于 155.00 元") in problem.message
    assert not YearlyCover.objects.exists()
    declare(direct_clerk, asked(one, "转账"))
    assert YearlyCover.objects.get().amount_fen == 15_500


def test_undoing_puts_the_money_back_and_lets_the_year_be_declared_again(direct_clerk, accountant):
    one = enrolled(direct_clerk.employer)
    state_balances({1: balance(one, "200")}, by=accountant)
    (made,) = declare(direct_clerk, asked(one, "个账划转"))
    undo_declarations([made.pk], by=direct_clerk)
    assert MedicalAccount.objects.get().balance_fen == 20_000
    assert [e.kind for e in AccountEntry.objects.all()] == ["returned", "drawn", "stated"]
    declare(direct_clerk, asked(one))
    assert YearlyCover.objects.filter(is_voided=False).count() == 1


def test_a_year_is_covered_once_and_only_the_year_in_progress(direct_clerk):
    one = enrolled(direct_clerk.employer)
    declare(direct_clerk, asked(one))
    assert any("已经申报过" in text for text in found(direct_clerk, asked(one)))
    assert any("2027 年度不在办理期内" in text for text in found(direct_clerk, asked(one, year="2027")))
    assert any("不是年度" in text for text in found(direct_clerk, asked(one, year="26")))


def test_when_the_last_month_of_a_year_is_settled_the_next_year_is_covered(direct_clerk):
    one = enrolled(direct_clerk.employer)
    settled(direct_clerk.employer, Month(2026, 12), direct_clerk)
    assert any(
        "改为 2027" in str(p.fix) for p in preview(direct_clerk.employer, SERVICE, asked(one), by=direct_clerk).problems
    )


def test_who_works_part_time_cannot_join(direct_clerk):
    one = enrolled(direct_clerk.employer, employment_kind="52")
    assert any("不参加职工补充医疗保险" in text for text in found(direct_clerk, asked(one)))


def test_many_are_covered_in_a_constant_number_of_queries(direct_clerk, accountant, django_assert_max_num_queries):
    people = [enrolled(direct_clerk.employer, name=f"李示例{n}", sequence=n) for n in range(1, 31)]
    state_balances({n: balance(one) for n, one in enumerate(people)}, by=accountant)
    with django_assert_max_num_queries(60):
        declare(direct_clerk, *(asked(one, "个账划转") for one in people))
    assert YearlyCover.objects.count() == 30


def test_balances_by_sheet_are_all_written_or_every_reason_is_told(direct_clerk, accountant):
    people = [enrolled(direct_clerk.employer, name=f"李示例{n}", sequence=n) for n in (1, 2)]
    head = "身份证号,姓名,账户余额,截至日期"
    lines = [f"{one.person.id_number},{one.name},{100 + n}.50,2026-10-31" for n, one in enumerate(people)]
    bad = [lines[0].replace("李示例1", "别人"), lines[1].replace("2026-10-31", "2027-01-01"), lines[1]]
    told = state_balances_by_sheet("余额.csv", "\n".join([head, *bad]).encode(), by=accountant)
    assert [number for number, _ in told.refused] == [2, 3, 4]
    assert not MedicalAccount.objects.exists()
    told = state_balances_by_sheet("余额.csv", "\n".join([head, *lines, "合计"]).encode(), by=accountant)
    assert (len(told.accounts), told.refused, told.ignored) == (2, [], 2)
    assert sorted(MedicalAccount.objects.values_list("balance_fen", flat=True)) == [10_050, 10_150]


def test_only_the_agency_puts_balances_on_record(direct_clerk):
    one = enrolled(direct_clerk.employer)
    with pytest.raises(Refused, match="没有“登记个人账户”权限"):
        state_balances({1: balance(one)}, by=direct_clerk)
    assert not MedicalAccount.objects.visible_to(direct_clerk).exists()
