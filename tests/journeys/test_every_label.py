"""What a manual lists under one number, all of it: every kind of declaration and every sheet under its own name."""

import re
from datetime import date, timedelta

import pytest
from django.utils import timezone

from shebao.hall.declarations.models import Declaration
from shebao.hall.desk.models import Approval
from shebao.hall.employers.models import Employer
from shebao.hall.operators.models import Operator
from shebao.hall.regions import region
from shebao.hall.roster.models import DeclaredWage, Employee, Spell
from shebao.hall.settlement.models import Assessment
from tests.factories import CITIZENS, MONTH, NOW, EmployerFactory, enrolled, synthetic_id, unpaid_bill, wage
from tests.factories import cessation as leaving
from tests.sheets import files

from .steps import fill, save_to_basket, sheet_of, submit_basket, until
from .test_halls import HALLS, approve, choose, hall, keep, newcomer, pick
from .test_papers import as_file, november  # noqa: F401 - a fixture: the tenth of a month, for every thread
from .test_review import person

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


def someone(number, **changes):
    """A newcomer of 深圳; what its form keeps folded is left out."""
    answers = newcomer("shenzhen", number) | {"medical_tier": "1", "household": "521"} | changes
    return {name: text for name, text in answers.items() if name not in ("department", "phone")}


def open_schemes(employee) -> set[str]:
    return set(employee.spells.filter(last_month=None, is_voided=False).values_list("scheme", flat=True))


def save(page) -> None:
    """Declare for one person, and wait for what the server does."""
    before = Declaration.objects.count()
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile("^(暂存|保存)，继续录下一个$|^确定$")).click()
    until(page, lambda: Declaration.objects.count() == before + 1)


def send(page, importing: str, title: str, data: bytes, name: str, rows: int) -> None:
    """批量导入: the sheet by its own title, all rows right, confirmed."""
    choose(page, importing)
    page.get_by_label(title, exact=True).check()
    page.locator("#file").set_input_files(as_file(name, data, ""))
    page.get_by_role("button", name="上传并核对").click()
    until(page, lambda: page.get_by_role("link", name="下一步：核对").count() == 1)
    page.get_by_role("link", name="下一步：核对").click()
    before = Declaration.objects.count()
    page.get_by_role("button", name=re.compile(rf"(加入待提交|确认办理) {rows} 人")).click()
    until(page, lambda: Declaration.objects.count() == before + rows)


def test_lijiang_declares_people_wages_and_its_own_data_for_review(page_of, live_server):
    """LJ-7 企业职工参保申报、停保申报、职工缴费基数申报; LJ-6 企业敏感信息变更申报、专管员变更申报."""
    (clerk, reviewer), home = hall("lijiang"), live_server.url
    leaver, stays = (enrolled(clerk.employer, name=f"李示例{n}", sequence=900 + n) for n in (1, 2))
    page = page_of(clerk, "/e/")
    choose(page, "企业职工参保申报")
    fill(page, newcomer("lijiang", 1))
    save(page)
    choose(page, "企业职工停保申报")
    pick(page, leaver)
    fill(page, {"cessation_month": str(MONTH), "reason": "6301"})
    save(page)
    choose(page, "职工缴费基数申报")
    pick(page, stays)
    fill(page, {"first_month": str(MONTH), "declared_wage": "9100"})
    save(page)
    submit_basket(page, home)
    approve(page_of, reviewer, home)
    assert not open_schemes(leaver) and open_schemes(Employee.objects.get(name="王示例1"))
    assert DeclaredWage.objects.get(employee=stays, is_voided=False, first_month=MONTH).amount_fen == 910_000

    choose(page, "企业敏感信息变更申报")
    page.get_by_label("法定代表人").fill("钱新任")
    save_to_basket(page)
    choose(page, "专管员变更申报")
    replaced = page.locator("[name=replaced]")
    fill(page, {
        "replaced": clerk.username, "clerk_name": "吴示例", "phone": "13900000002", "account": "wu.example",
        "note": "原专管员离职",
    })  # fmt: skip
    assert replaced.count() == 1
    save_to_basket(page)
    submit_basket(page, home)
    second = person(agency_admin=True, name="赵复审", region="lijiang")
    waiting = dict(Declaration.objects.filter(state="submitted").values_list("service", "pk"))
    for by, services in ((reviewer, waiting), (second, ["sensitive_employer_change"])):  # one has a second review
        desk = page_of(by, "/a/")
        for service in services:
            desk.goto(f"{home}/a/cases/{waiting[service]}")
            desk.get_by_role("button", name=re.compile("^通过")).click()
            until(desk, lambda by=by, pk=waiting[service]: Approval.objects.filter(declaration=pk, by=by).exists())
    until(page, lambda: Employer.objects.get(pk=clerk.employer_id).legal_representative == "钱新任")
    until(page, lambda: Operator.objects.filter(username="wu.example", employer=clerk.employer).exists())


