"""Triggers by which the database itself refuses to change or remove what has been booked or recorded."""

from collections.abc import Mapping, Sequence

from django.db import migrations, router


class OfTheDatabase(migrations.RunPython):
    """A migration step that speaks to the database alone: its code is given no models (apps is None).

    For a step that may ask them, Django builds all models anew as they were then. For these many steps that took most
    of the time of a first start.
    """

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if router.allow_migrate(schema_editor.connection.alias, app_label, **self.hints):
            self.code(None, schema_editor)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        if self.reverse_code is None:
            super().database_backwards(app_label, schema_editor, from_state, to_state)
        elif router.allow_migrate(schema_editor.connection.alias, app_label, **self.hints):
            self.reverse_code(None, schema_editor)


MESSAGE = "append-only: rows of {table} are never changed or removed"

POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION shebao_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'append-only: rows of % are never changed or removed', TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def refuse_changes(tables: Sequence[str], *, may_go: str = "") -> OfTheDatabase:
    """A migration step that makes `tables` append-only, on SQLite and on PostgreSQL; reversible.

    `may_go` is SQL about OLD that both engines understand: rows that may be removed all the same.
    """

    def lay(apps, editor):
        for statement in _laying(editor.connection.vendor, tables, may_go):
            editor.execute(statement, None)  # no parameters: a percent sign is one

    def lift(apps, editor):
        for table in tables:
            for deed in ("update", "delete"):
                owner = f" ON {table}" if editor.connection.vendor == "postgresql" else ""
                editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{deed}{owner}", None)

    return OfTheDatabase(lay, lift)


def _laying(vendor: str, tables: Sequence[str], may_go: str = "") -> list[str]:
    if vendor == "postgresql":
        # Once a statement, not once a row: an accidental mass update fails before it touches anything.
        each = {"update": "STATEMENT", "delete": f"ROW WHEN (NOT ({may_go}))" if may_go else "STATEMENT"}
        return [POSTGRES_FUNCTION] + [
            f"CREATE TRIGGER {table}_no_{deed} BEFORE {deed.upper()} ON {table} "
            f"FOR EACH {each[deed]} EXECUTE FUNCTION shebao_refuse_change()"
            for table in tables
            for deed in each
        ]
    when = {"update": "", "delete": f"WHEN NOT ({may_go}) " if may_go else ""}
    return [
        f"CREATE TRIGGER {table}_no_{deed} BEFORE {deed.upper()} ON {table} {when[deed]}"
        f"BEGIN SELECT RAISE(ABORT, '{MESSAGE.format(table=table)}'); END"
        for table in tables
        for deed in when
    ]


ONE_WAY = """
CREATE TRIGGER {table}_only_voids BEFORE UPDATE ON {table} FOR EACH ROW
WHEN (to_jsonb(OLD){less} IS DISTINCT FROM to_jsonb(NEW){less} OR {refused})
EXECUTE FUNCTION shebao_refuse_change()
"""


def refuse_changes_but(table: str, column: str, before: str, *, free: Sequence[str] = ()) -> OfTheDatabase:
    """A migration step that makes `table` append-only but for `column`, which may change while `before` holds.

    `before` is SQL about OLD and NEW that both engines understand. `free` columns are not looked after here: another
    trigger says when they may change. Lay it anew after a migration adds a column: SQLite
    has to be told every column that must not change.
    """

    def lay(apps, editor):
        with editor.connection.cursor() as cursor:
            columns = [one.name for one in editor.connection.introspection.get_table_description(cursor, table)]
        for statement in _laying_but(editor.connection.vendor, table, column, before, columns, free):
            editor.execute(statement, None)

    def lift(apps, editor):
        owner = f" ON {table}" if editor.connection.vendor == "postgresql" else ""
        for name in ("no_update", "no_delete", "only_voids"):
            editor.execute(f"DROP TRIGGER IF EXISTS {table}_{name}{owner}", None)

    return OfTheDatabase(lay, lift)


def _laying_but(
    vendor: str, table: str, column: str, before: str, columns: Sequence[str], free: Sequence[str]
) -> list[str]:
    *_, no_delete = _laying(vendor, [table])
    if vendor == "postgresql":
        less = "".join(f" - '{name}'" for name in (column, *free))
        # An update that moves a free column and leaves this one alone is none of its business; one of nothing is.
        rest = " AND ".join(f"OLD.{name} IS NOT DISTINCT FROM NEW.{name}" for name in free)
        concerns = f"(OLD.{column} IS DISTINCT FROM NEW.{column} OR ({rest})) AND " if free else ""
        refused = f"({concerns}NOT ({before}))"
        return [POSTGRES_FUNCTION, ONE_WAY.format(table=table, less=less, refused=refused), no_delete]
    refuse = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE.format(table=table)}'); END"
    others = ", ".join(f'"{name}"' for name in columns if name not in (column, *free))
    return [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {others} ON {table} {refuse}",
        f"CREATE TRIGGER {table}_only_voids BEFORE UPDATE OF {column} ON {table} WHEN NOT ({before}) {refuse}",
        no_delete,
    ]


