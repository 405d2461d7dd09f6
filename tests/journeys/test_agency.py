"""The agency's people at work: the desk by keys, a notice to its readers, a query that takes two people (GY-12)."""
# ruff: noqa: F811 - the fixtures of another journey bear its names

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from shebao.hall import clock
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import save_declarations, submit_declarations
from shebao.hall.desk import effects
from shebao.hall.desk.models import DeskCase
from shebao.hall.evidence.operations import add_evidence
from shebao.hall.notices.models import Announcement, Reading
from shebao.hall.privileged.models import PrivilegedLook
from tests.evidence.test_thumbnails import picture
from tests.factories import EmployerFactory, enrolled, synthetic_id
from tests.papers import upload, upload_papers

from .steps import unfold, until
from .test_review import clerk, person, reviewer, state, submitted, typed  # noqa: F401 - fixtures

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


def signed_in(region, **traits):
    """Somebody of a region whose password is known."""
    return person(**traits, region=region)


def of_employer(region, **traits):
    return person(**traits, employer=EmployerFactory(region=region, name="示例精密制造有限公司"))


@pytest.fixture
def undo_time(settings):
    settings.SHEBAO_UNDO_SECONDS = 10
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}


def test_a_reviewer_claims_holds_hands_on_and_takes_an_approval_back_by_keys(
    page_of,
    clerk,
    reviewer,
    undo_time,
    live_server,
):
    one, two = submitted(clerk, typed(1, name="甲一"), typed(2, name="乙二"))
    colleague = person(reviewer=True, name="王芳")
    desk = page_of(reviewer, "/a/")
    desk.get_by_role("button", name="领取 10 件").click()
    desk.wait_for_selector("text=已领取 2 件")
    assert desk.get_by_role("link", name=re.compile("^我的")).get_attribute("aria-current") == "true"
    desk.get_by_role("link", name="甲一", exact=True).click()
    desk.wait_for_url(re.compile(f"/a/cases/{one.pk}"))

    desk.keyboard.press("?")
    assert "审核台：通过" in desk.locator("#key-sheet").inner_text()
    desk.keyboard.press("Escape")

    # In the sheet of a return a letter that slips does nothing; Esc folds it, and the keys are keys again.
    desk.keyboard.press("r")
    assert desk.evaluate("document.activeElement.type") == "checkbox"
    desk.keyboard.press("a")
    desk.keyboard.press("?")
    assert desk.locator("#key-sheet").is_visible()
    desk.keyboard.press("Escape")
    desk.get_by_label("总的意见").fill("写到一半")
    desk.keyboard.press("Escape")
    assert not desk.locator("#return").get_attribute("open") and state(one) == "submitted"
    assert desk.locator("#note").input_value() == "写到一半"

    desk.keyboard.press("h")
    desk.get_by_label("挂起原因").select_option("01")
    desk.get_by_label("说明").fill("等公安核对")
    desk.get_by_role("button", name="挂起", exact=True).click()
    desk.wait_for_selector("text=不计时限")
    assert DeskCase.objects.get(pk=one.pk).held_on
    desk.keyboard.press("h")
    desk.wait_for_selector("text=时限接着计算")

    desk.keyboard.press("n")
    desk.get_by_label("备注").fill("已电话核实")
    desk.keyboard.press("Enter")
    desk.wait_for_selector("text=已记下备注")
    desk.wait_for_timeout(900)  # faster than a person reads: the desk takes a press at once for a second one
    desk.keyboard.press("a")
    desk.wait_for_selector("text=10 秒后生效")
    assert state(one) == "submitted"
    desk.get_by_role("button", name="撤销").click()
    desk.wait_for_selector("text=已撤回 1 笔通过")
    assert state(one) == "submitted"
    desk.wait_for_timeout(900)
    desk.keyboard.press("a")
    desk.wait_for_selector("text=10 秒后生效")
    with clock.pretending(clock.local_now() + timedelta(seconds=11)):
        effects.take_effect([one.pk])
    assert state(one) == "approved"

    desk.goto(f"{live_server.url}/a/cases/{two.pk}")
    desk.keyboard.press("t")
    desk.get_by_label("转给").select_option(label="王芳（审核人员）")
    desk.get_by_label("交代什么").fill("你熟悉这家")
    desk.get_by_role("button", name="转办", exact=True).click()
    desk.wait_for_selector("text=已转办")
    other = page_of(colleague, f"/a/cases/{two.pk}")
    assert "你熟悉这家" in other.locator("#main").inner_text()
    desk.goto(f"{live_server.url}/a/cases/{two.pk}")
    assert "王芳正在处理" in desk.locator("#main").inner_text()
    desk.keyboard.press("c")
    desk.get_by_label("接手的原因").fill("王芳外出")
    desk.keyboard.press("Enter")
    desk.wait_for_selector("text=已接手")
    assert DeskCase.objects.get(pk=two.pk).holder == reviewer


