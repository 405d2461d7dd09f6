"""Emptying the database between transactional tests, although the database refuses to forget."""

from contextlib import contextmanager

from django.db import connection


@contextmanager
def forgetful_database():
    """SQLite empties tables with DELETE, which the append-only triggers refuse: lift them for a flush, then relay.

    PostgreSQL truncates, which no trigger of ours hears.
    """
    if connection.vendor != "sqlite":
        yield
        return
    operations, original = connection.ops, connection.ops.sql_flush

    def sql_flush(*args, **kwargs):
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
        statements = original(*args, **kwargs)
        return [f"DROP TRIGGER {name}" for name, _ in triggers] + statements + [sql for _, sql in triggers]

    operations.sql_flush = sql_flush
    try:
        yield
    finally:
        del operations.sql_flush
