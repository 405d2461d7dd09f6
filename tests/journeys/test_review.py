"""One person from the form to the approval: two people, two browsers, and everything that goes wrong between them."""

import re

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from shebao.hall import clock
from shebao.hall.declarations import operations
from shebao.hall.declarations.models import Declaration
from shebao.hall.roster.models import Spell
from shebao.rules.months import Month
from tests.factories import OperatorFactory, enrolled, enrolment, synthetic_id

from .steps import fill, submit_basket, until

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
ENROL, CEASE = "employee_enrolment", "employee_cessation"
PASSWORD = "right-Password-1"
FORM = f"/e/declare/{ENROL}/"


def typed(sequence=1, **changes) -> dict:
    """An enrolment of the current month, as typed into the form."""
    month = Month.of(clock.today())
    answers = enrolment(sequence, household="11", enrolment_month=str(month), contract_from=f"{month}-01") | changes
    codes = {"enrolment_kind": "11", "employment_kind": "41"}
    return {k: v for k, v in (answers | codes).items() if k != "supplementary_medical"}


def person(**traits):
    operator = OperatorFactory(**traits)
    operator.set_password(PASSWORD)
    operator.save()
    return operator


@pytest.fixture
def clerk(transactional_db):
    return person(clerk=True, name="王敏")


@pytest.fixture
def reviewer(transactional_db):
    return person(reviewer=True, name="李娜")


def submitted(clerk, *raws, confirmed=None) -> list[Declaration]:
    made = operations.save_declarations(clerk.employer_id, ENROL, list(raws), by=clerk, confirmed=confirmed)
    operations.submit_declarations([one.pk for one in made], by=clerk)
    return made


def state(declaration) -> str:
    return Declaration.objects.get(pk=declaration.pk).state


def sign_in_again(page, operator) -> None:
    page.get_by_label("账号").fill(operator.username)
    page.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)


def expire() -> None:
    Session.objects.all().delete()


def test_a_returned_case_is_repaired_where_it_is_marked_and_both_see_the_difference(page_of, clerk, reviewer):
    (case,) = submitted(clerk, typed())
    desk = page_of(reviewer, f"/a/cases/{case.pk}")
    desk.keyboard.press("r")
    desk.locator("[name=flag_contract_from]").check()
    desk.locator("[name=code_contract_from]").select_option("02")
    desk.locator("[name=reason_contract_from]").fill("合同写的是 2 日")
    said = "与劳动合同等材料不一致：合同写的是 2 日"
    assert said in desk.locator("[data-preview]").inner_text()
    desk.keyboard.press("Control+Enter")
    desk.wait_for_selector("text=已退回")
    assert state(case) == "returned"

    page = page_of(clerk, f"/e/cases/{case.pk}/repair/")
    assert page.locator("#f-contract_from .mark").inner_text() == f"审核意见：{said}"
    page.get_by_role("button", name="保存并重新提交").click()
    page.wait_for_selector(".errsum >> text=请阅读并勾选声明后再提交")
    page.get_by_label("以上申报内容真实").check()
    page.get_by_role("button", name="保存并重新提交").click()
    page.wait_for_selector("text=还没有按审核意见修改")
    assert state(case) == "returned"
    month = Month.of(clock.today())
    page.locator("[name=contract_from]").fill(f"{month}-02")
    page.get_by_label("以上申报内容真实").check()
    page.get_by_role("button", name="保存并重新提交").click()
    page.wait_for_selector("text=已重新提交")
    assert state(case) == "submitted"

    desk.goto(desk.url.split("/a/")[0] + f"/a/cases/{case.pk}")
    for one in (page, desk):
        main = one.locator("#main").inner_text()
        assert "与上次提交相比，改了 1 项：合同开始日期" in main
        assert f"上次申报 {month}-01" in main
        assert said in main
    first = desk.locator(".fields-t tbody tr").first.inner_text()
    assert "合同开始日期" in first
    desk.keyboard.press("a")
    desk.wait_for_selector("text=已审核通过")
    assert state(case) == "approved"
    page.reload()
    steps = page.locator(".tl b").all_inner_texts()
    assert [step for step in steps if step != "修改"] == ["录入", "提交", "退回补正", "提交", "通过"]


