"""工资更正: the wage of a settled month was declared wrong, and the next bill has the difference, once, to the fen."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from shebao.hall.clock import now
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import (
    InvalidDeclaration,
    approve_declarations,
    save_declarations,
    submit_declarations,
    undo_declarations,
)
from shebao.hall.declarations.preview import preview
from shebao.hall.employers.models import Employer
from shebao.hall.errors import Conflict
from shebao.hall.operators.models import Operator
from shebao.hall.roster.models import DeclaredWage, Spell
from shebao.hall.roster.queries import wages_in
from shebao.hall.settlement.adjusting import find_differences, make_adjustments
from shebao.hall.settlement.comparing import bridge
from shebao.hall.settlement.explaining import explain_line
from shebao.hall.settlement.ledger import check_ledger
from shebao.hall.settlement.models import ADJUSTING, Bill, BillLine
from shebao.hall.settlement.operations import settle_month
from shebao.hall.settlement.queries import estimate
from shebao.hall.settlement.voiding import ask_to_void
from shebao.rules.money import yuan
from shebao.rules.months import Month
from tests.factories import enrolled, synthetic_id

from .hall import dismiss, make_clerk, make_employer, on_day, settle, unguarded_writing
from .late import CODE, late_city

pytestmark = pytest.mark.django_db
JUNE, JULY, AUGUST, SEPTEMBER, OCTOBER = (Month(2026, number) for number in (6, 7, 8, 9, 10))
KEY, REVIEWED = "wage_correction", "wage_correction_reviewed"
SERVICE = """
  form: wage_correction
  operation: correct_wages
  months_back: 2
  checks: [id_number_valid, already_declared, correctable_months, wage_limits]
"""
SERVICES = f"""
{KEY}:
  title: 缴费工资更正{SERVICE}  route: [auto_check]
{REVIEWED}:
  title: 缴费工资更正（审核）{SERVICE}  route: [auto_check, first_review]
  decide_within: 3
wage_declaration:
  title: 工资申报
  form: wage_declaration
  operation: declare_wages
  checks: [id_number_valid, not_enrolled, already_declared, month_window]
  route: [auto_check]
back_payment:
  title: 补缴
  form: back_payment
  operation: make_back_payments
  checks: [id_number_valid, enrolled_first, already_declared, back_payment_months, wage_limits]
  route: [auto_check]
