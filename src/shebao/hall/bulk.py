"""Writing tens of thousands of rows at once: of the ORM's time for it, nine tenths go to describing each value anew."""

import gc
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from django.db import connections, models, router, transaction
from django.db.models.base import ModelState

from .fields import EncryptedField

PLAIN_FIELDS = (
    models.BigAutoField, models.BigIntegerField, models.BooleanField, models.CharField, models.ForeignKey,
    models.IntegerField, models.PositiveIntegerField,
)  # fmt: skip
"""Fields that store a value of a plain type as it is. Their subclasses (months, encrypted text) may not."""
PLAIN_VALUES = (int, str, bool, type(None))


@contextmanager
def paused_collector() -> Iterator[None]:
    """Python looks for no reference cycles meanwhile: among a million new objects that takes a quarter of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@lru_cache(maxsize=64)
def maker(model: type[models.Model]) -> Callable[..., Any]:
    """A function that makes new objects of a model from keyword arguments, as the model does, in a fifth of the time.

    It asks the fields once what they are, and sends no signals. An argument that is no field raises TypeError.
    """
    plain, made, related = {}, {}, {}
    for field in model._meta.concrete_fields:
        if field.default is models.NOT_PROVIDED or not callable(field.default):
            plain[field.attname] = field.get_default()
        else:
            made[field.attname] = field.default
        if field.is_relation:
            related[field.name] = field.attname, field.target_field.attname

    def make(**values: Any) -> models.Model:
        row = model.__new__(model)
        row._state = state = ModelState()
        attributes = row.__dict__
        attributes |= plain
        for name, value in values.items():
            if name in related:
                column, key = related[name]
                attributes[column] = None if value is None else getattr(value, key)
                state.fields_cache[name] = value
            elif name in attributes or name in made:
                attributes[name] = value
            else:
                raise TypeError(f"{model.__name__} has no field {name!r}")
        for name, default in made.items():
            if name not in attributes:
                attributes[name] = default()
        return row

    return make


def insert_rows(rows: Sequence[models.Model]) -> None:
    """Insert new objects of one model and give them their primary keys: `bulk_create` in a fraction of the time.

    Every field is written as it is on the object (no `auto_now`); the database's own checks hold as always. Objects
    that have their keys from `give_keys` keep them.
    """
    if not rows:
        return
    meta, connection = rows[0]._meta, _connection(rows)
    if rows[0].pk is None:
        if len(rows) == 1 and connection.features.can_return_columns_from_insert:
            _insert_one(rows[0], connection)
            return
        give_keys(rows)
    with transaction.atomic(using=connection.alias, savepoint=False), connection.cursor() as cursor:
        for row in rows:
            row._state.adding, row._state.db = False, connection.alias
        values = zip(*(_column(rows, field, connection) for field in meta.concrete_fields), strict=True)
        names = ", ".join(connection.ops.quote_name(field.column) for field in meta.concrete_fields)
        table = connection.ops.quote_name(meta.db_table)
        if connection.vendor == "postgresql":
            with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row_values in values:
                    copy.write_row(row_values)
        else:
            places = ", ".join(["%s"] * len(meta.concrete_fields))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", list(values))


def _insert_one(row: models.Model, connection: Any) -> None:
    """What most deeds write of a kind: one statement, which tells the key."""
    sql, fields = _insertion(type(row), connection.ops.quote_name)
    values = [_column([row], field, connection)[0] for field in fields]
    with transaction.atomic(using=connection.alias, savepoint=False), connection.cursor() as cursor:
        cursor.execute(sql, values)
        ((row.pk,),) = cursor.fetchall()
    row._state.adding, row._state.db = False, connection.alias


@lru_cache(maxsize=256)
def _insertion(model: type[models.Model], quote: Callable[[str], str]) -> tuple[str, list]:
    """The statement for one row of a model, and the fields that it takes."""
    meta = model._meta
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    names = ", ".join(quote(field.column) for field in fields)
    into = f"INSERT INTO {quote(meta.db_table)} ({names}) VALUES ({', '.join(['%s'] * len(fields))})"
    return f"{into} RETURNING {quote(meta.pk.column)}", fields


@dataclass(frozen=True, eq=False)
class Block:
    """Rows of one table as columns: field → a NumPy array, or one value for all `count` rows (None for NULL)."""

    count: int
    columns: Mapping[str, Any]


BINARY = {"bigint": ">i8", "integer": ">i4", "smallint": ">i2", "boolean": "u1"}
"""Column types as PostgreSQL's binary COPY has them: big-endian, of a fixed length."""
COPY_HEAD, COPY_TAIL = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"


