"""Who came and who went in which month (人员增减): one answer for every page and paper."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from shebao.rules.code_lists import Code
from shebao.rules.months import Month
from shebao.rules.region import Region

from .models import Employee, Spell

CAME, WENT = "增加", "减少"


@dataclass(frozen=True)
class RosterChange:
    """A person who came or went in a month, with the spells that began or ended, for one reason."""

    month: Month
    change: str
    employee: Employee
    code: Code | None
    reason: str
    spells: tuple[Spell, ...]


def roster_changes_in(spells: QuerySet[Spell], spec: Region, first: Month, last: Month) -> list[RosterChange]:
    """The changes of these months, the latest month first, in it who came before who went, both by name.

    A change is of the month whose bill it changes, which is the month declared (参保月份、停保月份): the first insured
    one of whoever came, and of whoever went the one after the last, as the bridge between two bills counts them.
    """
    valid = spells.filter(is_voided=False).select_related("employee").order_by("pk")
    groups: dict[tuple, list[Spell]] = {}
    for spell in valid.filter(first_month__gte=first, first_month__lte=last):
        groups.setdefault(_key(spell.first_month, CAME, spell, spell.kind), []).append(spell)
    for spell in valid.filter(last_month__gte=first.previous(), last_month__lte=last.previous()):
        groups.setdefault(_key(spell.last_month.next(), WENT, spell, spell.end_reason), []).append(spell)
    codes = {CAME: spec.codes["enrolment_kinds"], WENT: spec.codes["cessation_reasons"]}
    return [_change(key, groups[key], codes) for key in sorted(groups)]


def _key(month: Month, change: str, spell: Spell, code: str) -> tuple:
    return -month.index, change == WENT, spell.employee.name_pinyin, spell.employee_id, code


def _change(key: tuple, spells: list[Spell], codes: Mapping) -> RosterChange:
    change, code = WENT if key[1] else CAME, key[-1]
    known = codes[change].get(code) if code else None
    reason = known.title if known else code or ("参保" if change == CAME else "")
    return RosterChange(Month.from_index(-key[0]), change, spells[0].employee, known, reason, tuple(spells))
