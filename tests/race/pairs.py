"""What two people can do at the same moment: each pair with its world, the right outcomes, and what would be wrong.

`PAIRS[name] = (make, walls)`: `make(number)` builds a world and returns the two deeds and `wrong`, which says in a
word what is wrong with it afterwards, or "". `walls` are the unique indexes and triggers that stand behind the locks.
"""

from collections import Counter
from types import SimpleNamespace

from django.db.models import Sum

from shebao.hall import clock
from shebao.hall.audit.models import AuditEntry
from shebao.hall.declarations import operations as declarations
from shebao.hall.declarations.models import Declaration, DeclarationEvent
from shebao.hall.declarations.states import State
from shebao.hall.employers.models import Employer
from shebao.hall.operators.models import Operator
from shebao.hall.payments.clearing import clear_suspense
from shebao.hall.payments.models import UNDECIDED, Payment, SuspenseItem
from shebao.hall.payments.operations import start_payment
from shebao.hall.payments.suspense import refund_credit
from shebao.hall.roster.models import DeclaredWage, Spell
from shebao.hall.roster.queries import covering
from shebao.hall.settlement.ledger import balance, check_ledger
from shebao.hall.settlement.models import Assessment, Bill, BillLine, LedgerEntry, LedgerTransaction
from shebao.hall.settlement.operations import settle_employers, settle_month
from shebao.hall.settlement.progress import applicable_settlement
from shebao.hall.settlement.voiding import approve_void, ask_to_void, decline_void
from tests.factories import MONTH, EmployerFactory, OperatorFactory, at, cessation, enrolled, enrolment, wage
from tests.payments.test_operations import send, told
from tests.settlement.hall import hire, insured_at_both, make_clerk, make_employer

SETTLING = (
    "a_month_is_settled_or_assessed_provisionally",
    "one_live_assessment_for_an_employer_and_month",
    "one_charge_for_a_person_scheme_and_month",
    "one_charge_for_an_employee_scheme_and_month",
)
INSURING = (
    "one_open_spell_for_a_person_and_scheme",
    "one_open_spell_for_an_employee_and_scheme",
    "one_declared_wage_for_an_employee_and_month",
)


def _employer(number: int, code: str = "guiyang", heads: int = 2, shift: int = 0):
    employer = make_employer(code, number=f"{100_000 + 10 * number + shift}")
    hire(employer, [600_000 + 1_000 * n for n in range(heads)])
    return employer, make_clerk(employer)


def before(table: str, deed):
    """The deed, stopped just before it writes to this table: it has noted something down elsewhere before."""
    deed.pauses_before = table
    return deed


def _settle(employer, clerk):
    kind = applicable_settlement(employer, MONTH)
    return settle_month(employer.pk, MONTH, kind.key, by=clerk, confirmations=kind.confirmations)


def _agent(role: str, region: str, number: int, letter: str = "") -> Operator:
    return Operator.objects.create(username=f"{role}{number}{letter}", name=f"经办{letter}", role=role, region=region)


def _months(employer) -> str:
    live = Assessment.objects.live().filter(employer=employer, month=MONTH, series=0).count()
    return f"{live} settlements in force" if live != 1 else ""


def settle_and_settle(number):
    employer, clerk = _employer(number)
    return lambda: _settle(employer, clerk), lambda: _settle(employer, clerk), lambda _: _months(employer)


def settle_and_run(number):
    employer, clerk = _employer(number)

    def all_of_them():
        settle_employers([employer.pk], MONTH)

    return lambda: _settle(employer, clerk), all_of_them, lambda _: _months(employer)


def run_and_run(number):
    ids = [_employer(number, shift=shift)[0].pk for shift in range(2)]

    def all_of_them():
        settle_employers(ids, MONTH)

    def wrong(_):
        return "".join(_months(one) for one in Employer.objects.filter(pk__in=ids))

    return all_of_them, all_of_them, wrong


