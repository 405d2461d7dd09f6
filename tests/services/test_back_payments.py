"""补缴: months before the current one are declared, checked, charged with the next bill, and taken back before that."""

from datetime import date, datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from shebao.hall.declarations import operations
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import InvalidDeclaration
from shebao.hall.declarations.preview import preview, previews
from shebao.hall.declarations.states import State
from shebao.hall.errors import Conflict, Refused
from shebao.hall.roster.models import DeclaredWage, Spell
from shebao.hall.settlement import voiding
from shebao.hall.settlement.explaining import explain_line
from shebao.hall.settlement.ledger import check_ledger
from shebao.hall.settlement.models import BackPayment, Bill, BillLine, LedgerEntry, LineKind
from shebao.hall.settlement.operations import settle_month
from shebao.hall.settlement.progress import applicable_settlement
from shebao.hall.settlement.queries import bill_earlier, bill_people, bill_summary, estimate
from shebao.hall.sheets.operations import confirm_batch, receive_sheet
from shebao.hall.sheets.queries import counts
from shebao.rules.months import Month
from shebao.rules.region_model import Void
from tests.factories import MONTH, EmployerFactory, OperatorFactory, at, enrolled, enrolment, synthetic_id

PAY, BACK = "back_payment", "back_payment_withdrawal"
NOVEMBER = Month(2026, 11)


def asked(employee, first="2026-08", last="2026-09", wage="8000", **changes) -> dict:
    """Raw answers of a back payment, as typed."""
    return {
        "id_number": employee.person.id_number, "name": employee.name, "first_month": first, "last_month": last,
        "declared_wage": wage,
    } | changes  # fmt: skip


def hall(code="tianjin", since=NOVEMBER, **columns):
    """A clerk, a reviewer and somebody who is insured since this month, at an employer that began in 2024."""
    employer = EmployerFactory(region=code, first_month=Month(2024, 1))
    clerk = OperatorFactory(clerk=True, employer=employer)
    reviewer = OperatorFactory(reviewer=True, region=code)
    return clerk, reviewer, enrolled(employer, since=since, **columns)


def declared(clerk, raw, service=PAY):
    reasons = [dict.fromkeys(("wage_limits",), "已核对")]
    (one,) = operations.save_declarations(clerk.employer_id, service, [raw], by=clerk, confirmed=reasons)
    return one


def approved(clerk, reviewer, raw, service=PAY):
    one = declared(clerk, raw, service)
    result = operations.submit_declarations([one.pk], by=clerk)
    assert not result.refused
    (one,) = operations.approve_declarations([one.pk], by=reviewer)
    return one


def settled(clerk, month=NOVEMBER):
    kind = applicable_settlement(clerk.employer, month)
    return settle_month(clerk.employer_id, month, kind.key, by=clerk, confirmations=kind.confirmations)


def said(clerk, raw, service=PAY) -> str:
    """Every error of a preview, as one text."""
    found = preview(clerk.employer, service, raw, by=clerk)
    return "\n".join(problem.message for problem in found.problems if problem.level == "error")


def test_months_of_two_policy_years_are_charged_by_their_own_limits_and_booked_under_their_months():
    clerk, reviewer, employee = hall()
    approved(clerk, reviewer, asked(employee, "2024-12", "2025-01", "5000"))
    bill = settled(clerk)
    lines = bill.lines.filter(kind=LineKind.BACK_PAYMENT)
    pension = {str(line.month): line for line in lines.filter(scheme="pension")}
    # 2024: 下限 5,013 元 × 16% = 802.08，× 8% = 401.04；2025: 下限 5,124 元 × 16% = 819.84，× 8% = 409.92
    assert [pension[m].contribution_base for m in ("2024-12", "2025-01")] == [5013_00, 5124_00]
    assert [pension[m].employer_due for m in ("2024-12", "2025-01")] == [802_08, 819_84]
    assert [pension[m].employee_due for m in ("2024-12", "2025-01")] == [401_04, 409_92]
    assert {line.booking_month for line in lines} == {NOVEMBER}
    assert bill.total_due == sum(line.employer_due + line.employee_due for line in bill.lines.all())
    booked = LedgerEntry.objects.filter(transaction__bill=bill, account="receivable", scheme="pension")
    assert dict(booked.filter(part="employer").values_list("month", "amount_fen")) == {
        Month(2024, 12): 802_08, Month(2025, 1): 819_84, NOVEMBER: 1280_00,
    }  # fmt: skip
    assert list(check_ledger()) == []


