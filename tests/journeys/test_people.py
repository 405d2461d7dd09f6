"""People in the halls of four regions: labour first, projects and their workers, the employer's clerks, papers seen."""

import re
from datetime import datetime, time

import pytest
from django.utils import timezone

from shebao.hall import clock
from shebao.hall.declarations.models import Declaration
from shebao.hall.operators.models import Operator
from shebao.hall.roster.models import Employee, LabourRegistration, PreEntry, Spell
from shebao.rules.months import Month
from tests.factories import CITIZENS, EmployerFactory, OperatorFactory, enrolment, synthetic_id

from .steps import all_believe, fill, save_to_basket, submit_basket, unfold, until
from .test_halls import choose

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _inside_every_window(monkeypatch):
    """The tenth of this month, in every thread: what is tried here does not depend on the day it runs."""
    moment = timezone.make_aware(datetime.combine(timezone.localdate().replace(day=10), time(10)))
    all_believe(monkeypatch, moment)


def people_of(region):
    """A clerk of a new employer, and a reviewer of the region."""
    employer = EmployerFactory(region=region)
    return OperatorFactory(clerk=True, employer=employer), OperatorFactory(reviewer=True, region=region)


def approved(desk, home):
    """The reviewer approves what waits, one after the other."""
    for pk in Declaration.objects.filter(state="submitted").values_list("pk", flat=True):
        desk.goto(f"{home}/a/cases/{pk}")
        desk.get_by_role("button", name=re.compile("^通过")).click()
        until(desk, lambda pk=pk: Declaration.objects.get(pk=pk).state == "approved")


def month_now():
    return Month.of(clock.today())


def newcomer(sequence=1, **changes):
    """Answers about a person who comes this month."""
    month = month_now()
    dates = {"contract_from": f"{month}-01", "labour_registered_on": f"{month}-01", "enrolment_month": str(month)}
    codes = {"enrolment_kind": "11", "employment_kind": "41", "position": "2"}
    return enrolment(sequence, household="11") | dates | codes | changes


def test_labour_is_registered_before_insurance_begins_and_ended_before_it_ends(page_of, live_server, transactional_db):
    (clerk, reviewer), home = people_of("wage_hall"), live_server.url
    page, desk = page_of(clerk, "/e/declare/employee_enrolment/"), page_of(reviewer, "/a/")
    fill(page, newcomer())
    page.get_by_role("link", name="去办劳动用工备案增员").wait_for()
    with page.expect_navigation():  # the preview says the same before the answer is there
        page.get_by_role("button", name="暂存并去提交").click()
    page.get_by_text("该人员还没有劳动用工备案增员，请先备案").first.wait_for()
    page.get_by_role("link", name="去办劳动用工备案增员").click()
    page.get_by_role("heading", name="劳动用工备案增员").first.wait_for()
    fill(page, newcomer(work="装配工"))
    save_to_basket(page)
    submit_basket(page, home)
    approved(desk, home)
    page.goto(home + "/e/")
    page.get_by_role("link", name="劳动用工备案查询").first.click()
    page.get_by_role("row", name=re.compile("王示例.*装配工")).wait_for()

    # Now the insurance; what was typed is still there.
    choose(page, "社保增员")
    fill(page, newcomer())
    save_to_basket(page)
    submit_basket(page, home)
    approved(desk, home)
    employee = Employee.objects.get()
    assert Spell.objects.filter(employee=employee, is_voided=False).exists()

    # Leaving goes the same way round.
    page.goto(f"{home}/e/declare/labour_deregistration/?employee={employee.pk}")
    fill(page, {"ended_on": f"{month_now()}-01", "reason": "3"})
    page.get_by_role("button", name="保存，上传材料").dblclick()
    page.get_by_role("link", name=re.compile("^先放进")).click()
    page.wait_for_url(re.compile("/e/basket/"))
    submit_basket(page, home)
    approved(desk, home)
    assert LabourRegistration.objects.get().end_reason == "3"
    page.goto(home + "/e/labour/?state=ended")
    page.get_by_role("row", name=re.compile("王示例.*劳动者提出解除")).wait_for()