def important_change(clerk, n: int) -> Declaration:
    """A person's new number, submitted with a photographed card."""
    somebody = enrolled(clerk.employer, name=f"李示例{n}", number=synthetic_id(sequence=n))
    answers = {"id_number": somebody.person.id_number, "name": somebody.name, "note": "更正"}
    raw = answers | {"new_id_number": synthetic_id(sequence=n + 50)}
    (made,) = save_declarations(clerk.employer_id, "sensitive_employee_change", [raw], by=clerk)
    add_evidence(made.pk, made.spec.uploads[0].title, [upload("证件.jpg", picture())], by=clerk)
    upload_papers(made, clerk)
    submit_declarations([made.pk], by=clerk)
    return made


def test_what_a_case_hides_is_shown_by_one_key_to_whoever_has_it_and_the_next_case_is_masked_again(
    page_of,
    transactional_db,
    undo_time,
):
    clerk, reviewer = of_employer("shenzhen", clerk=True), signed_in("shenzhen", reviewer=True, name="李娜")
    one, two = (important_change(clerk, n) for n in (1, 2))
    numbers = [case.answers["new_id_number"] for case in (one, two)]
    desk = page_of(reviewer, f"/a/cases/{one.pk}")
    main = desk.locator("#main")
    assert numbers[0] not in main.inner_text() and desk.locator(".viewer img").is_hidden()
    desk.keyboard.press("?")
    assert "显示遮盖的号码和材料图片" in desk.locator("#key-sheet").inner_text()
    desk.keyboard.press("Escape")

    # In nobody's hands yet: the reason is there, the password is asked for.
    desk.keyboard.press("v")
    assert desk.get_by_label("核对申报材料").is_checked()
    desk.get_by_role("link", name="取消").click()
    desk.wait_for_url(re.compile(f"/a/cases/{one.pk}$"))
    desk.wait_for_load_state()  # nothing listens to a key before
    desk.keyboard.press("c")
    desk.wait_for_selector("text=已领取")

    # What was typed for a return is not lost by looking.
    desk.keyboard.press("r")
    desk.locator("[name=flag_new_id_number]").check()
    desk.locator("[name=reason_new_id_number]").fill("与证件不符")
    desk.get_by_role("button", name="全部显示").click()
    desk.wait_for_selector("text=完整内容只显示这一次")
    assert numbers[0] in main.inner_text() and desk.locator(".viewer img").is_visible()
    assert desk.locator("[name=flag_new_id_number]").is_checked()
    assert desk.locator("[name=reason_new_id_number]").input_value() == "与证件不符"
    desk.emulate_media(media="print")
    assert numbers[0] not in main.inner_text() and "李示例2" not in main.inner_text()
    assert desk.locator(".viewer img").is_hidden()
    desk.emulate_media(media="screen")
    desk.locator("h1").click()
    desk.keyboard.press("a")
    desk.wait_for_url(re.compile(f"/a/cases/{two.pk}"))
    assert numbers[1] not in main.inner_text()

    # Back, and forward: what was shown once is not kept by the browser.
    desk.go_back()
    desk.go_back()
    desk.wait_for_load_state()
    assert numbers[0] not in main.inner_text()


