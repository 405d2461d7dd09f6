"""Triggers that judge rows as they come, many at a time where the engine can, and some only when all have come."""

from collections.abc import Mapping, Sequence

from .append_only import OfTheDatabase

FRESH = "{fresh}"
"""Stands for the new rows in the query of a guard."""
# Every look-up is by an index, whatever the statistics say: a plan that was right for one row of a young table is
# kept by the session, and would read the whole table for each bill of a region.
PLANNED = "SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off"
LINES = "settlement_billline"
ERROR = "USING ERRCODE = 'integrity_constraint_violation'"


def refuse_rows(
    name: str,
    table: str,
    wrong: str,
    sentence: str,
    *,
    when: str = "",
    words: Mapping[str, tuple[str, str]] | None = None,
    span: str = "",
    is_of_span: bool = False,
) -> OfTheDatabase:
    """A migration step that refuses an INSERT into `table` after which the query `wrong` has a row; reversible.

    `wrong` reads the new rows from {fresh}: on PostgreSQL all rows of the statement, asked about once; on SQLite, which
    has no such triggers, the one row. `when` is about NEW and spares SQLite the question. `words` are what the engines
    say differently: {word} → (PostgreSQL, SQLite).

    `span` asks of the new rows, on PostgreSQL, the first and the last month of the bill lines that {lines} stands for:
    their question is planned for these months, and opens no other partition. `is_of_span`: where no row has a month the
    answer is known, and nothing is planned.
    """
    of_span = f"(SELECT * FROM {LINES} WHERE month BETWEEN since AND until)"
    said_by = {"lines": (of_span if span else LINES, LINES)} | dict(words or {})
    # A plan that is kept is one for every month: where there is a span, each question is planned for its own.
    begins = (
        "SET plan_cache_mode = force_custom_plan AS $$ DECLARE since text; until text; BEGIN "
        f"SELECT s.* INTO since, until FROM ({span.replace(FRESH, 'fresh')}) s; "
        + ("IF since IS NULL THEN RETURN NULL; END IF; " if is_of_span else "")
        if span
        else "AS $$ BEGIN "
    )

    def lay(apps, editor):
        is_postgres = editor.connection.vendor == "postgresql"
        asked = wrong
        for word, said in said_by.items():
            asked = asked.replace(f"{{{word}}}", said[0 if is_postgres else 1])
        if is_postgres:
            editor.execute(
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql {PLANNED} {begins}"
                f"IF EXISTS ({asked.replace(FRESH, 'fresh')}) THEN RAISE EXCEPTION '{sentence}' {ERROR}; END IF; "
                "RETURN NULL; END $$",
                None,
            )
            editor.execute(
                f"CREATE TRIGGER {name} AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
                None,
            )
            return
        with editor.connection.cursor() as cursor:
            columns = [one.name for one in editor.connection.introspection.get_table_description(cursor, table)]
        row = ", ".join(f'NEW."{column}" AS "{column}"' for column in columns if f".{column}" in asked)
        condition = f"WHEN {when} " if when else ""
        editor.execute(
            f"CREATE TRIGGER {name} AFTER INSERT ON {table} {condition}BEGIN "
            f"SELECT RAISE(ABORT, '{sentence}') WHERE EXISTS ({asked.replace(FRESH, f'(SELECT {row})')}); END",
            None,
        )

    def lift(apps, editor):
        owner = f" ON {table}" if editor.connection.vendor == "postgresql" else ""
        editor.execute(f"DROP TRIGGER IF EXISTS {name}{owner}", None)

    return OfTheDatabase(lay, lift)


def by_engine(
    postgres: Sequence[str], sqlite: Sequence[str], *, lift_postgres: Sequence[str], lift_sqlite: Sequence[str]
) -> OfTheDatabase:
    """A migration step in the words of each engine; reversible."""

    def run(on_postgres: Sequence[str], on_sqlite: Sequence[str]):
        def step(apps, editor):
            for statement in on_postgres if editor.connection.vendor == "postgresql" else on_sqlite:
                editor.execute(statement, None)  # no parameters: a percent sign is one

        return step

    return OfTheDatabase(run(postgres, sqlite), run(lift_postgres, lift_sqlite))


def lifting(step: OfTheDatabase) -> OfTheDatabase:
    """The step that lifts what `step` lays; reversed it lays it again."""
    return OfTheDatabase(step.reverse_code, step.code)


def at_commit(name: str, table: str, when: str, wrong: str, sentence: str) -> list[str]:
    """PostgreSQL: no new row of `table` is committed for which the query `wrong` about NEW has a row at the end."""
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql {PLANNED} AS $$ BEGIN "
        f"IF EXISTS ({wrong}) THEN RAISE EXCEPTION '{sentence}' {ERROR}; END IF; RETURN NULL; END $$",
        f"CREATE CONSTRAINT TRIGGER {name} AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED "
        f"FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {name}()",
    ]


def open_account(table: str, columns: str) -> str:
    """SQLite: a table of what is not finished; while it has a row nothing can be committed.

    SQLite has no trigger that waits for the end of a transaction, but its foreign keys do: `waits` points at nothing.
    """
    return (
        f"CREATE TABLE {table} ({columns}, waits INTEGER NOT NULL DEFAULT -1 "
        f"REFERENCES {table} (id) DEFERRABLE INITIALLY DEFERRED)"
    )