def test_a_case_is_declined_in_two_steps_after_a_refused_return_and_nothing_is_asked_in_vain(page_of, clerk, reviewer):
    (case,) = submitted(clerk, typed())
    desk, answers = page_of(reviewer, f"/a/cases/{case.pk}"), []
    desk.on("response", lambda answer: answers.append(answer.status))
    desk.keyboard.press("r")
    desk.locator("[name=flag_contract_from]").check()
    desk.get_by_role("button", name="退回单位修改").click()
    desk.get_by_text("没有写原因").first.wait_for()
    desk.locator("[name=note]").fill("不符合参保条件")
    desk.locator("[name=flag_contract_from]").uncheck()
    desk.get_by_text("不予办理", exact=True).click()
    assert state(case) == "submitted"
    desk.get_by_role("button", name="确认不予办理").click()
    desk.get_by_text("已办理，单位会看到原因").wait_for()
    assert state(case) == "rejected" and 405 not in answers


def test_the_desk_goes_by_keys_and_a_batch_takes_only_cases_without_findings(page_of, clerk, reviewer):
    one, two = submitted(clerk, typed(1, name="甲一"), typed(2, name="乙二"))
    (low,) = submitted(clerk, typed(3, name="丙三", declared_wage="1000"), confirmed=[{"wage_limits": "试用期"}])
    desk = page_of(reviewer, f"/a/cases/{one.pk}")
    for key, case in (("j", two), ("j", low), ("k", two)):
        desk.keyboard.press(key)
        desk.wait_for_url(re.compile(f"/a/cases/{case.pk}$"))
    desk.goto(desk.url.split("/a/")[0] + "/a/")
    assert desk.get_by_label("选择 丙三").is_disabled()
    assert desk.get_by_role("link", name="有核验提示").inner_text().split() == ["有核验提示", "1"]
    desk.get_by_label("全选可以批量通过的申报").check()
    desk.get_by_role("button", name="核对并批量通过").click()
    desk.wait_for_url(re.compile("/a/cases/batches"))
    expect(desk.get_by_role("heading", name="抽查 2 笔")).to_be_visible()
    assert desk.get_by_role("button", name="通过勾选的申报").is_disabled()
    for name in ("甲一", "乙二"):
        desk.get_by_role("link", name=re.compile(f"打开查看.*{name}")).click()
        desk.get_by_role("link", name="回到批量通过").click()
    assert [state(case) for case in (one, two)] == ["submitted", "submitted"]
    desk.get_by_label("批量通过的理由").fill("逐笔核对过，材料与申报一致")
    desk.get_by_role("button", name="通过勾选的申报").dblclick()
    desk.wait_for_selector("text=已通过 2 笔")
    assert [state(case) for case in (one, two, low)] == ["approved", "approved", "submitted"]
    desk.get_by_role("link", name="丙三", exact=True).click()
    assert "单位说明：试用期" in desk.locator("#main").inner_text()
    desk.get_by_role("button", name="通过（有 1 项提示）").dblclick()
    desk.wait_for_selector("text=已审核通过")
    assert state(low) == "approved"
    assert low.events.filter(move="approve").count() == 1


def test_a_hasty_second_press_decides_no_case_that_nobody_has_seen(page_of, clerk, reviewer):
    first, second = submitted(clerk, typed(1), typed(2))
    desk = page_of(reviewer, f"/a/cases/{first.pk}")
    desk.keyboard.press("a")
    desk.wait_for_url(re.compile(f"/a/cases/{second.pk}"))
    desk.wait_for_load_state()
    assert desk.evaluate("Number(sessionStorage.getItem('shebao-decided-at')) > 0")
    desk.evaluate("sessionStorage.setItem('shebao-decided-at', Date.now())")  # a slow machine is hasty too
    desk.keyboard.press("a")
    desk.wait_for_timeout(1000)
    assert (state(first), state(second)) == ("approved", "submitted")
    desk.keyboard.press("a")
    until(desk, lambda: state(second) == "approved")


