"""Triggers that judge rows as they come, many at a time where the engine can, and some only when all have come."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import migrations, models

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


def add_text(table: str, model: str, name: str, title: str, length: int) -> migrations.SeparateDatabaseAndState:
    """The step that adds a text column, empty at first, to a table that guards of other tables read; reversible.

    By hand: to add a column that may not be null Django makes the table anew on SQLite, which those guards forbid.
    """
    field = models.CharField(title, max_length=length, blank=True, default="")
    added = f"ALTER TABLE {table} ADD COLUMN {name} varchar({length}) DEFAULT '' NOT NULL"
    dropped = f"ALTER TABLE {table} DROP COLUMN {name}"
    return migrations.SeparateDatabaseAndState(
        [migrations.RunSQL(added, dropped)], [migrations.AddField(model, name, field)]
    )


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


IT = "{it}"
"""Stands for the id that the query of a guard at the commit is about."""


@dataclass(frozen=True)
class Event:
    """What a guard at the commit looks at: a deed ("INSERT", "UPDATE OF column") on a table, `when` something is true
    of NEW (and OLD), and about which ids: NEW's own, or what the query `ids` about NEW finds as `id`.
    """

    table: str
    deed: str
    when: str
    ids: str = "SELECT NEW.id AS id"


def refuse_at_commit(
    name: str, wrong: str, sentence: str, opens: Sequence[Event], closes: Sequence[Event] = ()
) -> OfTheDatabase:
    """A migration step by which nothing commits while the query `wrong` has a row about an id, {it}; reversible.

    `opens` are the events that may make it wrong: PostgreSQL asks about their ids when the transaction ends. SQLite
    asks at each event and keeps what is wrong in a table of the guard's name, so it is told of `closes` too: the events
    that may put it right.
    """
    names = [name if not place else f"{name}_{place + 1}" for place in range(len(opens) + len(closes))]
    on_postgres = list(zip(names, opens, strict=False))
    on_sqlite = list(zip(names, [*opens, *closes], strict=True))

    def laid_by_postgres() -> Iterator[str]:
        for called, one in on_postgres:
            yield (
                f"CREATE OR REPLACE FUNCTION {called}() RETURNS trigger LANGUAGE plpgsql {PLANNED} AS $$ BEGIN "
                f"IF EXISTS (SELECT 1 FROM ({one.ids}) it WHERE EXISTS ({wrong.replace(IT, 'it.id')})) "
                f"THEN RAISE EXCEPTION '{sentence}' {ERROR}; END IF; RETURN NULL; END $$"
            )
            yield (
                f"CREATE CONSTRAINT TRIGGER {called} AFTER {one.deed} ON {one.table} DEFERRABLE INITIALLY DEFERRED "
                f"FOR EACH ROW WHEN ({one.when}) EXECUTE FUNCTION {called}()"
            )

    def laid_by_sqlite() -> Iterator[str]:
        waiting = f"{name}_waits"
        yield open_account(waiting, "id INTEGER PRIMARY KEY")
        for called, one in on_sqlite:
            its, is_opening = f"SELECT it.id FROM ({one.ids}) it", one in opens
            noted = f"{its} WHERE EXISTS ({wrong.replace(IT, 'it.id')}) AND it.id NOT IN (SELECT id FROM {waiting})"
            # What may only put it right asks nothing where nothing waits.
            when = one.when if is_opening else f"{one.when} AND EXISTS (SELECT 1 FROM {waiting})"
            yield (
                f"CREATE TRIGGER {called} AFTER {one.deed} ON {one.table} WHEN {when} BEGIN "
                f"{f'INSERT INTO {waiting} (id) {noted}; ' if is_opening else ''}"
                f"DELETE FROM {waiting} WHERE id IN ({its}) AND NOT EXISTS ({wrong.replace(IT, f'{waiting}.id')}); END"
            )

    return by_engine(
        list(laid_by_postgres()),
        list(laid_by_sqlite()),
        lift_postgres=[f"DROP TRIGGER IF EXISTS {called} ON {one.table}" for called, one in on_postgres],
        lift_sqlite=[
            *(f"DROP TRIGGER IF EXISTS {called}" for called in names),
            f"DROP TABLE IF EXISTS {name}_waits",
        ],
    )
