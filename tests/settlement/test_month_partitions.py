"""The lines of a month: on PostgreSQL in a partition of their own, on SQLite in the one table; the rules are the same.

What only PostgreSQL has is skipped on SQLite with its reason, and run by `python -m tests.on_postgres`.
"""

import re
import threading

import pytest
from django.db import IntegrityError, connection, transaction

from shebao.hall.declarations.pipe import races_become_conflicts
from shebao.hall.errors import Conflict
from shebao.hall.settlement import month_partitions
from shebao.hall.settlement.ledger import check_ledger
from shebao.hall.settlement.models import Bill, BillLine
from shebao.hall.settlement.month_partitions import prepare_coming_months, prepare_months
from shebao.rules.months import Month
from shebao.web.explained import why_of

from .hall import (
    NOVEMBER,
    hire,
    make_clerk,
    make_employer,
    migrate_to_newest,
    on_day,
    settle,
    step_by_step,
    take_partition_away,
    unguarded_writing,
)

pytestmark = pytest.mark.django_db
# Months that no installation of today prepares by itself.
PREPARED, FORGOTTEN, FREE = Month(2026, 3), Month(2026, 2), Month(1999, 1)
LAID_LATER = {
    "a_line_is_what_its_evidence_says",
    "an_adjustment_is_what_its_evidence_says",
    "a_back_payment_bears_what_its_evidence_says",
    "a_regular_line_is_of_the_declared_wage",
}
OWN, DEFAULT = "settlement_billline_2026_03", "settlement_billline_default"


@pytest.fixture
def by_month():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite keeps all lines in one table")


@pytest.fixture
def bills():
    """The bill of a prepared month and that of one that nobody prepared."""
    prepare_months([PREPARED])
    employer = make_employer()
    hire(employer, [720_000, 300_000])
    clerk = make_clerk(employer)
    return {month: settle(employer, clerk, month) for month in (FORGOTTEN, PREPARED)}


def asked(sql: str, *values) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return cursor.fetchall()


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)


def places(month: Month) -> set[str]:
    """The tables in which the lines of a month lie."""
    rows = asked("SELECT DISTINCT tableoid::regclass::text FROM settlement_billline WHERE month = %s", str(month))
    return {name for (name,) in rows}


def test_lines_of_a_prepared_month_lie_in_its_partition_and_others_in_the_default(by_month, bills):
    assert places(PREPARED) == {OWN} and places(FORGOTTEN) == {DEFAULT}
    assert list(check_ledger()) == []


@pytest.mark.parametrize("month", [PREPARED, FORGOTTEN])
def test_the_same_charge_twice_is_refused_in_the_same_words_wherever_it_lies(bills, month):
    line = bills[month].lines.first()
    line.pk = None
    with pytest.raises(Conflict, match="该人员此险种当月已"), races_become_conflicts():
        BillLine.objects.bulk_create([line])


@pytest.mark.parametrize("month", [PREPARED, FORGOTTEN])
def test_a_charge_adjusted_twice_is_refused_in_the_same_words_wherever_it_lies(bills, month):
    old = bills[month].lines.first()
    new = BillLine.objects.get(pk=old.pk)
    new.pk, new.kind, new.adjusts, new.booking_month = None, "4", old, NOVEMBER
    with unguarded_writing():
        BillLine.objects.bulk_create([new])
        new.pk = None
        with pytest.raises(Conflict, match="这一行已经补差过"), races_become_conflicts():
            BillLine.objects.bulk_create([new])


def opened() -> set[str]:
    """The partitions that this transaction has opened so far: it holds a lock on each."""
    rows = asked(
        "SELECT relname::text FROM pg_locks JOIN pg_class ON pg_class.oid = relation "
        "WHERE pid = pg_backend_pid() AND relkind = 'r' AND relispartition"
    )
    return {name for (name,) in rows}


def test_a_month_is_settled_and_its_bill_read_without_opening_any_other_month(by_month, client):
    employer = make_employer()
    hire(employer, [720_000, 300_000])
    clerk = make_clerk(employer)
    bill = settle(employer, clerk, FORGOTTEN)
    client.force_login(clerk)
    with on_day(FORGOTTEN):
        for tab in ("summary", "people", "rules", "back"):
            assert client.get(f"/e/bills/{bill.pk}/?tab={tab}").status_code == 200
        assert client.get(why_of(bill.lines.first(), "employer")).status_code == 200
    assert opened() == {DEFAULT}
    # The bill of a month that charges earlier ones is looked for in those too, and in no more.
    prepare_months([PREPARED])
    further = Bill(pk=bill.pk, month=PREPARED, first_month=FORGOTTEN)
    found = set(re.findall(r"settlement_billline_(?:default|\d{4}_\d\d)\b(?= )", further.lines.explain()))
    assert found == {DEFAULT, OWN}
    with unguarded_writing():
        Bill.objects.ever().update(first_month=PREPARED)
    assert any("早于账单记的最早所属期" in sentence for sentence in check_ledger())


def test_nobody_writes_past_the_table_straight_to_a_partition(by_month, bills):
    deeds = "INSERT INTO {0} SELECT * FROM {0}", "UPDATE {0} SET is_voided = true", "DELETE FROM {0}"
    for sql in (deed.format(table) for table in (OWN, DEFAULT) for deed in deeds):
        with pytest.raises(IntegrityError, match="append-only: lines go through"), transaction.atomic():
            run(sql)


