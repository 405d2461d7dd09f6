"""Workbooks as no spreadsheet program writes them: damaged where a reader looks, the same for the same seed.

Damage knows the structure that it hurts (zip directory, XML, BIFF records, bytes of a CSV, encodings, values), because
random bytes are refused at the door and try nothing. Named bombs are files that have brought real readers down.
"""

from __future__ import annotations

import datetime
import io
import random
import re
import struct
import zipfile
from collections.abc import Callable
from functools import cache

from tests.factories import REVIEWED, synthetic_id
from tests.sheets import files

Chance = random.Random
FIELDS = ["id_kind", "id_number", "name", "enrolment_kind", "household", "employment_kind", "contract_from", "position",
          "labour_registered_on", "enrolment_month", "declared_wage"]  # fmt: skip
SUFFIXES = [".xlsx", ".xls", ".csv", ".txt", ".XLSX", "", ".xlsx.exe", ".csv "]
NAMES = [
    "十一月增员", "../../etc/passwd", "..\\..\\boot", "a\x00b", "長" * 300, "nul", ".", "\u202exslx",
    "𠮷㛃😀", '"; rm -rf', "<b>x</b>",
    "a\r\nX-Evil: 1", "%2e%2e%2f", "=cmd|' /C calc'!A0", " ",
]  # fmt: skip
HUGE_NUMBERS = ["1e308", "-1e309", "NaN", "Infinity", "9" * 400, "-0", "1E+15", "0x10", "１２３", "٣", "²", "1_000"]
NASTY_TEXTS = [
    "=1+1", "@SUM(A1)", "\u202e", "\u2028", "\ufeff", "é" * 2001, "<script>alert(1)</script>", "';--", "{{7*7}}",
    "%s%n", "\ud83d", "\x0b", "_x0000_", "𠮷", "･", "\u0300" * 50, "\\u0000", "\t", '"', "1900-02-29", "2026-13-45",
    *HUGE_NUMBERS,
]  # fmt: skip


@cache
def heads(code: str = REVIEWED) -> list[str]:
    """The headings that the enrolment form of a region asks for, as far as they are in `FIELDS`."""
    labels = {field.id: field.label for field in files.regions()[code].forms["employee_enrolment"].fields}
    return [labels[name] for name in FIELDS if name in labels]


def plausible(chance: Chance, count: int) -> list[list]:
    """Headings and rows as a clerk might have typed them; a few cells are what no clerk types."""
    ids = [*files.IDS, *(synthetic_id(sequence=n) for n in range(9)), "11010519491231002x", 110105194912310021, ""]
    rows: list[list] = [heads()]
    for number in range(count):
        row = [
            "01",
            chance.choice(ids),
            f"职工{number}",
            "11",
            "11",
            "41",
            datetime.date(2026, 11, 1),
            "2",
            datetime.date(2026, 11, 2),
            "2026-11",
            8000,
        ]
        if chance.random() < 0.4:
            row[chance.randrange(len(row))] = chance.choice(NASTY_TEXTS)
        rows.append(row)
    if chance.random() < 0.3:
        rows.insert(0, ["本月新进人员"])
    if chance.random() < 0.3:
        rows.append(["合计"])
    return rows


def damaged_file(seed: str) -> tuple[str, str, bytes]:
    """(kind of damage, file name, bytes) of this seed."""
    chance = random.Random(seed)  # noqa: S311
    kind, make = chance.choices(*zip(*((item, weight) for *item, weight in KINDS), strict=True))[0]
    name = chance.choice(NAMES[:1] * 12 + NAMES) + chance.choice(SUFFIXES[:3] * 4 + SUFFIXES)
    return kind, name, make(chance)


def sound_xlsx(chance: Chance) -> bytes:
    """What a clerk might have saved, as .xlsx."""
    rows = plausible(chance, chance.choice([1, 3, 20]))
    clean = [[_writable(value) for value in row] for row in rows]
    return files.xlsx(clean)


def sound_xls(chance: Chance) -> bytes:
    """The same as .xls."""
    rows = plausible(chance, chance.choice([1, 3, 20]))
    return files.xls([[_writable(v) if isinstance(v, str) else v for v in row] for row in rows])


def sound_csv(chance: Chance) -> bytes:
    """The same as text, in an encoding and with a delimiter that programs write."""
    encoding = chance.choice(["utf-8-sig", "utf-8", "gb18030", "utf-16"])
    rows = [[_writable(v) for v in row] for row in plausible(chance, chance.choice([1, 5, 40]))]
    return files.csv(rows, encoding, chance.choice([",", "\t", ";", "|"]))


