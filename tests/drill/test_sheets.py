"""Texts that would be formulas leave by every table; the drill sees one that is alive, or that reads otherwise.

What LibreOffice would make of the tables is made here without it, from what they say.
"""

import ast
import csv
import io
from pathlib import Path
from xml.sax.saxutils import quoteattr

import openpyxl
import pytest
from drill import sheets
from drill.outcome import Outcome

from shebao.hall.sheets import writing
from shebao.hall.sheets.reading import read_workbook
from shebao.hall.sheets.writing import Column, write_table
from tests.sheets.formulas import payloads

WEB = Path(__file__).parents[2] / "src/shebao/web"
WRITERS = {"taken", "write_table", "write_template", "roster_template", "marked_workbook"}
NAMESPACES = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("table", "text"))


def believing(books, folder):
    """In the place of LibreOffice: a program that takes what a file says for what it is."""
    made = []
    for number, data in enumerate(books):
        files = {kind: folder / f"{number}.{kind}" for kind in sheets.FORMATS}
        cells = [cell for sheet in openpyxl.load_workbook(io.BytesIO(data)) for row in sheet for cell in row]
        living = "".join(f"<table:c table:formula={quoteattr(c.value)}/>" for c in cells if c.data_type == "f")
        files["fods"].write_text(f"<table:all {NAMESPACES}>{living}</table:all>", "utf-8")
        with files["csv"].open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_ALL)
            writer.writerows([cell.text for cell in row] for row in read_workbook(data, "a.xlsx").rows)
        files["xlsx"].write_bytes(data)
        made.append(files)
    return made


@pytest.mark.django_db(transaction=True)
def test_every_kind_of_table_that_the_hall_writes_leaves():
    kinds = {table.view for table in sheets.tables_that_leave(payloads(60))}
    assert kinds - {"employer.queries.export_file"} == views_that_write_tables()
    assert "employer.queries.export_file" in kinds, "what was written in the background"


def views_that_write_tables() -> set[str]:
    return {
        f"{'.'.join(file.relative_to(WEB).with_suffix('').parts)}.{function.name}"
        for file in WEB.rglob("*.py")
        for function in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(function, ast.FunctionDef) and file.name != "taking.py"
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in WRITERS
    }


@pytest.fixture
def two_ways_out(transactional_db, monkeypatch):
    """The roster and the marked sheet of one place, and no LibreOffice."""
    monkeypatch.setattr(sheets.shutil, "which", lambda _: "soffice")
    monkeypatch.setattr(sheets, "open_all", believing)
    monkeypatch.setattr(sheets, "PLACES", ("leshan",))
    monkeypatch.setattr(sheets, "_addresses", lambda *_: ["/e/roster/export/?status=all"])


def test_every_text_leaves_and_comes_back(two_ways_out):
    found = sheets.run(60, seed=20261127)
    assert found.failures == []
    assert found.counts["texts that left"] == 60 <= found.counts["cells with such a text"]


def test_the_drill_sees_a_hall_that_writes_formulas(two_ways_out, monkeypatch):
    def as_it_looks(book, sheet, row, column, value, kind):
        if value not in (None, ""):
            sheet.write_formula(row, column, value) if str(value).startswith("=") else sheet.write(row, column, value)

    monkeypatch.setattr(writing, "write_value", as_it_looks)
    found = sheets.run(60, seed=1)
    assert found.counts["cells that are formulas or links"] > 0
    assert any("employer.roster.export" in one and "LibreOffice sees a formula: =" in one for one in found.failures)


def looked_at(folder: Path, **changed: str) -> list[str]:
    """What the drill says of a table with one text, some files of which LibreOffice made otherwise."""
    data = write_table("表", "", [Column("甲")], [["=1+1"]])
    (files,) = believing([data], folder)
    for kind, text in changed.items():
        files[kind].write_text(text, "utf-8")
    found = Outcome("", 0, 1)
    sheets.look_at(sheets.Table("roster.export", "/e/", data), files, found)
    return found.failures


def test_a_text_that_came_back_as_its_sum_is_named_with_its_cell(tmp_path):
    assert looked_at(tmp_path) == []
    (said,) = looked_at(tmp_path, csv='"表"\n\n"甲"\n"2"\n')
    assert "row 4 column 1: '=1+1' left, '2' came back as csv" in said


def test_a_link_a_dde_and_a_formula_are_alive(tmp_path):
    living = '<table:c table:formula="of:=1+1"/><text:a>x</text:a><table:dde-link/>'
    said = looked_at(tmp_path, fods=f"<table:all {NAMESPACES}>{living}</table:all>")
    assert [one.partition("LibreOffice sees ")[2] for one in said] == [
        "a formula: of:=1+1",
        "a link: x",
        "a DDE link: ",
    ]


def test_without_libreoffice_the_drill_fails_and_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(sheets.shutil, "which", lambda _: None)
    (said,) = sheets.run(10, seed=1).failures
    assert "LibreOffice is not installed" in said and "soffice" in said
