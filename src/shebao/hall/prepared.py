"""Questions to the database that are composed once, and asked again with other values.

Of the time that a short question takes, nine tenths go to composing it; a deed asks thirty of them, always the same.
"""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import wraps
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import EmptyResultSet
from django.db import connections, transaction
from django.db.models import Count, QuerySet, Value
from django.db.models.query import FlatValuesListIterable, ModelIterable, ValuesListIterable

from shebao.rules.months import Month

SPECIMENS: dict[type, Callable[[int], Any]] = {
    int: lambda n: 2_140_000_000 + n,
    str: lambda n: f"specimen {n} of a text",
    Month: lambda n: Month(3000 + n, 1),
    date: lambda n: date(8000 + n, 1, 2),
    datetime: lambda n: datetime(8000 + n, 1, 2, 3, tzinfo=UTC),
}
"""Of each kind of value one that no question has of itself: where it is found among the parameters, others go."""
FEW = 64
"""A list of more values than this makes a question of its own."""
AT_ONCE = 2000
"""Of what is streamed, how many rows are held at once."""


def prepared(compose: Callable[..., QuerySet]) -> Callable[..., list]:
    """Turn a function that composes a queryset from its arguments into one that asks it and returns the rows.

    What is composed follows from the arguments alone, and passes them on to lookups as they are: numbers, texts,
    months, days, instants, and lists of these; and an actor for `visible_to`. Anything else (None, a state, a tuple of
    them) is a part of the question: each gets one of its own.
    """
    answer = _answering(compose)

    @wraps(compose)
    def ask(*values: Any) -> list:
        return list(answer(values))

    return ask


def counted(rows: QuerySet) -> QuerySet:
    """How many rows there are, as a question that can be prepared: the number is its only row."""
    return rows.order_by().values_list(Value(1)).annotate(Count("pk")).values_list("pk__count", flat=True)


def streamed(compose: Callable[..., QuerySet]) -> Callable[..., Iterator]:
    """As `prepared`, for what may have millions of rows: they come one after another, and few of them are held."""
    answer = _answering(compose)

    @wraps(compose)
    def ask(*values: Any) -> Iterator:
        return answer(values).iterator(AT_ONCE)

    return ask


def _answering(compose: Callable[..., QuerySet]) -> "Callable[[tuple], QuerySet | _Asked]":
    known: dict[Hashable, Question] = {}

    def answer(values: tuple) -> "QuerySet | _Asked":
        if any(map(_is_apart, values)):
            return compose(*values)
        values = tuple(_filled(value) if type(value) is list else value for value in values)
        shape = (transaction.get_connection().vendor, *map(_shape, values))
        if (question := known.get(shape)) is None:
            question = known[shape] = Question(compose, values)
        return question.ask(values)

    return answer


@dataclass(frozen=True)
class Clerk:
    """Stands for whoever sees all of their own employer's business, but for these services, to `visible_to`."""

    pk: int
    employer_id: int
    hidden: tuple[str, ...]
    is_agency = is_desk = is_narrow = False

    def withheld_services(self) -> tuple[str, ...]:
        """As of an operator."""
        return self.hidden


def _is_apart(value: Any) -> bool:
    """Whether a question with this value is composed for itself: there are too many, or it is not a clerk's."""
    if isinstance(value, AbstractBaseUser):
        return value.is_desk or value.is_narrow or not value.employer_id
    return type(value) is list and len(value) > FEW


def _filled(values: list) -> list:
    """As many as the next power of two: one among three is one among four, two of which are the same."""
    return values + values[-1:] * ((1 << (len(values) - 1).bit_length()) - len(values)) if values else values


def _shape(value: Any) -> Hashable:
    """What two values have in common that make the same question."""
    if type(value) in SPECIMENS:
        return type(value)
    if isinstance(value, AbstractBaseUser):
        return Clerk, *value.withheld_services()
    return (list, *map(_shape, value)) if type(value) is list else ("itself", value)


def _flat(values: Any) -> list:
    """The values that a question of their shape may have others for, in order."""
    found = []
    for value in values:
        if type(value) is list:
            found += _flat(value)
        elif isinstance(value, AbstractBaseUser):
            found += [value.pk, value.employer_id]
        elif type(value) in SPECIMENS:
            found.append(value)
    return found