def test_what_is_above_the_ceiling_is_cut_to_the_ceiling_of_each_month():
    clerk, reviewer, employee = hall()
    approved(clerk, reviewer, asked(employee, "2024-12", "2025-01", "30000"))
    lines = settled(clerk).lines.filter(kind=LineKind.BACK_PAYMENT, scheme="pension").order_by("month")
    assert [(line.contribution_base, line.limit, line.employer_due) for line in lines] == [
        (25065_00, 1, 4010_40), (25620_00, 1, 4099_20),
    ]  # fmt: skip


def test_the_preview_shows_every_month_and_the_estimate_holds_what_was_approved():
    clerk, reviewer, employee = hall()
    found = preview(clerk.employer, PAY, asked(employee), by=clerk)
    assert not found.blocking
    assert [str(one.month) for one in found.monthly] == ["2026-08", "2026-09"]
    total = sum(one.employer_due + one.employee_due for one in found.monthly)
    assert total == found.employer_total + found.employee_total == found.effect_fen
    before = estimate(clerk.employer, NOVEMBER).total
    approved(clerk, reviewer, asked(employee))
    assert estimate(clerk.employer, NOVEMBER).total == before + total
    bill = settled(clerk)
    assert bill.total_due == before + total
    rows = [*bill_summary(bill), *bill_earlier(bill)["补缴"]]
    assert sum(row.total for row in rows) == bill.total_due
    assert sum(person.total for person in bill_people(bill)) == bill.total_due


def test_nothing_is_charged_before_the_reviewer_approves():
    clerk, _, employee = hall()
    one = declared(clerk, asked(employee))
    operations.submit_declarations([one.pk], by=clerk)
    assert not BackPayment.objects.exists()
    assert estimate(clerk.employer, NOVEMBER).back == ()


def test_a_back_payment_that_was_billed_is_not_billed_again():
    clerk, reviewer, employee = hall()
    approved(clerk, reviewer, asked(employee))
    settled(clerk)
    with at(datetime(2026, 12, 10, 10, 0)):  # noqa: DTZ001 - naive local time by contract
        december = settled(clerk, Month(2026, 12))
    assert not december.lines.filter(kind=LineKind.BACK_PAYMENT).exists()


def test_every_amount_says_which_declaration_it_comes_from_and_last_months_charge():
    clerk, reviewer, employee = hall()
    one = approved(clerk, reviewer, asked(employee))
    bill = settled(clerk)
    line = bill.lines.get(kind=LineKind.BACK_PAYMENT, scheme="pension", month=Month(2026, 9))
    found = explain_line(clerk, line.pk, "employer")
    assert found.amount == 1280_00 and "补缴" in found.title
    assert one.case_number in found.text and "2026-11" not in found.steps[0].value
    assert found.previous == 1280_00
    assert found.steps[1].note.endswith("核定基数补缴")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"first_month": "2026-11", "last_month": "2026-11"}, "只能补缴 2026-11 以前的月份"),
        ({"last_month": "2026-12"}, "2026-12 不能补缴"),
        ({"first_month": "2026-09", "last_month": "2026-08"}, "终止月份 2026-08 早于开始月份 2026-09"),
        ({"first_month": "2023-11"}, "本单位自 2024-01 起参保，2023-11 至 2023-12 不能补缴"),
    ],
)
def test_months_out_of_reach_are_refused_by_name(changes, sentence):
    clerk, _, employee = hall()
    assert sentence in said(clerk, asked(employee, **changes))
    with pytest.raises(InvalidDeclaration):
        declared(clerk, asked(employee, **changes))
    assert not Declaration.objects.exists()


