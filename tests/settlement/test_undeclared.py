"""A month that its employer did not declare: 110 % of the month before, until it is declared after all."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from shebao.hall.audit.models import AuditEntry
from shebao.hall.clock import now, pretending, today
from shebao.hall.documents.models import DocumentState
from shebao.hall.documents.operations import available, issue_document
from shebao.hall.documents.statements import asked_for, rows_of
from shebao.hall.employers.models import Employer
from shebao.hall.errors import Conflict, Refused
from shebao.hall.operators.models import Operator
from shebao.hall.payments.models import Payment, PaymentState
from shebao.hall.settlement.collecting import credit_of, owing
from shebao.hall.settlement.explaining import explain_provisional
from shebao.hall.settlement.ledger import balance, book_paid, check_ledger, recomputed
from shebao.hall.settlement.models import Assessment, Bill, BillLine, Booking, LedgerEntry, ProvisionalLine
from shebao.hall.settlement.operations import settle_employers, settle_month
from shebao.hall.settlement.progress import applicable_settlement
from shebao.hall.settlement.provisional import assess_undeclared, withdraw_provisional
from shebao.hall.settlement.undeclared import month_asked, propose, provisional_of, undeclared
from shebao.hall.settlement.undeclared_runs import carry_out, start_run
from shebao.hall.settlement.voiding import ask_to_void
from shebao.rules.money import yuan
from shebao.rules.months import Month

from .hall import NOVEMBER, OCTOBER, dismiss, hire, make_clerk, make_employer, raise_wage, settle
from .test_invariants import unguarded

pytestmark = pytest.mark.django_db
AFTER = datetime(2026, 12, 2, 10)  # noqa: DTZ001 - naive local by contract
DECEMBER = Month(2026, 12)


def officer(region="tianjin") -> Operator:
    return Operator.objects.create(username=f"o{region}", name="李审", role="reviewer", region=region)


@pytest.fixture
def late(db):
    """An employer with two people that settled October, and let November's deadline pass."""
    employer = make_employer()
    clerk = make_clerk(employer)
    people = hire(employer, [800_033, 1_200_000])
    basis = settle(employer, clerk, OCTOBER)
    with pretending(AFTER):
        yield employer, clerk, officer(), people, basis


def pay(bill, clerk, fen=None, at=None) -> Payment:
    fen = bill.total_due if fen is None else fen
    count = Payment.objects.count()
    payment = Payment.objects.create(
        employer=bill.employer, bill=bill, number=f"P{count}", channel="counter", amount_fen=fen, paid_fen=fen,
        state="succeeded", started_by=clerk, started_at=now(), paid_at=at or now(),
    )  # fmt: skip
    book_paid(bill, payment)
    return payment


def fee_taken(bill) -> int:
    """The late fee that was taken for a bill, fen."""
    return -sum(
        LedgerEntry.objects.filter(transaction__bill=bill, account="late_fees").values_list("amount_fen", flat=True)
    )


def declare_after_all(employer, clerk, month=NOVEMBER) -> Bill:
    kind = applicable_settlement(employer, month)
    return settle_month(employer.pk, month, kind.key, by=clerk, confirmations=kind.confirmations)


