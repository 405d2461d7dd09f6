"""Every service about a person has its sheet in every region; what was downloaded is read back without a question."""

from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook

from shebao.hall.declarations.preview import previews
from shebao.hall.sheets.cells import read_rows
from shebao.hall.sheets.headers import match_headers
from shebao.hall.sheets.layouts import published_layout, unread_headings
from shebao.hall.sheets.prefilled import roster_template
from shebao.hall.sheets.reading import read_workbook
from shebao.hall.sheets.templates import EXAMPLE_SHEET, stamp, write_template
from shebao.rules.forms import clean
from shebao.rules.months import Month
from tests.factories import NOW, EmployerFactory, OperatorFactory, at, enrolled

from .files import csv, regions

SHEETS = [
    pytest.param(region, service, id=f"{region.code}-{service.key}")
    for region in regions().values()
    for service in region.services.values()
    if not service.is_about_employer
]
PUBLISHED = [one for one in SHEETS if (s := one.values[0].sheets.get(one.values[1].key)) and s.published]


@pytest.mark.parametrize(("region", "service"), SHEETS)
def test_a_template_is_read_back_column_by_column(region, service):
    form = region.forms[service.form]
    read = read_workbook(write_template(region, service, form), "t.xlsx")
    match = match_headers(read, form, region.sheets.get(service.key))
    assert match.is_certain and [c.field for c in match.columns] == [f.id for f in form.fields]
    assert read.stamp == stamp(region, service)


@pytest.mark.parametrize(("region", "service"), PUBLISHED)
def test_the_published_order_is_written_and_read_without_a_question(region, service):
    form, sheet = region.forms[service.form], region.sheets[service.key]
    layout = published_layout(form, sheet)
    read = read_workbook(write_template(region, service, form, layout=layout), "t.xlsx")
    match = match_headers(read, form, sheet, unread_headings(form, sheet))
    assert [c.header.rstrip("*") for c in match.columns][: len(sheet.published)] == list(sheet.published)
    assert match.header_row == sheet.published_row and not match.missing_required
    assert {c.confidence for c in match.columns} <= {"exact", "alias", "remembered"}
    assert sum(c.field is not None for c in match.columns) >= 4


def examples(region, service) -> list[list[str]]:
    """The sheet of examples, whose people are no examples any more: their rows are read like any other."""
    book = CalamineWorkbook.from_filelike(BytesIO(write_template(region, service, region.forms[service.form])))
    rows = book.get_sheet_by_name(EXAMPLE_SHEET).to_python()
    return [[str(cell).replace("（示例）", "") for cell in row] for row in rows]


@pytest.mark.parametrize(("region", "service"), SHEETS)
def test_an_example_passes_its_own_checks_and_has_no_date_that_may_be_left_out(region, service):
    form, rows = region.forms[service.form], examples(region, service)
    sheet = read_workbook(csv(rows), "t.csv")
    found = read_rows(sheet, match_headers(sheet, form, region.sheets.get(service.key)), form, region)
    told = [(row.problems, clean(form, row.values, region).problems) for row in found.data]
    assert told == [((), [])] * 2
    dates = {f.label + ("*" if f.required else ""): f.required for f in form.fields if f.kind == "date"}
    assert all(bool(rows[1][rows[0].index(label)]) == needed for label, needed in dates.items())


@pytest.mark.parametrize("region", [one for one in regions().values() if one.services], ids=lambda one: one.code)
def test_the_examples_of_a_regions_first_service_would_be_taken(db, region):
    with at(NOW):
        service, clerk = region.first_service, OperatorFactory(employer=EmployerFactory(region=region.code))
        rows = examples(region, service)[1:]
        names = [field.id for field in region.forms[service.form].fields]
        raws = [dict(zip(names, row, strict=True)) for row in rows]
        found = previews(clerk.employer, service.key, raws, by=clerk)
    wrong = {problem.code for one in found for problem in one.problems if problem.level == "error"}
    assert wrong <= {"labour_registered"}  # what somebody declares before, in another sheet


def test_where_somebody_published_an_order_there_is_one():
    assert {one.values[0].code for one in PUBLISHED} >= {"shenzhen", "leshan"}


def test_the_roster_is_the_template_with_everybody_and_the_present_wage(db):
    with at(NOW):
        clerk = OperatorFactory(employer=EmployerFactory(direct=True))
        people = [enrolled(clerk.employer, name=f"李示例{n}", sequence=n, wage_fen=800_000 + n) for n in (1, 2)]
        enrolled(EmployerFactory(direct=True), name="别人", sequence=3)
        here = regions()["leshan"]
        form, sheet = here.forms["wage_declaration"], here.sheets["wage_declaration"]
        layout = published_layout(form, sheet)
        read = read_workbook(
            roster_template(clerk.employer_id, "wage_declaration", by=clerk, reason="办理社保业务", layout=layout),
            "t.xlsx",
        )
    first = [cell.text for cell in read.rows[1]]
    assert len(read.rows) == 3
    one = people[0]
    assert first[:7] == [one.person_number, one.name, one.person.id_number, clerk.employer.employer_number,
                         clerk.employer.name, "8000.01", str(Month(2026, 11))]  # fmt: skip
    assert first[8] == "8000.01"
