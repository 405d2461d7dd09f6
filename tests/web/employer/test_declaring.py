"""Declaring for one person and for many: typed, looked at, kept, saved."""

import re

import pytest

from shebao.hall.declarations.models import Declaration, FormDraft
from shebao.rules.months import Month
from tests.factories import OperatorFactory, at, cessation, enrolled, enrolment, settled, synthetic_id, wage

from .declared import CEASE, ENROL, WAGE, signed_in, text_of, waiting


def value_of(page, name: str) -> str:
    """What a question of the form holds."""
    return next(f["value"] for group in page.context["groups"] for f in group["fields"] if f["name"] == name)


@pytest.fixture(autouse=True)
def november(db):
    with at():
        yield


def test_the_form_bears_the_name_and_the_notes_of_the_service(client):
    signed_in(client)
    text = text_of(client.get(f"/e/declare/{ENROL}/"))
    assert "单位职工增加" in text
    assert "办理说明" in text
    assert "暂存，继续录下一个" in text
    assert client.get("/e/declare/nothing/").status_code == 404


def test_a_good_form_lands_in_the_basket_and_the_next_keeps_the_job_but_not_the_person(client):
    clerk = signed_in(client)
    response = client.post(f"/e/declare/{ENROL}/", enrolment() | {"next": "again"}, follow=True)
    assert Declaration.objects.get().declared_by == clerk
    text = text_of(response)
    assert "已加入待提交（共 1 笔）" in text
    assert "本次已录 1 人" in text
    assert 'value="生产部"' in text
    assert synthetic_id() not in text
    response = client.post(f"/e/declare/{ENROL}/", enrolment(2) | {"next": "basket"})
    assert response.url == "/e/basket/"


def test_a_bad_form_comes_back_with_every_problem_and_what_was_typed(client):
    signed_in(client)
    response = client.post(f"/e/declare/{ENROL}/", enrolment(name="", declared_wage="abc", department="质检部"))
    assert response.status_code == 422
    text = text_of(response)
    assert 'href="#id_name"' in text
    assert 'href="#id_declared_wage"' in text
    assert 'value="abc"' in text
    assert 'value="质检部"' in text
    assert not Declaration.objects.exists()


def test_a_finding_needs_a_tick_and_a_reason_and_the_reason_is_kept(client):
    signed_in(client)
    low = enrolment(declared_wage="1000")
    response = client.post(f"/e/declare/{ENROL}/", low)
    assert response.status_code == 422
    code = response.context["confirms"][0]["code"]
    typed = client.post(f"/e/declare/{ENROL}/", low | {f"why_{code}": "试用期工资"})
    assert typed.status_code == 422
    assert 'value="试用期工资"' in text_of(typed)
    done = client.post(f"/e/declare/{ENROL}/", low | {f"why_{code}": "试用期工资", f"ok_{code}": "1"})
    assert done.status_code == 302
    assert Declaration.objects.get().confirmed[code] == "试用期工资"


def test_the_preview_shows_person_and_cost_and_writes_nothing(client):
    signed_in(client)
    text = text_of(client.post(f"/e/declare/{ENROL}/preview/", enrolment()))
    assert "1990-05-17" in text
    assert "每月缴费" in text
    assert "<html" not in text
    assert "请填写" not in text_of(client.post(f"/e/declare/{ENROL}/preview/", {"id_number": ""}))
    assert not Declaration.objects.exists()


def test_an_employee_is_filled_in_from_the_roster_by_link_and_by_number(client):
    clerk = signed_in(client)
    employee = enrolled(clerk.employer, name="李海燕")
    text = text_of(client.get(f"/e/declare/{WAGE}/?employee={employee.pk}"))
    assert employee.person.id_number in text
    assert 'value="李海燕"' in text
    text = text_of(client.post(f"/e/declare/{WAGE}/preview/", {"id_number": employee.person.id_number}))
    assert re.search(r'<input[^>]* value="李海燕"[^>]* id="id_name"', text)
    assert client.post(f"/e/declare/{WAGE}/", wage(employee, name="")).status_code == 302
    stranger = enrolled(signed_in(client).employer, name="别人家", sequence=7)
    client.force_login(clerk)
    assert client.get(f"/e/declare/{WAGE}/?employee={stranger.pk}").status_code == 404


