"""An employer comes to the agency's counter with its papers and leaves with a number and a first password on paper."""

import re

import pytest
from playwright.sync_api import expect

from shebao.hall.audit.models import AuditEntry
from shebao.hall.employers.models import Employer
from tests.factories import EmployerFactory, OperatorFactory

from .steps import fill
from .test_registration import answers, go_on, write

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


def test_the_counter_enters_a_colleague_decides_and_the_printed_password_opens_the_account(page_of, live_server):
    home = live_server.url
    EmployerFactory(region="fujian", employer_number="3501000000041")
    counter = page_of(OperatorFactory(reviewer=True, region="fujian", name="钱窗口"), "/a/employers/")
    counter.get_by_role("link", name="单位参保登记").click()
    counter.get_by_role("heading", name="单位参保登记（窗口录入）").wait_for()
    counter.get_by_text("电脑编码（13 位）通过时按本地规则接着编排").wait_for()
    write(counter, "credit_code legal_representative economic_kind industry_class established_on address phone")
    write(counter, "clerk_name id_kind id_number clerk_phone clerk_email")
    go_on(counter, "录入并提交")
    counter.get_by_role("alert").get_by_text("请填写“单位名称”").wait_for()
    fill(counter, {"name": answers()["name"]})
    counter.get_by_label("纸质材料存放").fill("2026-11 卷 3")
    go_on(counter, "录入并提交")
    counter.get_by_text("由另一位审核人员审核").first.wait_for()
    counter.get_by_role("link", name="示例新设1有限公司").click()
    counter.get_by_text("您录入的注册申请，由别人审核").wait_for()
    assert not counter.get_by_role("button", name=re.compile("^通过")).count()

    colleague = page_of(OperatorFactory(reviewer=True, region="fujian", name="王审"), "/a/registrations/")
    colleague.get_by_role("link", name="示例新设1有限公司").click()
    colleague.get_by_text("录入 钱窗口").wait_for()
    assert colleague.locator('#approve [name="employer_number"]').input_value() == "3501000000042"
    colleague.get_by_role("button", name="通过，开通账号").click()
    colleague.get_by_role("link", name="示例新设1有限公司").first.click()
    colleague.get_by_role("button", name="打印首次登录通知书").click()
    password = colleague.locator("#one-time-password").inner_text()
    colleague.emulate_media(media="print")
    for shown in ("3501000000042", password, "领取人（签字）"):
        expect(colleague.get_by_text(shown).first).to_be_visible()
    expect(colleague.get_by_text("这个密码只显示这一次")).to_be_hidden()
    colleague.get_by_text("必须修改密码").wait_for()

    owner = page_of(width=390)
    owner.goto(home + "/login")
    owner.get_by_label("账号").fill(Employer.objects.get(employer_number="3501000000042").operators.get().username)
    owner.get_by_label("密码").fill(password)
    owner.keyboard.press("Enter")
    owner.wait_for_url(re.compile("/password"))
    owner.locator("#current").fill(password)
    owner.locator("#new").fill("first-Month-2026")
    owner.get_by_role("button", name="修改密码").click()
    owner.wait_for_url(re.compile("/e/"))
    done = AuditEntry.objects.filter(action__in=("registration.entered", "operator.password_handed_out"))
    assert [one.actor.name for one in done.order_by("sequence")] == ["钱窗口", "王审"]
