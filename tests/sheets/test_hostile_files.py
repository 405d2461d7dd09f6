"""Broken and hostile bytes: a refusal in words or a table, never anything else, never a hang."""

import random
import time
import zipfile

import pytest

from shebao.hall.sheets.cells import read_rows
from shebao.hall.sheets.headers import match_headers
from shebao.hall.sheets.reading import UnreadableSheet, read_workbook
from tests.sheets import files

SEED = 20261124


def mutants(count):
    """Files with damage where it hurts: bytes, cuts, zip members rewritten, records swapped."""
    chance = random.Random(SEED)  # noqa: S311
    rows = [files.HEADS, *files.people(20)]
    originals = [
        files.xlsx(rows),
        files.xls(rows),
        files.csv(rows),
        files.csv(rows, "gb18030"),
        files.openpyxl_xlsx(rows),
    ]
    for _ in range(count):
        data = bytearray(chance.choice(originals))
        if data[:2] == b"PK" and chance.random() < 0.6:
            data = bytearray(rewritten(bytes(data), chance))
        for _ in range(chance.choice([0, 1, 3, 20])):
            at = chance.randrange(len(data))
            data[at : at + chance.choice([1, 1, 4])] = chance.randbytes(chance.choice([0, 1, 4]))
        if chance.random() < 0.2:
            del data[chance.randrange(len(data)) :]
        yield bytes(data)


def rewritten(data, chance):
    """One XML part damaged inside a zip that itself is sound: this reaches the parser."""
    with zipfile.ZipFile(__import__("io").BytesIO(data)) as archive:
        name = chance.choice(archive.namelist())
        part = bytearray(archive.read(name))
    words = [
        b"<",
        b">",
        b"A1",
        b"&#0;",
        b"999999999999",
        b"-1",
        b't="s"',
        b"XFD1048576",
        b"\x00",
        b"<c r='ZZZZ9'/>",
    ]
    for _ in range(chance.choice([1, 3])):
        at = chance.randrange(len(part)) if part else 0
        part[at : at + chance.choice([0, 2, 8])] = chance.choice(words)
    return files.rezip(data, **{name.replace("/", "__").replace(".", "_dot_"): bytes(part)})


def survive(count):
    form, spec = files.enrolment()
    outcomes = {}
    for data in mutants(count):
        began = time.monotonic()
        try:
            sheet = read_workbook(data, "a.xls")
            read_rows(sheet, match_headers(sheet, form, spec), form, files.region())
            outcome = "read"
        except UnreadableSheet as no:
            assert no.message_zh.endswith("。")
            outcome = no.code
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
        assert time.monotonic() - began < 25
    return outcomes


def test_300_damaged_files_are_read_or_refused():
    outcomes = survive(300)
    assert sum(outcomes.values()) == 300
    assert len(outcomes) > 2, "the damage must reach more than one check"


@pytest.mark.slow
def test_1000_damaged_files_are_read_or_refused():
    assert sum(survive(1000).values()) == 1000