def test_what_was_left_unfinished_comes_back_until_it_is_given_up(client):
    signed_in(client)
    assert client.post(f"/e/declare/{ENROL}/draft/", {"name": "半个人"}).status_code == 204
    text = text_of(client.get(f"/e/declare/{ENROL}/"))
    assert "已恢复上次没填完的内容" in text
    assert "半个人" in text
    client.post(f"/e/declare/{ENROL}/draft/", {"discard": "1"})
    assert not FormDraft.objects.exists()
    assert "半个人" not in text_of(client.get(f"/e/declare/{ENROL}/"))


def test_a_direct_service_takes_effect_at_once_and_can_be_taken_back(client):
    clerk = signed_in(client, direct=True)
    employee = enrolled(clerk.employer)
    assert "确定" in text_of(client.get(f"/e/declare/{WAGE}/"))
    text = text_of(client.post(f"/e/declare/{WAGE}/", wage(employee), follow=True))
    saved = Declaration.objects.get()
    assert saved.state == "approved"
    assert f"/e/cases/{saved.pk}/undo/" in text
    client.post(f"/e/cases/{saved.pk}/undo/")
    saved.refresh_from_db()
    assert saved.state == "undone"


def test_many_wages_can_rise_by_a_percentage_and_show_old_and_new(client):
    clerk = signed_in(client)
    people = [enrolled(clerk.employer, name=f"第{n}人", sequence=n) for n in (1, 2)]
    data = {"chosen": [p.pk for p in people], "first_month": "2026-11"}
    assert "逐人核对" in text_of(client.post(f"/e/declare/{WAGE}/many/", data, follow=True))
    data |= {"step": "check", "mode": "percent", "declared_wage": "5"}
    assert client.post(f"/e/declare/{WAGE}/many/", data | {"declared_wage": "五"}, follow=True).status_code == 422
    text = text_of(client.post(f"/e/declare/{WAGE}/many/", data, follow=True))
    assert "8,000.00" in text
    assert "8,400.00" in text
    done = client.post(f"/e/declare/{WAGE}/many/", data | {"step": "save"})
    assert done.url == "/e/basket/"
    assert {d.answers["declared_wage"] for d in Declaration.objects.all()} == {840_000}


def test_many_cessations_tell_who_cannot_go_and_save_none_of_them(client):
    clerk = signed_in(client)
    good, gone = enrolled(clerk.employer, sequence=1), enrolled(clerk.employer, name="已离开", sequence=2)
    gone.spells.update(last_month="2026-09")
    data = {"chosen": [good.pk, gone.pk], "cessation_month": "2026-11", "reason": "6301", "step": "check"}
    seen = client.post(f"/e/declare/{CEASE}/many/", data, follow=True)
    blocked = {row["person"].pk: row["errors"] for row in seen.context["rows"]}
    assert blocked[gone.pk]
    assert client.post(f"/e/declare/{CEASE}/many/", data | {"step": "save"}).status_code == 422
    assert not Declaration.objects.exists()


def test_a_second_declaration_for_the_same_person_is_refused_in_words(client):
    waiting(signed_in(client))
    response = client.post(f"/e/declare/{ENROL}/", enrolment(declared_wage="9000"))
    assert response.status_code == 422
    assert response.context["errors"]


def test_pressing_save_twice_saves_once_and_says_so(client):
    signed_in(client)
    client.post(f"/e/declare/{ENROL}/", enrolment())
    response = client.post(f"/e/declare/{ENROL}/", enrolment(), follow=True)
    assert response.status_code == 200
    assert "没有重复录入" in text_of(response)
    assert Declaration.objects.count() == 1


def test_pressing_save_twice_where_it_takes_effect_at_once_enrols_once(client):
    signed_in(client, direct=True)
    client.post(f"/e/declare/{ENROL}/", enrolment())
    assert "没有重复录入" in text_of(client.post(f"/e/declare/{ENROL}/", enrolment(), follow=True))
    assert Declaration.objects.count() == 1


