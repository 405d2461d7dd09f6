"""Triggers by which the database itself refuses to change or remove what has been booked or recorded."""

from collections.abc import Sequence

from django.db import migrations

MESSAGE = "append-only: rows of {table} are never changed or removed"

POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION shebao_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'append-only: rows of % are never changed or removed', TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def refuse_changes(tables: Sequence[str]) -> migrations.RunPython:
    """A migration step that makes `tables` append-only, on SQLite and on PostgreSQL; reversible."""

    def lay(apps, editor):
        for statement in _laying(editor.connection.vendor, tables):
            editor.execute(statement, None)  # no parameters: a percent sign is one

    def lift(apps, editor):
        for table in tables:
            for deed in ("update", "delete"):
                owner = f" ON {table}" if editor.connection.vendor == "postgresql" else ""
                editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{deed}{owner}", None)

    return migrations.RunPython(lay, lift)


def _laying(vendor: str, tables: Sequence[str]) -> list[str]:
    if vendor == "postgresql":
        # Once a statement, not once a row: an accidental mass update fails before it touches anything.
        return [POSTGRES_FUNCTION] + [
            f"CREATE TRIGGER {table}_no_{deed} BEFORE {deed.upper()} ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION shebao_refuse_change()"
            for table in tables
            for deed in ("update", "delete")
        ]
    return [
        f"CREATE TRIGGER {table}_no_{deed} BEFORE {deed.upper()} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{MESSAGE.format(table=table)}'); END"
        for table in tables
        for deed in ("update", "delete")
    ]
