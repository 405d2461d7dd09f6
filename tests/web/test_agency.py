"""The review desk: the queue, one case, and the three answers."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client

from shebao.hall import clock
from shebao.hall.audit.models import AuditEntry
from shebao.hall.declarations.models import Declaration
from shebao.hall.desk.models import Sample
from shebao.hall.regions import region
from shebao.hall.roster.models import Employee
from shebao.hall.services.registry import CHECKS
from shebao.hall.workbench.dossiers import trail_of
from shebao.rules.code_lists import CodeList
from shebao.rules.identity import masked
from shebao.rules.months import Month
from shebao.web.agency.desk import CHECK_TITLES

from ..factories import enrolled, synthetic_id
from .conftest import PASSWORD, make_employer, make_operator


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


def test_the_queue_can_be_narrowed_to_the_days_of_submission(desk, employer, clerk):
    for days, name in enumerate(("今天交", "昨天交", "前天交")):
        at = clock.midnight(clock.today()) - timedelta(days=days)
        submitted(employer, clerk, name=name, number=days + 1, submitted_at=at)
    yesterday = str(clock.today() - timedelta(days=1))
    for asked, seen in (
        ({"since": yesterday}, {"今天交", "昨天交"}),
        ({"until": yesterday}, {"昨天交", "前天交"}),
        ({"since": yesterday, "until": yesterday}, {"昨天交"}),
    ):
        page = desk.get("/a/", asked)
        assert {row["declaration"].subject_name for row in page.context["rows"]} == seen
        assert page.context["places"][0]["count"] == page.context["tabs"][0]["count"] == len(seen)
    text = desk.get("/a/", {"since": "不知道"}).content.decode()
    assert "“不知道”不是日期" in text and "今天交" in text


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


def test_every_page_that_shows_a_case_is_on_record_a_refused_return_too(desk, employer, clerk):
    number = synthetic_id()
    case = submitted(employer, clerk, answers={"id_kind": "07", "id_number": number})
    pages = [desk.get(f"/a/cases/{case.pk}"), desk.post(f"/a/cases/{case.pk}/return", {"note": ""})]
    assert all(masked(number) in page.content.decode() for page in pages)
    looks = AuditEntry.objects.filter(action="data.looked_at", subject=f"declaration:{case.pk}", employer=employer)
    assert [case.case_number in one.detail["reason"] for one in looks] == [True, True]


def test_the_way_back_is_called_as_the_menu_calls_the_first_page(desk):
    text = desk.get("/account/").content.decode()
    assert '<li><a href="/a/">审核台</a></li>' in text and "首页" not in text


def test_the_address_of_a_step_that_is_typed_in_is_answered_in_words_with_a_way_back(desk, employer, clerk):
    response = desk.get(f"/a/cases/{submitted(employer, clerk).pk}/approve")
    assert (response.status_code, response["Allow"]) == (405, "POST")
    text = response.content.decode()
    assert "不能直接打开" in text and 'href="/a/">返回审核台' in text


def test_what_is_sent_to_a_page_that_is_only_looked_at_is_answered_in_words_with_a_way_back(desk):
    response = desk.post("/a/cases/decided", {"x": "1"})
    text = response.content.decode()
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")
    assert "这个页面只能查看" in text and 'href="/a/">返回审核台' in text
    part = desk.post("/a/cases/decided", headers={"HX-Request": "true"})
    said = part.content.decode()
    assert part.status_code == 405 and "这个页面只能查看" in said and "<html" not in said
    assert not desk.put("/a/cases/decided").content and not desk.options("/a/cases/decided").content
    assert "这个页面只能查看" in Client().post("/rates").content.decode()


@pytest.mark.parametrize("answer", ["return", "reject"])
def test_the_address_of_a_refused_answer_leads_back_to_its_case_when_it_is_loaded_again(desk, employer, clerk, answer):
    case = submitted(employer, clerk)
    assert desk.get(f"/a/cases/{case.pk}/{answer}?scheme=x").url.startswith(f"/a/cases/{case.pk}")
    assert desk.get(f"/a/cases/{case.pk + 1}/{answer}").status_code == 404


def test_the_accounts_of_an_employer_stand_once_on_its_page_each_with_its_reset(desk, employer, clerk):
    text = desk.get(f"/a/employers/{employer.pk}").content.decode()
    assert text.count(f">{clerk.username}<") == 1
    assert text.count(f"/a/operators/{clerk.pk}/reset") == 1
    assert text.index("<details><summary") < text.index(f"/a/operators/{clerk.pk}/reset")


def test_a_return_keeps_the_marks_beside_their_fields(desk, employer, clerk):
    case = submitted(employer, clerk)
    field = "cessation_reason"
    answers = {
        f"flag_{field}": "1",
        f"reason_{field}": "与身份证不符",
        f"code_{field}": "01",
        "reason_other": "没有勾选",
        "note": "请核对",
    }
    assert desk.post(f"/a/cases/{case.pk}/return", answers).url == "/a/"
    case.refresh_from_db()
    assert (case.state, case.note) == ("returned", "请核对")
    assert case.marks == {field: "与证件上的记载不一致：与身份证不符"}
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


def test_every_automatic_check_has_a_title_at_the_desk():
    assert set(CHECK_TITLES) == set(CHECKS)


def test_the_tabs_count_what_is_urgent_late_and_flagged(desk, employer, clerk):
    finding = {"code": "same_name", "field": "name", "level": "hint", "message": "单位内有同名人员"}
    submitted(employer, clerk, number=1, due_on=clock.today())
    submitted(employer, clerk, number=2, due_on=clock.today() - timedelta(days=1))
    submitted(employer, clerk, number=3, name="有提示", due_on=clock.today() + timedelta(days=9), problems=[finding])
    tabs = {tab["label"]: tab["count"] for tab in desk.get("/a/").context["tabs"]}
    assert tabs == {"不限": 3, "临期": 1, "已超时限": 1, "有核验提示": 1, "核验全部通过": 2}
    flagged = desk.get("/a/", {"risk": "flagged"})
    assert [row["declaration"].subject_name for row in flagged.context["rows"]] == ["有提示"]
    assert flagged.context["tabs"][0]["count"] == 3


def test_the_check_that_found_something_comes_first_and_the_field_says_so(desk, employer, clerk):
    finding = {"code": "same_name", "field": "name", "level": "hint", "message": "单位内有同名人员"}
    case = submitted(employer, clerk, problems=[finding])
    page = desk.get(f"/a/cases/{case.pk}")
    assert page.context["checks"][0]["title"] == "同名人员"
    assert [f.id for f in [*page.context["fields"], *page.context["rest"]] if f.problems] == ["name"]


def test_a_case_that_changed_since_it_was_opened_is_not_approved_in_a_batch_either(desk, employer, clerk):
    one, two = (submitted(employer, clerk, number=n) for n in (1, 2))
    data = {"chosen": [one.pk, two.pk], f"version_{one.pk}": one.version, f"version_{two.pk}": two.version + 1}
    data["reason"] = "抽中的已核对"
    batch = desk.post("/a/cases/choose", {"chosen": [one.pk, two.pk]}).url
    for case in (one, two):
        desk.get(f"/a/cases/{case.pk}", {"batch": batch.rpartition("/")[2]})
    text = desk.post(batch, data, follow=True).content.decode()
    assert "请看过最新内容再审核" in text
    assert set(Declaration.objects.values_list("state", flat=True)) == {"submitted"}


def test_a_refused_return_keeps_every_tick_and_word(desk, employer, clerk):
    case = submitted(employer, clerk)
    stale = {f"version_{case.pk}": case.version + 1, "flag_name": "1", "code_name": "03", "reason_name": "多一个字"}
    response = desk.post(f"/a/cases/{case.pk}/return", stale)
    assert response.status_code == 409
    flags = {row["view"].id: row for row in response.context["flags"]}
    assert (flags["name"]["is_flagged"], flags["name"]["code"], flags["name"]["reason"]) == (True, "03", "多一个字")


def test_a_ticked_field_without_a_word_is_refused_unless_the_return_has_a_remark(desk, employer, clerk):
    case = submitted(employer, clerk)
    response = desk.post(f"/a/cases/{case.pk}/return", {"flag_reason": "1"})
    assert response.status_code == 422
    assert response.context["errors"][0]["id"] == "reason_reason"
    assert "标了要改，没有写原因" in response.context["errors"][0]["text"]
    case.refresh_from_db()
    assert case.state == "submitted"
    desk.post(f"/a/cases/{case.pk}/return", {"flag_reason": "1", "note": "请与离职证明一致"})
    case.refresh_from_db()
    assert (case.state, list(case.marks)) == ("returned", ["reason"])


def test_a_reason_that_was_retired_while_the_page_was_open_is_refused_like_one_for_holding(
    desk, employer, clerk, monkeypatch
):
    case, codes = submitted(employer, clerk), region(employer.region).codes
    for key, code in (("return_reasons", "03"), ("hold_reasons", "01")):
        items = tuple(replace(one, is_retired=one.code == code) for one in codes[key].items)
        monkeypatch.setitem(codes, key, CodeList.of(key, codes[key].title, items))
    marks = {"flag_name": "1", "code_name": "03", "reason_name": "多一个字", "note": "请改", "version": case.version}
    refused = desk.post(f"/a/cases/{case.pk}/return", marks)
    (told,) = refused.context["errors"]
    assert (refused.status_code, told["id"]) == (422, "reason_name")
    assert told["text"] == "“填写有误或不完整”已停用，请选择退回原因。"
    assert "多一个字" in refused.content.decode() and "填写有误或不完整</option>" not in refused.content.decode()
    assert desk.post(f"/a/cases/{case.pk}/reject", marks).context["errors"] == [told]
    held = desk.post(f"/a/cases/{case.pk}/hold", {"code": "01"}, follow=True).content.decode()
    assert "“等待其他部门核实”已停用，请选择挂起原因。" in held
    case.refresh_from_db()
    assert (case.state, case.marks) == ("submitted", {})


def test_a_batch_is_looked_at_on_a_page_that_can_be_asked_for_again(desk, employer, clerk):
    cases = [submitted(employer, clerk, name=f"第{n}人", number=n) for n in range(1, 6)]
    other = submitted(employer, clerk, name="没勾选", number=9)
    asked = desk.post("/a/cases/choose", {"chosen": [one.pk for one in cases]})
    page = desk.get(asked.url)
    assert [row["declaration"].pk for row in page.context["rows"]] == [one.pk for one in cases]
    drawn = page.context["sample"].drawn
    assert len(drawn) == 3
    assert set(drawn) <= {one.pk for one in cases}
    assert desk.get(asked.url).context["sample"].drawn == drawn
    assert set(Declaration.objects.values_list("state", flat=True)) == {"submitted"}
    assert other.subject_name not in page.content.decode()


def test_the_page_of_a_batch_shows_nothing_of_another_region(desk, employer, clerk):
    other = make_employer("2", region="leshan")
    there = submitted(other, make_operator("other", "clerk", other))
    assert desk.post("/a/cases/choose", {"chosen": [there.pk]}).url == "/a/"
    assert not Sample.objects.exists()
    assert "还没有勾选" in desk.post("/a/cases/choose", follow=True).content.decode()


def test_what_a_reviewer_decided_is_found_again_and_is_nobody_elses(desk, employer, clerk, client):
    back, gone = (submitted(employer, clerk, name=name, number=n) for n, name in ((1, "张退回"), (2, "张不办")))
    desk.post(f"/a/cases/{back.pk}/return", {"note": "请核对合同"})
    desk.post(f"/a/cases/{gone.pk}/reject", {"note": "不符合条件"})
    page = desk.get("/a/cases/decided")
    assert [row.about.subject_name for row in page.context["rows"]] == ["张不办", "张退回"]
    assert [tab["count"] for tab in page.context["tabs"]] == [2, 0, 1, 1]
    assert "请核对合同" in page.content.decode()
    only = desk.get("/a/cases/decided", {"move": "return", "q": "张"})
    assert [row.about.subject_name for row in only.context["rows"]] == ["张退回"]
    assert not desk.get("/a/cases/decided", {"q": "查无此人"}).context["page"].object_list
    client.force_login(make_operator("second", "reviewer"))
    assert not client.get("/a/cases/decided").context["page"].object_list


def test_declining_for_good_is_asked_twice_without_a_script(desk, employer, clerk):
    page = desk.get(f"/a/cases/{submitted(employer, clerk).pk}").content.decode()
    unfolding, button = page.index('<summary class="btn t bad">不予办理</summary>'), page.index("确认不予办理</button>")
    assert "/reject" in page[unfolding:button] and "/reject" not in page[page.index('id="return"') : unfolding]


def test_the_agency_says_what_kind_of_account_an_employer_has_where_it_matters(client, clerk, reviewer):
    client.force_login(reviewer)
    page = f"/a/employers/{clerk.employer_id}"
    assert "参保户类型" in client.get(page).content.decode()
    client.post(f"{page}/account-kind", {"account_kind": "3"})
    client.post(f"{page}/account-kind", {"account_kind": "9"})
    clerk.employer.refresh_from_db()
    assert clerk.employer.account_kind == "3"
    assert AuditEntry.objects.filter(action="employer.account_classified").count() == 1
    client.force_login(clerk)
    assert client.post(f"{page}/account-kind", {"account_kind": "5"}).status_code in (403, 404)


def test_the_head_of_a_case_says_whom_to_call_and_shows_the_whole_number_once_for_a_reason(desk, employer, clerk):
    type(employer).objects.filter(pk=employer.pk).update(contact_name="沈示例")
    employer.refresh_from_db()
    employer.phone = "13912345678"
    employer.save(update_fields=["phone"])
    case = submitted(employer, clerk)
    page = desk.get(f"/a/cases/{case.pk}").content.decode()
    assert "沈示例" in page and "139****5678" in page and "13912345678" not in page
    asking = desk.get(f"/a/cases/{case.pk}/reveal").content.decode()
    assert "联系经办人补正" in asking and "13912345678" not in asking
    wrong = desk.post(f"/a/cases/{case.pk}/reveal", {"reason": "联系经办人补正", "password": "wrong"})
    assert wrong.status_code == 422 and "13912345678" not in wrong.content.decode()
    assert not AuditEntry.objects.filter(action="reveal_id_number").exists()
    shown = desk.post(f"/a/cases/{case.pk}/reveal", {"reason": "联系经办人补正", "password": PASSWORD})
    assert "13912345678" in shown.content.decode()
    assert AuditEntry.objects.get(action="reveal_id_number").detail["reason"] == "联系经办人补正"
    assert "13912345678" not in desk.get(f"/a/cases/{case.pk}").content.decode()


def about(person, employer, clerk, **more) -> Declaration:
    return submitted(employer, clerk, name=person.name, subject_digest=person.person.id_digest, **more)


def test_beside_a_case_stands_how_long_the_person_has_been_insured_here_and_no_word_of_elsewhere(desk, employer, clerk):
    person = enrolled(employer, name="李海燕")
    case = about(person, employer, clerk, employee=person)
    page = desk.get(f"/a/cases/{case.pk}").content.decode()
    assert "参保轨迹" in page and 'class="ribbon"' in page and f"/a/people/{person.person_id}" in page
    assert "另在" not in page
    other = make_employer("8")
    Employee.objects.create(employer=other, person=person.person, person_number="8000000001", name=person.name)
    page = desk.get(f"/a/cases/{case.pk}").content.decode()
    assert "另在 1 个单位有记录" in page and other.name not in page
    # Nobody insured has to do with a first enrolment.
    assert "参保轨迹" not in desk.get(f"/a/cases/{submitted(employer, clerk, number=2).pk}").content.decode()


def test_the_trail_asks_as_often_for_a_person_of_many_employers(
    desk, employer, clerk, reviewer, django_assert_num_queries
):
    person = enrolled(employer, name="李海燕")
    case = about(person, employer, clerk, employee=person)
    for n in range(5):
        other = make_employer(f"8{n}")
        Employee.objects.create(employer=other, person=person.person, person_number=f"80000000{n}", name=person.name)
        with django_assert_num_queries(3):
            assert trail_of(reviewer, case).elsewhere == n + 1