def test_nobody_pays_for_months_before_the_sixteenth_birthday():
    clerk, _, employee = hall(number=synthetic_id(born=date(2010, 7, 2), sequence=5))
    assert "2026-07 才满 16 周岁，2026-05 至 2026-06 不能补缴" in said(clerk, asked(employee, "2026-05", "2026-08"))
    assert said(clerk, asked(employee, "2026-07", "2026-08")) == ""


def test_months_that_were_billed_are_refused_by_name():
    clerk, reviewer, employee = hall()
    approved(clerk, reviewer, asked(employee))
    settled(clerk)
    with at(datetime(2026, 12, 10, 10, 0)):  # noqa: DTZ001 - naive local time by contract
        text = said(clerk, asked(employee, "2026-07", "2026-11"))
    assert "2026-08 至 2026-09、2026-11" in text and "不能重复补缴" in text


def test_months_that_wait_are_refused_by_name_and_the_others_still_go():
    clerk, reviewer, employee = hall()
    approved(clerk, reviewer, asked(employee))
    assert "2026-09 已经申报过补缴" in said(clerk, asked(employee, "2026-09", "2026-10"))
    assert said(clerk, asked(employee, "2026-10", "2026-10")) == ""


def test_only_the_schemes_that_were_paid_are_named_where_others_were_not():
    clerk, reviewer, employee = hall()
    Spell.objects.filter(scheme__in=("medical", "injury", "unemployment")).update(is_voided=True)
    approved(clerk, reviewer, asked(employee, "2026-09", "2026-09"))
    Spell.objects.update(is_voided=False)
    text = said(clerk, asked(employee, "2026-09", "2026-09"))
    assert "2026-09（城镇职工基本养老保险）" in text


def test_a_month_paid_elsewhere_is_refused_without_naming_the_other_employer():
    clerk, reviewer, employee = hall()
    other, judge, _ = hall(sequence=901)
    Spell.objects.filter(employee=employee).update(is_voided=True)
    elsewhere = enrolled(other.employer, number=employee.person.id_number, since=Month(2026, 8))
    Spell.objects.filter(employee=elsewhere).update(last_month=Month(2026, 8))
    Spell.objects.filter(employee=employee).update(is_voided=False)
    text = said(clerk, asked(employee))
    assert "2026-08 已在其他单位参保或缴费" in text and other.employer.name not in text


def test_somebody_new_is_enrolled_first():
    clerk, _, employee = hall()
    stranger = asked(employee) | {"id_number": synthetic_id(sequence=77), "name": "王示例"}
    assert "请先办理“单位职工增加”" in said(clerk, stranger)
    other, _, theirs = hall(sequence=905)
    assert "请先办理" in said(clerk, asked(theirs))


def test_who_left_is_not_paid_back_for():
    clerk, _, employee = hall(since=Month(2026, 1))
    Spell.objects.filter(employee=employee).update(last_month=Month(2026, 6))
    assert "现在不在本单位参保" in said(clerk, asked(employee))


def test_a_clerk_of_another_employer_finds_nothing_and_a_wrong_role_is_refused():
    clerk, _, employee = hall()
    other, payer = OperatorFactory(clerk=True), OperatorFactory(clerk=True, employer=clerk.employer, duty="finance")
    one = declared(clerk, asked(employee))
    with pytest.raises(Declaration.DoesNotExist):
        operations.submit_declarations([one.pk], by=other)
    with pytest.raises(Refused):
        operations.save_declarations(clerk.employer_id, PAY, [asked(employee)], by=payer)
    operations.submit_declarations([one.pk], by=clerk)
    with pytest.raises(Refused):
        operations.approve_declarations([one.pk], by=clerk)
    assert not BackPayment.objects.exists()


