"""How long a file of 20,000 people takes: reading alone, and reading, matching and cleaning.

    python bench/sheets_import.py

Prints seconds and their ratio; the ratio is what to compare between machines and versions.
"""

import io
import sys
import time
from pathlib import Path

import xlsxwriter

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

from shebao.hall.sheets.cells import read_rows  # noqa: E402
from shebao.hall.sheets.headers import match_headers, sheet_fields  # noqa: E402
from shebao.hall.sheets.reading import read_workbook  # noqa: E402
from shebao.rules.forms import clean  # noqa: E402
from shebao.rules.identity import id_check_digit  # noqa: E402
from shebao.rules.region import load_regions  # noqa: E402

PEOPLE = 20_000


def value_of(field, region, number):
    """A plausible value for one field of person `number`."""
    if field.options:
        return region.codes[field.options].items[0].title
    if field.kind == "id_number":
        first = f"110101199{number % 9}0{1 + number % 9}{10 + number % 18}{number % 1000:03}"
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


def main():
    region = next(iter(load_regions([ROOT / "regions"]).values()))
    form, spec = region.forms["employee_enrolment"], region.sheets.get("employee_enrolment")
    data = workbook(form, region)
    began = time.perf_counter()
    rows = read_workbook(data, "bench.xlsx")
    read = time.perf_counter() - began
    match = match_headers(rows, form, spec)
    reading = read_rows(rows, match, form, region)
    matched = time.perf_counter() - began
    cleaned = [clean(form, row.values, region) for row in reading.data]
    whole = time.perf_counter() - began
    problems = sum(bool(c.problems) for c in cleaned)
    print(f"{len(data):,} bytes, {len(reading.data):,} rows x {len(match.columns)} columns, {problems} refused")
    print(f"read {read:.2f} s | read + match + cells {matched:.2f} s | + clean {whole:.2f} s")
    print(f"ratio of everything to reading alone: {whole / read:.2f}")


if __name__ == "__main__":
    main()
