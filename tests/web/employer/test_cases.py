"""Cases: the list, one whole, taken back, repaired in place."""

from datetime import datetime

import pytest

from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import return_declaration, submit_declarations
from tests.factories import OperatorFactory, at, enrolled, enrolment, wage

from .declared import WAGE, signed_in, text_of, waiting


@pytest.fixture(autouse=True)
def november(db):
    with at():
        yield


@pytest.fixture
def returned(client):
    clerk = signed_in(client)
    one = waiting(clerk)
    submit_declarations([one.pk], by=clerk)
    reviewer = OperatorFactory(reviewer=True)
    return_declaration(one.pk, note="请核对姓名", marks={"name": "与证件不一致"}, by=reviewer)
    one.refresh_from_db()
    return one


def test_the_list_is_cut_by_state_and_by_search(client):
    clerk = signed_in(client)
    waiting(clerk, 1)
    waiting(clerk, 2, name="赵另一")
    text = text_of(client.get("/e/cases/"))
    assert "王示例" in text
    assert "赵另一" in text
    assert "王示例" not in text_of(client.get("/e/cases/?q=赵另一"))
    assert "王示例" not in text_of(client.get("/e/cases/?state=submitted"))
    assert "王示例" in text_of(client.get("/e/cases/?month=2026-11"))
    assert "王示例" not in text_of(client.get("/e/cases/?month=2026-10"))


def test_a_submitted_case_can_be_taken_back(client):
    clerk = signed_in(client)
    one = waiting(clerk)
    submit_declarations([one.pk], by=clerk)
    assert f"/e/cases/{one.pk}/withdraw/" in text_of(client.get(f"/e/cases/{one.pk}/"))
    client.post(f"/e/cases/{one.pk}/withdraw/")
    one.refresh_from_db()
    assert one.state == "draft"
    assert client.post(f"/e/cases/{one.pk}/approve/").status_code == 404


def test_a_day_that_was_expected_and_is_over_is_not_promised(client):
    clerk = signed_in(client)
    one = waiting(clerk)
    submit_declarations([one.pk], by=clerk)
    one.refresh_from_db()
    day = f"{one.due_on.month} 月 {one.due_on.day} 日"
    for page in ("/e/", f"/e/cases/{one.pk}/"):
        assert f"预计 {day}前办结" in text_of(client.get(page))
    with at(datetime(2026, 11, 29, 10, 0)):  # noqa: DTZ001 - naive local time, days after the one expected
        for page in ("/e/", f"/e/cases/{one.pk}/"):
            text = text_of(client.get(page))
            assert f"已过预计办结日 {day}" in text and f"预计 {day}前办结" not in text


def test_a_returned_case_shows_the_marks_and_is_repaired_in_place(client, returned):
    repairing = f'href="/e/cases/{returned.pk}/repair/"'
    assert repairing in client.get("/e/cases/?state=returned").content.decode()  # from the list too, without a detour
    text = text_of(client.get(f"/e/cases/{returned.pk}/"))
    assert "与证件不一致" in text
    assert "修改重报" in text
    form = text_of(client.get(f"/e/cases/{returned.pk}/repair/"))
    assert "审核意见：与证件不一致" in form
    data = enrolment(name="王改名") | {"version": returned.version, "next": "keep"}
    response = client.post(f"/e/cases/{returned.pk}/repair/", data)
    assert response.status_code == 302
    assert "王改名" in text_of(client.post("/e/basket/check/", {"chosen": returned.pk}, follow=True))
    client.post("/e/basket/submit/", {"chosen": returned.pk, "declared": "1"})
    number = returned.case_number
    returned.refresh_from_db()
    assert (returned.state, returned.case_number, returned.subject_name) == ("submitted", number, "王改名")


def test_a_bad_repair_keeps_what_was_typed(client, returned):
    data = enrolment(declared_wage="八千") | {"version": returned.version}
    response = client.post(f"/e/cases/{returned.pk}/repair/", data)
    assert response.status_code == 422
    assert 'value="八千"' in text_of(response)