"""
SETTLEMENTS = """
without_changes: {open: false}
with_changes: {open: false}
monthly: {title: 月报, applies: always, confirmations: 1, void: {title: 作废, route: [auto_check]}}
"""


@pytest.fixture
def city(tmp_path):
    with late_city(tmp_path) as made:
        (made.folder / "services.yaml").write_text(SERVICES, "utf-8")
        (made.folder / "settlements.yaml").write_text(SETTLEMENTS, "utf-8")
        made.publish()
        yield made


@pytest.fixture
def hall(city):
    """A clerk; 李一 at 8,000 and 赵二 at 5,000, whose July and August are settled."""
    employer = make_employer(CODE)
    clerk = make_clerk(employer)
    people = [
        enrolled(employer, name=name, number=synthetic_id(sequence=place), wage_fen=fen)
        for place, (name, fen) in enumerate({"李一": 800_000, "赵二": 500_000}.items(), start=1)
    ]
    bills = [settle(employer, clerk, month) for month in (JULY, AUGUST)]
    return clerk, people, bills


def asked(person, wage: str, first=JULY, last=None) -> dict:
    return {
        "id_number": person.person.id_number, "name": person.name, "first_month": str(first),
        "last_month": str(last or first), "declared_wage": wage, "note": "报错了",
    }  # fmt: skip


def correct(clerk, raw, month=SEPTEMBER, day=8, key=KEY):
    with on_day(month, day):
        (made,) = save_declarations(
            clerk.employer_id, key, [raw], by=clerk, confirmed=[{"wage_limits": "已核对"}]
        )  # fmt: skip
    return made


def lines_of(bill, **which) -> dict[tuple, tuple]:
    """(month, scheme) → base, employer's part, person's part, kind of the adjustments of a bill."""
    rows = bill.lines.filter(kind__in=ADJUSTING, **which).order_by("month", "pk")
    return {
        (one.month, one.scheme): (one.contribution_base, one.employer_due, one.employee_due, one.kind) for one in rows
    }


def proved() -> bool:
    return list(check_ledger()) == []


def refused(clerk, raw, month=SEPTEMBER) -> str:
    with on_day(month):
        return "".join(one.message for one in preview(clerk.employer, KEY, raw, by=clerk).blocking)


def test_a_wage_that_was_declared_too_low_is_made_up_for_to_the_fen(hall):
    clerk, (one, _), (july, august) = hall
    kept = list(BillLine.objects.order_by("pk").values())
    with on_day(SEPTEMBER):
        shown = preview(clerk.employer, KEY, asked(one, "9000.05"), by=clerk)
    made = correct(clerk, asked(one, "9000.05"))
    with on_day(SEPTEMBER):
        expected = estimate(clerk.employer, SEPTEMBER)
        guessed = bridge(clerk.employer, SEPTEMBER, expected)
    bill = settle(clerk.employer, clerk, SEPTEMBER)
    # 9,000.05 − 8,000.00: 养老 16 % 和 8 %，医疗 8 % 和 2 %，失业各 0.5 %，工伤 0.2 %
    assert lines_of(bill) == {
        (JULY, "pension"): (900_005, 16_001, 8_000, "13"), (JULY, "medical"): (900_005, 8_000, 2_000, "13"),
        (JULY, "unemployment"): (900_005, 500, 500, "13"), (JULY, "injury"): (900_005, 200, 0, "13"),
    }  # fmt: skip
    assert bill.total_due == expected.total == august.total_due + 35_201
    assert shown.effect_fen == 35_201 and [str(month.month) for month in shown.monthly] == ["2026-07"]
    assert {line.adjusts.bill for line in bill.lines.filter(kind="13")} == {july}
    assert list(BillLine.objects.exclude(bill=bill).order_by("pk").values()) == kept
    assert {line.declared_wage for line in bill.lines.filter(employee=one, kind="1")} == {800_000}
    with on_day(SEPTEMBER):
        assert bridge(clerk.employer, SEPTEMBER) == guessed
    assert [row.label for row in guessed] == ["补差 1 人"]
    line = bill.lines.get(kind="13", scheme="pension")
    text = explain_line(clerk, line.pk, "employer").text
    for words in ("8,000.00 元 → 9,000.05 元", made.case_number or "缴费工资更正", "1,440.01 − 1,280.00 = 160.01 元"):
        assert words in text
    regular = july.lines.get(employee=one, scheme="pension")
    assert "更正" not in explain_line(clerk, regular.pk, "employer").text
    assert proved()


def test_a_wage_that_was_declared_too_high_goes_back_once_and_what_counted_before_counts_after(hall):
    clerk, (one, _), _ = hall
    correct(clerk, asked(one, "7000", JULY, AUGUST))
    assert [wages_in(clerk.employer, month)[one.pk] for month in (JUNE, JULY, AUGUST, SEPTEMBER)] == [
        800_000, 700_000, 700_000, 800_000,
    ]  # fmt: skip
    bill = settle(clerk.employer, clerk, SEPTEMBER)
    assert lines_of(bill)[AUGUST, "pension"] == (700_000, -16_000, -8_000, "18")
    assert sum(row[1] + row[2] for row in lines_of(bill).values()) == -2 * 35_200
    assert lines_of(settle(clerk.employer, clerk, OCTOBER)) == {}
    assert proved()


def test_the_base_is_cut_to_the_limits_of_each_month(hall, city):
    clerk, (_, two), _ = hall
    city.publish(base_floor=[("2026-08", "2026-08-24", 5200)])
    correct(clerk, asked(two, "3000", JULY, AUGUST))
    one = lines_of(bill := settle(clerk.employer, clerk, SEPTEMBER))
    assert one[JULY, "pension"] == (450_000, -8_000, -4_000, "18")
    assert one[AUGUST, "pension"] == (520_000, 3_200, 1_600, "13")
    assert {line.limit for line in bill.lines.filter(kind__in=ADJUSTING)} == {-1}
    assert proved()


def test_a_wage_below_the_floor_that_stays_below_it_moves_nothing(hall):
    clerk, (_, two), _ = hall
    correct(clerk, asked(two, "4500"))
    assert lines_of(settle(clerk.employer, clerk, SEPTEMBER))[JULY, "pension"][0] == 450_000
    correct(clerk, asked(two, "4499.99", AUGUST), OCTOBER)
    correct(clerk, asked(two, "30000", SEPTEMBER), OCTOBER)
    added = lines_of(settle(clerk.employer, clerk, OCTOBER))
    assert added[AUGUST, "pension"] == (450_000, -8_000, -4_000, "18")
    assert added[SEPTEMBER, "pension"] == (2_250_000, 280_000, 140_000, "13")
    correct(clerk, asked(two, "4000", AUGUST), OCTOBER, 12)
    november = settle(clerk.employer, clerk, OCTOBER.next())
    assert lines_of(november) == {} and proved()


def test_a_second_correction_counts_from_the_first(hall):
    clerk, (one, _), _ = hall
    correct(clerk, asked(one, "9000"))
    first = settle(clerk.employer, clerk, SEPTEMBER)
    correct(clerk, asked(one, "8500"), SEPTEMBER, 20)
    second = settle(clerk.employer, clerk, OCTOBER)
    assert lines_of(first)[JULY, "pension"] == (900_000, 16_000, 8_000, "13")
    assert lines_of(second)[JULY, "pension"] == (850_000, -8_000, -4_000, "18")
    line = second.lines.get(kind="18", scheme="pension")
    assert line.adjusts.bill == first and line.adjusts.adjusts.kind == "1"
    assert "9,000.00 元 → 8,500.00 元" in explain_line(clerk, line.pk, "employee").text
    assert lines_of(settle(clerk.employer, clerk, OCTOBER.next())) == {}
    assert proved()


def test_the_last_of_two_corrections_before_a_bill_counts_and_each_is_undone_by_itself(hall):
    clerk, (one, _), _ = hall
    first = correct(clerk, asked(one, "9000", JULY, AUGUST))
    second = correct(clerk, asked(one, "7000", AUGUST), day=9)
    with on_day(SEPTEMBER), pytest.raises(Conflict, match="之后又申报过"):
        undo_declarations([first.pk], by=clerk)

    def wages():
        return [wages_in(clerk.employer, month)[one.pk] for month in (JULY, AUGUST, SEPTEMBER)]

    assert wages() == [900_000, 700_000, 800_000]
    with on_day(SEPTEMBER):
        undo_declarations([second.pk], by=clerk)
        assert wages() == [900_000, 900_000, 800_000]
        undo_declarations([first.pk], by=clerk)
        assert wages() == [800_000] * 3
        assert find_differences(clerk.employer, SEPTEMBER).differences == ()
    assert proved()


def test_what_a_bill_has_is_corrected_again_and_after_a_void_the_next_bill_has_it_once(hall):
    clerk, (one, _), _ = hall
    made = correct(clerk, asked(one, "9000"))
    bill = settle(clerk.employer, clerk, SEPTEMBER)
    with on_day(SEPTEMBER, 11):
        with pytest.raises(Conflict, match="已经计入账单"):
            undo_declarations([made.pk], by=clerk)
        ask_to_void(bill.assessment_id, by=clerk, reason="重来")
    again = settle(clerk.employer, clerk, SEPTEMBER)
    assert lines_of(again) == lines_of(bill) != {}
    assert lines_of(settle(clerk.employer, clerk, OCTOBER)) == {}
    assert proved()


def test_a_month_that_is_settled_anew_is_charged_at_the_corrected_wage(hall):
    clerk, (one, _), (_, august) = hall
    with on_day(AUGUST, 11):
        made = correct(clerk, asked(one, "9000", AUGUST), AUGUST, 11)
        ask_to_void(august.assessment_id, by=clerk, reason="重来")
    with on_day(AUGUST, 12):
        anew = settle_month(clerk.employer_id, AUGUST, "monthly", by=clerk, confirmations=1)
    assert anew.lines.get(employee=one, scheme="pension").declared_wage == 900_000
    assert "缴费工资更正" in explain_line(clerk, anew.lines.get(employee=one, scheme="pension").pk, "employer").text
    with on_day(SEPTEMBER), pytest.raises(Conflict, match="已经计入账单"):
        undo_declarations([made.pk], by=clerk)
    assert lines_of(settle(clerk.employer, clerk, SEPTEMBER)) == {}
    assert proved()


def test_a_bill_never_falls_below_nothing_and_the_rest_goes_back_later(hall):
    clerk, people, _ = hall
    correct(clerk, asked(people[0], "4500", JULY, AUGUST))
    for one in people:
        dismiss(one, AUGUST)
    Spell.objects.filter(employee=people[1]).update(last_month=None)
    bill = settle(clerk.employer, clerk, SEPTEMBER)
    rest = settle(clerk.employer, clerk, OCTOBER)
    assert 0 <= bill.total_due < 5_000_00 and lines_of(rest)
    both = [*lines_of(bill).values(), *lines_of(rest).values()]
    assert sum(row[1] + row[2] for row in both) == -2 * 3_500_00 * 352 // 1000
    assert proved()


def test_a_value_published_late_and_a_wage_corrected_are_one_difference(hall, city):
    clerk, (one, _), _ = hall
    city.publish(medical__employer_rate=[("2026-07", "2026-08-24", 0.09)])
    correct(clerk, asked(one, "9000"))
    bill = settle(clerk.employer, clerk, SEPTEMBER)
    assert lines_of(bill, employee=one)[JULY, "medical"] == (900_000, 17_000, 2_000, "4")
    assert proved()


def test_which_months_can_be_corrected_is_said_in_words(hall):
    clerk, (one, _), _ = hall
    assert "最多更正到 2 个月以前（2026-07）" in refused(clerk, asked(one, "9000", JUNE, JULY))
    assert "就是按 8,000.00 元核定的" in refused(clerk, asked(one, "8000"))
    assert "早于开始月份" in refused(clerk, asked(one, "9000", AUGUST, JULY))
    with on_day(SEPTEMBER):
        found = preview(clerk.employer, KEY, asked(one, "9000", SEPTEMBER), by=clerk)
    (problem,) = found.blocking
    assert "直接申报" in problem.message and problem.service == "wage_declaration"
    with pytest.raises(InvalidDeclaration):
        correct(clerk, asked(one, "9000", JUNE), AUGUST)
    settle(clerk.employer, clerk, SEPTEMBER)
    assert "最多更正到" in refused(clerk, asked(one, "9000", JULY), OCTOBER)


@pytest.fixture
def paid_back(hall):
    """The clerk, and 钱三, who came in September and whose August is paid back at 6,000 with that month's bill."""
    clerk, _, _ = hall
    new = enrolled(clerk.employer, name="钱三", number=synthetic_id(sequence=3), since=SEPTEMBER)
    correct(clerk, asked(new, "6000", AUGUST), key="back_payment")
    assert "还没有计入账单的，请先回退" in refused(clerk, asked(new, "9000", AUGUST))
    return clerk, new, settle(clerk.employer, clerk, SEPTEMBER)