def test_two_clerks_who_declare_the_same_months_leave_one_back_payment():
    clerk, reviewer, employee = hall()
    one = declared(clerk, asked(employee))
    with pytest.raises(InvalidDeclaration):
        operations.save_declarations(
            clerk.employer_id,
            PAY,
            [asked(employee, wage="9000")],
            by=OperatorFactory(clerk=True, employer=clerk.employer),
        )
    operations.submit_declarations([one.pk], by=clerk)
    operations.approve_declarations([one.pk], by=reviewer)
    with pytest.raises(Conflict):
        operations.approve_declarations([one.pk], by=reviewer)
    assert BackPayment.objects.filter(scheme="pension").count() == 2


def test_an_approval_that_comes_after_the_month_was_charged_is_refused_and_leaves_no_trace():
    clerk, reviewer, employee = hall()
    one = declared(clerk, asked(employee, "2026-10", "2026-10"))
    operations.submit_declarations([one.pk], by=clerk)
    Spell.objects.filter(employee=employee).update(first_month=Month(2026, 10))
    DeclaredWage.objects.update(first_month=Month(2026, 10))
    with at(datetime(2026, 10, 10, 10, 0)):  # noqa: DTZ001 - naive local time by contract
        settled(clerk, Month(2026, 10))
    with pytest.raises(Conflict, match="2026-10 刚刚已经核定缴费"):
        operations.approve_declarations([one.pk], by=reviewer)
    one.refresh_from_db()
    assert one.state == State.SUBMITTED and not BackPayment.objects.exists()


def test_the_database_refuses_a_second_charge_of_the_same_month():
    clerk, reviewer, employee = hall()
    approved(clerk, reviewer, asked(employee, "2026-10", "2026-10"))
    bill = settled(clerk)
    line = bill.lines.filter(kind=LineKind.BACK_PAYMENT).first()
    with pytest.raises(IntegrityError), transaction.atomic():
        BillLine.objects.create(
            bill=bill, employee=employee, person=employee.person, region="tianjin", scheme=line.scheme,
            month=line.month, booking_month=NOVEMBER, declared_wage=1, contribution_base=1, employer_due=0,
            employee_due=0,
        )  # fmt: skip


def test_guiyang_pays_back_at_once_and_takes_it_back_before_the_bill():
    clerk, _, employee = hall("guiyang")
    one = declared(clerk, asked(employee))
    assert one.state == State.APPROVED and BackPayment.objects.filter(is_voided=False).exists()
    back = asked(employee, "2026-09", "2026-09")
    found = preview(clerk.employer, BACK, back, by=clerk)
    assert found.effect_fen < 0 and not found.blocking
    withdrawn = declared(clerk, back, BACK)
    assert set(BackPayment.objects.filter(is_voided=False).values_list("month", flat=True)) == {Month(2026, 8)}
    assert said(clerk, asked(employee, "2026-09", "2026-09")) == ""
    operations.undo_declarations([withdrawn.pk], by=clerk)
    assert BackPayment.objects.filter(is_voided=True).count() == 0
    settled(clerk)
    assert "已经计入账单，不能再办理" in said(clerk, back, BACK)
    with pytest.raises(Conflict, match="已经计入账单，不能撤销"):
        operations.undo_declarations([one.pk], by=clerk)


def test_what_was_taken_back_is_not_billed_and_an_undone_back_payment_frees_its_months():
    clerk, _, employee = hall("guiyang")
    one = declared(clerk, asked(employee))
    operations.undo_declarations([one.pk], by=clerk)
    assert said(clerk, asked(employee)) == ""
    assert "没有待缴的补缴" in said(clerk, asked(employee), BACK)
    bill = settled(clerk)
    assert not bill.lines.filter(kind=LineKind.BACK_PAYMENT).exists()