def test_each_scheme_is_a_hundred_and_ten_per_cent_of_last_month(late):
    employer, clerk, agent, _, basis = late
    bill = assess_undeclared(employer.pk, NOVEMBER, by=agent)
    assert (bill.label, bill.head_count, bill.basis_month) == ("2026-11 暂核定", 0, OCTOBER)
    assert not bill.lines.exists()
    last = {}
    for scheme, unit, own in BillLine.objects.filter(bill=basis).values_list("scheme", "employer_due", "employee_due"):
        last[scheme] = (last.get(scheme, (0, 0))[0] + unit, last.get(scheme, (0, 0))[1] + own)
    for line in bill.provisional_lines.all():
        both, own = sum(last[line.scheme]), last[line.scheme][1]
        assert line.total == (both * 11 + 5) // 10 and line.employee_due == (own * 11 + 5) // 10
    assert {line.scheme for line in bill.provisional_lines.all()} == {key for key, both in last.items() if sum(both)}
    assert bill.total_due == sum(line.total for line in bill.provisional_lines.all())
    assert balance(bill) == (bill.total_due, 0) and owing(bill, today()).principal == bill.total_due
    assert now() < bill.pay_until
    assert list(check_ledger()) == [] and recomputed(bill.number).breaks == []
    line = bill.provisional_lines.order_by("pk").first()
    told = explain_provisional(clerk, line.pk, "employer")
    assert told.amount == line.employer_due
    for word in ("110%", "社会保险法第六十二条", "2026 年 10 月", basis.number):
        assert word in told.text
    both = explain_provisional(clerk, line.pk, "both")
    assert both.amount == line.total and yuan(line.base) in both.text and yuan(line.total) in both.text
    assert [what for what, _ in both.behind.values()] == [basis]
    entry = AuditEntry.objects.get(action="month.assessed_provisionally")
    assert entry.detail["total_fen"] == bill.total_due and entry.actor == agent


def test_nobody_is_assessed_before_the_deadline_or_twice_or_when_settled(late):
    employer, clerk, agent, _, _ = late
    with pretending(datetime(2026, 11, 10, 9)), pytest.raises(Refused, match="还不能暂核定"):  # noqa: DTZ001
        assess_undeclared(employer.pk, NOVEMBER, by=agent)
    with pytest.raises(Refused, match="权限"):
        assess_undeclared(employer.pk, NOVEMBER, by=clerk)
    with pytest.raises(Conflict):
        assess_undeclared(employer.pk, OCTOBER, by=agent)
    bill = assess_undeclared(employer.pk, NOVEMBER, by=agent)
    with pytest.raises(Conflict):
        assess_undeclared(employer.pk, NOVEMBER, by=agent)
    double = Assessment.objects.get(pk=bill.assessment_id)
    double.pk, double.series, double.number = None, 9, "H9"
    with pytest.raises(IntegrityError), transaction.atomic():
        double.save(force_insert=True)
    double.series, double.basis_month = 0, None
    with pytest.raises(IntegrityError), transaction.atomic():
        double.save(force_insert=True)


def test_the_list_names_who_did_not_settle_and_only_them(late):
    employer, clerk, agent, people, basis = late
    fresh = make_employer(number="120002")
    hire(fresh, [700_000], first_month=NOVEMBER)
    make_employer(number="120003")  # nobody is insured there
    make_employer("leshan", number="510001")
    assert month_asked_now() == NOVEMBER
    rows = list(undeclared(agent, NOVEMBER))
    assert rows == [employer, fresh]
    one, none = propose(rows, NOVEMBER)
    assert one.base == basis.total_due and one.basis == basis and not one.obstacle
    assert "没有应缴额" in none.obstacle and none.total == 0
    with pytest.raises(Refused, match="另行确定"):
        assess_undeclared(fresh.pk, NOVEMBER, by=agent)
    assess_undeclared(employer.pk, NOVEMBER, by=agent)
    assert list(undeclared(agent, NOVEMBER)) == [fresh]
    with pytest.raises(Employer.DoesNotExist):
        assess_undeclared(employer.pk, NOVEMBER, by=officer("leshan"))


def month_asked_now():
    from shebao.hall.regions import region

    return month_asked(region("tianjin"), "")


def test_an_unpaid_one_is_mirrored_when_the_month_is_declared_after_all(late):
    employer, clerk, agent, _, _ = late
    old = assess_undeclared(employer.pk, NOVEMBER, by=agent)
    paper = issue_document(old.pk, "payment_notice", by=clerk)
    new = declare_after_all(employer, clerk)
    assert balance(old) == (0, 0) and balance(new) == (new.total_due, 0)
    assert Assessment.objects.ever().get(pk=old.assessment_id).voided_at
    assert not LedgerEntry.objects.filter(transaction__bill=old, transaction__kind=Booking.RELEASED).exists()
    paper.refresh_from_db()
    assert paper.state == DocumentState.REVOKED
    assert credit_of(employer.pk) == 0 and provisional_of(employer, NOVEMBER) is None
    entry = AuditEntry.objects.get(action="provisional.settled")
    assert entry.detail["bill"] == new.number
    assert list(check_ledger()) == []


