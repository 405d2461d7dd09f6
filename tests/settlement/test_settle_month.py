"""Settling a month: what stands in the way, what is written, what can never be written twice."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from shebao.hall.audit.models import AuditEntry
from shebao.hall.audit.operations import broken_links
from shebao.hall.declarations.states import State
from shebao.hall.employers.models import Employer
from shebao.hall.errors import Conflict, Refused
from shebao.hall.roster.models import DeclaredWage
from shebao.hall.settlement.declared import changes_of, changes_of_many, changes_told
from shebao.hall.settlement.ledger import balance, check_ledger
from shebao.hall.settlement.models import Assessment, Bill, BillLine, Evidence, LedgerEntry
from shebao.hall.settlement.operations import settle_month
from shebao.hall.settlement.progress import applicable_settlement, preconditions, standing, steps_of

from .hall import NOVEMBER, OCTOBER, at, declare, hire, make_clerk, make_employer, on_day, settle

pytestmark = pytest.mark.django_db
WAGES = [720_000, 300_000, 9_999_999, 812_345]


@pytest.mark.parametrize("code", ["tianjin", "leshan", "shanghai"])
def test_a_bill_is_the_sum_of_its_lines_and_the_ledger_says_the_same(code):
    employer = make_employer(code)
    clerk = make_clerk(employer)
    hire(employer, WAGES)
    bill = settle(employer, clerk)
    lines = list(bill.lines.all())
    assert bill.total_due == sum(line.employer_due + line.employee_due for line in lines) > 0
    assert bill.head_count == len(WAGES)
    assert balance(bill) == (bill.total_due, 0)
    assert sum(LedgerEntry.objects.values_list("amount_fen", flat=True)) == 0
    assert list(check_ledger()) == []
    assert AuditEntry.objects.get(action="month.settled").subject == f"bill:{bill.pk}"
    assert list(broken_links()) == []


def test_the_published_amount_of_one_person_is_billed():
    employer = make_employer("leshan")
    clerk = make_clerk(employer)
    hire(employer, [800_000])
    bill = settle(employer, clerk)
    due = {line.scheme: (line.employer_due, line.employee_due) for line in bill.lines.all()}
    assert due["pension"] == (128_000, 64_000)


def test_settling_twice_is_a_conflict_and_leaves_one_bill():
    employer = make_employer()
    clerk = make_clerk(employer)
    hire(employer, WAGES)
    settle(employer, clerk)
    with pytest.raises(Conflict, match="本月已经核定过"):
        settle(employer, clerk)
    assert Bill.objects.count() == Assessment.objects.count() == 1


def test_the_one_who_loses_the_race_hears_that_the_month_is_settled(monkeypatch):
    employer = make_employer()
    clerk = make_clerk(employer)
    hire(employer, WAGES)
    settle(employer, clerk)
    monkeypatch.setattr("shebao.hall.settlement.operations._check", lambda *_, **__: None)
    with pytest.raises(Conflict, match="本月已经核定过"):
        settle(employer, clerk)
    assert Bill.objects.count() == 1


def test_everything_that_stands_in_the_way_is_said_at_once():
    employer = make_employer()
    clerk = make_clerk(employer)
    people = hire(employer, WAGES)
    DeclaredWage.objects.filter(employee=people[0]).update(is_voided=True)
    for state in (State.DRAFT, State.SUBMITTED, State.RETURNED):
        declare(employer, clerk, state)
    with on_day(), pytest.raises(Refused) as refused:
        settle_month(employer.pk, NOVEMBER, "with_changes", by=clerk, confirmations=0)
    message = refused.value.message
    for part in ("待提交", "审核中", "退回", people[0].name, "须确认 2 次", "本月没有变动"):
        assert part in message
    assert not Assessment.objects.exists()


def test_the_kind_follows_from_whether_the_month_changed():
    employer = make_employer()
    clerk = make_clerk(employer)
    hire(employer, WAGES)
    assert applicable_settlement(employer, NOVEMBER).key == "without_changes"
    declare(employer, clerk, State.APPROVED, month=OCTOBER)
    settle(employer, clerk, OCTOBER)
    assert applicable_settlement(employer, NOVEMBER).key == "without_changes"
    declare(employer, clerk, State.APPROVED)
    assert applicable_settlement(employer, NOVEMBER).key == "with_changes"
    assert applicable_settlement(make_employer("leshan"), NOVEMBER).key == "monthly"


def test_what_was_declared_in_a_settled_month_is_a_change_of_the_next_whenever_it_is_decided():
    employer = make_employer()
    clerk = make_clerk(employer)
    hire(employer, WAGES)
    settle(employer, clerk, OCTOBER)
    ahead = declare(employer, clerk, State.APPROVED, month=OCTOBER, first_month=NOVEMBER, decided_at=at(OCTOBER, 28))
    late = declare(employer, clerk, State.APPROVED, month=OCTOBER, decided_at=at(NOVEMBER, 3))
    assert set(changes_told(employer, NOVEMBER, by=clerk)) == {ahead, late}
    assert changes_of(employer, OCTOBER) == {}
    assert changes_of(employer, NOVEMBER) == {"wage_declaration": 2}
    bill = settle(employer, clerk)
    assert (bill.assessment.kind, bill.assessment.changes) == ("with_changes", {"wage_declaration": 2})
    assert changes_of(employer, NOVEMBER) == {"wage_declaration": 2}
    assert changes_of(employer, NOVEMBER.next()) == {}
    assert list(check_ledger()) == []


@pytest.mark.parametrize("waited", [2, 4, 13, 30])
def test_however_long_a_declaration_waited_for_its_decision_the_next_bill_counts_it_once(waited):
    employer = make_employer()
    employer.first_month = OCTOBER.previous(waited + 1)
    employer.save()
    clerk, declared = make_clerk(employer), OCTOBER.previous(waited)
    hire(employer, WAGES)
    settle(employer, clerk, OCTOBER)
    long_ago = declare(employer, clerk, State.APPROVED, month=declared, decided_at=at(NOVEMBER, 3))
    declare(employer, clerk, State.APPROVED, month=declared, decided_at=at(OCTOBER, 1))  # October's bill has it
    assert set(changes_told(employer, NOVEMBER, by=clerk)) == {long_ago}
    settle(employer, clerk)
    assert not changes_told(employer, NOVEMBER.next(), by=clerk)


def test_what_begins_next_month_is_a_change_of_the_next_month_only():
    employer = make_employer()
    clerk = make_clerk(employer)
    hire(employer, WAGES)
    declare(employer, clerk, State.APPROVED, month=OCTOBER, first_month=NOVEMBER)
    assert changes_of(employer, OCTOBER) == {}
    settle(employer, clerk, OCTOBER)
    assert applicable_settlement(employer, NOVEMBER).key == "with_changes"


def test_a_month_that_nobody_settled_leaves_its_changes_to_the_next_bill():
    employer = make_employer()
    clerk = make_clerk(employer)
    hire(employer, WAGES)
    declare(employer, clerk, State.APPROVED, month=OCTOBER)
    assert changes_of(employer, NOVEMBER) == {"wage_declaration": 1}
    settle(employer, clerk, OCTOBER)
    assert changes_of(employer, NOVEMBER) == {}


def test_changes_are_told_in_two_questions_however_many_employers_ask(django_assert_num_queries):
    many = [make_employer(number=f"12000{n}") for n in range(5)]
    for one in many:
        clerk = make_clerk(one)
        hire(one, [500_000])
        settle(one, clerk, OCTOBER) if one.pk % 2 else None
        declare(one, clerk, State.APPROVED, month=OCTOBER, decided_at=at(OCTOBER, 28))
    for some in (many[:1], many):
        with django_assert_num_queries(2):
            counted = changes_of_many(some, NOVEMBER)
        assert counted == {one.pk: {"wage_declaration": 1} for one in some}


@pytest.mark.parametrize("day_of", [OCTOBER, NOVEMBER.next()])
def test_a_month_is_settled_only_inside_its_window(day_of):
    employer = make_employer()
    clerk = make_clerk(employer)
    hire(employer, WAGES)
    with on_day(day_of), pytest.raises(Refused, match="的结算"):
        settle_month(employer.pk, NOVEMBER, "without_changes", by=clerk, confirmations=2)


def test_another_employers_month_is_not_there():
    mine, other = make_employer(), make_employer(number="120002")
    hire(other, WAGES)
    with on_day(), pytest.raises(Employer.DoesNotExist):
        settle_month(other.pk, NOVEMBER, "without_changes", by=make_clerk(mine), confirmations=2)


def test_a_month_without_people_is_not_settled():
    employer = make_employer()
    with pytest.raises(Refused, match="没有参保人员"):
        settle(employer, make_clerk(employer))


def test_settling_needs_a_constant_number_of_queries():
    counts = []
    for number, heads in (("120000", 1), ("120001", 10), ("120002", 300)):
        employer = make_employer(number=number)
        clerk = make_clerk(employer)
        hire(employer, [500_000 + 100 * i for i in range(heads)])
        with CaptureQueriesContext(connection) as captured:
            settle(employer, clerk)
        counts.append(
            [q["sql"] for q in captured.captured_queries if 'INSERT INTO "settlement_billline"' not in q["sql"]]
        )
    assert len(counts[1]) == len(counts[2])  # the first one also began the audit chain
    assert Evidence.objects.count() < 20


@pytest.mark.parametrize(
    "table", ["settlement_billline", "settlement_evidence", "settlement_ledgerentry",
              "settlement_ledgertransaction", "audit_auditentry"],
)  # fmt: skip
@pytest.mark.parametrize("deed", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_the_database_refuses_to_change_what_is_booked(table, deed):
    employer = make_employer()
    hire(employer, WAGES)
    settle(employer, make_clerk(employer))
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(deed.format(table))


def test_a_tampered_line_is_found_by_its_evidence():
    employer = make_employer()
    hire(employer, WAGES)
    bill = settle(employer, make_clerk(employer))
    line = bill.lines.filter(scheme="pension").first()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER settlement_billline_no_update")
        else:
            cursor.execute("SET LOCAL session_replication_role = replica")  # what a superuser could do
    BillLine.objects.filter(pk=line.pk).update(employer_due=line.employer_due + 1)
    breaks = list(check_ledger())
    assert breaks
    assert all(bill.number in sentence for sentence in breaks)
    assert any("按依据应为" in sentence for sentence in breaks)


def test_the_steps_of_the_month_follow_the_data():
    employer = make_employer()
    clerk = make_clerk(employer)
    hire(employer, WAGES)
    with on_day():
        assert [step.state for step in steps_of(standing(employer, NOVEMBER, clerk))] == [
            "next",
            "next",
            "current",
            "next",
            "next",
        ]
        declare(employer, clerk, State.RETURNED)
        assert [step.state for step in steps_of(standing(employer, NOVEMBER, clerk))][:3] == ["done", "current", "next"]
        assert [step.title for step in steps_of(standing(employer, NOVEMBER, clerk))] == [
            "录入变动", "提交审核", "结算", "缴费", "打印归档",
        ]  # fmt: skip


def test_a_region_without_review_calls_its_second_step_taking_effect():
    employer = make_employer("leshan")
    with on_day():
        assert steps_of(standing(employer, NOVEMBER, make_clerk(employer)))[1].title == "自动生效"


def test_the_employers_confirmation_is_a_task_and_everything_else_is_met():
    employer = make_employer()
    clerk = make_clerk(employer)
    hire(employer, WAGES)
    unmet = [one.key for one in preconditions(employer, NOVEMBER, by=clerk) if not one.is_met]
    assert unmet == ["employer_confirmed"]
