"""Cessation (减员): the open spells of an employee end with the month before."""

from ..bulk import update_rows
from ..errors import Conflict
from ..roster.models import Spell
from .scene import chunks


def cease_employees(declarations: list, *, by) -> None:
    """Close every open spell of the employees (减员生效): last insured is the month before `first_month`.

    The reason is kept on the spell; whether it suspends or terminates is a property of the region's code.
    Raises Conflict when somebody is not insured any more.
    """
    by_employee = {declaration.employee_id: declaration for declaration in declarations}
    spells = []
    for part in chunks(by_employee):
        spells += Spell.objects.filter(employee__in=part, last_month__isnull=True, is_voided=False)
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


def undo_cessations(declarations: list, *, by) -> None:
    """Reopen the spells that the declarations closed (撤销减员)."""
    for part in chunks(declaration.pk for declaration in declarations):
        closed = Spell.objects.filter(closed_by__in=part, is_voided=False)
        closed.update(last_month=None, end_reason="", closed_by=None)