def test_taking_back_is_not_undone_over_a_later_declaration_of_the_same_months():
    clerk, _, employee = hall("guiyang")
    declared(clerk, asked(employee))
    withdrawn = declared(clerk, asked(employee), BACK)
    declared(clerk, asked(employee, wage="9000"))
    with pytest.raises(Conflict, match="已申报补缴|已在本单位申报补缴"):
        operations.undo_declarations([withdrawn.pk], by=clerk)
    assert set(BackPayment.objects.filter(is_voided=False).values_list("declared_wage", flat=True)) == {900_000}


def test_a_batch_is_checked_and_charged_in_a_constant_number_of_queries():
    clerk, _, employee = hall("guiyang")
    people = [employee, *(enrolled(clerk.employer, sequence=n, name=f"李{n}", since=NOVEMBER) for n in range(910, 922))]

    def queries(some):
        with CaptureQueriesContext(connection) as seen:
            assert not any(one.blocking for one in previews(clerk.employer, PAY, [asked(p) for p in some], by=clerk))
        return len(seen)

    assert queries(people[:2]) == queries(people)
    operations.save_declarations(clerk.employer_id, PAY, [asked(p) for p in people], by=clerk)

    def taking_back(some):
        with CaptureQueriesContext(connection) as seen:
            assert not any(one.blocking for one in previews(clerk.employer, BACK, [asked(p) for p in some], by=clerk))
        return len(seen)

    assert taking_back(people[:2]) == taking_back(people)


class OverlappingMonths(TestCase):
    """Whatever stretches are declared one after another, no month of a scheme is ever charged twice."""

    @given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 3)), min_size=1, max_size=4))
    def test_no_month_is_kept_twice_and_every_refusal_names_the_overlap(self, stretches):
        with at():
            clerk, _, employee = hall("guiyang")
            kept: set[Month] = set()
            for start, length in stretches:
                first, last = Month(2026, 1).next(start), Month(2026, 1).next(min(start + length, 9))
                wanted = {first.next(i) for i in range(last.index - first.index + 1)}
                text = said(clerk, asked(employee, str(first), str(last)))
                if wanted & kept:
                    assert str(min(wanted & kept)) in text and str(max(wanted & kept)) in text
                else:
                    assert text == ""
                    declared(clerk, asked(employee, str(first), str(last)))
                    kept |= wanted
            bill = settled(clerk)
            charged = set(bill.lines.filter(scheme="pension").values_list("month", flat=True))
            assert charged == {*kept, MONTH}
            assert list(check_ledger()) == []
            assert Bill.objects.get().total_due == bill.total_due


def test_the_wage_hall_assesses_earlier_months_apart_from_the_current_one():
    clerk, reviewer, employee = hall("wage_hall")
    before = estimate(clerk.employer, NOVEMBER).total
    found = preview(clerk.employer, PAY, asked(employee), by=clerk)
    approved(clerk, reviewer, asked(employee))
    apart = Bill.objects.get()
    assert (apart.series, apart.label, apart.head_count) == (1, "2026-11 补缴", 1)
    assert apart.total_due == found.effect_fen
    assert estimate(clerk.employer, NOVEMBER).total == before
    monthly = settled(clerk)
    assert monthly.total_due == before and monthly.series == 0
    assert list(check_ledger()) == []
    assert {line.kind for line in apart.lines.all()} == {LineKind.BACK_PAYMENT, LineKind.LATE_FEE}