@pytest.mark.parametrize("change", ["more", "less"])
def test_what_was_paid_counts_for_the_real_bill_and_the_difference_is_left(late, change):
    employer, clerk, agent, people, _ = late
    old = assess_undeclared(employer.pk, NOVEMBER, by=agent)
    pay(old, clerk)
    if change == "more":
        raise_wage(people[0], 1_500_000, NOVEMBER)
    else:
        dismiss(people[1], OCTOBER)
    new = declare_after_all(employer, clerk)
    due, paid = balance(new)
    assert due == new.total_due and balance(old) == (0, 0)
    if change == "more":
        assert new.total_due > old.total_due and paid == old.total_due and credit_of(employer.pk) == 0
    else:
        fee = fee_taken(new)  # both were paid two days after the last day of payment
        assert paid == due and credit_of(employer.pk) == old.total_due - new.total_due - fee
    assert list(check_ledger()) == []
    with pytest.raises(Refused, match="已经缴费"):
        ask_to_void(new.assessment_id, by=clerk, reason="重来")


def test_late_fees_are_those_that_the_real_bill_would_have_had_from_the_start(late):
    """Paid after the last day, in two parts: the real bill bears what its own principal bore until each day."""
    employer, clerk, agent, people, _ = late
    old = assess_undeclared(employer.pk, NOVEMBER, by=agent)
    with pretending(datetime(2026, 12, 20, 10)):  # noqa: DTZ001
        pay(old, clerk, 100_000)
    with pretending(datetime(2027, 1, 5, 10)):  # noqa: DTZ001
        pay(old, clerk, owing(old, today()).total)
        assert owing(old, today()).total == 0
        twin = make_employer(number="120009")
        other = make_clerk(twin)
        hire(twin, [800_033, 1_200_000])
    with pretending(datetime(2026, 11, 12, 10)):  # noqa: DTZ001
        same = declare_after_all(twin, other)
    with pretending(datetime(2026, 12, 20, 10)):  # noqa: DTZ001
        pay(same, other, 100_000)
    with pretending(datetime(2027, 1, 5, 10)):  # noqa: DTZ001
        wanted = owing(same, today())
        new = declare_after_all(employer, clerk)
        assert new.pay_until == same.pay_until
        assert balance(new)[1] == new.total_due
        assert (same.total_due, wanted.late_fee) == (new.total_due, fee_taken(new))
        assert owing(new, today()).total == 0
        assert list(check_ledger()) == []


def test_a_run_of_the_whole_region_settles_a_late_month_too(late):
    employer, clerk, agent, _, _ = late
    old = assess_undeclared(employer.pk, NOVEMBER, by=agent)
    pay(old, clerk)
    with pretending(datetime(2027, 1, 5, 10)):  # noqa: DTZ001
        run = settle_employers([employer.pk], NOVEMBER)
        assert not run.skipped and balance(run.bills[employer.pk])[1] > 0
        assert list(check_ledger()) == []


def test_after_the_last_day_only_a_month_assessed_provisionally_is_settled(late):
    employer, clerk, agent, _, _ = late
    with pretending(datetime(2027, 1, 5, 10)):  # noqa: DTZ001
        with pytest.raises(Refused, match="截止"):
            declare_after_all(employer, clerk)
        assess_undeclared(employer.pk, NOVEMBER, by=agent)
        again = assess_undeclared(employer.pk, DECEMBER, by=agent)
        assert again.basis_month == NOVEMBER  # what was assessed provisionally is the base of the next such month
        assert declare_after_all(employer, clerk).month == NOVEMBER
        assert list(check_ledger()) == []


