"""The employer's own data on pages: FJ-7, YN-6, YN-7, LJ-2, LJ-6, SZ-6, SZ-11, GY-7 and LS-1."""

import pytest
from django.urls import reverse

from shebao.hall.declarations.models import Declaration
from shebao.hall.employers.models import Department, Employer, EmployerChange
from tests.factories import NOW, EmployerFactory, OperatorFactory, at, enrolled

from .declared import text_of

DIRECT, REVIEWED = "employer_change", "sensitive_employer_change"
ACCOUNT = "6222000011112222"
TITLES = {
    ("fujian", DIRECT): "参保单位维护",
    ("yunnan", DIRECT): "企业信息变更",
    ("yunnan", REVIEWED): "企业敏感信息变更申请",
    ("lijiang", DIRECT): "企业基本信息变更",
    ("lijiang", REVIEWED): "企业敏感信息变更申报",
    ("shenzhen", DIRECT): "非审批事项变更",
    ("shenzhen", REVIEWED): "审批事项变更",
    ("guiyang", DIRECT): "基本信息变更",
    ("leshan", DIRECT): "单位基础信息",
}
"""What each region calls it: its manual's own word."""


@pytest.fixture(autouse=True)
def november(db):
    with at(NOW):
        yield


def clerk_of(client, code="yunnan", **known):
    known = {"bank_account": ACCOUNT, "address": "旧路 1 号", "phone": "13800001234"} | known
    clerk = OperatorFactory(clerk=True, employer=EmployerFactory(region=code, **known))
    client.force_login(clerk)
    return clerk


def direct_answers(**changes) -> dict:
    return {"contact_name": "周联系", "phone": "13800001234", "address": "新路 2 号", "postcode": "614000"} | changes


def sensitive_answers(employer, **changes) -> dict:
    names = ("name", "credit_code", "legal_representative", "bank_name")
    return {name: getattr(employer, name) for name in names} | {"bank_account": ""} | changes


@pytest.mark.parametrize(("code", "service"), TITLES)
def test_every_regions_change_is_prefilled_and_carried_out_by_its_own_name(client, code, service):
    clerk = clerk_of(client, code)
    address = reverse("e_declare", args=[service])
    page = text_of(client.get(address))
    assert TITLES[code, service] in page
    assert "每月缴费" not in page and ACCOUNT not in page
    if service == DIRECT:
        assert 'value="旧路 1 号"' in page
        answers = direct_answers()
    else:
        assert f'value="{clerk.employer.name}"' in page and "不变更请留空" in page
        answers = sensitive_answers(clerk.employer, legal_representative="钱二")
    answer = client.post(address, answers | {"next": "done"})
    made = Declaration.objects.get()
    assert answer["Location"] == (reverse("e_case", args=[made.pk]) if service == DIRECT else reverse("e_basket"))
    assert EmployerChange.objects.exists() == (service == DIRECT)


def test_only_the_fields_with_a_star_are_changed_and_the_rest_is_shown(client):
    clerk = clerk_of(client, "leshan")
    page = text_of(client.get(reverse("e_declare", args=[DIRECT])))
    assert page.count('class="req"') == 4 and "其他登记信息" in page and clerk.employer.credit_code in page
    client.post(reverse("e_declare", args=[DIRECT]), direct_answers(credit_code="91990101MA00000000", name="偷改"))
    after = Employer.objects.get(pk=clerk.employer_id)
    assert (after.name, after.credit_code) == (clerk.employer.name, clerk.employer.credit_code)
    log = text_of(client.get(reverse("e_employer_changes")))
    assert "单位变更信息" in log and "旧路 1 号" in log and "新路 2 号" in log and clerk.name in log


def test_what_is_wrong_stands_beside_the_fields_and_nothing_is_written(client):
    clerk_of(client)
    answer = client.post(reverse("e_declare", args=[DIRECT]), direct_answers(phone="12", address=""))
    assert answer.status_code == 422
    page = text_of(answer)
    assert "固定电话" in page and "请填写“单位地址”" in page
    assert not Declaration.objects.exists()


def test_the_rail_tells_at_once_that_nothing_was_changed(client):
    clerk = clerk_of(client)
    kept = sensitive_answers(clerk.employer, bank_name="示例银行")
    Employer.objects.filter(pk=clerk.employer_id).update(bank_name="示例银行")
    page = text_of(client.post(reverse("e_declare_preview", args=[REVIEWED]), kept))
    assert "没有改动任何信息" in page
    page = text_of(client.post(reverse("e_declare_preview", args=[REVIEWED]), kept | {"name": "新名有限公司"}))
    assert "没有改动任何信息" not in page and "首次在本单位参保" not in page


def test_the_account_is_masked_for_the_clerk_everywhere(client):
    clerk = clerk_of(client)
    answers = sensitive_answers(clerk.employer, bank_account="6222999988887777", bank_name="示例银行")
    client.post(reverse("e_declare", args=[REVIEWED]), answers)
    (made,) = Declaration.objects.all()
    pages = [reverse("e_basket"), reverse("e_case", args=[made.pk]), reverse("e_repair", args=[made.pk])]
    for address in [*pages, reverse("e_employer")]:
        page = text_of(client.get(address))
        assert ACCOUNT not in page and "6222999988887777" not in page, address
    assert "622*********7777" in text_of(client.get(pages[1]))