def test_a_month_that_is_paid_back_is_corrected_as_often_as_a_settled_one(paid_back):
    clerk, new, september = paid_back
    correct(clerk, asked(new, "9000", AUGUST), day=20)
    assert wages_in(clerk.employer, SEPTEMBER)[new.pk] == 800_000
    october = settle(clerk.employer, clerk, OCTOBER)
    assert lines_of(october) == {
        (AUGUST, "pension"): (900_000, 48_000, 24_000, "13"), (AUGUST, "medical"): (900_000, 24_000, 6_000, "13"),
        (AUGUST, "unemployment"): (900_000, 1_500, 1_500, "13"), (AUGUST, "injury"): (900_000, 600, 0, "13"),
    }  # fmt: skip
    line = october.lines.get(kind="13", scheme="pension")
    assert (line.adjusts.bill, line.adjusts.kind) == (september, "2")
    assert "6,000.00 元 → 9,000.00 元" in explain_line(clerk, line.pk, "employer").text
    with on_day(OCTOBER, 20):
        assert [row.label for row in bridge(clerk.employer, OCTOBER)] == ["上月补缴 1 人 · 8 月", "补差 1 人"]
    correct(clerk, asked(new, "8500", AUGUST), OCTOBER, 20)
    november = settle(clerk.employer, clerk, OCTOBER.next())
    assert lines_of(november)[AUGUST, "pension"] == (850_000, -8_000, -4_000, "18")
    assert proved()
    Employer.objects.filter(pk=clerk.employer_id).update(first_month=SEPTEMBER)
    broken = "".join(check_ledger())
    assert "I-12" in broken and not any(bill.number in broken for bill in (september, october, november))