def test_shenzhen_does_everything_about_a_person_singly_without_review(page_of, live_server):
    """SZ-7 新增、停交、恢复参保、修改工资、调入; 参保险种变更 and 其他信息变更 are walked in test_changes."""
    (clerk, _), _home = hall("shenzhen"), live_server.url
    back = enrolled(clerk.employer, name="李恢复", household="521", facts={"enrolment_kind": "11", "medical_tier": "1"})
    back.spells.update(last_month=MONTH.previous(2), end_reason="6301")
    page = page_of(clerk, "/e/")
    choose(page, "新增")
    fill(page, someone(1))
    save(page)
    new = Employee.objects.get(name="王示例1")
    assert open_schemes(new)
    choose(page, "修改工资")
    pick(page, new)
    fill(page, {"first_month": str(MONTH.next()), "declared_wage": "9876.5"})
    save(page)
    assert new.wages.filter(is_voided=False, first_month=MONTH.next()).get().amount_fen == 987_650
    choose(page, "停交")
    pick(page, new)
    fill(page, {"cessation_month": str(MONTH.next()), "reason": "6301"})
    save(page)
    assert not open_schemes(new)
    choose(page, "恢复参保")
    fill(page, someone(1, id_number=back.person.id_number, name="李恢复", enrolment_kind="12"))
    save(page)
    assert open_schemes(back)
    choose(page, "调入")
    fill(page, someone(3, enrolment_kind="14"))
    save(page)
    assert Declaration.objects.get(service="employee_transfer_in").answers["enrolment_kind"] == "14"
    assert set(Declaration.objects.values_list("state", flat=True)) == {"approved"}, "nobody reviews these"


def test_shenzhen_does_the_same_by_sheet(page_of, live_server):
    """SZ-9 批量上传新增、停交、修改工资、调入; 参保险种变更 is walked in test_own_words."""
    clerk, _ = hall("shenzhen")
    facts = {"enrolment_kind": "11", "medical_tier": "1"}
    here, people = region("shenzhen"), [
        enrolled(clerk.employer, name=f"李示例{n}", sequence=900 + n, household="521", facts=facts) for n in (1, 2)
    ]  # fmt: skip
    page = page_of(clerk, "/e/")
    new, moved = [someone(n) for n in (1, 2)], [someone(3, enrolment_kind="14")]
    for title, service, rows in (
        ("批量上传新增", "employee_enrolment", new),
        ("批量上传调入", "employee_transfer_in", moved),
        ("批量上传修改工资", "wage_declaration", [wage(people[0], "9100"), wage(people[1], "9200")]),
        ("批量上传停交", "employee_cessation", [leaving(people[1])]),
    ):
        form = here.forms[here.services[service].form]
        send(page, "业务申报批量上传", title, sheet_of(rows, form), "上传.csv", len(rows))
    assert Employee.objects.filter(employer=clerk.employer).count() == 5
    assert not open_schemes(people[1]) and open_schemes(people[0])
    assert people[0].wages.get(is_voided=False, first_month=MONTH).amount_fen == 910_000