def test_shenzhen_publishes_a_notice_and_the_employer_confirms_it(page_of, live_server):
    head, operator = signed_in("shenzhen", agency_admin=True, name="陈志远"), of_employer("shenzhen", clerk=True)
    desk = page_of(head, "/a/notices/new")
    desk.get_by_label("种类").select_option("notice")
    desk.get_by_label("标题").fill("申报期调整通知")
    desk.get_by_label("正文").fill("# 安排\n\n本月申报期**延长**：\n- 申报至 25 日\n- 缴费至 30 日")
    desk.get_by_label("须由经办人确认阅读").check()
    desk.get_by_role("button", name="存为草稿").click()
    desk.wait_for_selector("article b >> text=延长")
    desk.get_by_role("button", name="发布").click()
    desk.wait_for_selector("text=已发布")

    page = page_of(operator, "/e/")
    expect(page.get_by_role("link", name="公告/通知").first).to_be_visible()
    page.get_by_role("link", name="阅读并确认").click()
    page.wait_for_selector("article li >> text=申报至 25 日")
    page.get_by_role("button", name="确认已阅").click()
    page.wait_for_selector("text=已确认阅读")
    assert Reading.objects.get(announcement=Announcement.objects.get()).confirmed_at
    for name, count in (("公告", 0), ("通知", 1)):
        page.goto(f"{live_server.url}/e/notices/")
        page.locator(".tabs").get_by_role("link", name=name, exact=True).click()
        assert page.get_by_role("link", name="申报期调整通知").count() == count
    desk.goto(f"{live_server.url}/a/notices/")
    assert "1，确认 1" in desk.locator("#main").inner_text()


def test_guiyang_shows_menus_notices_and_what_waits_on_its_first_page(page_of, live_server):
    """系统页面介绍: /e/ is what the manual calls the first page."""
    head, operator = signed_in("guiyang", agency_admin=True), of_employer("guiyang", clerk=True)
    desk = page_of(head, "/a/notices/new")
    desk.get_by_label("标题").fill("放假公告")
    desk.get_by_label("正文").fill("元旦放假")
    desk.get_by_role("button", name="存为草稿").click()
    desk.get_by_role("button", name="发布").click()
    desk.wait_for_selector("text=已发布")
    page = page_of(operator, "/e/")
    unfold(page)
    menu = page.locator("nav.nav").inner_text()
    assert "人员参保" in menu and "公告通知" in menu
    main = page.locator("#main")
    expect(main.get_by_role("link", name="放假公告")).to_be_visible()
    expect(main.get_by_role("heading", name="待办")).to_be_visible()
    page.get_by_role("link", name=re.compile("消息")).click()
    page.get_by_role("link", name="放假公告").click()
    until(page, lambda: Reading.objects.exists())
    home = page.context.new_page()
    home.goto(f"{live_server.url}/notices/guiyang")
    expect(home.get_by_role("link", name="放假公告")).to_be_visible()


def test_guiyang_looks_into_what_is_masked_only_with_two_people_and_the_employer_reads_of_it(page_of):
    """特权查询 (privileged_query)."""
    head, asker = (signed_in("guiyang", agency_admin=True, name="陈志远"),
                   signed_in("guiyang", reviewer=True, name="李娜"))  # fmt: skip
    boss = of_employer("guiyang", admin=True)
    employee = enrolled(boss.employer, name="李示例")
    number = employee.person.id_number
    naming = page_of(signed_in("guiyang", security_admin=True), "/a/privileged/named")
    naming.get_by_label("操作员", exact=True).select_option(label="李娜（审核人员）")
    naming.get_by_role("button", name="指定", exact=True).click()
    naming.wait_for_selector("text=已指定")

    first = page_of(head, "/a/privileged/")
    page = page_of(asker, "/a/privileged/")
    page.get_by_label(re.compile("一个人")).check()
    page.get_by_label(re.compile("完整证件号码")).fill(number)
    page.get_by_label("依据文书").fill("（2026）示例协查 1 号")
    page.get_by_label("查询原因").fill("法院协助调查，需要参保情况")
    page.get_by_role("button", name="提交申请").click()
    page.wait_for_selector("text=待批准")
    assert number not in page.content()

    first.reload()
    first.get_by_role("button", name=re.compile("^批准")).click()
    first.wait_for_selector("text=60 分钟内有效")
    page.reload()
    page.get_by_role("link", name="查看", exact=True).click()
    page.wait_for_selector(f"text={number}")
    assert PrivilegedLook.objects.count() == 1

    told = page_of(boss, "/e/")
    unfold(told)
    told.get_by_role("link", name="特权查询").click()
    row = told.locator("tbody tr").first.inner_text()
    for word in ("李示例", "法院协助调查", "李娜", "陈志远"):
        assert word in row
    assert Declaration.objects.count() == 0
