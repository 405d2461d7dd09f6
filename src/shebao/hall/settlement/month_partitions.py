"""PostgreSQL keeps the lines of each month in a partition of their own (decision 0014); SQLite has one table.

What is booked for a month that nobody prepared lies in the default partition and is as good. So nothing here is ever
a reason not to settle.
"""

import time
from collections.abc import Iterable
from datetime import timedelta

from django.db import OperationalError, connection, transaction

from shebao.rules.months import Month

from ..clock import today
from ..patience import is_busy

LINES = "settlement_billline"
TRIES, PAUSE = 12, timedelta(milliseconds=250)
"""How often a month is tried whose tables somebody is just writing, and what lies between."""
SAID = {
    "made": "{}的账单明细有了自己的分区。",
    "there": "",
    "late": "{}的账单明细已经写在默认分区里，留在那里，照常使用。",
    "busy": "{}的账单明细还没有自己的分区（正有人写入），可以照常核定，以后再试。",
}

# The hall's account need not own the table: the owner's function makes partitions of months, and nothing else.
# Everything that an attachment locks is locked first, or nothing: it waits for nobody, so that nobody waits behind it
# and none of a settlement's transactions can be the victim of a deadlock. The caller tries again.
PREPARE = """
CREATE OR REPLACE FUNCTION shebao_prepare_month(wanted text) RETURNS text LANGUAGE plpgsql
SECURITY DEFINER SET search_path = {schema}, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
  part text := 'settlement_billline_' || replace(wanted, '-', '_');
  one regclass;
BEGIN
  IF wanted !~ '^[0-9]{4}-(0[1-9]|1[0-2])$' THEN RAISE EXCEPTION '% is no month', wanted; END IF;
  IF to_regclass(part) IS NOT NULL THEN RETURN 'there'; END IF;
  IF EXISTS (SELECT 1 FROM settlement_billline_default WHERE month = wanted) THEN RETURN 'late'; END IF;
  FOR one IN SELECT confrelid FROM pg_constraint WHERE conrelid = 'settlement_billline'::regclass AND contype = 'f'
    UNION SELECT 'settlement_billline'::regclass::oid
  LOOP
    EXECUTE format('LOCK TABLE ONLY %s IN SHARE ROW EXCLUSIVE MODE NOWAIT', one);
  END LOOP;
  LOCK TABLE settlement_billline_default IN ACCESS EXCLUSIVE MODE NOWAIT;
  IF to_regclass(part) IS NOT NULL THEN RETURN 'there'; END IF;
  BEGIN
    EXECUTE format('CREATE TABLE %I (LIKE settlement_billline INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
    EXECUTE format('ALTER TABLE settlement_billline ATTACH PARTITION %I FOR VALUES IN (%L)', part, wanted);
  EXCEPTION WHEN check_violation THEN  -- a line came in between
    RETURN 'late';
  END;
  PERFORM shebao_dress_partition(part::regclass);
  RETURN 'made';
END $$
"""
# An error names the index of the partition: it begins as the constraint is called, so that its sentence is found.
# A trigger of a statement hears only what is said to its own table: what is said to a partition is refused whole.
DRESS = """
CREATE OR REPLACE FUNCTION shebao_dress_partition(part regclass) RETURNS void LANGUAGE plpgsql
SET search_path = {schema}, pg_temp AS $$
DECLARE
  ending text := substr((SELECT relname FROM pg_class WHERE oid = part), length('settlement_billline') + 1);
  one record;
BEGIN
  FOR one IN SELECT c.oid::regclass AS own, c.relname AS before, left(p.relname, 63 - length(ending)) || ending AS name
    FROM pg_index x JOIN pg_inherits i ON i.inhrelid = x.indexrelid
    JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent WHERE x.indrelid = part
  LOOP
    IF one.before <> one.name THEN EXECUTE format('ALTER INDEX %s RENAME TO %I', one.own, one.name); END IF;
  END LOOP;
  EXECUTE format('CREATE OR REPLACE TRIGGER lines_go_through_their_table BEFORE INSERT OR UPDATE OR DELETE ON %s '
    'FOR EACH STATEMENT EXECUTE FUNCTION shebao_refuse_partition()', part);
END $$
"""
REFUSE = """
CREATE OR REPLACE FUNCTION shebao_refuse_partition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'append-only: lines go through settlement_billline, never straight to %', TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$
"""
FUNCTIONS = "shebao_prepare_month(text)", "shebao_dress_partition(regclass)", "shebao_refuse_partition()"


def lay_functions(cursor) -> None:
    """Lay the functions that make partitions, in the schema of the tables (PostgreSQL only)."""
    cursor.execute("SELECT quote_ident(current_schema())")
    (schema,) = cursor.fetchone()
    for sql in (REFUSE, DRESS, PREPARE):
        cursor.execute(sql.replace("{schema}", schema))


def dress_partitions(cursor) -> None:
    """Name the indexes of all partitions after those of the table; after every migration that gives it a new one."""
    cursor.execute(
        f"SELECT shebao_dress_partition(inhrelid::regclass) FROM pg_inherits WHERE inhparent = '{LINES}'::regclass"
    )


def prepare_months(months: Iterable[Month]) -> list[str]:
    """Give these months partitions, where there are none; what there is to say about it, sentence by sentence."""
    return _in_words(_prepare(months))


def prepare_coming_months() -> list[str]:
    """As `prepare_months` for this month and the next. A table with a new partition is counted anew for the planner."""
    this = Month.of(today())
    found = _prepare([this, this.next()])
    if found.get(this.next()) == "made":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {LINES}")  # PostgreSQL by itself counts only the partitions
    return _in_words(found)


def _prepare(months: Iterable[Month]) -> dict[Month, str]:
    """What became of each month, a key of SAID; nothing where there are no partitions."""
    return {month: _prepared(month) for month in months} if connection.vendor == "postgresql" else {}


def _in_words(found: dict[Month, str]) -> list[str]:
    return [said for month, became in found.items() if (said := SAID[became].format(month))]


def _prepared(month: Month) -> str:
    for _ in range(TRIES):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT shebao_prepare_month(%s)", [str(month)])
                return cursor.fetchone()[0]
        except OperationalError as error:
            if not is_busy(error):
                raise
            time.sleep(PAUSE.total_seconds())
    return "busy"
