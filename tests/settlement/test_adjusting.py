"""补差: what a late value changes is found, billed once, explained, and never written over what was billed."""

from datetime import date, timedelta
from io import BytesIO

import numpy as np
import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st
from pypdf import PdfReader

from shebao.hall.clock import now
from shebao.hall.declarations.states import State
from shebao.hall.documents.operations import issue_document, pdf
from shebao.hall.payments.models import Payment
from shebao.hall.regions import region
from shebao.hall.settlement.adjusting import billable, find_differences, make_adjustments
from shebao.hall.settlement.comparing import bridge
from shebao.hall.settlement.explaining import explain_line
from shebao.hall.settlement.ledger import balance, book_paid, check_ledger
from shebao.hall.settlement.models import ADJUSTING, Bill, BillLine, LedgerEntry
from shebao.hall.settlement.queries import bill_earlier, bill_people, bill_summary, estimate
from shebao.hall.settlement.resting_on import rules_of
from shebao.rules.adjustments import adjustment
from shebao.rules.contributions import People, charge
from shebao.rules.money import yuan
from shebao.rules.months import Month

from .hall import declare, dismiss, hire, make_clerk, make_employer, on_day, raise_wage, settle
from .late import CODE, late_city

pytestmark = pytest.mark.django_db
JULY, AUGUST, SEPTEMBER, OCTOBER = (Month(2026, number) for number in (7, 8, 9, 10))
WAGES = [300_000, 746_000, 1_000_000, 9_000_000]
LATE_FLOOR = ("2026-07", "2026-08-24", 5000)


@pytest.fixture
def city(tmp_path):
    with late_city(tmp_path) as made:
        yield made


def in_july_and_august(code: str, wages=WAGES, number="310001"):
    employer = make_employer(code, number=number)
    clerk, people = make_clerk(employer), hire(employer, wages)
    return employer, clerk, people, [settle(employer, clerk, month) for month in (JULY, AUGUST)]


def lines_of(bill, **how) -> list[BillLine]:
    return list(bill.lines.filter(kind__in=ADJUSTING, **how).order_by("month", "scheme", "pk"))


def test_the_limits_that_shanghai_published_in_august_are_made_up_for_in_september():
    employer, clerk, _people, (july, august) = in_july_and_august("shanghai")
    kept = list(BillLine.objects.order_by("pk").values())
    bill = settle(employer, clerk, SEPTEMBER)
    added = lines_of(bill)
    # Floor 7460 → 7546 and ceiling 37302 → 37731: pension 24 %, of the lowest and of the highest paid, in two months.
    pension = [line for line in added if line.scheme == "pension"]
    assert [(line.month, line.employer_due, line.employee_due) for line in pension] == [
        (JULY, 1_376, 688), (JULY, 1_376, 688), (JULY, 6_864, 3_432),
        (AUGUST, 1_376, 688), (AUGUST, 1_376, 688), (AUGUST, 6_864, 3_432),
    ]  # fmt: skip
    assert {line.kind for line in added} == {"13"}
    assert {line.booking_month for line in added} == {SEPTEMBER}
    assert all(line.adjusts.bill in (july, august) and line.adjusts.kind == "1" for line in added)
    assert list(BillLine.objects.exclude(bill=bill).order_by("pk").values()) == kept
    assert list(check_ledger()) == []


def test_a_bill_with_adjustments_is_the_sum_of_its_lines_and_booked_by_the_month_they_are_for():
    employer, clerk, _people, _bills = in_july_and_august("shanghai")
    with on_day(SEPTEMBER):
        before = estimate(employer, SEPTEMBER)
    bill = settle(employer, clerk, SEPTEMBER)
    assert (before.total, before.employer_due, before.head_count) == (bill.total_due, bill.employer_due, 4)
    assert bill.total_due == sum(line.employer_due + line.employee_due for line in bill.lines.all())
    assert bill.total_due == sum(row.total for row in [*bill_summary(bill), *bill_earlier(bill)["补差"]])
    assert bill.total_due == sum(person.total for person in bill_people(bill))
    assert balance(bill) == (bill.total_due, 0)
    booked = LedgerEntry.objects.filter(transaction__bill=bill, account="receivable")
    july = sum(booked.filter(month=JULY).values_list("amount_fen", flat=True))
    assert july == sum(line.employer_due + line.employee_due for line in lines_of(bill, month=JULY)) > 0