def test_a_payment_under_way_holds_the_settlement(late):
    employer, clerk, agent, _, _ = late
    bill = assess_undeclared(employer.pk, NOVEMBER, by=agent)
    Payment.objects.create(
        employer=employer, bill=bill, number="P9", channel="bank", amount_fen=5, state=PaymentState.UNKNOWN,
        reason_code="mismatch", started_by=clerk, started_at=now(),
    )  # fmt: skip
    with pytest.raises(Refused, match="待查"):
        declare_after_all(employer, clerk)
    run = settle_employers([employer.pk], NOVEMBER)
    assert "正在缴费" in run.skipped[employer.pk] and not run.bills
    assert balance(bill) == (bill.total_due, 0)


def test_the_agency_takes_a_wrong_one_back_and_what_was_paid_is_credit(late):
    employer, clerk, agent, _, _ = late
    bill = assess_undeclared(employer.pk, NOVEMBER, by=agent)
    pay(bill, clerk)
    with pytest.raises(Refused, match="经办机构撤销"):
        ask_to_void(bill.assessment_id, by=clerk, reason="不对")
    with pytest.raises(Refused, match="原因"):
        withdraw_provisional(bill.assessment_id, by=agent, reason=" ")
    withdraw_provisional(bill.assessment_id, by=agent, reason="单位十月底已经注销")
    assert balance(bill) == (0, 0) and credit_of(employer.pk) == bill.total_due
    with pytest.raises(Conflict):
        withdraw_provisional(bill.assessment_id, by=agent, reason="再来")
    assert list(check_ledger()) == []
    again = assess_undeclared(employer.pk, NOVEMBER, by=agent)
    assert again.series == bill.series + 1 and balance(again)[1] == bill.total_due
    assert list(check_ledger()) == []


@pytest.mark.parametrize("how", ["withdrawn", "declared"])
def test_a_provisional_bill_that_is_no_more_asks_for_no_late_fee_of_what_was_paid_of_it_late(late, how):
    employer, clerk, agent, _, _ = late
    bill = assess_undeclared(employer.pk, NOVEMBER, by=agent)
    day = bill.pay_until + timedelta(days=40)
    with pretending(day.replace(tzinfo=None)):
        pay(bill, clerk, fen=bill.total_due // 2)  # a part, forty days late: it bore a late fee that nobody paid
        assert owing(bill, today()).late_fee == (bill.total_due * 40 * 5 + 5_000) // 10_000
        if how == "withdrawn":
            withdraw_provisional(bill.assessment_id, by=agent, reason="另行确定")
        else:
            declare_after_all(employer, clerk)
    with pretending((day + timedelta(days=60)).replace(tzinfo=None)):
        asked = owing(bill, today())
        assert (asked.principal, asked.late_fee, asked.tomorrow) == (0, 0, 0)
        assert list(check_ledger()) == []


def test_its_papers_name_no_people_and_say_by_what_it_was_assessed(late):
    employer, clerk, agent, _, basis = late
    bill = assess_undeclared(employer.pk, NOVEMBER, by=agent)
    kinds = {card.kind for card in available([bill])[bill.pk]}
    assert "payment_notice" in kinds
    document = issue_document(bill.pk, "payment_notice", by=clerk)
    paper, header = document.content["paper"], dict(document.content["paper"]["header"])
    assert "暂核定" in paper["subtitle"] and "110%" in paper["notes"][0]
    assert "社会保险法第六十二条" in paper["notes"][0]
    assert "缴费人数" not in header and header["核定依据"] == "2026-10 应缴额 × 110%"
    titles = [column["title"] for column in paper["columns"]]
    assert titles[:2] == ["险种", "2026-10 应缴"] and not [one for one in titles if "人数" in one or "基数" in one]
    sums = dict(zip(titles, paper["total"], strict=True))
    assert (sums["2026-10 应缴"], sums["合计应缴"]) == (yuan(basis.total_due), yuan(bill.total_due))
    for line, row in zip(bill.provisional_lines.order_by("pk"), paper["rows"], strict=True):
        assert (row[1], row[-1]) == (yuan(line.base), yuan(line.total))
    pay(bill, clerk)
    receipt = issue_document(bill.pk, "receipt", by=clerk).content["paper"]
    assert [one["title"] for one in receipt["columns"]][:2] == ["险种", "单位实缴"]
    (row,) = rows_of(*asked_for(employer.pk, "contribution_certificate", by=clerk, first=NOVEMBER, last=NOVEMBER))
    assert (row["bill"], row.get("head_count"), row.get("base")) == (bill.number, None, None)


def test_a_run_assesses_whom_it_can_and_says_why_not_of_the_rest(late):
    employer, clerk, agent, _, _ = late
    fresh = make_employer(number="120002")
    hire(fresh, [700_000], first_month=NOVEMBER)
    run = start_run(None, NOVEMBER, by=agent)
    run.refresh_from_db()
    assert (run.made, run.employers_done, run.employers_total) == (1, 2, 2) and run.finished_at
    assert run.total_fen == provisional_of(employer, NOVEMBER).total_due
    assert [row[1] for row in run.skipped] == [fresh.name]
    carry_out(run.pk, by=agent)
    run.refresh_from_db()
    assert run.made == 1 and ProvisionalLine.objects.values("bill").distinct().count() == 1
    with pytest.raises(Refused, match="没有要暂核定"):
        start_run([employer.pk], NOVEMBER, by=agent)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE settlement_provisionalline SET employer_due = employer_due + 1", "append-only"),
        ("DELETE FROM settlement_provisionalline", "append-only"),
        ("UPDATE settlement_bill SET basis_month = '2026-01' WHERE basis_month IS NOT NULL", "append-only"),
        ("UPDATE settlement_assessment SET basis_month = NULL WHERE basis_month IS NOT NULL", "append-only"),
    ],
)
def test_the_database_refuses_to_change_what_was_assessed(late, statement, words):
    employer, _, agent, _, _ = late
    assess_undeclared(employer.pk, NOVEMBER, by=agent)
    with pytest.raises(Exception, match=words), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


