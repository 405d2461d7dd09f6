"""批量导入 in Chromium: template, old formats, repairs by keyboard and by file, two people, bad files, a killed job."""

import io
import re
from datetime import timedelta

import openpyxl
import pytest
from django.utils import timezone
from playwright.sync_api import expect

from shebao.hall import clock
from shebao.hall.declarations.models import Declaration
from shebao.hall.regions import region
from shebao.hall.sheets.models import Batch, BatchRow, BatchState
from tests.factories import NOW, EmployerFactory, OperatorFactory, synthetic_id
from tests.sheets import files

from .conftest import fetched
from .steps import all_believe

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
SERVICE = "employee_enrolment"
NEAR, RIGHT = "劳务工", "劳务派遣"


@pytest.fixture(autouse=True)
def november(monkeypatch):
    """The server's threads, too, believe that it is the tenth of November."""
    moment = timezone.make_aware(NOW)
    all_believe(monkeypatch, moment)


@pytest.fixture
def clerk():
    return OperatorFactory(clerk=True)


def number(sequence):
    return synthetic_id(area="129901", sequence=sequence)


def wrong(sequence):
    right = number(sequence)
    return right[:-1] + ("1" if right[-1] != "1" else "2")


def labels(operator):
    form = region(operator.region).forms[SERVICE]
    return {field.id: field.label for field in form.fields}


def person(sequence, **changes):
    """Typed answers by field id."""
    return {
        "id_kind": "居民身份证", "id_number": number(sequence), "name": f"赵示例{sequence}", "enrolment_kind": "新参保",
        "household": "本地非农业户口", "employment_kind": "固定期限合同", "contract_from": "2026-11-01",
        "labour_registered_on": "2026-11-01", "position": "2", "enrolment_month": "2026-11", "declared_wage": "8000",
    } | changes  # fmt: skip


def table(operator, people):
    names = labels(operator)
    return [[names[key] for key in people[0]], *([*one.values()] for one in people)]


def upload(page, home, name, data):
    page.goto(f"{home}/e/import/?service={SERVICE}")
    page.get_by_label("选择表格文件").set_input_files({"name": name, "mimeType": "", "buffer": data})
    page.get_by_role("button", name="上传并核对").click()


def count(page, tab):
    return page.locator("#grid-tabs a", has_text=tab).locator(".cnt")


def cell(page, row, field):
    return page.locator(f'#row-{row} td[data-field="{field}"]')


def sent_back(page, home, changes, head=1):
    """导出标错的表格, correct cells in it by row and heading (in row `head`), upload it again."""
    link = page.get_by_role("link", name="导出标错的表格").get_attribute("href")
    book = openpyxl.load_workbook(io.BytesIO(fetched(page, home + link)))
    heads = {str(cell.value): cell.column for cell in book.active[head]}
    for (row, heading), text in changes.items():
        book.active.cell(row, heads[heading]).value = text
    data = io.BytesIO()
    book.save(data)
    upload(page, home, "标错.xlsx", data.getvalue())


