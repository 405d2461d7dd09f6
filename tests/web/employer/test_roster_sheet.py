"""The sheet with everybody on the roster in it: whole numbers, therefore asked for, limited, marked and on record."""

import io
import json

import pytest
from openpyxl import load_workbook

from shebao.hall.audit.models import AuditEntry
from shebao.hall.operators import models
from shebao.hall.regions import region
from shebao.hall.sheets.models import Batch, BatchRow
from shebao.hall.sheets.prefilled import roster_template
from shebao.hall.sheets.reading import read_workbook
from shebao.hall.sheets.templates import write_template
from shebao.hall.sheets.writing import Book
from tests.factories import EmployerFactory, OperatorFactory, at, enrolled
from tests.sheets.test_batches import row, upload

from .declared import text_of

PASSWORD = "right-Password-1"
SERVICE = "wage_declaration"
ADDRESS = f"/e/import/template/{SERVICE}/roster/"
REASON = "办理社保业务"


@pytest.fixture(autouse=True)
def november(db):
    with at():
        yield


@pytest.fixture
def clerk(client):
    operator = OperatorFactory(clerk=True, name="王敏", employer=EmployerFactory(direct=True))
    operator.set_password(PASSWORD)
    operator.save()
    client.force_login(operator)
    return operator


@pytest.fixture
def people(clerk):
    return [enrolled(clerk.employer, name=f"李示例{n}", sequence=n, wage_fen=800_000 + n) for n in (1, 2)]


def take(client, **answers):
    return client.post(ADDRESS, {"reason": REASON, "password": PASSWORD} | answers)


def test_the_sheet_is_given_for_a_reason_and_the_password_and_says_who_took_it(client, clerk, people):
    numbers = [one.person.id_number for one in people]
    asking = text_of(client.get(ADDRESS))
    assert "登录密码" in asking and not any(number in asking for number in numbers)
    book = load_workbook(io.BytesIO(take(client).content))
    cells = [str(cell) for line in book.worksheets[0].values for cell in line]
    assert set(numbers) <= set(cells)
    assert all("王敏" in sheet.oddHeader.right.text and "导出" in sheet.oddHeader.right.text for sheet in book)
    assert clerk.username in book.properties.description
    assert "王敏" in book["导出说明"]["A1"].value
    entry = AuditEntry.objects.get(action="roster.template_made")
    assert entry.detail == {"service": SERVICE, "heads": 2, "reason": REASON}
    assert not any(number in json.dumps(entry.detail) for number in numbers)


def test_without_a_reason_or_the_right_password_nothing_is_given(client, clerk, people):
    for answers, words in (
        ({"password": "wrong"}, "密码不对"), ({"password": ""}, "请输入登录密码"),
        ({"reason": "other"}, "原因"), ({"reason": "made up"}, "原因"),
    ):  # fmt: skip
        answer = take(client, **answers)
        assert answer.status_code == 422 and words in text_of(answer)
    assert client.get(ADDRESS).headers["Content-Type"].startswith("text/html")
    assert not AuditEntry.objects.filter(action="roster.template_made").exists()


def test_the_sixth_in_an_hour_raises_an_alert_and_the_eleventh_is_refused(client, clerk, people):
    answers = [take(client).status_code for _ in range(5)]
    assert not AuditEntry.objects.filter(action="alert.unmasking_sheets").exists()
    answers += [take(client).status_code for _ in range(6)]
    assert answers == [200] * 10 + [429]
    assert AuditEntry.objects.get(action="alert.unmasking_sheets").employer == clerk.employer


def test_who_may_not_see_whole_numbers_is_neither_offered_the_sheet_nor_given_it(client, clerk, people, monkeypatch):
    assert ADDRESS in text_of(client.get("/e/import/"))
    monkeypatch.setitem(models.PERMISSIONS, "clerk", models.PERMISSIONS["clerk"] - {"unmask"})
    assert ADDRESS not in text_of(client.get("/e/import/"))
    assert take(client).status_code == 403


def test_the_mark_changes_nothing_of_what_is_read_when_the_sheet_comes_back(clerk, people, monkeypatch):
    marked = roster_template(clerk.employer_id, SERVICE, by=clerk, reason=REASON)
    begin = Book.__init__
    monkeypatch.setattr(Book, "__init__", lambda self, *, mark="", **more: begin(self, **more))
    plain = roster_template(clerk.employer_id, SERVICE, by=clerk, reason=REASON)
    monkeypatch.undo()
    assert b"" != marked != plain
    read, same = read_workbook(marked, "t.xlsx"), read_workbook(plain, "t.xlsx")
    assert [[(cell.text, cell.kind) for cell in line] for line in read.rows] == [
        [(cell.text, cell.kind) for cell in line] for line in same.rows
    ]
    assert (read.sheet, read.stamp) == (same.sheet, same.stamp)


def test_the_sheet_sent_back_as_it_came_is_imported_row_by_row(
    client, clerk, people, django_capture_on_commit_callbacks
):
    data = take(client).content
    file = io.BytesIO(data)
    file.name = "在册人员.xlsx"
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/e/import/", {"service": SERVICE, "file": file})
    rows = BatchRow.objects.filter(batch=Batch.objects.get()).exclude(state="ignored").order_by("number")
    assert not rows.filter(state="error").exists()
    assert [one.cells["id_number"] for one in rows] == [one.person.id_number for one in people]


def test_an_empty_template_is_nobodys_and_carries_no_mark():
    here = region("tianjin")
    service = here.services["employee_enrolment"]
    book = load_workbook(io.BytesIO(write_template(here, service, here.forms[service.form])))
    assert not any(sheet.oddHeader.right.text for sheet in book)


def test_the_marked_rows_that_go_back_to_the_clerk_say_who_took_them_and_are_on_record(client):
    clerk = OperatorFactory(clerk=True, name="王敏")
    client.force_login(clerk)
    batch = upload(clerk, row(1), row(2, 申报工资="3000"))
    book = load_workbook(io.BytesIO(client.get(f"/e/import/{batch.pk}/marked/").content))
    assert "王敏" in book.active.oddHeader.right.text
    entry = AuditEntry.objects.get(action="data.exported")
    assert book["导出说明"]["A1"].value.endswith(f"导出 编号 {entry.request}")
    assert (entry.subject, entry.employer) == (f"batch:{batch.pk}", clerk.employer)
