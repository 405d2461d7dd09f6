"""Who reaches the statutory age (到龄) when: everybody insured at an employer, by the month of retirement."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import numpy as np
from django.db.models import Q

from shebao.rules.months import Month
from shebao.rules.retirement import TRACKS, retirement, tracks_of

from ..employers.models import Employer
from .models import Employee, Spell
from .queries import covering

MAN, MANAGERIAL = "1", "2"
"""Codes of the national lists of sexes and posts (岗位类别: 管理或技术岗位)."""
YOUNGEST_MONTHS = 49 * 12
"""Nobody younger is near any statutory age."""
FAR = 10_000
SPANS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "retiring_this_month": (0, 0),
        "retiring_within_three_months": (0, 3),
        "retiring_within_six_months": (0, 6),
        "past_retirement": (-FAR, -1),
    }
)
"""The reminders, by the first and last number of months that are left; this month counts as within three."""


@dataclass(frozen=True)
class Retiring:
    """One person near or past the statutory age; `left` counts months from the month asked about."""

    pk: int
    name: str
    born: Month
    track: str
    age: int
    statutory: Month
    earliest: Month
    left: int

    @property
    def age_words(self) -> str:
        """The statutory age: 「60 岁 6 个月」."""
        years, months = divmod(self.age, 12)
        return f"{years} 岁" + (f" {months} 个月" if months else "")


@dataclass(frozen=True)
class Ages:
    """Everybody of some age, the nearest to retirement first, and how many women cannot be told (post unknown)."""

    people: tuple[Retiring, ...]
    unknown: tuple[tuple[int, str], ...]

    def within(self, reminder: str) -> list[Retiring]:
        """The people of one of `SPANS`."""
        first, last = SPANS[reminder]
        return [one for one in self.people if first <= one.left <= last]


def ages(employer: Employer, month: Month, actor) -> Ages:
    """Who of the actor's people insured in the month is when of age, by 办法第一条; one query however many there are.

    A woman's old age depends on her post (国发〔1978〕104号): without it she is counted as unknown, never guessed.
    """
    spells = Spell.objects.filter(covering(month), employee__employer=employer)
    old_enough = Q(person__born_on__lte=month.previous(YOUNGEST_MONTHS).first_day) & ~Q(person__sex="")
    rows = Employee.objects.visible_to(actor).filter(old_enough, employer=employer, pk__in=spells.values("employee"))
    rows = list(rows.values_list("pk", "name", "person__born_on", "person__sex", "position").order_by("pk"))
    known = [row for row in rows if row[3] == MAN or row[4]]
    unknown = tuple((pk, name) for pk, name, _, sex, post in rows if sex != MAN and not post)
    return Ages(_reckoned(known, month), unknown)


def _reckoned(rows: list[tuple[int, str, date, str, str]], month: Month) -> tuple[Retiring, ...]:
    if not rows:
        return ()
    born = np.array([Month.of(day).index for _, _, day, _, _ in rows], dtype=np.int64)
    women = np.array([sex != MAN for *_, sex, _ in rows], dtype=bool)
    tracks = tracks_of(women, np.array([post == MANAGERIAL for *_, post in rows], dtype=bool))
    found = retirement(born, tracks)
    return tuple(
        Retiring(
            rows[i][0],
            rows[i][1],
            Month.of(rows[i][2]),
            TRACKS[str(tracks[i])].title,
            int(found.age[i]),
            Month.from_index(int(found.statutory[i])),
            Month.from_index(int(found.earliest[i])),
            int(found.statutory[i]) - month.index,
        )
        for i in np.lexsort((born, found.statutory))
    )
