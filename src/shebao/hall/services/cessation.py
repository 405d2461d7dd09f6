"""Cessation (减员): the open spells of an employee end with the month before."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from ..bulk import update_rows
from ..errors import Conflict
from ..prepared import prepared
from ..roster.models import Spell
from ..settlement.models import BackPayment, Refund
from .scene import chunks


def cease_employees(declarations: list, *, by) -> None:
    """Close every open spell of the employees (减员生效): last insured is the month before `first_month`.

    The reason is kept on the spell; whether it suspends or terminates is a property of the region's code.
    Raises Conflict when somebody is not insured any more.
    """
    by_employee = {declaration.employee_id: declaration for declaration in declarations}
    spells = []
    for part in chunks(by_employee):
        spells += _open(part)
    gone = set(by_employee) - {spell.employee_id for spell in spells}
    if gone:
        who = "、".join(by_employee[pk].subject_name for pk in sorted(gone)[:5])
        raise Conflict("not_enrolled", f"{who}已不在本单位参保，可能刚被别人办理过，请刷新后再看。")
    for spell in spells:
        declaration = by_employee[spell.employee_id]
        if declaration.first_month <= spell.first_month:
            raise Conflict(
                "never_insured",
                f"{declaration.subject_name}自 {spell.first_month} 起参保，停保月份最早为 {spell.first_month.next()}。",
            )
        spell.last_month = declaration.first_month.previous()
        spell.end_reason = str(declaration.answers.get("reason", ""))[:10]
        spell.closed_by = declaration
    update_rows(spells, "last_month", "end_reason", "closed_by")


@prepared
def _open(people: list[int]) -> QuerySet[Spell]:
    return Spell.objects.filter(employee__in=people, last_month__isnull=True, is_voided=False)


def undo_cessations(declarations: list, *, by) -> None:
    """Reopen the spells that the declarations closed (撤销减员).

    Raises Conflict where months that would be insured again were given back, or paid back, since.
    """
    for part in chunks(declaration.pk for declaration in declarations):
        closed = Spell.objects.filter(closed_by__in=part)
        _nothing_since(closed)
        closed.filter(is_voided=False).update(last_month=None, end_reason="", closed_by=None)


def _nothing_since(closed: QuerySet[Spell]) -> None:
    """What is given back is not insured (a spell that was all of it is voided); what is paid back is charged once."""
    own = {"employee": OuterRef("employee"), "is_voided": False}
    refunded = Refund.objects.filter(month__gte=OuterRef("first_month"), **own)
    paid_back = BackPayment.objects.filter(scheme=OuterRef("scheme"), month__gt=OuterRef("last_month"), **own)
    for found, word in ((Q(is_voided=True) | Exists(refunded), "退费"), (Exists(paid_back), "补缴")):
        if one := closed.filter(found).select_related("employee").order_by("pk").first():
            text = f"{one.employee.name}停保以后的月份已经{word}，不能撤销停保；又来的，请重新办理参保。"
            raise Conflict("changed_since", text)