def insert_blocks(model: type[models.Model], blocks: Sequence[Block]) -> None:
    """Insert rows that are columns already: without an object, or a line of text, for each of them.

    Every field but the primary key, which the database gives, has its column in every block. A text is one for a
    block.
    """
    meta, connection = model._meta, connections[router.db_for_write(model)]
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    quote = connection.ops.quote_name
    table, names = quote(meta.db_table), ", ".join(quote(field.column) for field in fields)
    values = [[_prepared(block.columns[field.attname], field, connection) for field in fields] for block in blocks]
    with transaction.atomic(using=connection.alias, savepoint=False), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            types = [BINARY.get((field.db_type(connection) or "").partition("(")[0], "") for field in fields]
            sql = f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)"
            with connection.wrap_database_errors, cursor.copy(sql) as copy:
                copy.write(COPY_HEAD)
                for block, columns in zip(blocks, values, strict=True):
                    copy.write(_binary(block.count, columns, types))
                copy.write(COPY_TAIL)
        else:
            sql = f"INSERT INTO {table} ({names}) VALUES ({', '.join(['%s'] * len(fields))})"
            cursor.executemany(
                sql, [row for b, columns in zip(blocks, values, strict=True) for row in _rows(b, columns)]
            )


def _prepared(value: Any, field: Any, connection: Any) -> Any:
    return value if isinstance(value, np.ndarray) else field.get_db_prep_save(value, connection)


def _rows(block: Block, columns: list) -> Iterator[tuple]:
    lists = [one.tolist() if isinstance(one, np.ndarray) else itertools.repeat(one, block.count) for one in columns]
    return zip(*lists, strict=True)


def _binary(count: int, columns: list, types: list[str]) -> bytes:
    """The rows of one block for PostgreSQL: of each the number of fields, of each field its length and its bytes."""
    texts = [
        str(value).encode() if not kind and value is not None else b""
        for value, kind in zip(columns, types, strict=True)
    ]
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for i, (value, kind, text) in enumerate(zip(columns, types, texts, strict=True)):
        layout.append((f"length{i}", ">i4"))
        if value is not None and (kind or text):
            layout.append((f"value{i}", kind or f"S{len(text)}"))
    rows = np.empty(count, dtype=layout)
    rows["fields"] = len(columns)
    for i, (value, kind, text) in enumerate(zip(columns, types, texts, strict=True)):
        rows[f"length{i}"] = -1 if value is None else np.dtype(kind).itemsize if kind else len(text)
        if f"value{i}" in rows.dtype.names:
            rows[f"value{i}"] = value if kind else text
    return rows.tobytes()


def give_keys(rows: Sequence[models.Model]) -> None:
    """Give new objects of one model primary keys that nobody else will get, in the transaction that inserts them."""
    meta, connection = rows[0]._meta, _connection(rows)
    if not connection.in_atomic_block:
        raise RuntimeError("keys are given inside the transaction that inserts the rows")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            sequence = "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)"
            cursor.execute(sequence, [connection.ops.quote_name(meta.db_table), meta.pk.column, len(rows)])
            keys: Iterable[int] = [key for (key,) in cursor.fetchall()]
        else:
            # The transaction is IMMEDIATE: nobody else writes before it ends.
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [meta.db_table])
            last = (cursor.fetchone() or [0])[0]
            keys = range(last + 1, last + 1 + len(rows))
    for row, key in zip(rows, keys, strict=True):
        row.pk = key


def _connection(rows: Sequence[models.Model]) -> Any:
    return connections[router.db_for_write(type(rows[0]))]


