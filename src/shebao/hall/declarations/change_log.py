"""What declarations changed on the roster, old and new in words (变更记录)."""

from dataclasses import dataclass

from shebao.rules.forms import changes
from shebao.rules.identity import written_phone
from shebao.rules.money import yuan

from ..regions import region
from ..services.registry import OPERATIONS
from .models import Declaration
from .states import State


@dataclass(frozen=True)
class Change:
    """One thing that a declaration changes on the roster, in words."""

    id: str
    label: str
    kind: str
    old: str
    new: str


def roster_changes(declaration: Declaration) -> list[Change]:
    """What a change of data replaces, in the order of the form; nothing for every other service."""
    here = region(declaration.region)
    if not OPERATIONS[declaration.spec.operation].is_change:
        return []
    form = here.forms[declaration.spec.form]
    new = changes(form, declaration.before, declaration.answers)
    return [
        Change(
            one.id, one.label, one.kind, shown(one, declaration.before.get(one.id), here), shown(one, new[one.id], here)
        )
        for one in form.fields
        if one.id in new
    ]


def in_words(change: Change) -> str:
    """A number by its last four digits: lists are seen by whoever passes."""
    old, new = change.old, change.new
    if change.kind in ("id_number", "phone"):
        old, new = (f"尾号 {text[-4:]}" if text else "" for text in (old, new))
    return f"{change.label} {old or '空'} → {new}"


@dataclass(frozen=True)
class ChangeEntry:
    """One entry of a person's change log: the declaration, and what it changed."""

    declaration: Declaration
    changes: list[str]


def change_log(actor, employee, limit: int = 20) -> list[ChangeEntry]:
    """What was changed about one of the actor's employees, newest first (变更记录)."""
    services = region(employee.employer.region).services
    ours = [key for key, service in services.items() if OPERATIONS[service.operation].is_change]
    rows = Declaration.objects.visible_to(actor).filter(employee=employee, service__in=ours, state=State.APPROVED)
    rows = rows.select_related("declared_by", "decided_by").order_by("-decided_at", "-pk")[:limit]
    return [ChangeEntry(d, [in_words(change) for change in roster_changes(d)]) for d in rows]


def old_and_new(one, declaration: Declaration, here) -> str:
    """What is answered, behind what it replaces; "" where nothing is."""
    old, new = (shown(one, kept.get(one.id), here) for kept in (declaration.before, declaration.answers))
    return f"{old} → {new}" if old and new else new


def shown(one, value, here, *, in_full: bool = False) -> str:
    """An answer in words: code titles, yuan, of a bank account the end unless `in_full`; else as it is.

    What was charged may be several.
    """
    if isinstance(value, list):
        return "、".join(shown(one, each, here, in_full=in_full) for each in value)
    if value in (None, ""):
        return ""
    if one.kind == "choice":
        return here.codes[one.options].title_of(str(value))
    if one.kind == "bank_account" and not in_full:
        return f"尾号 {str(value)[-4:]}"
    if one.kind == "telephone":
        return written_phone(value)
    return yuan(value) if one.kind == "money" else str(value)