def test_a_double_click_saves_submits_and_returns_once(page_of, clerk, reviewer):
    page = page_of(clerk, FORM)
    fill(page, typed())
    page.get_by_role("button", name="暂存并去提交").dblclick()
    page.wait_for_selector("text=已加入待提交")
    case = Declaration.objects.get()
    page.get_by_role("button", name="核对并提交").last.dblclick()
    page.get_by_label("以上申报内容真实").check()
    page.get_by_role("button", name="提交 1 笔").dblclick()
    page.wait_for_url(re.compile("submitted"))
    assert case.events.filter(move="submit").count() == 1
    desk = page_of(reviewer, f"/a/cases/{case.pk}")
    desk.get_by_role("link", name=re.compile("^退回")).click()
    desk.locator("[name=note]").fill("请核对")
    desk.get_by_role("button", name="退回单位修改").dblclick()
    desk.wait_for_selector("text=已退回")
    assert state(case) == "returned"
    assert case.events.filter(move="return").count() == 1


def test_a_session_that_ends_while_a_form_is_open_loses_nothing(page_of, clerk):
    page = page_of(clerk, FORM)
    fill(page, typed())
    expire()
    page.locator("[name=department]").fill("最后一刻的部门")
    page.get_by_role("button", name="暂存并去提交").click()
    page.wait_for_url(re.compile("/login"))
    sign_in_again(page, clerk)
    assert page.url.endswith(FORM)
    until(page, lambda: page.locator("[name=department]").input_value() == "最后一刻的部门")
    assert page.locator("[name=name]").input_value() == "王示例"
    page.get_by_role("button", name="暂存并去提交").click()
    page.wait_for_selector("text=已加入待提交")
    assert Declaration.objects.get().answers["department"] == "最后一刻的部门"
    page.goto(page.url.split("/e/")[0] + FORM)
    assert page.locator("[name=name]").input_value() == ""


def test_a_session_that_ends_while_typing_a_repair_loses_nothing_and_shows_it_to_nobody_else(page_of, clerk, reviewer):
    (case,) = submitted(clerk, typed())
    operations.return_declaration(case.pk, by=reviewer, marks={"name": "请核对"})
    page = page_of(clerk, f"/e/cases/{case.pk}/repair/")
    page.locator("[name=name]").fill("王改正")
    expire()
    # The check while typing finds the session gone and leads to the sign-in page by itself.
    page.locator("[name=reply]").fill("按身份证改的")
    page.wait_for_url(re.compile("/login"))
    colleague = person(clerk=True, employer=clerk.employer)
    sign_in_again(page, colleague)
    assert page.locator("[name=name]").input_value() == "王示例"
    expire()
    page.reload()
    sign_in_again(page, clerk)
    assert page.url.endswith("/repair/")
    until(page, lambda: page.locator("[name=name]").input_value() == "王改正")
    assert page.locator("[name=reply]").input_value() == "按身份证改的"
    page.get_by_label("以上申报内容真实").check()
    page.get_by_role("button", name="保存并重新提交").click()
    page.wait_for_selector("text=已重新提交")
    assert Declaration.objects.get().subject_name == "王改正"


def test_what_was_typed_is_on_the_server_before_anything_is_saved(page_of, clerk, reviewer):
    (case,) = submitted(clerk, typed())
    operations.return_declaration(case.pk, by=reviewer, marks={"name": "请核对"})
    for address in (FORM, f"/e/cases/{case.pk}/repair/"):
        page = page_of(clerk, address)
        page.clock.install()
        page.locator("[name=name]").fill("另一台电脑")
        page.clock.fast_forward(10_000)
        page.wait_for_selector("text=已自动保存")
        elsewhere = page_of(clerk, address)
        assert elsewhere.locator("[name=name]").input_value() == "另一台电脑"
        expect(elsewhere.get_by_text("已恢复上次没填完的内容")).to_be_visible()


