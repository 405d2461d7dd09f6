"""Declared wages (申报工资): one for an employee and first month; a later declaration replaces an earlier one."""

from shebao.rules.forms import facts_of

from .. import clock
from ..bulk import insert_rows
from ..errors import Conflict
from ..regions import region
from ..roster.models import DeclaredWage
from .scene import chunks

REPLACED = "replaced_wage"


def declare_wages_of(declarations: list, *, by) -> None:
    """Make the declared wages count from their first month (工资申报生效)."""
    form = region(declarations[0].region).forms[declarations[0].spec.form]
    declare_wages([(d, facts_of(form, d.answers)["declared_wage"]) for d in declarations], by=by)


def declare_wages(wages: list[tuple], *, by) -> None:
    """Write (declaration, fen) pairs; what they replace is voided and remembered in `declaration.before`."""
    months = {d.employee_id: d.first_month for d, _ in wages}
    present = {}
    for part in chunks(months):
        rows = DeclaredWage.objects.filter(employee__in=part, is_voided=False, first_month__in=set(months.values()))
        present |= {w.employee_id: w for w in rows if w.first_month == months[w.employee_id]}
    for part in chunks(wage.pk for wage in present.values()):
        DeclaredWage.objects.filter(pk__in=part).update(is_voided=True)
    added, now = [], clock.now()
    for declaration, amount in wages:
        if declaration.employee_id in present:
            declaration.before = {**declaration.before, REPLACED: present[declaration.employee_id].pk}
        added.append(
            DeclaredWage(
                employee_id=declaration.employee_id,
                first_month=declaration.first_month,
                amount_fen=amount,
                declared_in_id=declaration.pk,
                declared_at=now,
            )
        )
    insert_rows(added)


def withdraw_wages(declarations: list, *, by) -> None:
    """Void the wages of the declarations and bring back what they replaced (撤销工资申报).

    Raises Conflict when a wage was replaced by a later declaration, which must be undone first.
    """
    for part in chunks(declaration.pk for declaration in declarations):
        wages = DeclaredWage.objects.filter(declared_in__in=part)
        if later := wages.filter(is_voided=True).select_related("employee").order_by("pk").first():
            raise Conflict(
                "replaced_since", f"{later.employee.name}之后又申报过 {later.first_month} 的工资，请先撤销后面那一笔。"
            )
        wages.update(is_voided=True)
    replaced = [d.before[REPLACED] for d in declarations if REPLACED in d.before]
    for part in chunks(replaced):
        DeclaredWage.objects.filter(pk__in=part).update(is_voided=False)
