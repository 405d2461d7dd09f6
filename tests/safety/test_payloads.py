"""Whatever somebody wrote comes back as letters: no tag, no template, no formula, no statement (B18)."""

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.html import escape

from tests.factories import NOW, at
from tests.safety.payloads import IMAGE, PAYLOADS, World, count_people, workbook

RAW = ("<img src=x", "<script>alert", "<svg onload", '"><script>')


@pytest.mark.parametrize("name", PAYLOADS)
def test_what_is_stored_is_shown_as_letters_on_every_page(db, name):
    world, seen = World(PAYLOADS[name]), []
    with at(NOW):
        for operator, pages in ((world.admin, world.employer_pages), (world.reviewer, world.agency_pages)):
            client = Client()
            client.force_login(operator)
            for address in pages:
                answer = client.get(address)
                text = answer.content.decode()
                assert answer.status_code == 200, (address, answer.status_code)
                assert not [tag for tag in RAW if tag in text], address
                assert operator.password and operator.password not in text
                if escape(PAYLOADS[name])[:20] in text:
                    seen.append(address)
    assert len(seen) >= 12, f"the attack is hardly shown anywhere: {seen}"
    assert count_people() >= 1


def test_an_uploaded_sheet_with_hostile_names_is_shown_as_letters(db):
    world = World("示例单位")
    with at(NOW):
        client = Client()
        client.force_login(world.admin)
        file = SimpleUploadedFile(f"{IMAGE}.xlsx", workbook())
        answer = client.post("/e/import/", {"file": file, "service": "employee_enrolment"}, follow=True)
        text = answer.content.decode()
        assert answer.status_code in (200, 422) and "<img src=x" not in text and "&lt;img src=x" in text


def test_an_export_holds_no_formula_that_somebody_wrote(db):
    world = World(PAYLOADS["formula"])
    with at(NOW):
        client = Client()
        client.force_login(world.admin)
        book = openpyxl.load_workbook(io.BytesIO(client.get("/e/roster/export/?status=all").content))
    cells = [cell for row in book.active.iter_rows() for cell in row if "HYPERLINK" in str(cell.value)]
    assert cells and all(cell.data_type == "s" for cell in cells)