def two_employers_charge_one_person(number):
    (first, clerk), (second, other) = _employer(number), _employer(number, shift=1)
    one, two = first.employees.first(), second.employees.first()
    insured_at_both(one, two, last_month=MONTH)

    def wrong(_):
        charged = BillLine.objects.live().filter(person=one.person, scheme="pension", month=MONTH)
        # The roster is put right afterwards: who is not billed has not insured the person.
        others = Spell.objects.filter(person=one.person).exclude(employee__in=charged.values_list("employee"))
        others.update(is_voided=True)
        return f"{charged.count()} charges" if charged.count() != 1 else ""

    return lambda: _settle(first, clerk), lambda: _settle(second, other), wrong


def _billed(number, code="guiyang"):
    employer, clerk = _employer(number, code)
    return employer, clerk, _settle(employer, clerk)


def void_and_void(number):
    _, clerk, bill = _billed(number)

    def void():
        ask_to_void(bill.assessment_id, by=clerk, reason="重来")

    return void, void, lambda outcomes: "" if sorted(outcomes) == ["already_voided", "done"] else str(outcomes)


def void_and_call_back(number):
    _, clerk, bill = _billed(number)
    payment = start_payment(bill.pk, by=clerk)
    message = told(payment, message_id=f"M{number}", bank_serial=f"S{number}")

    def void():
        ask_to_void(bill.assessment_id, by=clerk, reason="重来")

    def wrong(_):
        voided = Assessment.objects.ever().get(pk=bill.assessment_id).voided_at
        paid = LedgerTransaction.objects.filter(bill=bill, kind="paid").exists()
        parked = SuspenseItem.objects.filter(bank_serial=f"S{number}").exists()
        if voided and paid:
            return "a paid bill was voided"
        return "" if paid or parked else "the money is nowhere"

    return before("settlement_", void), before("settlement_", lambda: send(message)), wrong


def two_call_backs(number):
    _, clerk, bill = _billed(number)
    payment = start_payment(bill.pk, by=clerk)

    def tell(n):
        message = told(payment, message_id=f"M{number}-{n}", bank_serial=f"S{number}")
        return lambda: send(message)

    def wrong(_):
        came = LedgerEntry.objects.filter(transaction__payment=payment, account="bank")
        fen = came.aggregate(fen=Sum("amount_fen"))["fen"]
        return f"{fen} booked of {payment.amount_fen}" if fen != payment.amount_fen else ""

    return tell(1), tell(2), wrong


def one_call_back_twice(number):
    _, clerk, bill = _billed(number)
    message = told(start_payment(bill.pk, by=clerk), message_id=f"M{number}", bank_serial=f"S{number}")

    def wrong(_):
        due, paid = balance(bill)
        return f"{paid} of {due} paid" if paid != due else ""

    return lambda: send(message), lambda: send(message), wrong


def pay_and_pay(number):
    _, clerk, bill = _billed(number)

    def wrong(_):
        open_ones = Payment.objects.filter(bill=bill, state__in=UNDECIDED).count()
        return f"{open_ones} orders for one bill" if open_ones != 1 else ""

    return lambda: start_payment(bill.pk, by=clerk), lambda: start_payment(bill.pk, by=clerk), wrong


def _suspense(number, employer):
    send({
        "message_id": f"M{number}", "order_id": "P0", "state": "succeeded", "amount_fen": 900,
        "bank_serial": f"S{number}", "paid_at": clock.now().isoformat(),
    })  # fmt: skip
    return SuspenseItem.objects.get(bank_serial=f"S{number}"), _agent("agency_admin", employer.region, number)


def clear_to_bill_and_back(number):
    employer, _, bill = _billed(number)
    item, treasurer = _suspense(number, employer)

    def wrong(outcomes):
        return "" if sorted(outcomes) == ["already_cleared", "done"] else str(outcomes)

    return (
        lambda: clear_suspense(item.pk, "bill", by=treasurer, number=bill.number, note="查清"),
        lambda: clear_suspense(item.pk, "refund", by=treasurer, note="退回"),
        wrong,
    )


def _credit(employer, number) -> Operator:
    item, treasurer = _suspense(number, employer)
    clear_suspense(item.pk, "credit", by=treasurer, number=employer.employer_number, note="多缴")
    return treasurer