def test_the_same_difference_is_never_billed_twice():
    employer, clerk, _people, _bills = in_july_and_august("shanghai")
    bill = settle(employer, clerk, SEPTEMBER)
    with on_day(OCTOBER):
        assert find_differences(employer, OCTOBER).differences == ()
    assert lines_of(settle(employer, clerk, OCTOBER)) == []
    line = lines_of(bill)[0]
    with pytest.raises(IntegrityError), transaction.atomic():
        BillLine.objects.create(**{
            field.attname: getattr(line, field.attname) for field in BillLine._meta.fields if field.name != "id"
        })  # fmt: skip


def test_two_settlements_at_the_same_moment_cannot_both_take_a_difference():
    employer, clerk, _people, _bills = in_july_and_august("shanghai")
    with on_day(OCTOBER):
        found = find_differences(employer, OCTOBER).differences
    bill = settle(employer, clerk, SEPTEMBER)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_adjustments(Bill(pk=bill.pk, month=OCTOBER), found)


def test_a_bill_with_refunds_among_its_lines_is_paid_by_its_total(city):
    employer, clerk, _people, _bills = in_july_and_august(CODE)
    city.publish(base_floor=[LATE_FLOOR], base_ceiling=[("2026-07", "2026-08-24", 22000)])
    bill = settle(employer, clerk, SEPTEMBER)
    assert {line.kind for line in lines_of(bill)} == {"13", "18"}
    payment = Payment.objects.create(
        employer=employer, bill=bill, number="P1", channel="bank", amount_fen=bill.total_due, state="succeeded",
        bank_serial="YH1", started_by=clerk, started_at=now(), paid_at=now(),
    )  # fmt: skip
    book_paid(bill, payment)
    assert balance(bill) == (bill.total_due, bill.total_due)
    assert list(check_ledger()) == []


def test_the_bridge_names_the_adjustments_and_adds_up_in_both_months():
    employer, clerk, _people, (_, august) = in_july_and_august("shanghai")
    with on_day(SEPTEMBER):
        guessed = bridge(employer, SEPTEMBER, estimate(employer, SEPTEMBER))
    september = settle(employer, clerk, SEPTEMBER)
    with on_day(SEPTEMBER):
        rows = bridge(employer, SEPTEMBER)
    assert rows == guessed
    assert [row.label for row in rows] == ["上下限或费率调整 3 人", "补差 3 人"]
    assert sum(row.delta for row in rows) == september.total_due - august.total_due
    october = settle(employer, clerk, OCTOBER)
    with on_day(OCTOBER):
        rows = bridge(employer, OCTOBER)
    assert [row.label for row in rows] == ["上月补差 3 人"]
    assert sum(row.delta for row in rows) == october.total_due - september.total_due


def test_an_adjustment_is_explained_from_what_was_charged_to_what_is_owed():
    employer, clerk, people, (july, _) = in_july_and_august("shanghai")
    bill = settle(employer, clerk, SEPTEMBER)
    line = next(one for one in lines_of(bill, employee=people[0]) if one.scheme == "pension")
    told = explain_line(clerk, line.pk, "employer")
    assert told.amount == 1_376
    assert july.number in told.text
    for words in (
        "原·下限：7,460.00 元",
        "新·下限：7,546.00 元",
        "2026-08-24",
        "1,207.36 − 1,193.60 = 13.76 元",
        "补基数",
    ):
        assert words in told.text
    assert all("补差" not in row.title for row in rules_of(bill).rows)