def test_tianjin_adds_and_removes_people_as_its_manual_says(page_of, live_server):
    """TJ-2: a small x, 用工范围 of an account with three insurances; TJ-3: the number brings the person, 欠缴 bars."""
    clerk = person(clerk=True, name="王敏", employer=EmployerFactory(region="tianjin", account_kind="3"))
    ends_in_x = next(n for n in range(1, 99) if synthetic_id(sequence=n, area=CITIZENS).endswith("X"))
    leaver, owes = (enrolled(clerk.employer, name=f"李示例{n}", sequence=900 + n) for n in (1, 2))
    page = page_of(clerk, "/e/")
    choose(page, "单位职工增加")
    small = synthetic_id(sequence=ends_in_x, area=CITIZENS).lower()
    fill(page, newcomer("tianjin", ends_in_x) | {"id_number": small, "name": "王示例"})
    page.get_by_role("button", name="暂存，继续录下一个").click()
    page.get_by_text(re.compile("请填写“用工范围”")).first.wait_for()
    page.locator("select[name=work_scope]").select_option(label="农籍工")
    keep(page, "王示例")
    assert Declaration.objects.get().answers["id_number"] == small.upper()

    choose(page, "单位职工减少")
    page.wait_for_load_state("load")  # what answers a typed number is there
    page.locator("[name=id_number]").fill(leaver.person.id_number)
    page.locator("[name=id_number]").press("Tab")
    until(page, lambda: page.locator("[name=name]").input_value() == leaver.name)
    fill(page, {"cessation_month": str(MONTH), "reason": "6301"})
    keep(page, leaver.name)
    _overdue_bill(owes)
    choose(page, "单位职工减少")
    fill(page, {"id_number": owes.person.id_number, "name": owes.name, "cessation_month": str(MONTH), "reason": "6301"})
    page.get_by_role("button", name="暂存，继续录下一个").click()
    page.get_by_text(re.compile("逾期未缴，不能在网上办理")).first.wait_for()
    assert not Declaration.objects.filter(subject_name=owes.name).exists()

    choose(page, "申报业务提交")
    submit_basket(page, live_server.url)
    assert Declaration.objects.filter(state="submitted").count() == 2


def _overdue_bill(employee) -> None:
    """One unpaid line of the employee in a bill whose day of payment is past."""
    employer, month = employee.employer, MONTH.previous(2)
    assessment = Assessment.objects.create(
        employer=employer, month=month, kind="with_changes", number="A1", fingerprint="0" * 12, known_on=NOW.date(),
        made_at=timezone.make_aware(NOW), monthly_schemes=[],
    )  # fmt: skip
    unpaid_bill(employee, assessment, NOW - timedelta(days=20))


def grey_fields(employee) -> dict[str, str]:
    """What the manual shows in grey boxes: on file, told by the number, and not to be changed."""
    person, spell = employee.person, employee.spells.order_by("first_month").first()
    return {
        "个人ID": employee.person_number,
        "证件类型": region("leshan").codes["id_kinds"].title_of(person.id_kind),
        "性别": "男" if int(person.id_number[16]) % 2 else "女",
        "出生日期": f"{person.born_on:%Y-%m-%d}",
        "首次参保": str(spell.first_month),
    }