def test_what_is_paid_back_anew_after_a_void_is_corrected_once_by_the_bill_after_it(paid_back):
    clerk, new, september = paid_back
    made = correct(clerk, asked(new, "9000", AUGUST), day=20)
    october = settle(clerk.employer, clerk, OCTOBER)
    with on_day(OCTOBER, 11), pytest.raises(Conflict, match="已经计入账单"):
        undo_declarations([made.pk], by=clerk)
    for bill in (october, september):
        with on_day(SEPTEMBER, 11):
            ask_to_void(bill.assessment_id, by=clerk, reason="重来")
    again = settle(clerk.employer, clerk, SEPTEMBER)
    assert again.lines.get(kind="2", scheme="pension").declared_wage == 600_000 and lines_of(again) == {}
    assert lines_of(settle(clerk.employer, clerk, OCTOBER)) == lines_of(october) != {}
    assert proved()


def test_what_is_declared_to_be_paid_back_after_a_correction_has_its_own_wage(paid_back):
    clerk, new, _ = paid_back
    correct(clerk, asked(new, "9000", AUGUST), day=20)
    with on_day(SEPTEMBER, 25):
        Declaration.objects.filter(service="back_payment").update(decided_at=now())
    assert lines_of(settle(clerk.employer, clerk, OCTOBER)) == {} and proved()