def _credit_is(employer) -> int:
    entries = LedgerEntry.objects.filter(transaction__employer=employer, account="credit")
    return -(entries.aggregate(fen=Sum("amount_fen"))["fen"] or 0)


def refund_and_refund(number):
    employer, _ = _employer(number)
    treasurer = _credit(employer, number)

    def refund():
        refund_credit(employer.pk, 700, by=treasurer, note="退费")

    def wrong(outcomes):
        left = _credit_is(employer)
        return "" if left == 200 and outcomes.count("done") == 1 else f"{left} fen left, {outcomes}"

    return refund, refund, wrong


def refund_and_settle(number):
    employer, clerk = _employer(number)
    treasurer = _credit(employer, number)

    def wrong(_):
        left = _credit_is(employer)
        return "" if left == 0 else f"{left} fen left"

    return lambda: _settle(employer, clerk), lambda: refund_credit(employer.pk, 700, by=treasurer, note="退费"), wrong


def _void_asked(number):
    employer, clerk, bill = _billed(number, "tianjin")
    request = ask_to_void(bill.assessment_id, by=clerk, reason="重来")
    return bill, request, [_agent("reviewer", "tianjin", number, letter) for letter in "ab"]


def two_reviewers_void(number):
    _, request, (one, two) = _void_asked(number)

    def wrong(outcomes):
        return "" if outcomes.count("done") == 1 and not any("crash" in x for x in outcomes) else str(outcomes)

    return lambda: approve_void(request.pk, by=one), lambda: approve_void(request.pk, by=two), wrong


def void_approved_and_declined(number):
    bill, request, (one, two) = _void_asked(number)

    def wrong(outcomes):
        request.refresh_from_db()
        is_voided = Assessment.objects.ever().get(pk=bill.assessment_id).voided_at is not None
        same = is_voided == (request.state == "voided")
        return "" if same and outcomes.count("done") == 1 else f"{request.state}, voided: {is_voided}, {outcomes}"

    return lambda: approve_void(request.pk, by=one), lambda: decline_void(request.pk, by=two, note="不同意"), wrong


def _declaring(number, service="employee_enrolment", *, direct=False, submit=True, raw=None):
    employer = EmployerFactory(direct=direct)
    clerk = OperatorFactory(clerk=True, employer=employer)
    answers = raw or enrolment(sequence=number % 1000, id_number=_id(number))
    (made,) = declarations.save_declarations(employer.pk, service, [answers], by=clerk)
    if submit:
        declarations.submit_declarations([made.pk], by=clerk)
    return SimpleNamespace(employer=employer, clerk=clerk, made=made, pk=made.pk, reviewers=_reviewers())


def _id(number: int) -> str:
    from tests.factories import synthetic_id

    return synthetic_id(sequence=number % 1000, area=f"9901{number // 1000:02}")


def _reviewers():
    return [OperatorFactory(reviewer=True, employer=None, region="tianjin") for _ in range(2)]


def _moved(world, *names: str) -> Counter:
    rows = DeclarationEvent.objects.filter(declaration=world.pk, move__in=names)
    return Counter(rows.values_list("move", flat=True))


def _in_step(world, *names: str):
    """One of two moves happened, and the roster says what the declaration says."""

    def wrong(outcomes):
        moved, state = _moved(world, *names), Declaration.objects.get(pk=world.pk).state
        insured = Spell.objects.filter(employee__employer=world.employer, scheme="pension").count()
        recorded = AuditEntry.objects.filter(action="declaration.approved", employer=world.employer).count()
        right = sum(moved.values()) == 1 == outcomes.count("done")
        right &= insured == recorded == int(state == State.APPROVED) and not any("crash" in x for x in outcomes)
        return "" if right else f"{dict(moved)}, {state}, {insured} spells, {recorded} records, {outcomes}"

    return wrong


def approve_and_approve(number):
    world = _declaring(number)
    one, two = world.reviewers
    return (
        lambda: declarations.approve_declarations([world.pk], by=one),
        lambda: declarations.approve_declarations([world.pk], by=two),
        _in_step(world, "approve"),
    )


