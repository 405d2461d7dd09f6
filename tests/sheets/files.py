"""Files as clerks really send them, and files as attackers do, built in memory."""

import datetime
import io
import zipfile
from functools import cache
from pathlib import Path

import openpyxl
import xlsxwriter
import xlwt

from shebao.rules.region import load_regions

REGIONS = Path(__file__).parents[2] / "regions"
IDS = ["11010519491231002X", "440308199901101512", "11010119900307803X"]
HEADS = ["姓名", "证件号码", "参保月份", "月工资"]


@cache
def regions():
    return load_regions([REGIONS])


def region():
    """Any region: these tests must hold in all of them."""
    return sorted(regions().values(), key=lambda r: r.code)[0]


def enrolment(of=None):
    of = of or region()
    return of.forms["employee_enrolment"], of.sheets["employee_enrolment"]


def people(count=3):
    return [[f"职工{i}", IDS[i % 3], "2026-11", 8000 + i] for i in range(count)]


def put(archive, name, body):
    """A member without the hour it was made at: the same content is the same file."""
    archive.writestr(zipfile.ZipInfo(name), body, compress_type=archive.compression)


def xlsx(rows, name="增员", **options):
    """Strings stay strings, dates dates, numbers numbers; "=…" becomes a formula with the value 3."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True} | options) as book:
        book.set_properties({"created": datetime.datetime(2026, 11, 1)})  # noqa: DTZ001  the same rows, the same bytes
        sheet = book.add_worksheet(name)
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for r, row in enumerate(rows):
            for c, value in enumerate(row):
                if isinstance(value, datetime.date):
                    sheet.write_datetime(r, c, value, day)
                elif isinstance(value, str):
                    sheet.write_string(r, c, value)
                elif value is not None:
                    sheet.write_number(r, c, value)
    return buffer.getvalue()


def openpyxl_xlsx(rows, merged=()):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for area in merged:
        book.active.merge_cells(area)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def xls(rows, name="增员"):
    book = xlwt.Workbook()
    sheet = book.add_sheet(name)
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            if value is not None:
                sheet.write(r, c, value)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def csv(rows, encoding="utf-8-sig", delimiter=","):
    text = "\r\n".join(delimiter.join("" if v is None else str(v) for v in row) for row in rows)
    return text.encode(encoding)


def rezip(data, **parts):
    """An .xlsx with some members replaced or added: keys are paths with / written as __ and . as _dot_."""
    members = {k.replace("__", "/").replace("_dot_", "."): v for k, v in parts.items()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            put(new, info.filename, members.pop(info.filename, old.read(info)))
        for path, body in members.items():
            put(new, path, body)
    return buffer.getvalue()


def sheet_xml(body):
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<?xml version="1.0"?><worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>'


def with_sheet(body):
    return rezip(xlsx([["a"]]), xl__worksheets__sheet1_dot_xml=sheet_xml(body))


def sparse_bomb():
    """Two cells in opposite corners: 4 kB that ask for half a terabyte."""
    return with_sheet('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')


def zip_bomb():
    """Spaces inside a sheet: a thousand to one."""
    return with_sheet(" " * 30_000_000)


def encrypted():
    """The outside of a workbook with a password to open: a compound file with the stream EncryptedPackage."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1016) + "EncryptedPackage".encode("utf-16-le") + bytes(512)