@pytest.mark.parametrize(
    ("first_six", "kind", "title"),
    [("810000", "16", "港澳台居民居住证"), ("990101", "07", "外国人永久居留身份证")],
)
def test_a_number_brings_its_kind_of_document_once_and_a_later_choice_stands(client, first_six, kind, title):
    signed_in(client)
    number = synthetic_id(area=first_six)
    data = enrolment(id_kind="01", id_number=number)
    text = text_of(client.post(f"/e/declare/{ENROL}/preview/", data | {"helped": ""}))
    assert re.search(rf'<option value="{kind}" selected>{title}', text)
    assert "已带出证件类型" in text
    again = text_of(client.post(f"/e/declare/{ENROL}/preview/", data | {"helped": number}))
    assert "已带出" not in again
    assert "请更改证件类型" in again or "省级行政区划" in again


def test_a_passport_is_taken_as_it_is(client):
    signed_in(client)
    text = text_of(client.post(f"/e/declare/{ENROL}/preview/", enrolment(id_kind="08", id_number="e12345678")))
    assert "每月缴费" in text
    assert "样式不符" not in text
    assert client.post(f"/e/declare/{ENROL}/", enrolment(id_kind="08", id_number="e12345678")).status_code == 302
    assert Declaration.objects.get().answers["id_number"] == "E12345678"


def test_somebody_who_comes_back_is_filled_in_and_the_last_month_is_shown(client):
    clerk = signed_in(client)
    employee = enrolled(clerk.employer, name="李回来", department="质检部")
    employee.spells.update(last_month="2026-06", end_reason="6301")
    data = {"id_kind": "07", "id_number": employee.person.id_number, "helped": ""}
    text = text_of(client.post(f"/e/declare/{ENROL}/preview/", data))
    assert 'value="李回来"' in text
    assert 'value="质检部"' in text
    assert "上次在本单位参保到 2026-06" in text


@pytest.mark.parametrize(
    ("typed_wage", "verdict"),
    [("5000", "低于下限，按 5,124.00 计缴"), ("8000", "按申报工资计缴"), ("30,000", "高于上限，按 25,620.00 计缴")],
)
def test_the_scale_shows_where_the_wage_falls(client, typed_wage, verdict):
    signed_in(client)
    text = text_of(client.post(f"/e/declare/{ENROL}/preview/", enrolment(declared_wage=typed_wage)))
    assert verdict in text


def test_a_draft_typed_after_the_last_person_comes_back_on_the_page_of_the_next(client):
    signed_in(client)
    after = client.post(f"/e/declare/{ENROL}/", enrolment() | {"next": "again"}).url
    client.post(f"/e/declare/{ENROL}/draft/", enrolment(2, name="李半途", declared_wage="1000") | {
        "ok_wage_limits": "1", "why_wage_limits": "试用期"
    })  # fmt: skip
    text = text_of(client.get(after))
    assert 'value="李半途"' in text
    assert 'value="试用期"' in text
    assert "已恢复上次没填完的内容" in text


def test_a_draft_about_one_person_is_not_poured_over_another(client):
    clerk = signed_in(client)
    one, other = (enrolled(clerk.employer, name=name, sequence=n) for n, name in ((1, "甲一"), (2, "乙二")))
    client.post(f"/e/declare/{CEASE}/draft/", {"id_number": one.person.id_number, "name": "甲一", "note": "甲的备注"})
    assert "甲的备注" in text_of(client.get(f"/e/declare/{CEASE}/?employee={one.pk}"))
    text = text_of(client.get(f"/e/declare/{CEASE}/?employee={other.pk}"))
    assert "甲的备注" not in text
    assert 'value="乙二"' in text


def test_with_the_business_month_settled_the_form_starts_with_the_next_one_and_says_so(client):
    clerk = signed_in(client)
    settled(clerk.employer, Month(2026, 11), clerk)
    for service, name in ((ENROL, "enrolment_month"), (CEASE, "cessation_month"), (WAGE, "first_month")):
        page = client.get(f"/e/declare/{service}/")
        assert "已经结算，不再收变动" in text_of(page)
        assert value_of(page, name) == "2026-12"
    employee = enrolled(clerk.employer)
    assert client.post(f"/e/declare/{WAGE}/", wage(employee, first_month="2026-12")).status_code == 302
    month = {"enrolment_month": "2026-12", "contract_from": "2026-12-01"}
    assert client.post(f"/e/declare/{ENROL}/", enrolment(7, **month)).status_code == 302
    assert client.post(f"/e/declare/{ENROL}/", enrolment(8, enrolment_month="2027-01")).status_code == 422


