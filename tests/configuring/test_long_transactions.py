"""SQLite while a long transaction writes: others read on, until it has changed more than memory is given to it."""

import sqlite3

import pytest

from shebao.config import databases


@pytest.mark.parametrize(("pages", "is_readable"), [(databases.SPILL_PAGES, True), (6_000, False)])
def test_others_read_on_while_what_was_changed_fits_into_memory(tmp_path, monkeypatch, pages, is_readable):
    monkeypatch.setattr(databases, "SPILL_PAGES", pages)
    options = databases.sqlite(tmp_path / "hall.sqlite3")["OPTIONS"]
    writer = sqlite3.connect(tmp_path / "hall.sqlite3", isolation_level=None)
    writer.executescript(options["init_command"])
    writer.execute("CREATE TABLE rows (text)")
    writer.execute("BEGIN IMMEDIATE")
    writer.executemany("INSERT INTO rows VALUES (?)", [("x" * 3000,)] * 10_000)
    reader = sqlite3.connect(tmp_path / "hall.sqlite3", timeout=0)
    if is_readable:
        assert reader.execute("SELECT count(*) FROM rows").fetchone() == (0,), "what is not committed is not there"
    else:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            reader.execute("SELECT count(*) FROM rows").fetchone()
    writer.execute("COMMIT")
    assert reader.execute("SELECT count(*) FROM rows").fetchone() == (10_000,)
    writer.close()
    reader.close()