def test_the_reviewer_sees_old_and_new_and_approves(client):
    clerk = clerk_of(client)
    client.post(reverse("e_declare", args=[REVIEWED]), sensitive_answers(clerk.employer, name="新名有限公司"))
    (made,) = Declaration.objects.all()
    client.post(reverse("e_submit"), {"chosen": made.pk, "declared": "1"})
    client.force_login(OperatorFactory(reviewer=True, region="yunnan"))
    page = text_of(client.get(reverse("a_case", args=[made.pk])))
    assert f"<del>{clerk.employer.name}</del>" in page and "<ins>新名有限公司</ins>" in page
    client.post(reverse("a_approve", args=[made.pk]))
    assert Employer.objects.get(pk=clerk.employer_id).name == "新名有限公司"


def test_a_change_of_the_employer_is_no_sheet_and_no_change_of_many(client):
    clerk = clerk_of(client)
    person = enrolled(clerk.employer)
    assert client.post(reverse("e_declare_many", args=[DIRECT]), {"chosen": person.pk}).status_code == 404
    assert client.get(reverse("e_import_template", args=[DIRECT])).status_code == 404
    assert "企业信息变更" not in text_of(client.get(reverse("e_import"))).split("<main", 1)[1]


def test_departments_are_added_renamed_ordered_merged_and_deleted(client):
    clerk = clerk_of(client, "shenzhen")
    person = enrolled(clerk.employer, department="财务部")
    url = reverse("e_departments")
    assert "单位部门管理" in text_of(client.get(url))
    for name in ("生产部", "财务部"):
        client.post(url, {"name": name})
    first, second = Department.objects.all()
    client.post(reverse("e_department", args=[second.pk, "up"]))
    client.post(reverse("e_department", args=[second.pk, "rename"]), {"name": "财务中心"})
    client.post(reverse("e_department", args=[second.pk, "delete"]))
    assert "还有 1 人" in text_of(client.get(url))
    assert list(Department.objects.values_list("name", flat=True)) == ["财务中心", "生产部"]
    client.post(reverse("e_department", args=[second.pk, "merge"]), {"into": ""})
    client.post(reverse("e_department", args=[second.pk, "merge"]), {"into": first.pk})
    person.refresh_from_db()
    assert person.department == "生产部" and Department.objects.get() == first
    assert '<option value="生产部">' in text_of(client.get(reverse("e_declare", args=["employee_enrolment"])))
    assert 'list="departments"' in text_of(client.get(reverse("e_declare", args=["employee_enrolment"])))


def test_departments_that_are_only_in_the_roster_stand_under_no_heading_for_what_the_list_offers(client):
    clerk = clerk_of(client, "shenzhen")
    enrolled(clerk.employer, department="财务部")
    url = reverse("e_departments")
    page = text_of(client.get(url))
    assert "加入列表" in page and "<th>部门列表</th>" in page and "<th>次序</th>" not in page
    client.post(url, {"name": "财务部"})
    page = text_of(client.get(url))
    assert "<th>次序</th><th>改名</th><th>合并或删除</th>" in page and "<th>部门列表</th>" not in page


def test_a_telephone_and_an_account_are_masked_alike_on_every_page(client):
    clerk_of(client, "guiyang")
    for page in (client.get(reverse("e_employer")), client.get(reverse("e_query", args=["employer_file"]))):
        assert "138****1234" in text_of(page) and "622*********2222" in text_of(page)


def test_another_employers_departments_are_not_there(client):
    clerk_of(client)
    client.post(reverse("e_departments"), {"name": "财务部"})
    (department,) = Department.objects.all()
    clerk_of(client)
    assert "财务部" not in text_of(client.get(reverse("e_departments")))
    for deed in ("up", "rename", "merge", "delete", "nonsense"):
        answer = client.post(reverse("e_department", args=[department.pk, deed]), {"name": "x", "into": department.pk})
        assert answer.status_code == 404, deed


def test_a_reviewer_does_not_find_the_pages_of_the_employer(client):
    client.force_login(OperatorFactory(reviewer=True))
    for name in ("e_employer", "e_employer_changes", "e_departments"):
        assert client.get(reverse(name)).status_code == 404


def test_the_log_asks_the_database_as_often_for_thirty_changes_as_for_one(client, django_assert_max_num_queries):
    clerk = clerk_of(client)
    client.post(reverse("e_declare", args=[DIRECT]), direct_answers())
    with django_assert_max_num_queries(12):
        client.get(reverse("e_employer_changes"))
    rows = [EmployerChange(employer=clerk.employer, field="address", label="单位地址", old="甲", new="乙", by=clerk,
                           at=EmployerChange.objects.first().at) for _ in range(30)]  # fmt: skip
    EmployerChange.objects.bulk_create(rows)
    with django_assert_max_num_queries(12):
        client.get(reverse("e_employer_changes"))