def test_leshan_finds_a_person_declares_singly_and_stops_several_at_once(page_of, live_server):
    """LS-2 with its grey fields, LS-4 singly, LS-5 非全日制 and 他处在保, LS-6 ticked with 变更日期 and 变更原因."""
    (clerk, _), home = hall("leshan"), live_server.url
    people = [enrolled(clerk.employer, name=f"李示例{n}", sequence=900 + n, department="财务部") for n in (1, 2, 3)]
    elsewhere = enrolled(EmployerFactory(region="leshan"), name="张在别处", sequence=77)
    page = page_of(clerk, "/e/")
    choose(page, "职工花名册")
    if not page.get_by_label("按姓名或拼音筛选").is_visible():  # folded away on a narrow page
        page.locator("label.columns-open").click()
    for column in ("按姓名或拼音筛选", "按证件号码末 4 至 6 位筛选", "按个人编号筛选", "按参保起始年月筛选"):
        page.get_by_label(column).wait_for()
    page.get_by_label("按证件号码末 4 至 6 位筛选").fill(people[1].person.id_number[-6:])
    page.get_by_label("按证件号码末 4 至 6 位筛选").press("Enter")
    page.get_by_role("link", name="李示例2", exact=True).wait_for()
    assert page.get_by_role("link", name="李示例1", exact=True).count() == 0
    page.get_by_role("link", name="李示例2", exact=True).dblclick()
    page.get_by_role("heading", name="李示例2").first.wait_for()
    page.get_by_role("main").get_by_role("link", name="职工信息维护").click()
    for label, value in grey_fields(people[1]).items():
        box = page.get_by_label(label, exact=True)
        assert (box.input_value(), box.get_attribute("readonly")) == (value, ""), label
        assert box.evaluate("e => getComputedStyle(e).backgroundColor") != page.get_by_label("通讯地址").evaluate(
            "e => getComputedStyle(e).backgroundColor"
        ), f"{label} is not grey"
    page.get_by_label("通讯地址").fill("示例路 2 号")
    save(page)
    people[1].refresh_from_db()
    assert (people[1].details["address"], people[1].name) == ("示例路 2 号", "李示例2")

    choose(page, "人员申报工资")
    pick(page, people[0])
    fill(page, {"first_month": str(MONTH), "declared_wage": "9100"})
    save(page)
    assert people[0].wages.get(is_voided=False, first_month=MONTH).amount_fen == 910_000

    choose(page, "单位职工新参保")
    fill(page, newcomer("leshan", 1) | {"employment_kind": "52"})
    save(page)
    assert open_schemes(Employee.objects.get(name="王示例1")) == {"injury"}, "part-time means injury only"
    choose(page, "单位职工新参保")
    fill(page, newcomer("leshan", 5) | {"id_number": elsewhere.person.id_number, "name": elsewhere.name})
    page.get_by_role("button", name=re.compile("继续录下一个$|^确定$")).first.click()
    page.get_by_text("该人员当前在其他单位参保").first.wait_for()
    assert elsewhere.employer.name not in page.locator("main").inner_text()

    page.goto(f"{home}/e/roster/")
    for one in people[1:]:
        page.get_by_label(f"选择 {one.name}").check()
    page.locator('button[formaction*="employee_cessation"]').first.click()
    fill(page, {"cessation_month": str(MONTH), "reason": "6301"})
    page.get_by_role("button", name="下一步：逐人核对").click()
    page.get_by_role("button", name="确定").click()
    until(page, lambda: not any(open_schemes(one) for one in people[1:]))
    assert Spell.objects.filter(employee=people[2], end_reason="6301").exists()


def test_leshan_enrols_by_sheet_sees_good_and_bad_rows_with_reasons_and_confirms_the_good(page_of, live_server):
    """LS-11: drop-downs are walked in test_spreadsheets; sex and birth date come from the number."""
    clerk, _ = hall("leshan")
    form = region("leshan").forms[region("leshan").services["employee_enrolment"].form]
    born = date(1991, 4, 6)
    rows = [newcomer("leshan", n) for n in (1, 2, 3)]
    rows[0]["id_number"] = synthetic_id(born=born, area=CITIZENS)
    rows[1]["id_number"] = rows[1]["id_number"][:17]
    page = page_of(clerk, "/e/")
    choose(page, "批量导入")
    page.get_by_label("单位职工批量参保", exact=True).check()
    page.locator("#file").set_input_files(as_file("参保.csv", sheet_of(rows, form), "text/csv"))
    page.get_by_role("button", name="上传并核对").click()
    page.get_by_role("complementary", name="问题清单").get_by_text("证件号码校验不符").wait_for()
    page.get_by_role("button", name="先导入通过的 2 行").click()
    until(page, lambda: Declaration.objects.filter(state="approved").count() == 2)
    page.locator("#grid-tabs a", has_text="已生效").locator(".cnt").wait_for()
    known = Employee.objects.get(name="王示例1").person
    assert (known.born_on, known.sex) == (born, "2" if int(known.id_number[16]) % 2 == 0 else "1")
    assert Declaration.objects.filter(subject_name="王示例2").count() == 0


def test_jinan_takes_the_old_xls_of_its_own_sheet(page_of, live_server):
    """JN-4 导入报盘: .xls, with codes in the code columns."""
    clerk, _ = hall("jinan")
    here = region("jinan")
    form = here.forms[here.services["employee_enrolment"].form]
    rows = [newcomer("jinan", n) for n in (1, 2)]
    names = [field for field in form.fields if field.id in rows[0]]
    table = [[field.label for field in names], *([row[field.id] for field in names] for row in rows)]
    page = page_of(clerk, "/e/")
    send(page, HALLS["jinan"].importing, "增员申报—导入报盘", files.xls(table), "报盘.xls", 2)
    assert set(Declaration.objects.values_list("state", flat=True)) == {"draft"}
    assert rows[0]["id_number"] in {one.answers["id_number"] for one in Declaration.objects.all()}