def _writable(value):
    """What a writer of workbooks accepts: the hostile rest is brought in by damaging its output."""
    return re.sub(r"[\ud800-\udfff\x00-\x08\x0b\x0c\x0e-\x1f]", "?", value) if isinstance(value, str) else value


def zip_directory(chance: Chance) -> bytes:
    """Signatures, sizes, offsets, flags and methods of the central directory and the local headers are rewritten."""
    data = bytearray(sound_xlsx(chance))
    heads = [m.start() for m in re.finditer(rb"PK(\x01\x02|\x03\x04|\x05\x06)", data)]
    for _ in range(chance.choice([1, 1, 2, 6])):
        at = chance.choice(heads) + chance.randrange(0, 30)
        size = chance.choice([1, 2, 4])
        data[at : at + size] = chance.choice(
            [b"\xff" * size, b"\x00" * size, chance.randbytes(size), b"\x01" + b"\x00" * (size - 1)]
        )
    return _cut(chance, bytes(data))


def zip_members(chance: Chance) -> bytes:
    """Members missing, twice, empty, renamed to somewhere else, stored as links, or swapped with each other."""
    with zipfile.ZipFile(io.BytesIO(sound_xlsx(chance))) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    for _ in range(chance.choice([1, 2, 4])):
        at = chance.randrange(len(members))
        name, body = members[at]
        other = chance.randrange(len(members))
        change = chance.randrange(7)
        if change == 0:
            del members[at]
            if not members:
                return b"PK\x05\x06" + bytes(18)
        elif change == 1:
            members.append((name, body))
        elif change == 2:
            members[at] = (name, b"")
        elif change == 3:
            members[at] = (
                chance.choice(["../" + name, "/" + name, name.upper(), name + "\\x", "C:" + name, "é/" + name]),
                body,
            )
        elif change == 4:
            members[at], members[other] = (name, members[other][1]), (members[other][0], body)
        elif change == 5:
            members.append(
                (chance.choice(["xl/vbaProject.bin", "xl/media/a.png", "[Content_Types].xml"]), chance.randbytes(40))
            )
        else:
            members += [(f"xl/extra/{n}.xml", b"<a/>") for n in range(chance.choice([5, 250]))]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", chance.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])) as new:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # duplicate names are the point
            for name, body in members:
                files.put(new, name, body)
    return buffer.getvalue()


XML_WORDS = [
    b"<", b">", b"&#0;", b"&#x0;", b"&#xD800;", b"&lol;", b"]]>", b"<!--", b't="s"', b't="inlineStr"',
    b't="e"', b't="d"', b"999999999999", b"-1", b"1e308", b"NaN", b"A0", b"XFD1048576", b"ZZZZ9",
    b"A1048577", b"\x00", b"\xff\xfe", b"<v/>",
    b"<c r='B2' t='n'><v>1e400</v></c>", b"<f>1/0</f>", b"<is><t>\xf0\xa0\xae\xb7</t></is>", b'hidden="1"',
    b'state="veryHidden"',
    b"<mergeCell ref='A1:XFD1048576'/>", b'encoding="GBK"', b'encoding="UTF-16"', b"<row r='1048577'>", b"<row r='0'>",
]  # fmt: skip


def xml_parts(chance: Chance) -> bytes:
    """One to three parts of a sound zip hold XML that is not: cut, doubled, nested, with words where none belong."""
    data = sound_xlsx(chance)
    for _ in range(chance.choice([1, 1, 3])):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            name = chance.choice(archive.namelist())
            part = bytearray(archive.read(name))
        marks = [m.start() for m in re.finditer(rb'["<>= ]', part)] or [0]
        for _ in range(chance.choice([1, 2, 5])):
            at = chance.choice(marks) + chance.choice([0, 1])
            part[at : at + chance.choice([0, 1, 2, 8])] = chance.choice(XML_WORDS)
        if chance.random() < 0.15:
            del part[chance.randrange(len(part) or 1) :]
        data = files.rezip(data, **{name.replace("/", "__").replace(".", "_dot_"): bytes(part)})
    return data


def values(chance: Chance) -> bytes:
    """A sound workbook whose cells say what no cell should: huge numbers, wrong types, controls, broken references."""
    cells = []
    for column, head in enumerate(heads()):
        cells.append(f'<c r="{chr(65 + column)}1" t="inlineStr"><is><t>{head}</t></is></c>')
    rows = [f'<row r="1">{"".join(cells)}</row>']
    for number in range(2, chance.choice([3, 6])):
        row = ""
        for column in range(len(FIELDS)):
            value = chance.choice([*NASTY_TEXTS, "8000", "2026-11", files.IDS[0], "01"])
            value = (
                re.sub(r"[\ud800-\udfff\x00-\x08\x0b\x0c\x0e-\x1f]", "?", value)
                .replace("&", "&amp;")
                .replace("<", "&lt;")
            )
            kind = chance.choice(["n", "str", "b", "d", "e", "s", "inlineStr", "zzz"])
            inner = f"<is><t>{value}</t></is>" if kind == "inlineStr" else f"<v>{value}</v>"
            row += f'<c r="{chr(65 + column)}{number}" t="{kind}">{inner}</c>'
        rows.append(f'<row r="{number}">{row}</row>')
    return files.with_sheet("".join(rows))