def test_shenzhen_pays_only_the_pension_and_only_when_it_is_asked_for():
    clerk, reviewer, employee = hall("shenzhen", household="51", facts={"enrolment_kind": "11", "medical_tier": "1"})
    Spell.objects.create(
        employee=employee, person=employee.person, region="shenzhen", scheme="local_supplementary_pension",
        first_month=NOVEMBER,
    )  # fmt: skip
    before = estimate(clerk.employer, NOVEMBER, pending=True).total
    one = declared(clerk, asked(employee, "2026-08", "2026-10", "10000"))
    operations.submit_declarations([one.pk], by=clerk)
    assert estimate(clerk.employer, NOVEMBER, pending=True).total == before
    operations.approve_declarations([one.pk], by=reviewer)
    assert estimate(clerk.employer, NOVEMBER, pending=True).total == before
    assert set(BackPayment.objects.values_list("scheme", flat=True)) == {"pension", "local_supplementary_pension"}
    assert not settled(clerk).lines.filter(kind=LineKind.BACK_PAYMENT).exists()
    declared(clerk, asked(employee, "2026-10", "2026-10"), BACK)
    declared(clerk, asked(employee, "2026-08", "2026-10"), "self_service_back_payment")
    apart = Bill.objects.get(series=1)
    assert Bill(pk=apart.pk, month=apart.month, series=1, total_due=0).label == apart.label == "2026-11 补缴"
    # 10,000 元 × (16% + 8% + 1%) × 2 个月
    assert apart.total_due == 2 * (1600_00 + 800_00 + 100_00)
    assert "没有待缴的补缴" in said(clerk, asked(employee, "2026-10", "2026-10"), "self_service_back_payment")
    assert "已经计入账单" in said(clerk, asked(employee, "2026-08", "2026-09"), BACK)


def test_shenzhen_pays_the_years_before_1992_by_the_values_of_the_day_on_which_they_are_declared():
    number = synthetic_id(born=date(1968, 3, 1), sequence=6)
    clerk, reviewer, employee = hall("shenzhen", number=number, facts={"enrolment_kind": "11", "medical_tier": "1"})
    early = "pension_back_payment_early"
    assert "只办理到 1992-07 为止的月份，1992-08 请用其他补缴业务" in said(
        clerk, asked(employee, "1992-07", "1992-08"), early
    )
    assert "只办理 1992-08 及以后的月份" in said(clerk, asked(employee, "1992-07", "1992-08"))
    approved(clerk, reviewer, asked(employee, "1992-06", "1992-07", "4000"), early)
    declared(clerk, asked(employee, "1992-06", "1992-07"), "self_service_back_payment")
    lines = Bill.objects.get().lines.order_by("month")
    # 4,000 元低于 2026 年 11 月的下限 4,775 元：4,775 × 16% = 764.00，× 8% = 382.00
    assert [(str(one.month), one.contribution_base, one.employer_due, one.employee_due) for one in lines] == [
        ("1992-06", 4775_00, 764_00, 382_00), ("1992-07", 4775_00, 764_00, 382_00),
    ]  # fmt: skip
    assert "2026 年 11 月" in explain_line(clerk, lines[0].pk, "employer").text
    assert list(check_ledger()) == []


def test_an_enrolment_is_not_undone_under_months_that_are_paid_back_for():
    employer = EmployerFactory(region="guiyang", first_month=Month(2024, 1))
    clerk = OperatorFactory(clerk=True, employer=employer)
    (coming,) = operations.save_declarations(employer.pk, "employee_enrolment", [enrolment()], by=clerk)
    paid = declared(clerk, asked(coming.employee))
    with pytest.raises(Conflict, match="请先撤销或回退补缴"):
        operations.undo_declarations([coming.pk], by=clerk)
    operations.undo_declarations([paid.pk], by=clerk)
    operations.undo_declarations([coming.pk], by=clerk)
    assert not Spell.objects.filter(is_voided=False).exists()


def test_a_sheet_in_the_words_of_other_halls_is_understood():
    clerk, _, employee = hall("guiyang")
    number = employee.person.id_number
    lines = ["姓名,身份证号码,补缴起始年月,补缴终止年月,补缴基数", f"{employee.name},{number},202608,202609,8000"]
    with TestCase.captureOnCommitCallbacks(execute=True):
        batch = receive_sheet(clerk.employer_id, PAY, "补缴.csv", "\n".join(lines).encode(), by=clerk).batch
    assert counts(batch)["passed"] == 1
    confirm_batch(batch.pk, by=clerk)
    assert set(BackPayment.objects.values_list("month", flat=True)) == {Month(2026, 8), Month(2026, 9)}