def test_who_came_second_is_told_and_keeps_what_was_typed(client, returned):
    stale = returned.version
    client.post(f"/e/cases/{returned.pk}/repair/", enrolment(department="甲部") | {"version": stale})
    response = client.post(f"/e/cases/{returned.pk}/repair/", enrolment(department="乙部") | {"version": stale})
    assert response.status_code == 409
    text = text_of(response)
    assert 'value="乙部"' in text
    assert "原值：<s>甲部</s>" in text
    again = enrolment(department="乙部") | {"version": response.context["version"]}
    assert client.post(f"/e/cases/{returned.pk}/repair/", again).status_code == 302


def test_another_employers_case_does_not_exist(client, returned):
    signed_in(client)
    for tail in ("", "repair/"):
        assert client.get(f"/e/cases/{returned.pk}/{tail}").status_code == 404
    assert client.post(f"/e/cases/{returned.pk}/delete/").status_code == 404


def test_a_repair_that_changes_nothing_does_not_go_unless_it_says_why(client, returned):
    address = f"/e/cases/{returned.pk}/repair/"
    data = enrolment() | {"version": returned.version, "next": "submit"}
    unsigned = client.post(address, data | {"name": "王没签"})
    assert "请阅读并勾选声明后再提交" in text_of(unsigned)
    assert 'value="王没签"' in text_of(unsigned)
    data |= {"declared": "1"}
    text = text_of(client.post(address, data, follow=True))
    assert "还没有按审核意见修改" in text
    returned.refresh_from_db()
    assert returned.state == "returned"
    data |= {"version": returned.version, "reply": "已与身份证原件核对无误"}
    text = text_of(client.post(address, data, follow=True))
    assert "给审核人员的说明：已与身份证原件核对无误" in text
    returned.refresh_from_db()
    assert returned.state == "submitted"


def test_what_was_typed_into_a_repair_comes_back_with_its_reasons_and_its_version(client, returned):
    stale = returned.version
    kept = enrolment(name="王半途") | {"version": stale, "reply": "说到一半"}
    assert client.post(f"/e/cases/{returned.pk}/draft/", kept).status_code == 204
    Declaration.objects.filter(pk=returned.pk).update(version=stale + 1)
    page = client.get(f"/e/cases/{returned.pk}/repair/")
    text = text_of(page)
    assert 'value="王半途"' in text
    assert "说到一半" in text
    # Somebody changed it since: what comes back is still held against what its writer saw.
    assert page.context["version"] == str(stale)
    client.post(f"/e/cases/{returned.pk}/draft/", {"discard": "1"})
    assert "王半途" not in text_of(client.get(f"/e/cases/{returned.pk}/repair/"))


def test_a_draft_is_saved_and_not_called_a_resubmission(client):
    one = waiting(signed_in(client))
    text = text_of(client.get(f"/e/cases/{one.pk}/repair/"))
    assert "保存修改" in text
    assert "重新提交" not in text


def test_a_month_that_is_none_is_said_and_not_passed_over(client):
    waiting(signed_in(client))
    page = client.get("/e/cases/?month=9999-99")
    assert page.context["errors"][0]["id"] == "month"
    assert "9999-99" in text_of(page)


def test_what_nobody_reviews_is_nowhere_called_reviewed(client):
    clerk = signed_in(client, direct=True)
    client.post(f"/e/declare/{WAGE}/", wage(enrolled(clerk.employer)))
    one = Declaration.objects.get()
    for address in ("/e/cases/", "/e/cases/?state=approved", f"/e/cases/{one.pk}/"):
        main = text_of(client.get(address)).partition("<main")[2]
        assert "已生效" in main
        assert "审核" not in main


def test_a_remark_beside_a_field_is_read_where_the_case_is_listed(client):
    clerk = signed_in(client)
    one = waiting(clerk)
    submit_declarations([one.pk], by=clerk)
    return_declaration(one.pk, note="", marks={"name": "与证件不一致"}, by=OperatorFactory(reviewer=True))
    assert "与证件不一致" in text_of(client.get("/e/basket/"))