def biff_records(chance: Chance) -> bytes:
    """Records of an .xls with other types, other lengths, other counts, or cut in the middle of one."""
    data = bytearray(sound_xls(chance))
    start = data.find(struct.pack("<HH", 0x0809, 0x0010))
    places = []
    at = max(start, 0)
    while at + 4 < len(data) and len(places) < 4000:
        kind, size = struct.unpack_from("<HH", data, at)
        if kind == 0 and size == 0:
            break
        places.append(at)
        at += 4 + size
    for _ in range(chance.choice([1, 2, 5])):
        at = chance.choice(places or [512])
        change = chance.randrange(4)
        if change == 0:
            struct.pack_into(
                "<H", data, at, chance.choice([0x000A, 0x00FC, 0x00FD, 0x0203, 0x0006, 0x003C, chance.randrange(65536)])
            )
        elif change == 1:
            struct.pack_into("<H", data, at + 2, chance.choice([0, 1, 0x2020, 0xFFFF]))
        else:
            inside = min(at + 4 + chance.randrange(24), len(data) - 4)
            data[inside : inside + 2] = chance.choice([b"\xff\xff", b"\x00\x00", chance.randbytes(2)])
    return _cut(chance, bytes(data))


def ole_sectors(chance: Chance) -> bytes:
    """The compound file around an .xls: sector sizes, chains that loop, directories that point outside."""
    data = bytearray(sound_xls(chance))
    for _ in range(chance.choice([1, 2, 4])):
        at = chance.choice([chance.randrange(24, 80), chance.randrange(76, 512), len(data) - chance.randrange(1, 1536)])
        struct.pack_into(
            "<I",
            data,
            min(max(at, 0), len(data) - 4),
            chance.choice([0, 1, 0xFFFFFFFE, 0x7FFFFFFF, chance.randrange(100)]),
        )
    return _cut(chance, bytes(data))


def csv_bytes(chance: Chance) -> bytes:
    """Delimited text with broken quotes, mixed line ends, controls, wrong bytes, or far too much of something."""
    data = bytearray(sound_csv(chance))
    if chance.random() < 0.1:
        data += chance.choice([b"," * 300, b"\r\n" * 30_000, b'"' + b"x" * 3000 + b'"', b"a," * 5000])
    for _ in range(chance.choice([0, 1, 3, 10])):
        at = chance.randrange(len(data))
        data[at : at + chance.choice([0, 1, 3])] = chance.choice(
            [
                b'"',
                b'""',
                b"\r",
                b"\n",
                b"\x00",
                b"\x1a",
                b"\xff",
                b"\x80",
                b"\xed\xa0\x80",
                b"\xc0\xaf",
                b"\xf5\x90\x80\x80",
                b"\x84\x31\xa4\x36",
                b",",
                b"\x0b",
                b"\xe2\x80\xa8",
            ]
        )
    return _cut(chance, bytes(data))


