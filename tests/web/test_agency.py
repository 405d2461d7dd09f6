"""The review desk: the queue, one case, and the three answers."""

from datetime import timedelta

import pytest

from shebao.hall import clock
from shebao.hall.declarations.models import Declaration
from shebao.rules.months import Month

from .conftest import make_employer, make_operator


@pytest.fixture
def desk(client, reviewer):
    client.force_login(reviewer)
    return client


def submitted(employer, clerk, name="李海燕", number=1, **more) -> Declaration:
    fields = {
        "employer": employer,
        "region": employer.region,
        "service": "employee_cessation",
        "state": "submitted",
        "case_number": f"TEST-{employer.pk}-{number}",
        "month": Month(2026, 11),
        "first_month": Month(2026, 11),
        "subject_name": name,
        "subject_digest": f"{employer.pk}-{number}",
        "answers": {},
        "declared_by": clerk,
        "declared_at": clock.now(),
        "submitted_at": clock.now(),
        "due_on": clock.today() + timedelta(days=2),
        "revision": 1,
    }
    return Declaration.objects.create(**fields | more)


def test_the_queue_shows_what_waits_in_ones_own_region_only(desk, employer, clerk):
    here = submitted(employer, clerk)
    other = make_employer("2", region="leshan")
    there = submitted(other, make_operator("other", "clerk", other), name="王小明")
    submitted(employer, clerk, name="未提交", number=2, state="draft")
    text = desk.get("/a/").content.decode()
    assert here.subject_name in text
    assert "共 1 笔待审核" in text
    assert there.subject_name not in text
    assert desk.get(f"/a/cases/{there.pk}").status_code == 404
    assert desk.post(f"/a/cases/{there.pk}/approve").status_code == 404


def test_a_late_case_says_by_how_much(desk, employer, clerk):
    submitted(employer, clerk, due_on=clock.today() - timedelta(days=3))
    assert "超 3 天" in desk.get("/a/").content.decode()


def test_the_queue_can_be_narrowed_to_an_employer(desk, employer, clerk):
    other = make_employer("2")
    submitted(employer, clerk)
    submitted(other, make_operator("other", "clerk", other), name="王小明")
    text = desk.get("/a/", {"employer": other.name}).content.decode()
    assert "王小明" in text
    assert "李海燕" not in text


def test_a_case_with_a_finding_cannot_be_ticked_for_the_batch(desk, employer, clerk):
    finding = {"code": "same_name", "field": "", "level": "hint", "message": "单位内有同名人员"}
    case = submitted(employer, clerk, problems=[finding])
    text = desk.get("/a/").content.decode()
    assert f'value="{case.pk}" aria-label="选择 李海燕" disabled' in text
    assert "单位内有同名人员" in desk.get(f"/a/cases/{case.pk}").content.decode()


def test_the_case_page_leads_to_the_case_before_and_after(desk, employer, clerk):
    first, second, third = (
        submitted(employer, clerk, name=f"第{n}人", number=n, due_on=clock.today() + timedelta(days=n))
        for n in (1, 2, 3)
    )
    text = desk.get(f"/a/cases/{second.pk}").content.decode()
    assert f'href="/a/cases/{first.pk}" data-key="k"' in text
    assert f'href="/a/cases/{third.pk}" data-key="j"' in text


def test_a_return_without_any_remark_is_refused_and_changes_nothing(desk, employer, clerk):
    case = submitted(employer, clerk)
    response = desk.post(f"/a/cases/{case.pk}/return", {"note": ""})
    case.refresh_from_db()
    assert case.state == "submitted"
    assert response.status_code == 422
    assert "有 1 处需要修改" in response.content.decode()


def test_a_return_keeps_the_marks_beside_their_fields(desk, employer, clerk):
    case = submitted(employer, clerk)
    field = "cessation_reason"
    answers = {
        f"flag_{field}": "1",
        f"reason_{field}": "与身份证不符",
        "reason_other": "没有勾选",
        "note": "请核对",
    }
    assert desk.post(f"/a/cases/{case.pk}/return", answers).url == "/a/"
    case.refresh_from_db()
    assert (case.state, case.note) == ("returned", "请核对")
    assert case.marks == {field: "与身份证不符"}
    text = desk.get(f"/a/cases/{case.pk}").content.decode()
    assert "退回补正" in text
    assert "没有可办理的操作" in text


def test_a_case_that_was_withdrawn_meanwhile_is_not_approved_and_says_so(desk, employer, clerk):
    case = submitted(employer, clerk)
    Declaration.objects.filter(pk=case.pk).update(state="draft")
    response = desk.post(f"/a/cases/{case.pk}/approve", follow=True)
    case.refresh_from_db()
    assert case.state == "draft"
    assert "可能刚被别人处理过" in response.content.decode()


def test_a_clerk_cannot_approve(client, employer, clerk):
    case = submitted(employer, clerk)
    client.force_login(clerk)
    assert client.post(f"/a/cases/{case.pk}/approve").status_code == 404
    case.refresh_from_db()
    assert case.state == "submitted"


def test_a_search_for_an_employer_says_when_nothing_fits(desk, employer):
    assert employer.name in desk.get("/a/employers/", {"q": employer.employer_number}).content.decode()
    assert "没有符合条件的单位" in desk.get("/a/employers/", {"q": "查无此单位"}).content.decode()


def test_an_employers_page_shows_the_registration_with_numbers_masked(desk, employer):
    employer.phone, employer.bank_account = "13800002016", "6222021234567890123"
    employer.save()
    text = desk.get(f"/a/employers/{employer.pk}").content.decode()
    assert employer.credit_code in text
    assert "138****2016" in text
    assert "6222021234567890123" not in text
