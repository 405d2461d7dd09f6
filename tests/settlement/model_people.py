"""People as the random lives of the money know them: when they are insured, at which wage, what they were charged.

The limits and rates of the city are written here once more, as whole numbers; nothing is shared with the hall.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import NamedTuple

from shebao.rules.months import Month

SEPTEMBER, PUBLISHED = Month(2026, 9), date(2026, 10, 12)
FLOOR, NEW_FLOOR, CEILING = 450_000, 520_000, 2_250_000
RATES = {"pension": (1600, 800), "medical": (800, 200), "unemployment": (50, 50), "injury": (20, 0)}
"""Parts of ten thousand that the employer and the person pay."""
SAID = count()
"""What is declared about a month has a place among all that is: the last word counts."""


def month_dues(month: Month, wage: int, on: date) -> dict[str, int]:
    """What a month costs as known on a day, fen by scheme: each part of the wage within the limits, half up."""
    floor = NEW_FLOOR if on >= PUBLISHED and month >= SEPTEMBER else FLOOR
    base = min(max(wage, floor), CEILING)
    return {scheme: sum((base * rate * 2 + 10_000) // 20_000 for rate in parts) for scheme, parts in RATES.items()}


class Charge(NamedTuple):
    """What a month of somebody is charged: at which wage, fen by scheme, the bills that stand behind it, and what was
    declared to be paid back where it is.
    """

    wage: int
    dues: dict[str, int]
    bills: frozenset[int] = frozenset()
    owed: "Owed | None" = None


@dataclass(eq=False)
class Spell:
    """Insured from a month to another or until further notice; stopped by a case, or shortened by a refund."""

    first: Month
    last: Month | None = None
    is_stopped: bool = False
    is_given_back: bool = False

    def reaches(self, month: Month) -> bool:
        """Whether it covers the month or a later one."""
        return self.last is None or self.last >= month

    def reopen(self) -> None:
        """Be insured on: it was not stopped."""
        self.last, self.is_stopped = None, False


@dataclass(eq=False)
class Wage:
    """A declared wage, and those that it took the place of; one that corrects is of its month alone."""

    first: Month
    fen: int
    replaced: list["Wage"] = field(default_factory=list)
    corrects: bool = False
    said: int = field(default_factory=lambda: next(SAID))


@dataclass(eq=False)
class Owed:
    """What a declaration pays back, at which wage, until a bill has it."""

    wage: int
    said: int = field(default_factory=lambda: next(SAID))


@dataclass(eq=False)
class ModelPerson:
    """`waiting` are months paid back that no bill has; `claimed` those declared to be refunded, of which `returned`
    went back, by month and scheme.
    """

    number: str
    name: str
    spells: list[Spell] = field(default_factory=list)
    wages: list[Wage] = field(default_factory=list)
    waiting: dict[Month, Owed] = field(default_factory=dict)
    charged: dict[Month, Charge] = field(default_factory=dict)
    claimed: set[Month] = field(default_factory=set)
    returned: set[tuple[Month, str]] = field(default_factory=set)

    @property
    def is_open(self) -> bool:
        """Insured until further notice."""
        return any(one.last is None for one in self.spells)

    def reaching(self, month: Month) -> list[Month]:
        """The first months of the spells that cover the month or a later one."""
        return [one.first for one in self.spells if one.reaches(month)]

    def is_insured(self, month: Month) -> bool:
        """Whether a spell covers the month."""
        return any(first <= month for first in self.reaching(month))

    def wage(self, month: Month) -> int:
        """The declared wage of the month: the last that begins by then."""
        return max((one for one in self.wages if one.first <= month), key=lambda one: one.first).fen

    def declare(self, month: Month, fen: int, *, is_anew: bool = False) -> Wage:
        """Have a wage from a month on instead of the month's; who is enrolled anew has no other after it."""
        new = Wage(month, fen, [one for one in self.wages if one.first == month or (is_anew and one.first > month)])
        self.wages = [one for one in self.wages if one not in new.replaced] + [new]
        return new

    def correct(self, months: list[Month], fen: int) -> list[Wage]:
        """Have a wage in these months, and after them the one that counted before."""
        after, new = months[-1].next(), []
        if not any(one.first == after for one in self.wages) and any(one.first < after for one in self.wages):
            new.append(Wage(after, self.wage(months[-1])))
        new += [Wage(month, fen, [one for one in self.wages if one.first == month], True) for month in months]
        gone = [old for one in new for old in one.replaced]
        self.wages = [one for one in self.wages if one not in gone] + new
        return new

    def counting(self, month: Month) -> int:
        """The wage that a charged month is owed at: the one that corrects it, or the one that it was charged at."""
        before = self.charged[month]
        since = before.owed.said if before.owed else -1
        corrected = [one.fen for one in self.wages if one.first == month and one.corrects and one.said > since]
        return corrected[0] if corrected else before.wage

    def may_forget(self, wage: Wage) -> bool:
        """Whether nothing was declared since instead of it, or for a month that would come back."""
        others = {one.first for one in self.wages if one is not wage}
        return wage in self.wages and not any(one.first in others for one in wage.replaced)

    def forget(self, wage: Wage) -> None:
        """Have the wages that it took the place of."""
        self.wages = [one for one in self.wages if one is not wage] + wage.replaced

    def enrol(self, month: Month) -> Spell:
        """Be insured from a month on."""
        self.spells.append(Spell(month))
        return self.spells[-1]

    def may_end(self, month: Month) -> bool:
        """Whether somebody is insured until further notice, and was before the month."""
        return any(one.last is None and one.first < month for one in self.spells)

    def end(self, last: Month) -> Spell:
        """Close what is open."""
        (found,) = (one for one in self.spells if one.last is None)
        found.last, found.is_stopped = last, True
        return found

    def may_reopen(self, spell: Spell) -> bool:
        """Whether nothing came after its end that was insured or charged, and nothing of it was given back."""
        later = any(one.reaches(spell.first) for one in self.spells if one is not spell)
        return not (later or spell.is_given_back or any(one > spell.last for one in (*self.waiting, *self.charged)))

    def end_before(self, month: Month) -> None:
        """Insured until the month before: the spell that covers it ends, a later one is none."""
        for one in self.spells:
            if one.reaches(month):
                one.last, one.is_given_back = month.previous(), True
        self.spells = [one for one in self.spells if one.first <= one.last]

    def is_leaving(self, month: Month) -> bool:
        """Whether a refund of the month is declared that did not go back whole."""
        dues = self.charged[month].dues if month in self.charged else ()
        return month in self.claimed and any((month, scheme) not in self.returned for scheme in dues)

    def take(self, month: Month, scheme: str) -> Charge:
        """Give one charge back, and return what stood before."""
        before = self.charged.pop(month)
        if left := {key: fen for key, fen in before.dues.items() if key != scheme}:
            self.charged[month] = before._replace(dues=left)
        self.returned.add((month, scheme))
        return before