def encodings(chance: Chance) -> bytes:
    """The same text in encodings that somebody somewhere still writes, marked rightly, wrongly or not at all."""
    text = files.csv([[_writable(v) for v in row] for row in plausible(chance, 3)], "utf-8").decode()
    encoding = chance.choice(
        [
            "utf-16-le",
            "utf-16-be",
            "utf-32",
            "utf-7",
            "gbk",
            "big5",
            "shift_jis",
            "cp1252",
            "cp037",
            "hz",
            "iso2022_jp",
            "utf-8",
        ]
    )
    mark = chance.choice([b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff", b"+/v8"])
    return mark + text.encode(encoding, "replace")


def bytes_of_anything(chance: Chance) -> bytes:
    """Bytes flipped, inserted and cut anywhere in any format."""
    data = bytearray(chance.choice([sound_xlsx, sound_xls, csv_bytes, values])(chance))
    for _ in range(chance.choice([1, 3, 20])):
        at = chance.randrange(len(data) or 1)
        data[at : at + chance.choice([1, 1, 4])] = chance.randbytes(chance.choice([0, 1, 4]))
    return _cut(chance, bytes(data))


def named_bomb(chance: Chance) -> bytes:
    """One of the files by name in BOMBS."""
    return BOMBS[chance.choice(list(BOMBS))]()


def _cut(chance: Chance, data: bytes) -> bytes:
    return data[: chance.randrange(len(data) or 1)] if chance.random() < 0.12 else data


def _entities(body: str) -> bytes:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    cell = '<row r="1"><c r="A1" t="str"><v>&z;</v></c></row>'
    sheet = f'<worksheet xmlns="{main}"><sheetData>{cell}</sheetData></worksheet>'
    return files.rezip(
        files.xlsx([["a"]]), xl__worksheets__sheet1_dot_xml=f'<?xml version="1.0"?><!DOCTYPE w [{body}]>{sheet}'
    )


def _laughs() -> bytes:
    levels = [
        '<!ENTITY a "ha">',
        *(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghz", strict=True)),
    ]
    return _entities("".join(levels))


def _shared_strings() -> bytes:
    """One long string, asked for by very many cells."""
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 60_001))
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    strings = f'<sst xmlns="{main}" count="1" uniqueCount="1"><si><t>{"长" * 1900}</t></si></sst>'
    return files.rezip(files.with_sheet(cells), xl__sharedStrings_dot_xml=strings)


def _renamed(name: str, link: bool = False) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(files.xlsx([["a"]]))) as old, zipfile.ZipFile(buffer, "w") as new:
        for info in old.infolist():
            files.put(new, info.filename, old.read(info))
        extra = zipfile.ZipInfo(name)
        if link:
            extra.external_attr = 0o120777 << 16
        new.writestr(extra, b"/etc/passwd")
    return buffer.getvalue()


def _nested_zip() -> bytes:
    inner = b"0" * 1_000_000
    for _ in range(4):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for n in range(8):
                files.put(archive, f"{n}.zip", inner)
        inner = buffer.getvalue()
    return inner


def _lying_size() -> bytes:
    """The directory declares a few bytes where there are thirty million."""
    data = bytearray(files.zip_bomb())
    for found in re.finditer(rb"PK\x01\x02", bytes(data)):
        struct.pack_into("<I", data, found.start() + 24, 10)
    return bytes(data)


BOMBS: dict[str, Callable[[], bytes]] = {
    "empty file": lambda: b"",
    "zip bomb": files.zip_bomb,
    "zip that lies about its size": _lying_size,
    "zip in zip in zip": _nested_zip,
    "sparse giant": files.sparse_bomb,
    "billion laughs": _laughs,
    "quadratic entities": lambda: _entities(f'<!ENTITY y "{"h" * 50_000}"><!ENTITY z "{"&y;" * 2000}">'),
    "external entity": lambda: _entities('<!ENTITY z SYSTEM "file:///etc/passwd">'),
    "entity from the network": lambda: _entities('<!ENTITY z SYSTEM "http://127.0.0.1:9/z">'),
    "deep nesting": lambda: files.with_sheet("<row>" * 100_000),
    "one string, many cells": _shared_strings,
    "cell of a million characters": lambda: files.with_sheet(
        f'<row r="1"><c r="A1" t="str"><v>{"长" * 1_000_000}</v></c></row>'
    ),
    "member climbing out": lambda: _renamed("../../../tmp/evil"),
    "member that is a link": lambda: _renamed("xl/link", link=True),
    "macros": lambda: _renamed("xl/vbaProject.bin"),
    "password": files.encrypted,
    "web page called xls": lambda: b"<html><table><tr><td>1</td></tr></table></html>",
    "XML spreadsheet 2003": lambda: (
        b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>'
    ),
    "picture before a zip": lambda: b"GIF89a" + files.xlsx([["a"]]),
    "PDF": lambda: b"%PDF-1.7\n" + bytes(range(256)) * 40,
    "twenty-one megabytes": lambda: b"a,b\n" * 5_300_000,
    "two hundred thousand lines": lambda: b"a,b\n" * 200_000,
    "ten thousand columns": lambda: b"a," * 10_000,
    "one line without end": lambda: b'"' + b"x" * 3_000_000,
    "NUL bytes": lambda: bytes(100_000),
    "chain of sectors in a ring": lambda: (
        files.encrypted()[:8] + bytes(68) + struct.pack("<109I", *([0] * 109)) + bytes(4096)
    ),
}

KINDS: list[tuple[str, Callable[[Chance], bytes], int]] = [
    ("zip directory", zip_directory, 16),
    ("zip members", zip_members, 12),
    ("XML", xml_parts, 24),
    ("cell values", values, 8),
    ("BIFF records", biff_records, 14),
    ("compound file", ole_sectors, 6),
    ("CSV bytes", csv_bytes, 20),
    ("encodings", encodings, 8),
    ("any bytes", bytes_of_anything, 10),
    ("named bomb", named_bomb, 2),
]
