"""Emptying the database between transactional tests, although the database refuses to forget."""

import pytest

KEPT = {"django_content_type", "auth_permission"}
"""What Django itself writes after every migration: the same rows always, and nobody else does."""


@pytest.fixture(scope="session", autouse=True)
def flushing_lifts_the_append_only_triggers():
    """Rows are deleted, which the append-only triggers refuse: for the flush they are lifted, and then are back.

    SQLite drops them; PostgreSQL, whose tests are its superuser's, does not hear them: to truncate so many small tables
    takes it ten times as long. What Django knows of the models stays, for to write it anew takes longer than the flush.
    Imported into the root conftest, for live-server tests.
    """
    from django.core.management.commands import flush
    from django.db import connection

    operations = type(connection.ops)

    def sql_flush(self, style, tables, **options):
        names = [self.quote_name(table) for table in tables if table not in KEPT]
        statements = [f"DELETE FROM {name}" for name in names]
        if self.connection.vendor != "sqlite":
            return [f"SET LOCAL session_replication_role = replica; {'; '.join(statements)}"]
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
        return [f"DROP TRIGGER {name}" for name, _ in triggers] + statements + [sql for _, sql in triggers]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "sql_flush", sql_flush)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *_: None)
        yield
