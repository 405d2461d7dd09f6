"""The basket: what waits, the last look, submitting, removing."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import (
    delete_declarations,
    repair_declaration,
    return_declaration,
    save_declarations,
    submit_declarations,
)
from shebao.hall.declarations.seconding import send_back
from shebao.hall.employers.models import Employer
from shebao.hall.regions import all_regions, region
from shebao.hall.settlement.progress import standing, steps_of
from shebao.web.chosen import MOST_ROWS, compact, spread
from tests.factories import MONTH, EmployerFactory, OperatorFactory, at, cessation, enrolled, enrolment, wage
from tests.settlement.hall import settle

from .declared import CEASE, ENROL, WAGE, signed_in, text_of, waiting


@pytest.fixture(autouse=True)
def november(db):
    with at():
        yield


def test_the_basket_groups_by_service_under_the_regions_own_name(client):
    waiting(signed_in(client))
    text = text_of(client.get("/e/basket/"))
    assert "申报业务提交" in text
    assert "单位职工增加" in text
    assert "王示例" in text
    signed_in(client)
    text = text_of(client.get("/e/basket/"))
    assert "没有待提交业务" in text and "没有变动" not in text


def test_a_decision_expected_after_the_settling_deadline_is_told_before_and_after_submitting(client):
    told = "预计办结日晚于结算截止（2026-11-30"
    operator = signed_in(client)
    one = waiting(operator)
    assert told not in text_of(client.get("/e/basket/"))
    with at(datetime(2026, 11, 30, 10, 0)):  # noqa: DTZ001 - naive local time, the last day of the window
        assert told in text_of(client.get("/e/basket/")) and "急办请联系经办窗口" in text_of(client.get("/e/basket/"))
        data = {"chosen": one.pk, "declared": "1"}
        text = text_of(client.post("/e/basket/submit/", data, follow=True))
        assert told in text and Declaration.objects.get().due_on.month == 12


def test_what_the_months_window_refuses_today_is_not_offered_to_be_submitted(client, monkeypatch):
    here = region("certificate_city")
    calendar = replace(here.calendar, declare_until=20)
    monkeypatch.setitem(all_regions(), here.code, replace(here, calendar=calendar))
    operator = OperatorFactory(employer=EmployerFactory(region="certificate_city"))
    client.force_login(operator)
    one = waiting(operator)
    until, opens = "2026 年 11 月的申报期已于 11 月 20 日 23:59 结束", "2026 年 12 月的业务从 12 月 01 日起可以申报"
    assert "1 笔可提交，11-20 23:59 截止" in text_of(client.get("/e/basket/"))
    with at(datetime(2026, 11, 21, 10, 0)):  # noqa: DTZ001 - naive local time, a day after the window
        text = text_of(client.get("/e/basket/"))
        assert f"{until}，{opens}" in text and "0 笔可提交，1 笔不在申报期<" in text
        assert f'value="{one.pk}" aria-label="选择 {one.subject_name}" disabled' in text
        assert "核对并提交</button>" not in text.partition("data-basket>")[2].partition("</button>")[2]
        home = text_of(client.get("/e/"))
        assert "不在申报期" in home and opens in home and "去查看" in home and "提交 1 笔待提交业务" not in home
        text = text_of(client.post("/e/basket/check", {"chosen": one.pk}, follow=True))
        assert "不在申报期内" in text
        text = text_of(client.post("/e/basket/submit/", {"chosen": one.pk, "declared": "1"}, follow=True))
        assert until in text
    assert Declaration.objects.get().state == "draft"


def test_what_is_declared_after_the_month_was_settled_has_the_next_months_deadline(client):
    operator = signed_in(client)
    enrolled(operator.employer, name="李在册")
    settle(operator.employer, operator)
    one = waiting(operator, enrolment_month="2026-12")
    with at(datetime(2026, 11, 30, 10, 0)):  # noqa: DTZ001 - naive local time, the last day of the settled month
        page = text_of(client.get("/e/basket/"))
        assert "1 笔可提交，12-31 23:59 截止（2026-11 已经结算，从 2026-12 的账单起计入）" in page
        assert "晚于结算截止" not in page
        page = text_of(client.post("/e/basket/submit/", {"chosen": one.pk, "declared": "1"}, follow=True))
        assert "2026-11 已经结算，审核通过后从 2026-12 的账单起计入，该月 12-31 23:59 截止结算。" in page
        assert "晚于结算截止" not in page
        assert "还有 1 笔审核中，从 2026-12 的账单起计入。" in text_of(client.get("/e/basket/"))
        submitting = steps_of(standing(operator.employer, MONTH, operator))[1]
    assert (submitting.note, submitting.state) == ("1 笔审核中，计入以后的账单", "done")


def test_an_empty_basket_waits_for_what_is_in_review_before_it_offers_to_settle(client):
    operator = signed_in(client)
    assert "没有要提交的了，可以结算。" in text_of(client.get("/e/basket/"))
    submit_declarations([waiting(operator).pk], by=operator)
    page = text_of(client.get("/e/basket/"))
    assert "还有 1 笔审核中，办结后再办理“" in page and "可以结算" not in page


def test_after_submitting_the_ways_on_bear_the_regions_own_names(client):
    one = waiting(signed_in(client))
    terms = region("tianjin").terms
    basket, cases = terms["menu.basket"], terms.get("menu.cases", "办件进度")
    text = text_of(client.post("/e/basket/submit/", {"chosen": one.pk, "declared": "1"}, follow=True))
    assert basket != "待提交" and f">返回{basket}</a>" in text and f">查看{cases}</a>" in text


def test_submitting_needs_the_statement_and_ends_with_case_numbers(client):
    one = waiting(signed_in(client))
    check = client.post("/e/basket/check/", {"chosen": one.pk})
    assert "提交 1 笔" in text_of(client.get(check.url))
    refused = client.post("/e/basket/submit/", {"chosen": one.pk}, follow=True)
    assert "请阅读并勾选声明后再提交" in text_of(refused)
    assert Declaration.objects.get().state == "draft"
    text = text_of(client.post("/e/basket/submit/", {"chosen": one.pk, "declared": "1"}, follow=True))
    one.refresh_from_db()
    assert one.state == "submitted"
    assert one.case_number in text


def test_the_last_look_can_be_asked_for_again_and_knows_what_is_gone(client):
    clerk = signed_in(client)
    one, two, other = (waiting(clerk, n, name=f"第{n}人") for n in (1, 2, 3))
    address = client.post("/e/basket/check/", {"chosen": [one.pk, two.pk]}).url
    for _ in range(2):
        text = text_of(client.get(address))
        assert "提交 2 笔" in text
        assert other.subject_name not in text
    client.post("/e/basket/submit/", {"chosen": [one.pk, two.pk], "declared": "1"})
    assert "这里没有可以提交的业务" in text_of(client.get(address, follow=True))
    assert "还没有勾选" in text_of(client.post("/e/basket/check/", follow=True))


@given(st.sets(st.integers(1, 3000)))
def test_ticked_rows_survive_their_way_through_the_address(pks):
    assert spread(compact(pks)) == sorted(pks)


def test_an_address_cannot_ask_for_more_rows_than_a_sheet_holds():
    assert len(spread("1-999999999999,7-3,x,-")) == MOST_ROWS


def test_what_is_refused_stays_with_its_reason_while_the_rest_goes(client):
    clerk = signed_in(client)
    one, two = waiting(clerk, 1), waiting(clerk, 2, name="李被拒")
    Declaration.objects.filter(pk=two.pk).update(state="submitted")
    data = {"chosen": [one.pk, two.pk], "declared": "1"}
    text = text_of(client.post("/e/basket/submit/", data, follow=True))
    assert "已提交 1 笔" in text
    assert "未提交 1 笔" in text
    assert "李被拒" in text


def test_what_was_removed_can_be_brought_back(client):
    one = waiting(signed_in(client))
    text = text_of(client.post("/e/basket/remove/", {"chosen": one.pk}, follow=True))
    assert f"/e/basket/restore/?ids={one.pk}" in text
    one.refresh_from_db()
    assert one.state == "deleted"
    client.post(f"/e/basket/restore/?ids={one.pk}")
    one.refresh_from_db()
    assert one.state == "draft"


def test_a_returned_row_cannot_be_ticked_until_it_is_repaired(client):
    clerk = signed_in(client)
    one = waiting(clerk)
    submit_declarations([one.pk], by=clerk)
    return_declaration(one.pk, by=OperatorFactory(reviewer=True), marks={"name": "与证件不一致"})
    box = f'value="{one.pk}" aria-label="选择 王示例" disabled'
    assert box in text_of(client.get("/e/basket/"))
    one.refresh_from_db()
    repair_declaration(one.pk, enrolment(name="王改名"), by=clerk, confirmed={}, version=one.version)
    text = text_of(client.get("/e/basket/"))
    assert box.replace("王示例", "王改名") not in text
    assert "已修改" in text


def test_two_rows_about_one_person_explain_each_other(client):
    clerk = signed_in(client)
    employee = enrolled(clerk.employer)
    for service, raw in ((CEASE, cessation(employee)), (WAGE, wage(employee))):
        save_declarations(clerk.employer_id, service, [raw], by=clerk)
    text = text_of(client.get("/e/basket/"))
    assert text.count("同一人还有一笔") == 2


def test_who_removes_what_a_colleague_removed_is_told_who_it_was(client):
    clerk = signed_in(client)
    one = waiting(clerk)
    delete_declarations([one.pk], by=OperatorFactory(clerk=True, employer=clerk.employer, name="赵同事"))
    text = text_of(client.post("/e/basket/remove/", {"chosen": one.pk}, follow=True))
    assert "赵同事已于 11-10 10:00 办理“删除”" in text


def test_nobody_submits_or_removes_for_another_employer(client):
    theirs = waiting(signed_in(client))
    signed_in(client)
    assert client.get("/e/basket/").status_code == 200
    client.post("/e/basket/submit/", {"chosen": theirs.pk, "declared": "1"})
    client.post("/e/basket/remove/", {"chosen": theirs.pk})
    theirs.refresh_from_db()
    assert theirs.state == "draft"


def test_the_head_counts_what_can_be_submitted_and_names_what_the_second_person_gave_back_apart(client):
    clerk = signed_in(client)
    Employer.objects.filter(pk=clerk.employer_id).update(needs_second=True)
    raws = [enrolment(n, name=f"王示例{n}") for n in (1, 2, 3)]
    pks = [one.pk for one in save_declarations(clerk.employer_id, ENROL, raws, by=clerk)]
    submit_declarations(pks[:2], by=clerk)
    other = OperatorFactory(clerk=True, employer=clerk.employer)
    send_back(pks[:1], "部门不对", by=other)
    page = text_of(client.get("/e/basket/"))
    assert "1 笔可提交，1 笔复核退回、还没有修改，1 笔待另一位操作员复核，11-30" in page
    assert "共 1 笔" in page
    client.force_login(other)
    assert "2 笔可提交，1 笔复核退回、还没有修改，11-30" in text_of(client.get("/e/basket/"))