def update_rows(rows: Iterable[models.Model], *names: str) -> None:
    """Write the named fields of objects of one model that are in the database, each by its primary key.

    The caller holds the rows, so that none of them can be gone.
    """
    rows = list(rows)
    if not rows:
        return
    meta, connection = rows[0]._meta, _connection(rows)
    quote = connection.ops.quote_name
    fields = [*(meta.get_field(name) for name in names), meta.pk]
    table, *columns = (quote(name) for name in (meta.db_table, *(field.column for field in fields)))
    values = [_column(rows, field, connection) for field in fields]
    with transaction.atomic(using=connection.alias, savepoint=False), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Without its length: a cast to varchar(n) would cut silently what the column refuses.
            arrays = ", ".join(f"%s::{field.db_type(connection).partition('(')[0]}[]" for field in fields)
            settings = ", ".join(f"{column} = news.{column}" for column in columns[:-1])
            news = f"unnest({arrays}) AS news({', '.join(columns)})"
            key = columns[-1]
            cursor.execute(f"UPDATE {table} SET {settings} FROM {news} WHERE {table}.{key} = news.{key}", values)
        else:
            settings = ", ".join(f"{column} = %s" for column in columns[:-1])
            sql = f"UPDATE {table} SET {settings} WHERE {columns[-1]} = %s"
            cursor.executemany(sql, list(zip(*values, strict=True)))


def update_if(
    model: type[models.Model], pks: Sequence[int], among: tuple[str, Sequence], counter: str, values: Mapping[str, Any]
) -> int:
    """Set the fields in `values` of the rows with these keys and count `counter` up, where a field still has one of
    the values `among`; return how many rows that was: `update` in a fraction of the time.
    """
    connection, meta = connections[router.db_for_write(model)], model._meta
    condition, allowed = among
    sql = _conditional_update(
        model, tuple(values), counter, condition, len(pks), len(allowed), connection.ops.quote_name
    )
    params = [meta.get_field(name).get_db_prep_save(_plain(one), connection) for name, one in values.items()]
    with transaction.atomic(using=connection.alias, savepoint=False), connection.cursor() as cursor:
        cursor.execute(sql, [*params, *pks, *map(_plain, allowed)])
        return cursor.rowcount


@lru_cache(maxsize=256)
def _conditional_update(
    model: type[models.Model], names: tuple[str, ...], counter: str, condition: str, keys: int, allowed: int,
    quote: Callable[[str], str],
) -> str:  # fmt: skip
    meta = model._meta
    table, key, count, asked = map(
        quote, (meta.db_table, meta.pk.column, meta.get_field(counter).column, meta.get_field(condition).column)
    )
    settings = "".join(f"{quote(meta.get_field(name).column)} = %s, " for name in names)
    here = f"{key} IN ({', '.join(['%s'] * keys)}) AND {asked} IN ({', '.join(['%s'] * allowed)})"
    return f"UPDATE {table} SET {settings}{count} = {count} + 1 WHERE {here}"


def _plain(value: Any) -> Any:
    """An object's key, and a choice's value."""
    if isinstance(value, models.Model):
        return value.pk
    return value.value if isinstance(value, models.Choices) else value


def _column(rows: Sequence[models.Model], field: Any, connection: Any) -> list:
    """The values of one field as the database driver takes them."""
    if isinstance(field, EncryptedField):
        return [field.stored(row) for row in rows]
    name, prepare = field.attname, field.get_db_prep_save
    # What is in an object needs no look-up through its class; what was left in the database does.
    values = [row.__dict__[name] if name in row.__dict__ else getattr(row, name) for row in rows]
    if type(field) in PLAIN_FIELDS:
        return [v if type(v) in PLAIN_VALUES else prepare(v, connection) for v in values]
    if isinstance(field, models.JSONField):  # most findings and reasons are none at all
        empty = {kind: prepare(kind(), connection) for kind in (list, dict)}
        return [prepare(v, connection) if v or type(v) not in empty else empty[type(v)] for v in values]
    known: dict = {}  # of moments and months there are few, and many rows have the same
    return [known[v] if v in known else known.setdefault(v, prepare(v, connection)) for v in values]


def in_chunks(rows: Iterable, size: int) -> Iterator[list]:
    """The rows in lists of `size`, the last one shorter; nothing of nothing."""
    left = iter(rows)
    while chunk := list(itertools.islice(left, size)):
        yield chunk