FAULTS = {
    "UPDATE settlement_provisionalline SET employer_due = employer_due + 1": "按依据应为",
    "UPDATE settlement_provisionalline SET employer_base = employer_base + 100": "所按的缴费额记的是",
    "UPDATE settlement_provisionalline SET basis_id = bill_id": "不是这个单位 2026-10 的账单",
    "UPDATE settlement_assessment SET basis_month = NULL": "是不是暂核定",
    "UPDATE settlement_bill SET total_due = total_due + 1, employer_due = employer_due + 1 "
    "WHERE basis_month IS NOT NULL": "明细之和",
    "UPDATE settlement_bill SET basis_month = NULL": "不是暂核定，却有暂核定明细",
}
AFTERWARDS = {
    "UPDATE settlement_assessment SET voided_at = NULL WHERE basis_month IS NOT NULL": "还没有结清",
    "UPDATE settlement_ledgerentry SET amount_fen = amount_fen - 1 WHERE id = (SELECT MIN(e.id) "
    "FROM settlement_ledgerentry e JOIN settlement_ledgertransaction t ON t.id = e.transaction_id "
    "WHERE t.kind = 'released' AND e.account = 'receivable')": "I-6：作废的账单",
}


@pytest.mark.parametrize("statement", [*FAULTS, *AFTERWARDS])
def test_a_planted_fault_of_a_provisional_bill_is_seen_and_named(late, statement):
    employer, clerk, agent, _, _ = late
    bill = assess_undeclared(employer.pk, NOVEMBER, by=agent)
    if statement in AFTERWARDS:
        pay(bill, clerk)
        declare_after_all(employer, clerk)
    assert list(check_ledger()) == []
    with unguarded() as cursor:
        cursor.execute("DROP INDEX IF EXISTS a_month_is_settled_or_assessed_provisionally")
        cursor.execute(statement)
        assert cursor.rowcount > 0
        found = list(check_ledger())
        assert any((FAULTS | AFTERWARDS)[statement] in text for text in found), found
