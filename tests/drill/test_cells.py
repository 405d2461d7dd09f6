"""A few generated workbooks through the import; the drill sees a cell or a row that is dropped on the way."""

import pytest
from drill import cells

from shebao.hall.sheets import operations
from shebao.hall.sheets.reading import EMPTY

pytestmark = pytest.mark.django_db


def test_generated_workbooks_of_every_kind_lose_nothing():
    found = cells.run(24, seed=20261127)
    assert found.failures == []
    assert found.counts["workbooks"] >= 24
    assert found.counts["cells typed"] > 10 * found.counts["rows typed"] > 0
    assert found.counts["tables of anything"] >= 24


def planted(monkeypatch, spoil):
    """What the drill says where every .xls loses something between the file and the batch."""
    read = operations.read_workbook

    def spoiled(data, name, **more):
        sheet = read(data, name, **more)
        if name.endswith(".xls"):
            spoil(sheet.rows)
        return sheet

    monkeypatch.setattr(operations, "read_workbook", spoiled)
    return cells.run(12, seed=1).failures


def test_a_cell_that_is_dropped_in_one_kind_of_file_is_seen(monkeypatch):
    def drop(rows):
        rows[-1][next(n for n, cell in enumerate(rows[-1]) if cell is not EMPTY and cell.text)] = EMPTY

    failures = planted(monkeypatch, drop)
    assert len(failures) == 2 and failures[0].startswith("1, reviewed") and "xls" in failures[0]


def test_a_row_that_is_dropped_in_one_kind_of_file_is_seen(monkeypatch):
    assert len(planted(monkeypatch, lambda rows: rows.pop())) == 2