def test_a_lost_connection_is_said_and_what_was_typed_stays(page_of, clerk, reviewer):
    page = page_of(clerk, FORM)
    fill(page, typed())
    page.context.set_offline(True)
    page.get_by_role("button", name="暂存并去提交").click()
    page.wait_for_selector("text=网络中断，刚才没有提交")
    assert page.locator("[name=name]").input_value() == "王示例"
    assert not Declaration.objects.exists()
    page.context.set_offline(False)
    page.get_by_role("button", name="暂存并去提交").click()
    page.wait_for_selector("text=已加入待提交")
    (case,) = submitted(clerk, typed(2))
    desk = page_of(reviewer, f"/a/cases/{case.pk}")
    desk.keyboard.press("r")
    desk.locator("[name=note]").fill("请核对合同")
    desk.context.set_offline(True)
    desk.get_by_role("button", name="退回单位修改").click()
    desk.wait_for_selector("text=网络中断，刚才没有提交")
    assert desk.locator("[name=note]").input_value() == "请核对合同"
    desk.context.set_offline(False)
    desk.get_by_role("button", name="退回单位修改").click()
    desk.wait_for_selector("text=已退回")
    assert state(case) == "returned"


def test_the_way_back_leads_to_pages_that_are_there(page_of, clerk, reviewer):
    operations.save_declarations(clerk.employer_id, ENROL, [typed()], by=clerk)
    page = page_of(clerk, "/e/basket/")
    page.get_by_role("button", name="核对并提交").last.click()
    page.wait_for_url(re.compile("/check/"))
    page.get_by_role("button", name="提交 1 笔").click()
    page.wait_for_selector("text=请阅读并勾选声明后再提交")
    page.go_back()
    expect(page.get_by_role("heading", name="核对并提交")).to_be_visible()
    page.get_by_label("以上申报内容真实").check()
    page.get_by_role("button", name="提交 1 笔").click()
    page.wait_for_url(re.compile("submitted"))
    page.go_back()
    page.wait_for_url(re.compile(r"/e/basket/$"))
    expect(page.get_by_text("这里没有可以提交的业务")).to_be_visible()


def test_without_a_script_a_form_sent_too_late_is_there_again_after_signing_in(page_of, clerk):
    page = page_of(clerk, FORM, java_script_enabled=False)
    fill(page, typed(department="没有丢"))
    expire()
    page.get_by_role("button", name="暂存并去提交").click()
    page.wait_for_url(re.compile("/login"))
    sign_in_again(page, clerk)
    assert page.url.endswith(FORM)
    assert page.locator("[name=department]").input_value() == "没有丢"
    expect(page.get_by_text("已恢复上次没填完的内容")).to_be_visible()
    assert not Declaration.objects.exists()


def test_an_error_goes_as_soon_as_its_field_is_right(page_of, clerk):
    page = page_of(clerk, FORM)
    fill(page, typed(name="", contract_from=""))
    page.get_by_role("button", name="暂存并去提交").click()
    page.wait_for_selector(".errsum")
    assert page.locator(".errsum li").count() == 2
    page.locator("[name=name]").fill("王示例")
    assert page.locator(".errsum li").count() == 1
    assert page.locator(".errsum h2").inner_text() == "有 1 处需要修改"
    assert page.locator("#id_name-error").count() == 0
    page.locator("[name=contract_from]").fill(f"{Month.of(clock.today())}-01")
    assert page.locator(".errsum, .fd.e").count() == 0