def test_a_reviewed_correction_counts_when_the_agency_approves_it(hall):
    clerk, (one, _), _ = hall
    made = correct(clerk, asked(one, "9000"), key=REVIEWED)
    reviewer = Operator.objects.create(username="r", name="审核", role="reviewer", region=CODE)
    with on_day(SEPTEMBER, 9):
        assert submit_declarations([made.pk], by=clerk).submitted
        assert find_differences(clerk.employer, SEPTEMBER).differences == ()
        approve_declarations([made.pk], by=reviewer)
    assert lines_of(settle(clerk.employer, clerk, SEPTEMBER))[JULY, "pension"] == (900_000, 16_000, 8_000, "13")
    assert proved()


def test_a_correction_that_a_bill_left_out_is_found(paid_back):
    clerk, new, _ = paid_back
    settle(clerk.employer, clerk, OCTOBER)
    one = clerk.employer.employees.get(name="李一")
    for person in (one, new):
        made = correct(clerk, asked(person, "9000", AUGUST), OCTOBER, 20)
        with on_day(OCTOBER, 10):
            DeclaredWage.objects.filter(declared_in=made).update(declared_at=now() - timedelta(days=1))
    told = "".join(check_ledger())
    assert "漏了 李一 2026-08" in told and "漏了 钱三 2026-08" in told and "工资更正" in told


def test_no_adjustment_is_of_a_wage_that_nobody_declared(hall):
    clerk, (one, _), _ = hall
    correct(clerk, asked(one, "9000"))
    with on_day(SEPTEMBER):
        found = find_differences(clerk.employer, SEPTEMBER).differences
    assert {yuan(each.wage) for each in found} == {"9,000.00"}
    DeclaredWage.objects.filter(is_correction=True).update(is_correction=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        settled_at_once(found)
    with unguarded_writing():
        settled_at_once(found)
    assert any("没有工资更正" in text for text in check_ledger())


def settled_at_once(found) -> None:
    """The lines of these differences, on a bill that is there."""
    make_adjustments(Bill(pk=Bill.objects.get(month=AUGUST).pk, month=SEPTEMBER), found)
