"""What a query is made of: its columns, the conditions it understands, and how it reads."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.db.models import Count, F, QuerySet, Sum

from shebao.rules.months import BadMonth, Month
from shebao.rules.region import Query, Region

from .. import clock
from ..employers.models import Employer

MONTHS, MONTH, SCHEME, PERSON, KIND, SERVICE, STATE = "months", "month", "scheme", "q", "kind", "service", "state"
"""The conditions: a span of months, one month, a scheme, a person, a kind of charge, a service, a state."""
DEFAULT_SPAN = 12
LONGEST_SPAN = 600


@dataclass(frozen=True)
class Asked:
    """Who asks about which employer, under which conditions; `problems` says what could not be understood.

    `answer` is the field of a form that the query lists.
    """

    actor: Any
    employer: Employer
    region: Region
    first_month: Month
    last_month: Month
    scheme: str = ""
    q: str = ""
    kind: str = ""
    service: str = ""
    state: str = ""
    answer: str = ""
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The day as of which is asked."""
        return clock.today()


def asked(
    actor,
    employer: Employer,
    region: Region,
    given: dict[str, str],
    conditions: Sequence[str],
    query: Query | None = None,
) -> Asked:
    """The conditions as typed; a month that cannot be is said in `problems`, and some other month stands in its place:
    with problems there is no answer.

    What the region's query fixes, its field or its scheme, is not asked.
    """
    now, problems = Month.of(clock.today()), {}
    default = now.previous(DEFAULT_SPAN - 1) if MONTHS in conditions else now

    def month(name: str, otherwise: Month) -> Month:
        text = given.get(name, "").strip()
        try:
            return Month.parse(text) if text else otherwise
        except BadMonth as bad:
            problems[name] = bad.message
            return otherwise

    if MONTH in conditions:
        first = last = month("month", now)
    else:
        first, last = month("from", default), month("to", now)
    if not problems and first > last:
        problems["to"] = f"终止年月 {last} 早于开始年月 {first}，请改其中一个。"
    elif not problems and last.index - first.index >= LONGEST_SPAN:
        problems["from"] = f"一次最多查 {LONGEST_SPAN // 12} 年，请缩短年月范围。"
    words = {name: given.get(name, "").strip()[:60] for name in (SCHEME, PERSON, KIND, SERVICE, STATE)}
    known = {name: word for name, word in words.items() if name in conditions}
    if query is not None:
        known |= {"answer": query.field} | ({"scheme": query.scheme} if query.scheme else {})
    return Asked(actor, employer, region, first, last, **known, problems=problems)


@dataclass(frozen=True)
class Shown:
    """A column: `kind` is text, yuan (fen), whole, month, date, moment, id (an identity number, masked) rate (exact;
    a word where there is none) or growth (a rate with its sign; None where there is nothing to compare with).

    `is_summed` puts its total below the table; `source` is what the total is taken from: a field or an expression;
    `is_wage` somebody's wage, which not everybody is shown; `is_long` text that may run over several lines, where a
    name, a title or a number stays on one.
    """

    key: str
    title: str
    kind: str = "text"
    is_summed: bool = False
    source: Any = ""
    is_wage: bool = False
    is_long: bool = False


@dataclass(frozen=True)
class Link:
    """A cell that leads further: the text or amount, the page's name, its arguments and its query."""

    value: Any
    page: str
    arguments: tuple = ()
    query: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Report:
    """How one read model is read. `rows` gives a queryset or a list, `show` turns one page of them into cells.

    `permission` is what the asker must hold. `show` may ask the database a constant number of times. `more_totals` are
    the totals of columns that are no field of the rows, over every row. `heads` is the field by which people are
    counted beside the rows.
    """

    columns: tuple[Shown, ...]
    conditions: tuple[str, ...]
    rows: Callable[[Asked], QuerySet | list]
    show: Callable[[Asked, Iterable], list[dict]]
    noun: str = "条"
    permission: str = "see_roster"
    note: str = ""
    more_totals: Callable[[Asked, QuerySet], dict[str, int]] | None = None
    heads: str = ""

    def seen_by(self, actor) -> "Report":
        """The same without the columns that this actor is not shown."""
        if actor.sees_wages:
            return self
        return replace(self, columns=tuple(one for one in self.columns if not one.is_wage))

    def head_count(self, rows: QuerySet | list) -> int | None:
        """How many people the rows are about; None where that is not told apart."""
        if not self.heads or isinstance(rows, list):
            return None
        return rows.order_by().aggregate(heads=Count(self.heads, distinct=True))["heads"]


def totals(report: Report, rows: QuerySet | list, given: Asked) -> dict[str, int]:
    """The sums below the table, over every row and not only those of the page; a constant number of queries."""
    summed = [column for column in report.columns if column.is_summed]
    if not summed:
        return {}
    if isinstance(rows, list):
        return {column.key: sum(row[column.key] for row in rows) for column in summed}
    named = {f"total_{column.key}": Sum(column.source or F(column.key)) for column in summed}
    found = rows.order_by().aggregate(**named)
    sums = {name.removeprefix("total_"): value or 0 for name, value in found.items()}
    return sums | (report.more_totals(given, rows) if report.more_totals else {})


def plain(rows: Iterable[dict]) -> list[dict]:
    """Rows that are their own cells."""
    return list(rows)
