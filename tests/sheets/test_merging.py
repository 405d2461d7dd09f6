"""The marked file sent back updates its own rows, whatever it was saved as, and never doubles them."""

import csv
import io

import openpyxl
import pytest

from shebao.hall.declarations.models import Declaration
from shebao.hall.errors import Conflict
from shebao.hall.sheets import operations, queries
from shebao.hall.sheets.headers import ERROR_HEADING, KEY_HEADING
from shebao.hall.sheets.models import Batch, BatchState
from shebao.hall.sheets.returning import marked_workbook
from tests.factories import EmployerFactory, OperatorFactory

from .test_batches import _november, clerk, edit, number, row, upload  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db
WRONG = "110105194912310021"


def marked(batch) -> openpyxl.Workbook:
    batch.refresh_from_db()
    return openpyxl.load_workbook(io.BytesIO(marked_workbook(batch, by=batch.created_by)))


def send_back(clerk, book, name="标错.xlsx"):  # noqa: F811
    data = io.BytesIO()
    book.save(data)
    return operations.receive_sheet(clerk.employer_id, "employee_enrolment", name, data.getvalue(), by=clerk)


def column(book, heading) -> int:
    return next(cell.column for cell in book.active[1] if heading in str(cell.value))


@pytest.fixture
def batch(clerk):  # noqa: F811
    return upload(clerk, row(1), row(2, 证件号码=WRONG), row(3, 申报工资="3000"))


def test_the_corrected_file_updates_its_rows_in_the_same_batch(clerk, batch):  # noqa: F811
    book = marked(batch)
    assert "校验" in str(book.active.cell(3, column(book, ERROR_HEADING)).value)
    book.active.cell(3, column(book, "证件号码")).value = number(2)
    received = send_back(clerk, book)
    assert received.batch.pk == batch.pk
    assert received.merged.words == "已更新 1 行。"
    assert Batch.objects.count() == 1
    assert queries.counts(batch)["all"] == 3
    assert queries.counts(batch)["error"] == 0


def test_as_csv_it_finds_its_rows_too(clerk, batch):  # noqa: F811
    book = marked(batch)
    book.active.cell(3, column(book, "证件号码")).value = number(2)
    text = io.StringIO()
    csv.writer(text).writerows([[cell.value for cell in line] for line in book.active.iter_rows()])
    data = text.getvalue().encode("gb18030")
    received = operations.receive_sheet(clerk.employer_id, "employee_enrolment", "标错.csv", data, by=clerk)
    assert received.merged.updated == [3]


def test_sent_back_unchanged_nothing_happens(clerk, batch):  # noqa: F811
    received = send_back(clerk, marked(batch))
    assert "没有需要更新的行" in received.merged.words
    assert queries.counts(batch)["all"] == 3


def test_a_row_written_below_is_added_and_a_copied_row_is_a_new_one(clerk, batch):  # noqa: F811
    book = marked(batch)
    sheet = book.active
    values = [cell.value for cell in sheet[2]]
    values[column(book, "证件号码") - 1], values[column(book, "姓名") - 1] = number(9), "钱示例"
    sheet.append(values)
    received = send_back(clerk, book)
    assert received.merged.words == "新增 1 行。"
    assert queries.counts(batch)["all"] == 4
    again = marked(batch)
    assert [cell.value for cell in again.active[5]][column(again, "姓名") - 1] == "钱示例"


def test_what_was_corrected_in_the_page_is_in_the_file(clerk, batch):  # noqa: F811
    edit(batch, batch.rows.get(number=3), {"id_number": number(2)}, clerk)
    book = marked(batch)
    assert book.active.cell(3, column(book, "证件号码")).value == number(2)
    assert not book.active.cell(3, column(book, ERROR_HEADING)).value


def test_a_row_changed_in_the_page_after_the_export_keeps_the_pages_content(clerk, batch):  # noqa: F811
    book = marked(batch)
    edit(batch, batch.rows.get(number=3), {"id_number": number(7)}, clerk)
    book.active.cell(3, column(book, "证件号码")).value = number(2)
    received = send_back(clerk, book)
    assert "第 3 行" in received.merged.words
    assert batch.rows.get(number=3).cells["id_number"] == number(7)


def test_the_same_file_may_be_sent_twice_with_further_corrections(clerk, batch):  # noqa: F811
    book = marked(batch)
    book.active.cell(3, column(book, "证件号码")).value = number(5)
    send_back(clerk, book)
    book.active.cell(3, column(book, "证件号码")).value = number(6)
    assert send_back(clerk, book).merged.updated == [3]


def test_rows_that_are_declared_stay_as_they_are(clerk, batch):  # noqa: F811
    operations.confirm_batch(batch.pk, by=clerk, good_rows_only=True)
    book = marked(batch)
    book.active.cell(2, column(book, "姓名")).value = "改名示例"
    received = send_back(clerk, book)
    assert received.merged.words.endswith("1 行此前已经加入，没有再动。")
    assert Declaration.objects.get().subject_name == "赵示例"


def test_when_its_batch_is_given_up_it_is_a_new_batch(clerk, batch):  # noqa: F811
    book = marked(batch)
    operations.discard_batch(batch.pk, by=clerk)
    received = send_back(clerk, book)
    assert received.merged is None
    assert received.batch.pk != batch.pk


def test_in_another_employers_hands_it_is_a_new_batch_of_theirs(clerk, batch):  # noqa: F811
    book = marked(batch)
    stranger = OperatorFactory(clerk=True, employer=EmployerFactory())
    received = send_back(stranger, book)
    assert received.batch.employer == stranger.employer
    assert received.batch.pk != batch.pk


def test_a_forged_key_reaches_no_row(clerk, batch):  # noqa: F811
    book = marked(batch)
    place = column(book, KEY_HEADING)
    for line in range(2, 5):
        book.active.cell(line, place).value = f"R{batch.pk}-{line}-1-00000000"
    received = send_back(clerk, book)
    assert received.merged is None


def test_while_a_job_has_the_batch_the_file_waits(clerk, batch):  # noqa: F811
    book = marked(batch)
    Batch.objects.filter(pk=batch.pk).update(state=BatchState.CONFIRMING)
    with pytest.raises(Conflict, match="请等它完成"):
        send_back(clerk, book)
