"""Writing tens of thousands of rows at once: of the ORM's time for it, nine tenths go to describing each value anew."""

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from typing import Any

from django.db import connections, models, router, transaction

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


def insert_rows(rows: Sequence[models.Model]) -> None:
    """Insert new objects of one model and give them their primary keys: `bulk_create` in a fraction of the time.

    Every field is written as it is on the object (no `auto_now`); the database's own checks hold as always. Objects
    that have their keys from `give_keys` keep them.
    """
    if not rows:
        return
    meta, connection = rows[0]._meta, _connection(rows)
    if rows[0].pk is None:
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


def _column(rows: Sequence[models.Model], field: Any, connection: Any) -> list:
    """The values of one field as the database driver takes them."""
    values, prepare = map(attrgetter(field.attname), rows), field.get_db_prep_save
    if type(field) in PLAIN_FIELDS:
        return [v if type(v) in PLAIN_VALUES else prepare(v, connection) for v in values]
    if isinstance(field, models.JSONField):  # most findings and reasons are none at all
        empty = {kind: prepare(kind(), connection) for kind in (list, dict)}
        return [prepare(v, connection) if v or type(v) not in empty else empty[type(v)] for v in values]
    return [prepare(value, connection) for value in values]
