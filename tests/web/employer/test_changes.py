"""Changes of people on the generic pages: a form about a known person, the check page, the desk, the log."""

import pytest

from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import submit_declarations
from shebao.hall.desk.operations import claim_cases
from shebao.hall.roster.models import Employee, Spell
from shebao.rules.identity import masked
from tests.factories import EmployerFactory, OperatorFactory, at, enrolled, synthetic_id
from tests.papers import upload_papers

from .declared import text_of

CHANGE, IDENTITY, SCHEMES = "employee_change", "sensitive_employee_change", "insurance_change"


@pytest.fixture(autouse=True)
def november(db):
    with at():
        yield


def hall(client, code):
    clerk = OperatorFactory(clerk=True, employer=EmployerFactory(region=code))
    client.force_login(clerk)
    facts = {"enrolment_kind": "11", "medical_tier": "1"}
    return clerk, enrolled(clerk.employer, household="521", facts=facts, phone="13800138000", department="一部")


def typed(employee, **answers):
    return {"id_number": employee.person.id_number, "name": employee.name} | answers


@pytest.mark.parametrize(
    ("code", "titles"),
    [
        ("shenzhen", {CHANGE: "其他信息变更", IDENTITY: "重要信息变更", SCHEMES: "参保险种变更"}),
        ("lijiang", {CHANGE: "职工基本信息变更", IDENTITY: "企业职工信息修改"}),
        ("general_hall", {CHANGE: "编辑员工"}),
    ],
)
def test_a_change_bears_the_name_of_the_manual_and_starts_with_what_the_roster_says(client, code, titles):
    _, employee = hall(client, code)
    own = text_of(client.get(f"/e/roster/{employee.pk}/"))
    for service, title in titles.items():
        page = text_of(client.get(f"/e/declare/{service}/?employee={employee.pk}"))
        assert title in page and title in own
        assert employee.person.id_number in page
    assert "13800138000" in text_of(client.get(f"/e/declare/{CHANGE}/?employee={employee.pk}"))


def test_the_form_of_schemes_shows_in_which_the_person_is_insured(client):
    _, employee = hall(client, "shenzhen")
    page = client.get(f"/e/declare/{SCHEMES}/?employee={employee.pk}")
    values = {f["name"]: f["value"] for group in page.context["groups"] for f in group["fields"]}
    assert (values["insured_pension"], values["insured_maternity"]) == ("1", "0")
    assert values["medical_tier"] == "1"


@pytest.mark.parametrize("code", ["shenzhen", "lijiang", "general_hall"])
def test_a_phone_is_changed_at_once_and_the_page_of_the_person_keeps_the_log(client, code):
    _, employee = hall(client, code)
    answer = client.post(f"/e/declare/{CHANGE}/", typed(employee, phone="13900139000"), follow=True)
    assert "已生效" in text_of(answer)
    employee.refresh_from_db()
    assert employee.phone == "13900139000"
    page = text_of(client.get(f"/e/roster/{employee.pk}/"))
    assert "变更记录" in page and "尾号 8000 → 尾号 9000" in page and "13800138000" not in page


@pytest.mark.parametrize("code", ["shenzhen", "lijiang"])
def test_an_important_change_shows_old_and_new_to_the_clerk_and_to_the_reviewer(client, code):
    clerk, employee = hall(client, code)
    number = synthetic_id(sequence=7)
    client.post(f"/e/declare/{IDENTITY}/", typed(employee, new_name="李改名", new_id_number=number, note="更正"))
    saved = Declaration.objects.get()
    check = text_of(client.post("/e/basket/check/", {"chosen": saved.pk}, follow=True))
    assert "李示例 → 李改名" in check
    upload_papers(saved, clerk)
    assert submit_declarations([saved.pk], by=clerk).submitted
    client.force_login(reviewer := OperatorFactory(reviewer=True, region=code))
    claim_cases([saved.pk], by=reviewer)
    numbers = (number, employee.person.id_number)
    page = text_of(client.get(f"/a/cases/{saved.pk}", follow=True))
    assert all(text in page for text in ("李示例", "李改名", *map(masked, numbers), "变更后的证件"))
    page = text_of(client.post(f"/a/cases/{saved.pk}/reveal", {"reason": "核对申报材料"}))
    assert all(one in page for one in numbers)
    client.post(f"/a/cases/{saved.pk}/approve", {f"version_{saved.pk}": Declaration.objects.get().version})
    assert Employee.objects.get().name == "李改名"


def test_a_scheme_is_added_for_next_month_and_taken_back(client):
    _, employee = hall(client, "shenzhen")
    answers = typed(employee, first_month="2026-12", insured_pension="1", insured_maternity="1")
    answer = client.post(f"/e/declare/{SCHEMES}/", answers, follow=True)
    assert "生育保险" in text_of(answer)
    spell = Spell.objects.get(scheme="maternity")
    assert str(spell.first_month) == "2026-12" and not Spell.objects.filter(is_voided=True).exists()
    client.post(f"/e/basket/undo/?ids={Declaration.objects.get().pk}")
    spell.refresh_from_db()
    assert spell.is_voided


def test_the_form_says_who_it_is_and_what_changes_with_nothing_folded_away(client):
    _, employee = hall(client, "shenzhen")
    for service in (CHANGE, IDENTITY, SCHEMES):
        groups = client.get(f"/e/declare/{service}/?employee={employee.pk}").context["groups"]
        assert [group["title"] for group in groups] == ["人员", "变动内容"]


def test_what_is_kept_about_a_person_is_shown_on_their_page(client):
    _, employee = hall(client, "shenzhen")
    answers = typed(employee, address="示例路 1 号", education="本科", contract_until="2027-12-31")
    client.post(f"/e/declare/{CHANGE}/", answers)
    page = text_of(client.get(f"/e/roster/{employee.pk}/"))
    assert all(text in page for text in ("通讯地址", "示例路 1 号", "大学本科", "合同结束日期", "2027-12-31"))


def test_a_form_that_was_just_opened_says_nothing_of_what_was_not_changed_and_shows_what_is_on_file(client):
    _, one = hall(client, "shenzhen")
    page = client.get(f"/e/declare/{CHANGE}/?employee={one.pk}").content.decode()
    assert "没有改动" not in page
    assert f'value="{one.person_number}" id="on_file_person_number" name="on_file_person_number" readonly' in page
    assert f'value="{one.person.born_on}" id="on_file_born_on"' in page


def test_nothing_changed_is_said_on_the_page_and_nothing_is_saved(client):
    _, employee = hall(client, "shenzhen")
    answer = client.post(f"/e/declare/{CHANGE}/", typed(employee, phone="13800138000"))
    assert answer.status_code == 422 and "没有改动" in text_of(answer)
    assert not Declaration.objects.exists()


def test_several_people_get_one_department_but_never_one_identity(client):
    clerk, employee = hall(client, "shenzhen")
    page = text_of(client.get("/e/roster/"))
    assert "批量办理其他信息变更" in page and "批量办理重要信息变更" not in page
    second = enrolled(clerk.employer, name="赵示例", sequence=8, household="521", facts=employee.facts)
    chosen = {"chosen": [employee.pk, second.pk], "department": "质检部"}
    client.post(f"/e/declare/{CHANGE}/many/", chosen | {"step": "save"})
    assert set(Employee.objects.values_list("department", flat=True)) == {"质检部"}