def test_the_papers_show_the_adjustments_in_rows_of_their_own():
    employer, clerk, _people, _bills = in_july_and_august("shanghai")
    bill = settle(employer, clerk, SEPTEMBER)
    with on_day(SEPTEMBER):
        content = pdf(issue_document(bill.pk, "payment_notice", by=clerk))
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)
    assert "养老保险补差" in text.replace("\n", "") and yuan(bill.total_due) in text
    assert yuan(sum(row.total for row in bill_earlier(bill)["补差"] if row.scheme == "pension")) in text


def test_a_rate_that_fell_is_given_back_and_a_rate_that_rose_is_asked_for(city):
    employer, clerk, _people, _bills = in_july_and_august(CODE)
    city.publish(
        medical__employer_rate=[("2026-07", "2026-08-24", 0.09)],
        medical__employee_rate=[("2026-08", "2026-08-24", 0.015)],
    )
    with on_day(SEPTEMBER):
        found = find_differences(employer, SEPTEMBER).differences
    july, august = (
        [one for one in found if one.line.month == month and one.line.declared_wage == 1_000_000]
        for month in (JULY, AUGUST)
    )
    assert [(one.employer_due, one.employee_due, one.kind) for one in july] == [(10_000, 0, "20")]
    assert [(one.employer_due, one.employee_due, one.kind) for one in august] == [(10_000, -5_000, "20")]
    settle(employer, clerk, SEPTEMBER)
    city.publish(medical__employer_rate=[("2026-07", "2026-09-24", 0.07)])
    bill = settle(employer, clerk, OCTOBER)
    again = [line for line in lines_of(bill, month=JULY) if line.declared_wage == 1_000_000]
    assert [(line.employer_due, line.employee_due, line.kind) for line in again] == [(-20_000, 0, "18")]
    assert again[0].adjusts.kind == "20" and again[0].adjusts.adjusts.kind == "1"
    assert list(check_ledger()) == []


def test_a_base_and_a_rate_that_moved_together_are_a_correction(city):
    employer, _clerk, _people, _bills = in_july_and_august(CODE, [300_000])
    city.publish(base_floor=[LATE_FLOOR], medical__employer_rate=[("2026-07", "2026-08-24", 0.09)])
    with on_day(SEPTEMBER):
        kinds = {one.line.scheme: one.kind for one in find_differences(employer, SEPTEMBER).differences}
    assert kinds["medical"] == "4" and kinds["pension"] == "13"


def test_a_value_entered_late_counts_even_when_it_was_published_in_time(city):
    employer, _clerk, _people, _bills = in_july_and_august(CODE)
    city.publish(base_floor=[("2026-07", "2026-06-30", 5000)])
    with on_day(SEPTEMBER):
        found = find_differences(employer, SEPTEMBER).differences
    assert {one.line.month for one in found} == {JULY, AUGUST}


def test_who_left_is_adjusted_as_billed_and_is_no_head_of_the_bill(city):
    employer, clerk, people, _bills = in_july_and_august(CODE)
    dismiss(people[0], AUGUST)
    raise_wage(people[1], 2_000_000, JULY)
    with on_day(SEPTEMBER):
        late = now() - timedelta(days=3)
    declared_in = declare(employer, clerk, State.APPROVED, SEPTEMBER, decided_at=late)
    people[1].wages.filter(amount_fen=2_000_000).update(declared_at=late, declared_in=declared_in)
    city.publish(base_floor=[LATE_FLOOR])
    bill = settle(employer, clerk, SEPTEMBER)
    assert {line.employee for line in lines_of(bill)} == {people[0]}
    assert bill.head_count == 3
    row = next(person for person in bill_people(bill) if person.employee == people[0])
    assert (row.declared_wage, row.schemes, len(row.earlier["补差"])) == (0, {}, 8)
    assert list(check_ledger()) == []


def test_a_month_without_people_is_settled_for_its_adjustments_alone(city):
    employer, clerk, people, _bills = in_july_and_august(CODE, [300_000])
    dismiss(people[0], AUGUST)
    city.publish(base_floor=[LATE_FLOOR])
    bill = settle(employer, clerk, SEPTEMBER)
    assert bill.head_count == 0 and bill.total_due > 0
    assert list(check_ledger()) == []