def test_from_the_form_to_the_approval_without_a_script(page_of, live_server, clerk, reviewer):
    page = page_of(clerk, FORM, java_script_enabled=False)
    fill(page, typed(name=""))
    page.get_by_role("button", name="暂存并去提交").click()
    expect(page.get_by_role("alert").get_by_text("请填写“姓名”")).to_be_visible()
    page.locator("[name=name]").fill("王示例")
    page.get_by_role("button", name="暂存并去提交").click()
    expect(page.get_by_text("已加入待提交")).to_be_visible()
    page.get_by_role("button", name=re.compile("^移除 ?王示例")).click()
    expect(page.get_by_text("没有待提交业务")).to_be_visible()
    page.get_by_role("button", name="撤销").click()
    expect(page.get_by_text("已放回待提交 1 笔")).to_be_visible()
    submit_basket(page, live_server.url)
    desk = page_of(reviewer, "/a/", java_script_enabled=False)
    desk.get_by_role("link", name="王示例", exact=True).click()
    desk.get_by_role("button", name=re.compile("^通过")).click()
    expect(desk.get_by_text("已审核通过")).to_be_visible()
    assert Declaration.objects.get().state == "approved"
    assert Spell.objects.filter(employee__employer=clerk.employer).exists()


def test_the_form_is_filled_at_the_keyboard_and_tells_while_typing(page_of, clerk):
    back = enrolled(
        clerk.employer, name="李回来", department="质检部", household="31", number=synthetic_id(area="810000")
    )
    back.spells.update(last_month=str(Month.of(clock.today()).previous(3)), end_reason="6301")
    page = page_of(clerk, FORM)
    page.locator("[name=id_number]").focus()
    page.keyboard.type(f" {back.person.id_number[:6]} {back.person.id_number[6:].lower()}")
    # The number alone brings the kind of document and what the roster knows.
    until(page, lambda: page.locator("[name=name]").input_value() == "李回来")
    assert page.locator("[name=id_kind]").input_value() == "16"
    assert page.locator("[name=department]").input_value() == "质检部"
    assert "上次在本单位参保到" in page.locator("#declare-rail").inner_text()
    assert page.locator("[name=id_number]").evaluate("e => e === document.activeElement")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.name") == "name"
    page.locator("[name=contract_from]").fill(f"{Month.of(clock.today())}-01")
    page.locator("[name=labour_registered_on]").fill(f"{Month.of(clock.today())}-01")
    page.locator("[name=declared_wage]").focus()
    page.keyboard.type("1000")
    until(page, lambda: "低于下限" in page.locator("#wage-scales").inner_text())
    until(page, lambda: page.locator("[name=ok_wage_limits]").count() == 1)
    assert page.evaluate("document.activeElement.name") == "declared_wage"
    page.keyboard.press("Control+A")
    page.keyboard.type("8000")
    until(page, lambda: "按申报工资计缴" in page.locator("#wage-scales").inner_text())
    until(page, lambda: "养老" in page.locator("#declare-rail .costs").inner_text())
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.innerText") == "暂存，继续录下一个"
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile("like="))
    assert Declaration.objects.get().subject_name == "李回来"
    assert page.locator("[name=id_number]").input_value() == ""
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".errsum")
    assert page.evaluate("document.activeElement.className") == "errsum"


def test_a_row_is_removed_with_the_delete_key_and_comes_back(page_of, clerk):
    leaving = enrolled(clerk.employer)
    month = str(Month.of(clock.today()))
    raw = {"id_number": leaving.person.id_number, "name": leaving.name, "cessation_month": month, "reason": "6301"}
    operations.save_declarations(clerk.employer_id, CEASE, [raw], by=clerk)
    page = page_of(clerk, "/e/basket/")
    page.get_by_label("选择 李示例").focus()
    page.keyboard.press("Delete")
    page.get_by_role("button", name="撤销").click()
    page.wait_for_selector("text=已放回待提交 1 笔")
    assert Declaration.objects.get().state == "draft"