def refuse_sums(
    name: str, table: str, when: str, wrong: str, sentence: str, *, deeds: Sequence[str] = ("insert",)
) -> OfTheDatabase:
    """A migration step that refuses a row of `table` after which the query `wrong` has a row; reversible.

    `when` is a condition about NEW that says which rows are looked at, `deeds` what makes them so.
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
                f"CREATE TRIGGER {name} AFTER {' OR '.join(deeds).upper()} ON {table} "
                f"FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {name}()",
                None,
            )
        else:
            for deed in deeds:
                editor.execute(
                    f"CREATE TRIGGER {_named(name, deed)} AFTER {deed.upper()} ON {table} WHEN {when} "
                    f"BEGIN SELECT RAISE(ABORT, '{sentence}') WHERE EXISTS ({wrong}); END",
                    None,
                )

    def lift(apps, editor):
        if editor.connection.vendor == "postgresql":
            editor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}", None)
            return
        for deed in deeds:
            editor.execute(f"DROP TRIGGER IF EXISTS {_named(name, deed)}", None)

    return OfTheDatabase(lay, lift)


def _named(name: str, deed: str) -> str:
    return name if deed == "insert" else f"{name}_by_{deed}"


OPEN = "settlement_unbalanced"
BALANCE_POSTGRES = """
CREATE OR REPLACE FUNCTION a_booking_is_balanced() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
IF (SELECT SUM(amount_fen) FROM {table} WHERE transaction_id = NEW.transaction_id) <> 0
THEN RAISE EXCEPTION 'both sides of a booking are equal' USING ERRCODE = 'integrity_constraint_violation'; END IF;
RETURN NULL; END $$
"""
# SQLite has no trigger that waits for the end of a transaction, but it has foreign keys that do: while a booking is not
# balanced, a row about it points at nothing, and nothing can be committed.
BALANCE_SQLITE = (
    f"CREATE TABLE {OPEN} (booking INTEGER PRIMARY KEY, fen INTEGER NOT NULL, settled INTEGER NOT NULL DEFAULT -1 "
    f"REFERENCES {OPEN} (booking) DEFERRABLE INITIALLY DEFERRED)",
    "CREATE TRIGGER a_booking_is_balanced AFTER INSERT ON {table} BEGIN "
    f"INSERT INTO {OPEN} (booking, fen) VALUES (NEW.transaction_id, NEW.amount_fen) "
    "ON CONFLICT (booking) DO UPDATE SET fen = fen + excluded.fen; "
    f"DELETE FROM {OPEN} WHERE booking = NEW.transaction_id AND fen = 0; END",
)


def refuse_imbalance(table: str) -> OfTheDatabase:
    """A migration step by which no transaction commits in which the entries of a booking do not add up to zero.

    `table` has `transaction_id` and `amount_fen`. Both engines look when the transaction ends; reversible.
    """

    def lay(apps, editor):
        if editor.connection.vendor == "postgresql":
            editor.execute(BALANCE_POSTGRES.format(table=table), None)
            editor.execute(
                f"CREATE CONSTRAINT TRIGGER a_booking_is_balanced AFTER INSERT ON {table} "
                "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION a_booking_is_balanced()",
                None,
            )
            return
        for statement in BALANCE_SQLITE:
            editor.execute(statement.format(table=table), None)

    def lift(apps, editor):
        if editor.connection.vendor == "postgresql":
            editor.execute(f"DROP TRIGGER IF EXISTS a_booking_is_balanced ON {table}", None)
            return
        editor.execute("DROP TRIGGER IF EXISTS a_booking_is_balanced", None)
        editor.execute(f"DROP TABLE IF EXISTS {OPEN}", None)

    return OfTheDatabase(lay, lift)


def refuse_changes_unless(table: str, rules: Mapping[str, str]) -> OfTheDatabase:
    """A migration step by which rows of `table` stay, and each column changes only while its rule holds; reversible.

    `rules` are SQL about OLD and NEW that both engines understand, by column; a column that is not among them never
    changes. A row that is written as it is is not changed. Lay it anew after a migration adds a column, or makes the
    table anew on SQLite.
    """

    def lay(apps, editor):
        vendor = editor.connection.vendor
        with editor.connection.cursor() as cursor:
            columns = [one.name for one in editor.connection.introspection.get_table_description(cursor, table)]
        differs = "IS DISTINCT FROM" if vendor == "postgresql" else "IS NOT"
        wrong = " OR ".join(
            f'(OLD."{one}" {differs} NEW."{one}"' + (f" AND NOT ({rules[one]}))" if one in rules else ")")
            for one in columns
        )
        *_, no_delete = _laying(vendor, [table])
        begins = f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} FOR EACH ROW WHEN "
        if vendor == "postgresql":
            laid = [POSTGRES_FUNCTION, f"{begins}({wrong}) EXECUTE FUNCTION shebao_refuse_change()", no_delete]
        else:
            refuse = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE.format(table=table)}'); END"
            laid = [f"{begins}{wrong} {refuse}", no_delete]
        for statement in laid:
            editor.execute(statement, None)

    return OfTheDatabase(lay, refuse_changes([table]).reverse_code)
