"""What people do on several journeys."""

import csv
import io
import re
from contextvars import ContextVar

from shebao.cli.demo_city import People
from shebao.hall import clock

TABS = 150


def all_believe(monkeypatch, moment) -> None:
    """The whole hall, the server's threads too, takes `moment` (aware) for now.

    The function `now` is not replaced: what is imported for the first time meanwhile would keep the replacement.
    """
    monkeypatch.setattr(clock, "_pretended", ContextVar("pretended_now", default=moment))


def newcomers(seed: str) -> People:
    people = People(seed, "139901")
    people.sequence = 500
    return people


def person(people: People, month) -> dict:
    """A newcomer of the place whose wage lies within the limits, so that nothing is asked back."""
    return people.next(month) | {"declared_wage": "8000", "household": "11"}


def fill(page, answers: dict) -> None:
    """Type the answers of a declaration form, choosing from lists by code."""
    for name, text in answers.items():
        field = page.locator(f'[name="{name}"]').first
        if not field.count():
            continue
        if field.evaluate("e => e.tagName") == "SELECT":
            field.select_option(text)
        else:
            field.fill(text)


def until(page, condition) -> None:
    """Wait for what the server does, twelve seconds at most."""
    for _ in range(60):
        if condition():
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"it did not happen; the page says: {page.inner_text('main')[:800]}")


def sheet_of(rows: list[dict], form) -> bytes:
    """A sheet with the columns in another order than the template's, a title row and a total row."""
    labels = {field.id: field.label for field in form.fields}
    names = [name for name in reversed(rows[0]) if name in labels]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["本月新进人员"])
    writer.writerow([labels[name] for name in names])
    writer.writerows([[row[name] for name in names] for row in rows])
    writer.writerow(["合计"])
    return text.getvalue().encode("gb18030")


def submit_basket(page, home: str) -> None:
    """待提交: everything that is ticked, checked once more, declared to be true, submitted, unsigned where one may."""
    page.goto(home + "/e/basket/")
    page.get_by_role("button", name="核对并提交").last.click()
    page.get_by_label("以上申报内容真实").check()
    page.get_by_role("button", name=re.compile(r"^(提交 \d+ 笔|不签名，直接提交)")).click()
    page.wait_for_url(re.compile("submitted"))


def upload(page, home: str, service: str, file) -> None:
    """批量导入: choose the service and the file; columns that are not certain are accepted as proposed."""
    page.goto(f"{home}/e/import/?service={service}")
    page.get_by_label("选择表格文件").set_input_files(file)
    page.get_by_role("button", name="上传并核对").click()
    page.wait_for_url(re.compile(r"/e/import/\d+/"))
    if page.get_by_role("button", name="下一步：核对各行").count():
        page.get_by_role("button", name="下一步：核对各行").click()
    page.wait_for_selector("table.g")


def pay_at_bank(page, home: str, bill, choice: str, state: str) -> None:
    """缴费: start, go to the bank's own page, choose there; wait for the bank's call-back."""
    page.goto(f"{home}/e/pay/{bill.pk}/")
    page.get_by_role("button", name="确认缴费").click()
    page.get_by_role("link", name="前往银行付款").click()
    page.get_by_role("button", name=choice).click()
    until(page, lambda: bill.payments.first().state == state)


def print_from_menu(page, label: str, *months) -> None:
    """By the menu to one kind of paper: 开始年月, 终止年月, 查询, 打印; the paper opens in a window of its own."""
    unfold(page)
    page.get_by_role("navigation", name="主菜单").get_by_role("link", name=label, exact=True).click()
    page.get_by_role("heading", name=label, level=1).wait_for()
    if months:
        page.get_by_role("textbox", name="开始年月").fill(str(months[0]))
        page.get_by_role("textbox", name="终止年月").fill(str(months[-1]))
    page.get_by_role("main").get_by_role("button", name="查询").click()
    page.get_by_role("heading", name="查询结果").wait_for()
    with page.context.expect_page() as opened:
        page.get_by_role("main").get_by_role("button", name=re.compile("^打印")).click()
    opened.value.close()


def unfold(page) -> None:
    """Open what the menu keeps folded behind the manual's headings."""
    while (folded := page.locator("nav details:not([open]) > summary")).count():
        folded.first.click()


def save_to_basket(page) -> None:
    """暂存并去提交; where papers may be uploaded, past their page: they are with the employer."""
    page.get_by_role("button", name=re.compile("^(暂存并去提交|保存，上传材料)$")).click()
    page.wait_for_url(re.compile(r"/e/(basket|cases)/"))
    if "/e/basket/" not in page.url:
        page.get_by_role("link", name=re.compile("^先放进")).click()
        page.wait_for_url(re.compile("/e/basket/"))


def reach(page, target) -> None:
    """Press Tab until the control has the focus, as somebody without a mouse does."""
    wanted = target.first.element_handle()
    for _ in range(TABS):
        if page.evaluate("e => e === document.activeElement", wanted):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {target}")


def press(page, role: str, name, key: str = "Enter") -> None:
    """Reach a control by Tab and press it."""
    target = page.get_by_role(role, name=name)
    target.first.wait_for()
    reach(page, target)
    page.keyboard.press(key)


def taken_with_reason(page, password: str = "right-Password-1"):
    """Answer why whole numbers are needed, with the password, and take the file."""
    page.get_by_label("登录密码").fill(password)
    with page.expect_download() as file:
        page.get_by_role("button", name="下载", exact=True).click()
    return file.value