@pytest.mark.parametrize("table", [OWN, DEFAULT])
def test_a_line_corrects_only_a_line_that_there_is(by_month, bills, table):
    (pk,) = asked(f"SELECT MIN(id) FROM {table}")[0]
    names = [field.column for field in BillLine._meta.concrete_fields if not field.primary_key]
    other = {"month": "'2026-01'", "kind": "'4'", "adjusts_id": "id", "is_exclusive": "false"}
    values = ", ".join(other.get(name, f'"{name}"') for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    with pytest.raises(IntegrityError, match="adjusts_id"), transaction.atomic():
        run(
            "SET CONSTRAINTS ALL IMMEDIATE",
            "ALTER TABLE settlement_billline DISABLE TRIGGER USER",
            f"INSERT INTO settlement_billline ({columns}) SELECT {values} FROM settlement_billline WHERE id = {pk}",
        )


def test_a_month_that_was_booked_before_it_was_prepared_stays_where_it_is(by_month, bills):
    assert prepare_months([FORGOTTEN]) == [f"{FORGOTTEN}的账单明细已经写在默认分区里，留在那里，照常使用。"]
    assert places(FORGOTTEN) == {DEFAULT}


def test_this_month_and_the_next_are_prepared_ahead_and_no_word_is_said_twice(by_month):
    with on_day(Month(1999, 12)):
        said = prepare_coming_months()
        assert [words[:7] for words in said] == ["1999-12", "2000-01"] and prepare_coming_months() == []
    with pytest.raises(Exception, match="is no month"), transaction.atomic():
        asked("SELECT shebao_prepare_month('2026-13')")


def test_sqlite_has_nothing_to_prepare():
    if connection.vendor == "postgresql":
        pytest.skip("PostgreSQL has")
    assert prepare_coming_months() == []


@pytest.fixture
def no_partition_left(transactional_db):
    """What was committed is taken away again, for the tests that come after."""
    yield
    if connection.vendor == "postgresql":
        for month in (FREE, FORGOTTEN, PREPARED):
            take_partition_away(month)


def at_once(count: int) -> list[str]:
    """What this many who prepare the same month at the same moment are told."""
    said, gate = [], threading.Barrier(count)

    def prepare():
        gate.wait()
        try:
            said.extend(prepare_months([FREE]))
        finally:
            connection.close()

    threads = [threading.Thread(target=prepare) for _ in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return said


@pytest.mark.django_db(transaction=True)
def test_of_two_who_prepare_a_month_at_once_one_does_it(by_month, no_partition_left):
    assert at_once(2) == [f"{FREE}的账单明细有了自己的分区。"]


@pytest.mark.django_db(transaction=True)
def test_preparing_waits_for_nobody_who_writes_and_holds_nobody_up(by_month, no_partition_left, monkeypatch):
    monkeypatch.setattr(month_partitions, "TRIES", 2)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE settlement_billline IN ROW EXCLUSIVE MODE")
        (said,) = at_once(1)
    assert said.startswith(f"{FREE}的账单明细还没有自己的分区")
    assert at_once(1) == [f"{FREE}的账单明细有了自己的分区。"]


def laid() -> dict[str, set]:
    """What the database has on the table of lines, by name."""
    of = "= 'settlement_billline'::regclass"
    postgres = {
        "guards": f"SELECT tgname::text FROM pg_trigger WHERE NOT tgisinternal AND tgrelid {of}",
        "constraints": f"SELECT conname::text FROM pg_constraint WHERE conparentid = 0 AND conrelid {of}",
        "indexes": "SELECT indexname::text FROM pg_indexes WHERE tablename = 'settlement_billline'",
    }
    sqlite = {
        f"{what}s": f"SELECT name FROM sqlite_master WHERE type = '{what}' AND tbl_name = 'settlement_billline'"
        for what in ("trigger", "index")
    }
    questions = postgres if connection.vendor == "postgresql" else sqlite
    return {what: {name for (name,) in asked(sql)} for what, sql in questions.items()}


@pytest.mark.django_db(transaction=True)
def test_the_lines_of_a_hall_that_runs_are_laid_by_month_and_in_one_table_again(no_partition_left, bills):
    def lines():
        return asked("SELECT * FROM settlement_billline ORDER BY id")

    before, had = lines(), laid()
    assert before and any("a_line_charges_what_happened" in names for names in had.values())
    try:
        step_by_step().migrate([("settlement", "0012_bills_are_sealed_and_voids_are_whole")])
        assert lines() == before and laid() == {what: names - LAID_LATER for what, names in had.items()}
        if connection.vendor == "postgresql":
            assert asked("SELECT relkind::text FROM pg_class WHERE relname LIKE 'settlement\\_billline\\_20%'") == []
    finally:
        migrate_to_newest()
    assert lines() == before and laid() == had
    assert list(check_ledger()) == []
    if connection.vendor == "postgresql":
        # Every month that was billed has a partition now, and what is new goes on from the last number.
        assert places(PREPARED) == {OWN} and places(FORGOTTEN) == {"settlement_billline_2026_02"}
        names = {name for (name,) in asked("SELECT indexname::text FROM pg_indexes WHERE tablename = %s", OWN)}
        assert names >= {"settlement_billline_pkey_2026_03", "a_charge_is_adjusted_once_2026_03"}
        last = max(line[0] for line in before)
        assert asked("SELECT nextval(pg_get_serial_sequence('settlement_billline', 'id'))")[0][0] > last
    employer = make_employer(number="120002")
    hire(employer, [500_000])
    assert settle(employer, make_clerk(employer), PREPARED).lines.exists()
