"""帮助 of Shenzhen: blank forms on paper, sheets with and without the roster, guides to keep."""

import io

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from shebao.hall.audit.models import AuditEntry
from shebao.hall.documents.models import Document
from shebao.hall.regions import region
from shebao.rules.settling_words import settling
from tests.factories import EmployerFactory, OperatorFactory, at, enrolled

from .declared import text_of

PASSWORD = "right-Password-1"
ENTRIES = {
    "application_forms": "打印申请表",
    "wage_roster_download": "在册人员批量工资下载",
    "sheet_templates": "下载批量上传文件模板",
    "instructions": "下载网上申报操作须知",
    "business_flows": "下载征收业务办理流程",
}


@pytest.fixture(autouse=True)
def november(db):
    with at():
        yield


@pytest.fixture
def clerk(client):
    operator = OperatorFactory(clerk=True, employer=EmployerFactory(region="shenzhen"))
    operator.set_password(PASSWORD)
    operator.save()
    client.force_login(operator)
    return operator


def words(data: bytes) -> str:
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages).replace(" ", "").replace("\n", "")


def test_the_menu_has_the_five_entries_of_the_manual_and_each_opens(client, clerk):
    home = text_of(client.get("/e/"))
    for key, title in ENTRIES.items():
        assert f'href="/e/pages/{key}/"' in home and title in home
        assert title in text_of(client.get(f"/e/pages/{key}/"))


def test_every_blank_form_prints_with_its_columns_and_has_no_entry_of_its_own(client, clerk):
    home = text_of(client.get("/e/"))
    blank = [one for one in region("shenzhen").statements.values() if one.source == "blank"]
    assert len(blank) == 5
    page = text_of(client.get("/e/pages/application_forms/"))
    for one in blank:
        assert f"/e/statements/{one.key}/" not in home
        assert f'action="/e/statements/{one.key}/print/"' in page
        printed = client.post(f"/e/statements/{one.key}/print/", follow=True)
        text = words(printed.content)
        assert one.title in text and clerk.employer.employer_number in text
        assert all(one.label(column) in text for column in one.columns)
        assert "验证码" not in text and not Document.objects.filter(kind=one.key).exists()


def test_the_roster_comes_with_present_wages_and_is_on_record(client, clerk):
    person = enrolled(clerk.employer, name="王在册")
    page = text_of(client.get("/e/pages/wage_roster_download/"))
    address = "/e/import/template/wage_declaration/roster/"
    assert f'href="{address}"' in page and "空白模板" not in page
    assert person.person.id_number not in text_of(client.get(address))
    sheet = client.post(address, {"reason": "办理社保业务", "password": PASSWORD})
    cells = [str(cell) for row in load_workbook(io.BytesIO(sheet.content)).worksheets[0].values for cell in row]
    assert person.person.id_number in cells
    assert AuditEntry.objects.filter(action="roster.template_made").count() == 1


def test_every_service_about_a_person_has_its_template_on_the_page(client, clerk):
    page = text_of(client.get("/e/pages/sheet_templates/"))
    for one in region("shenzhen").services.values():
        assert (f"/e/import/template/{one.key}/" in page) == one.is_about_person


def test_a_guide_is_read_printed_and_kept_as_one_paper_a_day(client, clerk):
    for key, title in (("instructions", "网上申报操作须知"), ("business_flows", "征收业务办理流程")):
        page = text_of(client.get(f"/e/pages/{key}/"))
        steps, terms = region("shenzhen").guides[key].steps, region("shenzhen").terms
        assert title in page and all(settling(terms, step.text) in page for step in steps)
        kept = client.post(f"/e/pages/{key}/", {"download": "1"}, follow=True)
        assert "attachment" in kept["Content-Disposition"]
        text = words(kept.content)
        assert title in text and all(settling(terms, step.title).replace(" ", "") in text for step in steps)
        printed = client.post(f"/e/pages/{key}/", {"print": "1"}, follow=True)
        assert "inline" in printed["Content-Disposition"]
    assert Document.objects.count() == 2


def test_pages_of_another_region_are_not_there(client, clerk):
    client.force_login(OperatorFactory(clerk=True, employer=EmployerFactory(region="leshan")))
    assert {client.get(f"/e/pages/{key}/").status_code for key in ENTRIES} == {404}