class Question:
    """A composed question: its text, where its values go, and how the rows that answer it are read."""

    def __init__(self, compose: Callable[..., QuerySet], values: tuple):
        self.compose = compose
        specimens: list = []
        asking = [_specimen(value, specimens) for value in values]
        rows = compose(*asking)
        if rows._prefetch_related_lookups or rows._iterable_class not in (
            ModelIterable,
            ValuesListIterable,
            FlatValuesListIterable,
        ):
            raise TypeError(f"{compose.__qualname__}: only objects and lists of values can be prepared")
        self.db, self.read, self.nothing = rows.db, rows._iterable_class, rows.none()
        connection = connections[self.db]
        compiler = rows.query.get_compiler(using=self.db)
        try:
            self.sql, params = compiler.as_sql()
        except EmptyResultSet:
            self.sql = ""
            return
        stored = [_stored(one, connection) for one in specimens]
        self.places = [(stored.index(one), type(one)) if one in stored else (None, one) for one in params]
        of_clerks = {key for one in asking if isinstance(one, Clerk) for key in (one.pk, one.employer_id)}
        if not set(stored) - of_clerks <= {stored[place] for place, _ in self.places if place is not None}:
            raise TypeError(f"{compose.__qualname__}: not every value is passed on to the database as it is")
        self.locks = rows.query.select_for_update
        converters = compiler.get_converters([column for column, *_ in compiler.select[: compiler.col_count]])
        self.converters = {
            place: ([_of_any(one, connection) for one in some], column) for place, (some, column) in converters.items()
        }
        self.compiler, self.state = type(compiler), vars(compiler) | {"connection": None}

    def ask(self, values: tuple) -> "QuerySet | _Asked":
        """The rows that answer it with these values: whoever iterates over them asks."""
        if not self.sql:
            return self.nothing
        connection = connections[self.db]
        if self.locks and not connection.in_atomic_block:
            raise transaction.TransactionManagementError("rows are locked inside a transaction")
        stored = [_stored(one, connection) for one in _flat(values)]
        params = tuple(one if place is None else _as(one, stored[place]) for place, one in self.places)
        return _Asked(self, connection, params)


class _Asked:
    """A question with its values, as Django's own readers of rows want it: a queryset, its query and its compiler."""

    _known_related_objects: dict = {}

    def __init__(self, question: Question, connection: Any, params: tuple):
        self.db, self.query, self._compiler = question.db, self, object.__new__(question.compiler)
        self.read = question.read
        vars(self._compiler).update(
            question.state,
            connection=connection,
            as_sql=lambda: (question.sql, params),
            get_converters=lambda columns: question.converters,
        )

    def get_compiler(self, *_: Any, **__: Any) -> Any:
        """The compiler that has composed it already."""
        return self._compiler

    def __iter__(self) -> Iterator:
        return iter(self.read(self))

    def iterator(self, chunk_size: int) -> Iterator:
        """As a queryset's."""
        return iter(self.read(self, chunked_fetch=True, chunk_size=chunk_size))


def _specimen(value: Any, made: list) -> Any:
    if type(value) is list:
        return [_specimen(one, made) for one in value]
    if isinstance(value, AbstractBaseUser):
        return Clerk(_specimen(value.pk, made), _specimen(value.employer_id, made), tuple(value.withheld_services()))
    if type(value) not in SPECIMENS:
        return value
    made.append(SPECIMENS[type(value)](len(made)))
    return made[-1]


def _stored(value: Any, connection: Any) -> Any:
    """A value as a lookup hands it to the driver."""
    if type(value) is Month:
        return str(value)
    if type(value) is datetime:
        return connection.ops.adapt_datetimefield_value(value)
    return connection.ops.adapt_datefield_value(value) if type(value) is date else value


def _as(kind: type, value: Any) -> Any:
    """PostgreSQL's integers tell their width by their type."""
    return value if type(value) is kind else kind(value)


def _of_any(convert: Any, connection: Any) -> Any:
    """A converter of the connection's that it was composed on serves those of other threads too."""
    if getattr(convert, "__self__", None) is not connection.ops:
        return convert
    return lambda value, column, on: getattr(on.ops, convert.__name__)(value, column, on)