DIRECTLY = Void("核定回退", "核定记录", ("auto_check",), (), ())


def test_after_a_void_what_the_bill_took_waits_again_and_the_next_bill_takes_it_once():
    clerk, reviewer, employee = hall()
    approved(clerk, reviewer, asked(employee))
    expected = estimate(clerk.employer, NOVEMBER).total
    old = settled(clerk)
    assert old.total_due == expected > estimate(clerk.employer, NOVEMBER).total
    wish = voiding.ask_to_void(old.assessment_id, by=clerk, reason="工资报错")
    voiding.approve_void(wish.pk, by=reviewer)
    assert estimate(clerk.employer, NOVEMBER).total == expected
    assert list(check_ledger()) == []
    new = settled(clerk)
    assert new.total_due == expected
    taken = BillLine.objects.live().filter(kind=LineKind.BACK_PAYMENT)
    assert {line.bill_id for line in taken} == {new.pk} and taken.count() == BackPayment.objects.count()
    assert list(check_ledger()) == []


def test_after_a_void_a_back_payment_can_be_taken_back():
    clerk, _, employee = hall("guiyang")
    declared(clerk, asked(employee))
    old = settled(clerk)
    assert "已经计入账单" in said(clerk, asked(employee), BACK)
    voiding.ask_to_void(old.assessment_id, by=clerk, reason="工资报错")
    declared(clerk, asked(employee), BACK)
    assert not settled(clerk).lines.filter(kind=LineKind.BACK_PAYMENT).exists()
    assert list(check_ledger()) == []


def test_a_bill_of_back_payments_is_voided_by_itself_and_the_next_settlement_takes_what_it_had(monkeypatch):
    monkeypatch.setattr(voiding, "void_rule", lambda code: DIRECTLY)
    clerk, reviewer, employee = hall("wage_hall")
    approved(clerk, reviewer, asked(employee))
    apart, alone = Bill.objects.live().get(), estimate(clerk.employer, NOVEMBER).total
    assert settled(clerk).total_due == alone
    states = {row.bill.series: row.obstacle for row in voiding.settled_months(clerk.employer, by=clerk)}
    assert states == {0: "", 1: ""}
    voiding.ask_to_void(apart.assessment_id, by=clerk, reason="多报了一个月")
    assert Bill.objects.live().get().series == 0
    assert estimate(clerk.employer, NOVEMBER.next()).total > alone
    with at(datetime(2026, 12, 10, 10, 0)):  # noqa: DTZ001 - naive local time by contract
        later = settled(clerk, NOVEMBER.next())
    sums = [
        [sum(line.employer_due + line.employee_due for line in bill.lines.filter(kind=kind)) for kind in ("2", "F1")]
        for bill in (apart, later)
    ]
    assert sums[0][0] == sums[1][0] and sums[0][1] < sums[1][1]  # the days went on, and the late fee with them
    assert later.total_due == alone + sum(sums[1])
    assert list(check_ledger()) == []


def test_a_voided_bill_is_in_no_statement_register_or_report():
    from shebao.hall.regions import region
    from shebao.hall.reports.money import lines
    from shebao.hall.reports.report import MONTHS
    from shebao.hall.reports.report import asked as looked_up
    from shebao.hall.settlement.arrears import arrears

    clerk, reviewer, employee = hall("guiyang")
    declared(clerk, asked(employee))
    old = settled(clerk)
    span = {"from": str(NOVEMBER), "to": str(NOVEMBER)}
    found = looked_up(clerk, clerk.employer, region("guiyang"), span, (MONTHS,))
    assert lines(found).exists() and arrears(clerk)[1] == [old]
    voiding.ask_to_void(old.assessment_id, by=clerk, reason="工资报错")
    assert not lines(found).exists()
    assert arrears(clerk) == ([], [])
