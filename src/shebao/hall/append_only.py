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


ONE_WAY = """
CREATE TRIGGER {table}_only_voids BEFORE UPDATE ON {table} FOR EACH ROW
WHEN (to_jsonb(OLD) - '{column}' IS DISTINCT FROM to_jsonb(NEW) - '{column}' OR NOT ({before}))
EXECUTE FUNCTION shebao_refuse_change()
"""


def refuse_changes_but(table: str, column: str, before: str) -> migrations.RunPython:
    """A migration step that makes `table` append-only but for `column`, which may change while `before` holds.

    `before` is SQL about OLD and NEW that both engines understand. Lay it anew after a migration adds a column: SQLite
    has to be told every column that must not change.
    """

    def lay(apps, editor):
        with editor.connection.cursor() as cursor:
            columns = [one.name for one in editor.connection.introspection.get_table_description(cursor, table)]
        for statement in _laying_but(editor.connection.vendor, table, column, before, columns):
            editor.execute(statement, None)

    def lift(apps, editor):
        owner = f" ON {table}" if editor.connection.vendor == "postgresql" else ""
        for name in ("no_update", "no_delete", "only_voids"):
            editor.execute(f"DROP TRIGGER IF EXISTS {table}_{name}{owner}", None)

    return migrations.RunPython(lay, lift)


def _laying_but(vendor: str, table: str, column: str, before: str, columns: Sequence[str]) -> list[str]:
    *_, no_delete = _laying(vendor, [table])
    if vendor == "postgresql":
        return [POSTGRES_FUNCTION, ONE_WAY.format(table=table, column=column, before=before), no_delete]
    refuse = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE.format(table=table)}'); END"
    others = ", ".join(f'"{name}"' for name in columns if name != column)
    return [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {others} ON {table} {refuse}",
        f"CREATE TRIGGER {table}_only_voids BEFORE UPDATE OF {column} ON {table} WHEN NOT ({before}) {refuse}",
        no_delete,
    ]


def refuse_sums(name: str, table: str, when: str, wrong: str, sentence: str) -> migrations.RunPython:
    """A migration step that refuses a row of `table` after which the query `wrong` has a row; reversible.

    `when` is a condition about NEW that says which rows are looked at.
    """

    def lay(apps, editor):
        if editor.connection.vendor == "postgresql":
            editor.execute(
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF EXISTS ({wrong}) THEN RAISE EXCEPTION '{sentence}' "
                "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$",
                None,
            )
            editor.execute(
                f"CREATE TRIGGER {name} AFTER INSERT ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {name}()",
                None,
            )
        else:
            editor.execute(
                f"CREATE TRIGGER {name} AFTER INSERT ON {table} WHEN {when} "
                f"BEGIN SELECT RAISE(ABORT, '{sentence}') WHERE EXISTS ({wrong}); END",
                None,
            )

    def lift(apps, editor):
        owner = f" ON {table}" if editor.connection.vendor == "postgresql" else ""
        editor.execute(f"DROP TRIGGER IF EXISTS {name}{owner}", None)

    return migrations.RunPython(lay, lift)
