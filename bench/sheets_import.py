"""How long a file of 20,000 people takes: reading it alone, and checking every row as an import does.

    python bench/sheets_import.py

Prints seconds and their ratios to reading alone; the ratios are what to compare between machines and versions.
"Checked" is all of it: columns matched, cells judged, every check of the service with its look-ups in a database
(SQLite in memory), the monthly cost. Storing the findings is not counted: rows without findings are not written.
"""

import io
import os
import sys
import time
from pathlib import Path

import django
import xlsxwriter

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shebao.config.settings.test")
os.environ["SHEBAO_DATABASE_URL"] = ""
django.setup()

from django.db import connection  # noqa: E402
from tests.factories import OperatorFactory, at  # noqa: E402

from shebao.hall.declarations.preview import previews  # noqa: E402
from shebao.hall.sheets.cells import read_rows  # noqa: E402
from shebao.hall.sheets.headers import match_headers, sheet_fields  # noqa: E402
from shebao.hall.sheets.reading import read_workbook  # noqa: E402
from shebao.rules.forms import clean  # noqa: E402
from shebao.rules.identity import id_check_digit  # noqa: E402

PEOPLE = 20_000
SERVICE = "employee_enrolment"


def value_of(field, region, number):
    """A plausible value for one field of person `number`; everybody is somebody else."""
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
    buffer = io.BytesIO()
    fields = sheet_fields(form)
    with xlsxwriter.Workbook(buffer, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, [f.label for f in fields])
        for number in range(1, PEOPLE + 1):
            sheet.write_row(number, 0, [value_of(f, region, number) for f in fields])
    return buffer.getvalue()


def measure(clerk):
    """Read, match, judge and check one workbook; print what each took."""
    from shebao.hall.regions import region as region_of

    region = region_of(clerk.region)
    form, spec = region.forms[SERVICE], region.sheets.get(SERVICE)
    data = workbook(form, region)
    began = time.perf_counter()
    rows = read_workbook(data, "bench.xlsx")
    read = time.perf_counter() - began
    match = match_headers(rows, form, spec)
    reading = read_rows(rows, match, form, region)
    matched = time.perf_counter() - began
    for row in reading.data:
        clean(form, row.values, region)
    judged = time.perf_counter() - began
    began = time.perf_counter()
    found = previews(clerk.employer, SERVICE, [row.values for row in reading.data], by=clerk)
    checked = matched + time.perf_counter() - began
    refused = sum(any(p.level == "error" for p in one.problems) for one in found)
    print(f"{len(data):,} bytes, {len(reading.data):,} rows x {len(match.columns)} columns, {refused} refused")
    print(f"read {read:.2f} s | + match + cells {matched:.2f} s | + clean {judged:.2f} s | checked {checked:.2f} s")
    print(f"ratio to reading alone: cleaned {judged / read:.2f}, 20,000 rows checked {checked / read:.2f}")


def main():
    """Measure in a database that vanishes."""
    connection.settings_dict["TEST"]["NAME"] = ":memory:"
    connection.creation.create_test_db(verbosity=0)
    with at():
        measure(OperatorFactory(clerk=True))


if __name__ == "__main__":
    main()