def approve_and_withdraw(number):
    world = _declaring(number)
    return (
        lambda: declarations.approve_declarations([world.pk], by=world.reviewers[0]),
        lambda: declarations.withdraw_declaration(world.pk, by=world.clerk),
        _in_step(world, "approve", "withdraw"),
    )


def approve_and_return(number):
    world = _declaring(number)
    one, two = world.reviewers
    return (
        lambda: declarations.approve_declarations([world.pk], by=one),
        lambda: declarations.return_declaration(world.pk, by=two, marks={}, note="请补正"),
        _in_step(world, "approve", "return"),
    )


def submit_and_submit(number):
    world = _declaring(number, submit=False)
    other = OperatorFactory(clerk=True, employer=world.employer)

    def submit(by):
        return lambda: declarations.submit_declarations([world.pk], by=by)

    def wrong(_):
        moved = _moved(world, "submit")
        return "" if moved["submit"] == 1 else str(dict(moved))

    return submit(world.clerk), submit(other), wrong


def submit_and_delete(number):
    world = _declaring(number, submit=False)
    other = OperatorFactory(clerk=True, employer=world.employer)

    def wrong(_):
        moved = _moved(world, "submit", "delete")
        return "" if sum(moved.values()) == 1 else str(dict(moved))

    return (
        lambda: declarations.submit_declarations([world.pk], by=world.clerk),
        lambda: declarations.delete_declarations([world.pk], by=other),
        wrong,
    )


def _direct(number, code="leshan"):
    employer = EmployerFactory(region=code)
    return employer, OperatorFactory(clerk=True, employer=employer)


def two_regions_enrol_one_person(number):
    return two_employers_enrol_one_person(number, "guiyang")


def two_employers_enrol_one_person(number, other="leshan"):
    raw, worlds = enrolment(id_number=_id(number)), [_direct(number), _direct(number, other)]

    def enrol(employer, clerk):
        deed = lambda: declarations.save_declarations(employer.pk, "employee_enrolment", [raw], by=clerk)  # noqa: E731
        return before("roster_spell", deed)

    def wrong(outcomes):
        employers = [employer for employer, _ in worlds]
        rows = Spell.objects.filter(employee__employer__in=employers, scheme="pension", last_month=None)
        right = rows.count() == 1 == outcomes.count("done") and not any("crash" in x for x in outcomes)
        return "" if right else f"{rows.count()} open spells, {outcomes}"

    return enrol(*worlds[0]), enrol(*worlds[1]), wrong


def _as_billed(employer) -> str:
    """The month's lines are what the roster says now: who is insured, at which wage."""
    rows = Spell.objects.filter(covering(MONTH), employee__employer=employer, scheme="pension")
    insured = set(rows.values_list("employee", flat=True))
    lines = BillLine.objects.live().filter(bill__employer=employer, bill__month=MONTH, scheme="pension")
    billed = dict(lines.values_list("employee", "declared_wage"))
    wages = DeclaredWage.objects.filter(employee__employer=employer, is_voided=False, first_month__lte=MONTH)
    now = dict(wages.order_by("first_month").values_list("employee", "amount_fen"))
    if not billed:
        return "nobody was billed"
    if insured != set(billed):
        return f"{len(insured)} insured, {len(billed)} billed"
    return "" if all(now[one] == fen for one, fen in billed.items()) else "billed at another wage"


def enrol_and_settle(number):
    employer, clerk = _direct(number)
    enrolled(employer, number=_id(number))
    raw = enrolment(id_number=_id(number + 500))
    return (
        lambda: declarations.save_declarations(employer.pk, "employee_enrolment", [raw], by=clerk),
        lambda: _settle(employer, clerk),
        lambda _: _as_billed(employer),
    )


def change_wage_and_settle(number):
    employer, clerk = _direct(number)
    raw = wage(enrolled(employer, number=_id(number)))
    return (
        lambda: declarations.save_declarations(employer.pk, "wage_declaration", [raw], by=clerk),
        lambda: _settle(employer, clerk),
        lambda _: _as_billed(employer),
    )


