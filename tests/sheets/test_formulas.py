"""No cell of ours becomes a formula, in any table that leaves the hall, and what left comes back as it was (B19)."""

import ast
import io
from itertools import product
from pathlib import Path

import openpyxl
from openpyxl.utils.escape import unescape

from shebao.hall.sheets.cells import read_rows
from shebao.hall.sheets.headers import match_headers
from shebao.hall.sheets.reading import read_workbook
from shebao.hall.sheets.templates import write_template
from shebao.hall.sheets.writing import Column, write_table
from tests.sheets import files
from tests.sheets.formulas import BEGINS, BODIES, payloads

SOURCE = Path(__file__).parents[2] / "src/shebao"
PAYLOADS = payloads(2000)


def test_two_thousand_cells_that_would_be_formulas_stay_text_and_come_back_as_they_were():
    assert len(set(PAYLOADS)) == 2000
    data = write_table("表", "", [Column("甲")], ([p] for p in PAYLOADS))
    cells = [cell for (cell,) in openpyxl.load_workbook(io.BytesIO(data)).active.iter_rows(min_row=4)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [unescape(cell.value) for cell in cells] == PAYLOADS  # a line end is written as _x000D_
    read = [row[0] for row in read_workbook(data, "a.xlsx").rows[3:]]
    assert {cell.kind for cell in read} == {"text"}
    assert [cell.text for cell in read] == PAYLOADS


def test_people_that_a_prefilled_template_gives_out_come_back_under_the_same_names():
    region = files.region()
    form, spec = files.enrolment()
    names = [f"{begin}{body}" for begin, body in product(BEGINS, BODIES) if not begin[0].isspace()]
    service = region.services["employee_enrolment"]
    data = write_template(region, service, form, prefill=[{"name": name} for name in names])
    assert not any(
        cell.data_type == "f" for row in openpyxl.load_workbook(io.BytesIO(data)).worksheets[0] for cell in row
    )
    sheet = read_workbook(data, "a.xlsx")
    found = read_rows(sheet, match_headers(sheet, form, spec), form, region)
    assert [row.values["name"] for row in found.data] == names


def test_every_table_that_leaves_the_hall_is_written_at_one_place_and_none_is_csv():
    makers = {"Workbook", "writer", "DictWriter"}  # of xlsxwriter and openpyxl, and of csv
    found = {
        f"{file.relative_to(SOURCE).as_posix()}: {node.attr}"
        for file in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in makers
    }
    assert found == {"hall/sheets/writing.py: Workbook"}
