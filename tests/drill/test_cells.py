"""A few generated workbooks through the import; the drill sees a cell or a row that is dropped on the way."""

from dataclasses import replace

import pytest
from drill import cells

from shebao.hall.sheets import operations
from shebao.hall.sheets.lines import EMPTY, Lines

pytestmark = pytest.mark.django_db


def test_generated_workbooks_of_every_kind_lose_nothing():
    found = cells.run(24, seed=20261127)
    assert found.failures == []
    assert found.counts["workbooks"] >= 24
    assert found.counts["cells typed"] > 10 * found.counts["rows typed"] > 0
    assert found.counts["tables of anything"] >= 24


def planted(monkeypatch, spoilt):
    """What the drill says where every .xls loses something between the file and the batch."""
    read = operations.read_workbook

    def spoiling(data, name, **more):
        sheet = read(data, name, **more)
        return replace(sheet, rows=Lines.of(spoilt(list(sheet.rows)))) if name.endswith(".xls") else sheet

    monkeypatch.setattr(operations, "read_workbook", spoiling)
    failures = cells.run(12, seed=1).failures
    assert [one.partition(": ")[2].partition(" ")[0] for one in failures] == ["AssertionError"] * 2
    return failures


def test_a_cell_that_is_dropped_in_one_kind_of_file_is_seen(monkeypatch):
    def without_a_cell(rows):
        last = list(rows[-1])
        # The identity number: what a form fills in by itself, such as the kind of paper, would not be missed.
        last[max(range(len(last)), key=lambda n: sum(letter.isdigit() for letter in last[n].text))] = EMPTY
        return [*rows[:-1], last]

    first, second = planted(monkeypatch, without_a_cell)
    assert first.startswith("1, reviewed") and second.startswith("1, direct")


def test_a_row_that_is_dropped_in_one_kind_of_file_is_seen(monkeypatch):
    planted(monkeypatch, lambda rows: rows[:-1])