def undo_and_settle(number):
    employer, clerk = _direct(number)
    enrolled(employer, number=_id(number))
    raw = enrolment(id_number=_id(number + 500))
    (made,) = declarations.save_declarations(employer.pk, "employee_enrolment", [raw], by=clerk)
    return (
        lambda: declarations.undo_declarations([made.pk], by=clerk),
        lambda: _settle(employer, clerk),
        lambda _: _as_billed(employer),
    )


def stop_and_stop(number):
    employer, clerk = _direct(number)
    raw = cessation(enrolled(employer, number=_id(number)))
    other = OperatorFactory(clerk=True, employer=employer)

    def stop(by):
        deed = lambda: declarations.save_declarations(employer.pk, "employee_cessation", [raw], by=by)  # noqa: E731
        return before("roster_spell", deed)

    def wrong(outcomes):
        made = Declaration.objects.filter(employer=employer, state=State.APPROVED).count()
        return "" if made == 1 and not any("crash" in x for x in outcomes) else f"{made} cessations, {outcomes}"

    return stop(clerk), stop(other), wrong


PAIRS = {
    "two clerks settle one month": (settle_and_settle, SETTLING),
    "a clerk settles while the agency settles everybody": (settle_and_run, SETTLING),
    "the agency settles everybody twice": (run_and_run, SETTLING),
    "two employers are billed for one person": (two_employers_charge_one_person, SETTLING),
    "two people void one settlement": (void_and_void, ()),
    "a settlement is voided while its money arrives": (void_and_call_back, ()),
    "the bank tells one payment in two messages": (two_call_backs, ("a_payment_is_booked_once",)),
    "the bank tells one message twice": (one_call_back_twice, ()),
    "two people begin to pay one bill": (pay_and_pay, ("one_undecided_payment_for_a_bill",)),
    "unmatched money goes to a bill and back": (clear_to_bill_and_back, ("unmatched_money_is_cleared_once",)),
    "two people refund one credit": (refund_and_refund, ()),
    "credit is refunded while a bill uses it": (refund_and_settle, ()),
    "two reviewers approve one wish to void": (two_reviewers_void, ("an_assessment_is_voided_once",)),
    "one reviewer voids and another declines": (void_approved_and_declined, ()),
    "two reviewers approve one enrolment": (approve_and_approve, INSURING),
    "a reviewer approves while the clerk withdraws": (approve_and_withdraw, ()),
    "one reviewer approves and another returns": (approve_and_return, ()),
    "two clerks submit one declaration": (submit_and_submit, ()),
    "one clerk submits what another deletes": (submit_and_delete, ()),
    "two employers enrol one person": (
        two_employers_enrol_one_person,
        (*INSURING, "the_spells_of_a_person_do_not_overlap"),
    ),
    "employers of two regions enrol one person": (
        two_regions_enrol_one_person,
        (*INSURING, "the_spells_of_a_person_do_not_overlap"),
    ),
    "somebody is enrolled while the month is settled": (enrol_and_settle, ()),
    "a wage is changed while the month is settled": (change_wage_and_settle, ()),
    "an enrolment is undone while the month is settled": (undo_and_settle, ()),
    "two clerks stop one person": (stop_and_stop, ()),
}


UNTOUCHED = {"the bank tells one message twice", "two clerks stop one person"}
"""Pairs that more than these guards keep right: a plain unique column, which SQLite cannot drop; a second look."""
KEYED = {
    "two reviewers approve one enrolment",
    "two employers enrol one person",
    "employers of two regions enrol one person",
}
"""Pairs that on SQLite stay right without guards: both deeds take the same primary keys, and the second is refused."""


def worlds(name: str):
    """A new world of the pair each time it is asked: (A, B, wrong)."""
    make, _ = PAIRS[name]
    for number in range(1, 400):
        with at():  # not around the yield: what a failed test leaves suspended would hold the clock for all after it
            made = make(number)
        yield made


def books() -> list[str]:
    """What check-ledger says."""
    with at():
        return list(check_ledger())


__all__ = ["PAIRS", "Bill", "books", "worlds"]