def test_the_template_is_filled_and_repaired_by_keyboard_alone(page_of, clerk, live_server):
    page, home = page_of(clerk), live_server.url
    page.goto(f"{home}/e/import/")
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("^空白模板")).first.click()
    book = openpyxl.load_workbook(io.BytesIO(download.value.path().read_bytes()))
    sheet, names = book.worksheets[0], labels(clerk)
    columns = {str(cell.value).strip("* "): cell.column for cell in sheet[1]}
    id_column = sheet.cell(1, columns[names["id_number"]]).column_letter
    assert sheet.column_dimensions[id_column].number_format == "@"
    listed = {str(area) for rule in sheet.data_validations.dataValidation if rule.type == "list" for area in rule.sqref}
    assert any(area.startswith(sheet.cell(2, columns[names["household"]]).column_letter) for area in listed)
    assert "示例" in book.sheetnames
    people = [person(1), person(2, id_number=wrong(2)), person(3, household=""), person(4)]
    for row, one in enumerate(people, 2):
        for key, text in one.items():
            sheet.cell(row, columns[names[key]]).value = text
    data = io.BytesIO()
    book.save(data)
    upload(page, home, "十一月.xlsx", data.getvalue())
    expect(count(page, "有错误")).to_have_text("2")
    assert not Declaration.objects.exists()

    keyboard = page.keyboard
    keyboard.press("F8")
    expect(page.locator(".pop .idg .x")).to_contain_text(f"应为 {number(2)[-1]}")
    keyboard.press("Control+A")
    keyboard.type(number(2))
    keyboard.press("F8")
    expect(cell(page, 4, "household").locator("input")).to_be_focused()
    keyboard.type("本地非农业户口")
    keyboard.press("Enter")
    expect(count(page, "有错误")).to_have_text("0")
    keyboard.press("Control+z")
    expect(count(page, "有错误")).to_have_text("1")
    keyboard.press("Control+y")
    expect(count(page, "有错误")).to_have_text("0")

    cell(page, 2, "department").click()
    keyboard.press("Enter")  # what is typed by an input method opens no cell
    keyboard.type("生产部")
    keyboard.press("Enter")
    expect(cell(page, 3, "department")).to_be_focused()
    keyboard.press("Control+d")  # as the cell above
    expect(cell(page, 3, "department")).to_have_text("生产部")
    keyboard.press("Control+Shift+d")  # into all below
    expect(cell(page, 5, "department")).to_have_text("生产部")
    assert [row.cells["department"] for row in BatchRow.objects.order_by("number")] == ["生产部"] * 4
    keyboard.press("Control+z")
    expect(cell(page, 5, "department")).to_have_text("")
    expect(cell(page, 3, "department")).to_have_text("生产部")

    page.get_by_role("link", name="下一步：核对").press("Enter")
    page.get_by_role("button", name="加入待提交 4 人").dblclick()
    expect(page.get_by_role("heading", name="已加入 4 行")).to_be_visible()
    assert Declaration.objects.filter(state="draft").count() == 4
    page.get_by_role("button", name="撤销本批").press("Enter")
    expect(count(page, "通过")).to_have_text("4")
    assert not Declaration.objects.filter(state="draft").exists()


def test_an_xls_a_group_fix_the_good_rows_first_and_the_rest_by_file(page_of, clerk, live_server):
    page, home = page_of(clerk), live_server.url
    people = [
        person(1, employment_kind=NEAR),
        person(2, employment_kind=NEAR),
        person(3),
        person(4, id_number=wrong(4)),
    ]
    upload(page, home, "旧格式.xls", files.xls(table(clerk, people)))
    expect(count(page, "有错误")).to_have_text("3")
    page.get_by_role("button", name=f"全部改为“{RIGHT}”").click()
    expect(count(page, "有错误")).to_have_text("1")
    page.get_by_role("button", name="先导入通过的 3 行").click()
    expect(count(page, "已加入")).to_have_text("3")
    assert Declaration.objects.count() == 3

    sent_back(page, home, {(5, labels(clerk)["id_number"]): number(4)})
    expect(page.get_by_text("已更新 1 行")).to_be_visible()
    expect(count(page, "通过")).to_have_text("1")
    assert Batch.objects.count() == 1
    page.get_by_role("link", name="下一步：核对").click()
    page.get_by_role("button", name="加入待提交 1 人").click()
    expect(page.get_by_role("heading", name="已加入 4 行")).to_be_visible()
    page.get_by_role("button", name="撤销本批").click()
    expect(count(page, "通过")).to_have_text("4")
    assert not Declaration.objects.filter(state="draft").exists()


def test_without_scripts_a_gb18030_csv_goes_all_the_way(page_of, clerk, live_server):
    page, home = page_of(clerk, java_script_enabled=False), live_server.url
    people = [person(1, name="赵𬭎"), person(2, id_number=wrong(2))]
    rows = [["本月新进人员"], *table(clerk, people), ["合计"]]
    upload(page, home, "十一月.csv", files.csv(rows, encoding="gb18030"))
    expect(page.locator('td[aria-invalid="true"]')).to_have_count(1)
    expect(page.get_by_role("complementary", name="问题清单")).to_contain_text("证件号码校验不符")
    sent_back(page, home, {(4, labels(clerk)["id_number"]): number(2)}, head=2)
    expect(page.locator('td[aria-invalid="true"]')).to_have_count(0)
    page.get_by_role("link", name="下一步：核对").click()
    page.get_by_role("button", name="加入待提交 2 人").click()
    expect(page.get_by_role("heading", name="已加入 2 行")).to_be_visible()
    assert set(Declaration.objects.values_list("subject_name", flat=True)) == {"赵𬭎", "赵示例2"}


