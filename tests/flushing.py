"""Emptying the database between transactional tests, although the database refuses to forget."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def flushing_lifts_the_append_only_triggers():
    """SQLite is emptied with DELETE, which the append-only triggers refuse: they are lifted for the flush, and back.

    PostgreSQL truncates, which no trigger of ours hears. Imported into the root conftest, for live-server tests.
    """
    from django.db import connection

    if connection.vendor != "sqlite":
        yield
        return
    operations = type(connection.ops)
    plain = operations.sql_flush

    def sql_flush(self, *args, **kwargs):
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
        statements = plain(self, *args, **kwargs)
        return [f"DROP TRIGGER {name}" for name, _ in triggers] + statements + [sql for _, sql in triggers]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "sql_flush", sql_flush)
        yield