def test_the_next_person_who_leaves_starts_without_the_last_ones_reason(client):
    clerk = signed_in(client)
    leaving = cessation(enrolled(clerk.employer), reason="6301", note="家属来电", cessation_month="2026-12")
    following = client.post(f"/e/declare/{CEASE}/", leaving | {"next": "again"}, follow=True)
    assert Declaration.objects.get().answers["reason"] == "6301"
    kept = {name: value_of(following, name) for name in ("cessation_month", "reason", "note", "id_number")}
    assert kept == {"cessation_month": "2026-12", "reason": "", "note": "", "id_number": ""}


def test_a_wrong_phone_number_does_not_hide_what_the_person_costs(client):
    signed_in(client)
    page = client.post(f"/e/declare/{ENROL}/preview/", enrolment(phone="123"))
    assert page.context["total"] > 0
    assert client.post(f"/e/declare/{ENROL}/preview/", enrolment(id_number="123")).context["total"] == 0


def test_who_is_declared_already_leads_to_that_declaration(client):
    clerk = signed_in(client)
    one = waiting(clerk)
    text = text_of(client.post(f"/e/declare/{ENROL}/preview/", enrolment()))
    assert f'href="/e/cases/{one.pk}/repair/"' in text


def test_somebody_of_the_roster_is_chosen_by_name_and_who_left_is_shown_and_not_offered(client):
    clerk = signed_in(client)
    here = enrolled(clerk.employer, name="李在岗", sequence=1)
    gone = enrolled(clerk.employer, name="李离岗", sequence=2)
    gone.spells.update(last_month="2026-09")
    text = text_of(client.get(f"/e/declare/{CEASE}/?find=李"))
    assert f'href="?employee={here.pk}"' in text
    assert "李离岗" in text
    assert f'href="?employee={gone.pk}"' not in text
    assert here.person.id_number not in text


def test_what_is_posted_after_the_session_ended_waits_for_its_writer_and_nobody_else(client):
    clerk = signed_in(client)
    address = f"/e/declare/{ENROL}/"
    token = client.get(address).context["writer"]
    client.logout()
    gone = client.post(
        address, enrolment(name="王没丢") | {"writer": token}, headers={"referer": f"http://testserver{address}"}
    )
    assert gone.url.startswith("/login?next=%2Fe%2Fdeclare%2F")
    assert not Declaration.objects.exists()
    client.force_login(OperatorFactory(clerk=True, employer=clerk.employer))
    assert "王没丢" not in text_of(client.get(address))
    client.force_login(clerk)
    assert 'value="王没丢"' in text_of(client.get(address))


def test_a_session_left_alone_too_long_keeps_what_is_posted_into_a_repair(client):
    clerk = signed_in(client)
    one = waiting(clerk)
    address = f"/e/cases/{one.pk}/repair/"
    token = client.get(address).context["writer"]
    session = client.session
    session["last_seen"] = 1
    session.save()
    client.post(address, enrolment(name="王没丢") | {"writer": token, "version": one.version})
    one.refresh_from_db()
    assert one.subject_name == "王示例"
    client.force_login(clerk)
    assert 'value="王没丢"' in text_of(client.get(address))


def test_a_forged_token_keeps_nothing(client):
    clerk = signed_in(client)
    client.logout()
    client.post(f"/e/declare/{ENROL}/", enrolment() | {"writer": str(clerk.pk)})
    assert not FormDraft.objects.exists()


def test_a_form_that_is_filled_in_says_that_the_amounts_wait_for_what_was_found(client):
    signed_in(client)
    asks, waits = "填好证件号码、月份和工资后", "先处理核验结果里的问题，处理好以后"
    elsewhere = enrolment(household="外地农业户口")
    page = text_of(client.post(f"/e/declare/{ENROL}/preview/", elsewhere))
    assert "信息预录入" in page and waits in page and asks not in page
    page = text_of(client.post(f"/e/declare/{ENROL}/preview/", elsewhere | {"declared_wage": ""}))
    assert asks in page and waits not in page
