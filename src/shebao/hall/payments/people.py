"""Paying a bill for some of its people (社保缴费): what each of them owes, and who is paid already."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Max, Sum

from ..errors import Refused
from ..settlement.ledger import balance
from ..settlement.models import Bill, Booking
from ..settlement.queries import Estimate
from .models import Payment, PaymentState


@dataclass(frozen=True)
class PersonDue:
    """One employee of a bill: the base of the month, both parts in fen, and whether they are paid for."""

    employee: int
    name: str
    person_number: str
    base: int
    employer_due: int
    employee_due: int
    is_paid: bool

    @property
    def total(self) -> int:
        """Both parts."""
        return self.employer_due + self.employee_due


def is_clear(bill: Bill) -> bool:
    """Whether nothing of a bill that demanded something is open."""
    due, paid = balance(bill)
    return due > 0 and paid >= due


def paid_people(bill: Bill) -> set[int]:
    """The employees for whom the bill is paid: those who were chosen, and everybody once nothing of it is open."""
    if is_clear(bill):
        return set(bill.lines.live().order_by().values_list("employee", flat=True))
    rows = Payment.objects.filter(bill=bill, state=PaymentState.SUCCEEDED).values_list("people", flat=True)
    return {pk for people in rows for pk in people}


def people_of(bill: Bill) -> list[PersonDue]:
    """Everybody on the bill, by name; three queries."""
    paid = paid_people(bill)
    lines = bill.lines.live().order_by()
    rows = lines.values_list("employee", "employee__name", "employee__person_number").annotate(
        Max("contribution_base"), Sum("employer_due"), Sum("employee_due"), Count("pk")
    )
    return [
        PersonDue(pk, name, number, base, employer, employee, pk in paid)
        for pk, name, number, base, employer, employee, _ in rows.order_by("employee__name_pinyin", "employee")
    ]


def people_due(bill: Bill, people: Collection[int]) -> int:
    """What these employees owe of a bill, in fen. The caller holds the bill's lock.

    Raises Refused for somebody who is not on it or is paid already, and where the bill was paid otherwise.
    """
    if obstacle := why_not_by_people(bill):
        raise Refused("paid_otherwise", obstacle)
    known = {one.employee: one for one in people_of(bill)}
    if strangers := [pk for pk in people if pk not in known]:
        raise Refused("no_such_person", f"选中的人员有 {len(strangers)} 人不在这张账单上，请重新选择。", status=404)
    if twice := [known[pk].name for pk in people if known[pk].is_paid]:
        raise Refused("person_paid", f"{'、'.join(twice[:5])}已经缴过这个月的社保费，请去掉后再提交。")
    amount = sum(known[pk].total for pk in people)
    if amount <= 0:
        raise Refused("nothing_due", "所选人员没有应缴的金额。")
    return amount


def why_not_by_people(bill: Bill) -> str:
    """Why a bill cannot be paid person by person: it is paid, or money came for all of it, and is nobody's; "" where it
    can.
    """
    if is_clear(bill):
        return "这张账单已经缴清，不用再缴费。"
    whole = bill.payments.filter(state=PaymentState.SUCCEEDED, people=[]).exists()
    taken = bill.transactions.filter(kind__in=(Booking.CLEARED, Booking.CREDIT_USED), reversed_by=None).exists()
    return "这张账单已经整张缴过或抵扣过一部分，请在“缴费与支付”缴清余额。" if whole or taken else ""


def people_estimated(estimated: Estimate) -> dict[int, int]:
    """What each employee (id) would owe of a month that is not settled yet, fen: as `people_of` its bill will say."""
    charges = estimated.charges
    totals = charges.employer_total + charges.employee_total
    found = {one.pk: int(fen) for one, fen in zip(estimated.employees, totals, strict=True)}
    for one in (*estimated.back, *estimated.borne, *estimated.adjusted):
        found[one.line.employee_id] = found.get(one.line.employee_id, 0) + one.total
    return found
