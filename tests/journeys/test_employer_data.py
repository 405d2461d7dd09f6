"""The employer changes its own data: two people and two browsers, from the form to the change log."""

import re

import pytest

from shebao.hall.declarations.models import Declaration
from shebao.hall.employers.models import Employer
from tests.factories import EmployerFactory, OperatorFactory, enrolled

from .steps import unfold, until
from .test_halls import choose

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


def test_a_name_is_changed_by_review_a_contact_at_once_and_both_are_in_the_log(page_of, transactional_db):
    employer = EmployerFactory(
        region="yunnan", bank_account="6222000011112222", address="旧路 1 号", phone="13800001234"
    )
    clerk, reviewer = OperatorFactory(clerk=True, employer=employer), OperatorFactory(reviewer=True, region="yunnan")
    page = page_of(clerk, "/e/employer/")
    page.get_by_role("main").get_by_role("link", name="企业信息变更").click()
    page.get_by_label("联系人").fill("周联系")
    page.get_by_role("button", name="确定").click()
    page.get_by_text("企业信息变更已生效").wait_for()
    unfold(page)
    page.get_by_role("link", name="企业敏感信息变更申请").first.click()
    page.get_by_label("单位名称").fill("新名有限公司")
    page.get_by_label("银行账号").fill("6222 9999 8888 7777")
    page.get_by_role("button", name="暂存并去提交").click()
    page.get_by_text("尾号 2222 → 尾号 7777").wait_for()
    page.get_by_role("button", name=re.compile("核对并提交")).last.click()
    page.get_by_text("→ 新名有限公司").wait_for()
    page.get_by_text("以上申报内容真实").click()
    page.get_by_role("button", name=re.compile("^提交")).click()
    until(page, lambda: Declaration.objects.filter(state="submitted").exists())
    made = Declaration.objects.get(state="submitted")
    desk = page_of(reviewer, f"/a/cases/{made.pk}")
    assert "622*********7777" in desk.inner_text("main") and "6222999988887777" not in desk.inner_text("main")
    desk.keyboard.press("a")
    until(desk, lambda: Employer.objects.get(pk=employer.pk).name == "新名有限公司")
    page.goto(page.url.split("/e/")[0] + "/e/employer/changes/")
    said = page.inner_text("main")
    assert all(word in said for word in ("联系人", "周联系", "单位名称", "新名有限公司", "622*********7777"))
    assert made.case_number in said


def test_departments_are_kept_and_offered_where_a_person_is_declared(page_of, transactional_db):
    employer = EmployerFactory(region="shenzhen")
    clerk, person = OperatorFactory(clerk=True, employer=employer), enrolled(employer, department="财务部")
    page = page_of(clerk, "/e/")
    choose(page, "单位部门管理")
    page.get_by_role("button", name=re.compile("加入列表.*财务部")).click()
    page.get_by_label("部门名称").fill("生产部")
    page.get_by_role("button", name="新增部门").click()
    page.get_by_label("财务部并入哪个部门").select_option(label="生产部")
    page.get_by_role("button", name=re.compile("合并.*财务部")).click()
    page.get_by_text("已合并").wait_for()
    person.refresh_from_db()
    assert person.department == "生产部"
    choose(page, "新增")
    assert page.locator("#departments option").first.get_attribute("value") == "生产部"
    assert page.get_by_label("部门名称").get_attribute("list") == "departments"