def test_a_refund_larger_than_the_bill_waits_for_the_months_after(city):
    employer, clerk, people, _bills = in_july_and_august(CODE)
    for one in people[1:]:
        dismiss(one, AUGUST)
    city.publish(base_ceiling=[("2026-07", "2026-08-24", 8000)])
    with on_day(SEPTEMBER):
        found = estimate(employer, SEPTEMBER)
    assert 0 < len(found.adjusted) < len(found.found.differences)
    bill = settle(employer, clerk, SEPTEMBER)
    assert 0 <= bill.total_due == found.total
    with on_day(OCTOBER):
        assert len(find_differences(employer, OCTOBER).differences) == len(found.found.differences) - len(
            found.adjusted
        )
    assert list(check_ledger()) == []


def test_what_is_owed_is_always_taken_and_what_is_returned_only_as_far_as_it_goes(city):
    employer, _clerk, _people, _bills = in_july_and_august(CODE)
    city.publish(base_floor=[LATE_FLOOR], base_ceiling=[("2026-07", "2026-08-24", 8000)])
    with on_day(SEPTEMBER):
        found = find_differences(employer, SEPTEMBER)
    owed = [one for one in found.differences if one.total > 0]
    assert set(billable(found, 0)) >= set(owed) and owed
    assert sum(one.total for one in billable(found, 0)) >= 0
    assert billable(found, 10**12) == list(found.differences)


def test_months_that_no_value_changed_cost_three_questions_and_affected_ones_a_constant_number(city):
    counts = []
    for number, heads in (("310001", 3), ("310002", 200)):
        employer, *_ = in_july_and_august(CODE, [300_000 + 1000 * i for i in range(heads)], number)
        with on_day(SEPTEMBER), CaptureQueriesContext(connection) as untouched:
            find_differences(employer, SEPTEMBER)
        counts.append((employer, len(untouched)))
    assert [count for _, count in counts] == [3, 3]
    city.publish(base_floor=[LATE_FLOOR])
    for employer, _ in counts:
        with on_day(SEPTEMBER), CaptureQueriesContext(connection) as captured:
            assert find_differences(employer, SEPTEMBER).differences
        assert len(captured) == 6


@trying(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wages=st.lists(st.integers(1, 12_000_000), min_size=1, max_size=12))
def test_all_differences_together_are_the_new_charge_less_what_was_billed(wages):
    with transaction.atomic():
        employer, _clerk, people, bills = in_july_and_august("shanghai", wages)
        with on_day(SEPTEMBER):
            found = find_differences(employer, SEPTEMBER).differences
        spec, lines = region("shanghai"), BillLine.objects.filter(bill__in=bills)
        again = billed = 0
        for month, bill in zip((JULY, AUGUST), bills, strict=True):
            columns = _columns(spec, lines.filter(month=month), people, wages)
            new = charge(spec, month, columns, known_on=date(2026, 9, 10))
            again += int(new.employer_total.sum() + new.employee_total.sum())
            billed += bill.total_due
            pure = adjustment(spec, month, columns, then=date(month.year, month.number, 10), now=date(2026, 9, 10))
            mine = {
                (one.line.employee_id, one.line.scheme, share): one.after[share] - one.before[share]
                for one in found
                if one.line.month == month
                for share in ("employer", "employee")
                if one.after[share] != one.before[share]
            }
            rows = zip(pure.person, pure.scheme, pure.share, pure.amount, strict=True)
            assert mine == {(people[i].pk, str(scheme), str(share)): int(fen) for i, scheme, share, fen in rows}
        assert sum(one.total for one in found) == again - billed
        transaction.set_rollback(True)


def _columns(spec, lines, people, wages):
    """The people as this test made them, without asking how the hall reads its bills."""
    facts = {"employment_kind": "41", "household": "11", "supplementary_medical": "0"}
    facts |= {"industry_class": "1", "float_grade": "100"}
    schemes = set(lines.values_list("scheme", flat=True))
    covered = {scheme: np.ones(len(people), dtype=np.bool_) for scheme in schemes}
    return People(np.array(wages, dtype=np.int64), facts, covered)