def test_a_project_is_registered_and_its_workers_are_found_by_it(page_of, live_server, transactional_db):
    (clerk, reviewer), home, month = people_of("yunnan"), live_server.url, month_now()
    page, desk = page_of(clerk, "/e/declare/project_registration/"), page_of(reviewer, "/a/")
    for number, name in (("XM-01", "示例大桥"), ("XM-02", "示例隧道")):
        page.goto(home + "/e/declare/project_registration/")
        fill(page, {
            "project_number": number, "project_name": name, "contract_sum": "1000000.00",
            "first_on": f"{month}-01", "last_on": f"{month.next(12)}-28",
        })  # fmt: skip
        page.get_by_text("项目工伤保险费 1,000.00 元").first.wait_for()
        save_to_basket(page)
    submit_basket(page, home)
    approved(desk, home)
    for sequence, project in ((1, "XM-01"), (2, "XM-02")):
        page.goto(home + "/e/")
        unfold(page)
        page.get_by_role("link", name="项目人员增加").first.click()
        fill(page, newcomer(sequence, name=f"示例工{sequence}", project=project))
        save_to_basket(page)
    submit_basket(page, home)
    approved(desk, home)
    assert set(Spell.objects.values_list("scheme", flat=True)) == {"injury"}
    unfold(page)
    page.get_by_role("link", name="项目人员查询").first.click()
    page.get_by_role("row", name=re.compile("示例大桥.*1,000.00")).wait_for()
    page.get_by_label("工程项目").select_option(label="XM-02 示例隧道")
    page.get_by_role("button", name="查询").click()
    page.get_by_role("row", name=re.compile("示例工2.*示例隧道")).wait_for()
    assert page.get_by_role("row", name=re.compile("示例工1")).count() == 0


def test_a_clerk_gets_an_account_by_review_and_the_administrator_hands_over(page_of, live_server, transactional_db):
    (clerk, reviewer), home = people_of("lijiang"), live_server.url
    page, desk = page_of(clerk, "/e/"), page_of(reviewer, "/a/")
    unfold(page)
    page.get_by_role("link", name="本单位其他专管员账号注册").first.click()
    fill(page, {"clerk_name": "周示例", "phone": "13900000001", "account": "zhou.example", "role": "employer_admin"})
    save_to_basket(page)
    submit_basket(page, home)
    approved(desk, home)
    case = Declaration.objects.get()
    page.goto(f"{home}/e/cases/{case.pk}/")
    page.get_by_role("button", name="领取初始密码").click()
    password = page.locator("#one-time-password").inner_text()
    page.get_by_role("link", name="返回办件").click()
    assert page.get_by_role("button", name="领取初始密码").count() == 0

    # The new administrator signs in, has to choose a password, and hands over in turn.
    page.context.clear_cookies()
    page.goto(home + "/login")
    page.get_by_label("账号").fill("zhou.example")
    page.get_by_label("密码").fill(password)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=re.compile("修改密码")).first.wait_for()
    administrator = Operator.objects.get(username="zhou.example")
    page = page_of(administrator, "/e/declare/clerk_change/")
    Operator.objects.filter(pk=administrator.pk).update(must_change_password=False)
    page.goto(home + "/e/declare/clerk_change/")
    fill(page, {
        "replaced": "zhou.example", "clerk_name": "吴示例", "phone": "13900000002", "account": "wu.example",
        "note": "原专管员离职",
    })  # fmt: skip
    page.get_by_text("这个账号是单位管理员").first.wait_for()
    save_to_basket(page)
    submit_basket(page, home)
    approved(desk, home)
    administrators = Operator.objects.filter(employer=clerk.employer, role="employer_admin", is_active=True)
    assert [one.username for one in administrators] == ["wu.example"]
    desk.goto(f"{home}/a/cases/{Declaration.objects.latest('pk').pk}")
    desk.get_by_role("button", name="领取初始密码").click()
    assert len(desk.locator("#one-time-password").inner_text()) == 14


def test_the_agency_enters_who_comes_from_another_province(page_of, live_server, transactional_db):
    clerk, reviewer = people_of("tianjin")
    page, desk = page_of(clerk, "/e/declare/employee_enrolment/"), page_of(reviewer, "/a/")
    fill(page, newcomer(household="22"))
    page.get_by_role("button", name="暂存并去提交").click()
    page.get_by_text("做信息预录入").first.wait_for()
    desk.get_by_role("link", name="信息预录入").first.click()
    desk.get_by_label("证件号码").first.fill(synthetic_id(area=CITIZENS))
    desk.get_by_label("姓名").first.fill("王示例")
    desk.get_by_role("button", name="录入人员").click()
    desk.get_by_text("已录入王示例").wait_for()
    assert PreEntry.objects.count() == 1
    save_to_basket(page)
    assert Declaration.objects.get().subject_name == "王示例"