def test_two_people_on_one_batch_see_each_other_and_lose_nothing(page_of, clerk, live_server):
    first, home = page_of(clerk), live_server.url
    upload(first, home, "十一月.csv", files.csv(table(clerk, [person(1), person(2, declared_wage="3000")])))
    expect(count(first, "全部")).to_have_text("2")
    second = page_of(OperatorFactory(clerk=True, employer=clerk.employer))
    second.goto(first.url)
    for page, wage in ((first, "9000"), (second, "9500")):
        cell(page, 2, "declared_wage").dblclick()
        page.keyboard.press("Control+A")
        page.keyboard.type(wage)
        page.keyboard.press("Enter")
        expect(cell(page, 2, "declared_wage")).to_have_text("9,000.00")
    expect(second.locator("#toasts")).to_contain_text(f"第 2 行刚被{clerk.name}改过")
    expect(second.locator("#grid-others")).to_contain_text(f"{clerk.name}也在改这个批次")
    expect(second.locator(".pop")).to_contain_text("您输入的“9500”没有保存")
    second.get_by_role("button", name="仍改为“9500”").click()
    expect(cell(second, 2, "declared_wage")).to_have_text("9,500.00")
    assert BatchRow.objects.get(number=2).cells["declared_wage"] == "9500"


def test_what_was_typed_survives_a_lost_connection(page_of, clerk, live_server):
    page = page_of(clerk)
    upload(page, live_server.url, "十一月.csv", files.csv(table(clerk, [person(1)])))
    page.wait_for_url(re.compile(r"/e/import/\d+/"))
    page.wait_for_load_state("load")  # with the grid's own script: what is lost is the connection, not the program
    page.context.set_offline(True)
    cell(page, 2, "declared_wage").dblclick()
    page.keyboard.press("Control+A")
    page.keyboard.type("9000")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("网络中断")
    page.context.set_offline(False)
    expect(cell(page, 2, "declared_wage").locator("input")).to_have_value("9000")
    page.keyboard.press("Enter")
    expect(cell(page, 2, "declared_wage")).to_have_text("9,000.00")


def test_files_that_cannot_be_read_say_why_and_write_nothing(page_of, clerk, live_server):
    page = page_of(clerk)
    good = files.xlsx(table(clerk, [person(1)]))
    many = files.csv([*table(clerk, [person(1)]), *([f"第{i}人"] for i in range(110_000))])
    for name, data, words in (
        ("炸弹.xlsx", files.zip_bomb(), "展开后过大"),
        ("一半.xlsx", good[: len(good) // 2], "已损坏"),
        ("密码.xlsx", files.encrypted(), "打开密码"),
        ("网页.xls", b"<html><table><tr><td>1</td></tr></table></html>", "网页"),
        ("图片.xlsx", b"\x89PNG\r\n\x1a\n" + bytes(100), "不是能读取的表格"),
        ("十一万.csv", many, "超过一次导入的上限 100,000 行"),
        ("别的表.csv", files.csv([["品名", "数量"], ["螺丝", "3"]]), "没有认出表头"),
        ("空.csv", b"", "空的"),
    ):
        upload(page, live_server.url, name, data)
        expect(page.locator(".errsum")).to_contain_text(words)
        expect(page.locator(".errsum")).to_contain_text("什么都没有写入")
    assert not Batch.objects.exists()


def test_another_employers_batch_is_not_there(page_of, clerk, live_server):
    page = page_of(clerk)
    upload(page, live_server.url, "十一月.csv", files.csv(table(clerk, [person(1)])))
    expect(count(page, "通过")).to_have_text("1")
    stranger = page_of(OperatorFactory(clerk=True, employer=EmployerFactory()))
    assert stranger.goto(page.url).status == 404
    expect(stranger.locator("main")).not_to_contain_text("赵示例")


def test_a_batch_whose_worker_was_killed_offers_another_try(page_of, clerk, live_server):
    page = page_of(clerk)
    upload(page, live_server.url, "十一月.csv", files.csv(table(clerk, [person(1)])))
    expect(count(page, "通过")).to_have_text("1")
    long_ago = clock.now() - timedelta(minutes=5)
    Batch.objects.update(state=BatchState.CONFIRMING, busy_at=long_ago)
    page.reload()
    expect(page.get_by_text("正在加入时没有进展")).to_be_visible()
    page.get_by_role("button", name="再试一次").click()
    expect(page.get_by_role("heading", name="已加入 1 行")).to_be_visible()
    assert Declaration.objects.count() == 1