class Change(NamedTuple):
    """A charge that a bill makes or corrects: what it was before, and what waited for it where something did."""

    person: ModelPerson
    month: Month
    before: Charge | None
    after: Charge
    waited: Owed | None = None

    @property
    def fen(self) -> int:
        """What the bill takes for it."""
        return sum(self.after.dues.values()) - sum(self.before.dues.values() if self.before else ())


class Return(NamedTuple):
    """One charge that a bill gives back whole."""

    person: ModelPerson
    month: Month
    scheme: str
    fen: int


class Demand:
    """What a bill comes to by the model: the charges that it makes, corrects and gives back."""

    def __init__(self, changes: Iterable[Change] = (), returns: Iterable[Return] = ()):
        self.changes, self.returns = list(changes), list(returns)
        self.before: list[tuple[Return, Charge]] = []
        self.stands_on: set[int] = set()

    @property
    def regular(self) -> int:
        """What the month itself costs, of which a month that is not declared is a multiple."""
        return sum(one.fen for one in self.changes if one.before is None and one.waited is None)

    @property
    def total(self) -> int:
        """The bill, fen."""
        return sum(one.fen for one in self.changes) - sum(one.fen for one in self.returns)

    @property
    def people(self) -> set[ModelPerson]:
        """Whose lines it has."""
        return {one.person for one in (*self.changes, *self.returns)}

    def carry_out(self, pk: int) -> None:
        """The bill `pk` is made."""
        for one in self.changes:
            bills = one.before.bills if one.before else frozenset()
            self.stands_on |= bills
            one.person.charged[one.month] = one.after._replace(bills=bills | {pk})
            if one.waited is not None:
                del one.person.waiting[one.month]
        for one in self.returns:
            self.before.append((one, one.person.take(one.month, one.scheme)))
            self.stands_on |= self.before[-1][1].bills

    def undo(self) -> None:
        """The bill is voided: what it took waits again, what it gave back is charged again."""
        for one, before in reversed(self.before):
            one.person.charged[one.month] = before
            one.person.returned.discard((one.month, one.scheme))
        for one in self.changes:
            if one.before:
                one.person.charged[one.month] = one.before
            else:
                del one.person.charged[one.month]
            if one.waited is not None:
                one.person.waiting[one.month] = one.waited


def paid_back(person: ModelPerson, month: Month, owed: Owed, on: date) -> Change:
    """The charge of a month that is paid back, as known on a day."""
    return Change(person, month, None, Charge(owed.wage, month_dues(month, owed.wage, on), owed=owed), owed)


def settled_demand(people: Iterable[ModelPerson], month: Month, on: date) -> Demand:
    """What a month comes to when it is settled on a day: its own charges, what waits, and what is known better now."""
    found = Demand()
    for person in people:
        if person.is_insured(month):
            wage = person.wage(month)
            found.changes.append(Change(person, month, None, Charge(wage, month_dues(month, wage, on))))
        found.changes += [paid_back(person, past, owed, on) for past, owed in person.waiting.items() if past < month]
        for past, before in person.charged.items():
            if past >= month:
                continue
            if person.is_leaving(past):
                rows = ((key, fen) for key, fen in before.dues.items() if (past, key) not in person.returned)
                found.returns += [Return(person, past, key, fen) for key, fen in rows]
            elif before.dues != (dues := month_dues(past, wage := person.counting(past), on)):
                found.changes.append(Change(person, past, before, before._replace(wage=wage, dues=dues)))
    return found
