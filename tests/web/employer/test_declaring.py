"""Declaring for one person and for many: typed, looked at, kept, saved."""

import pytest

from shebao.hall.declarations.models import Declaration, FormDraft
from tests.factories import at, enrolled, enrolment, synthetic_id, wage

from .declared import CEASE, ENROL, WAGE, signed_in, text_of, waiting


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
    assert 'id="id_name" name="name" value="李海燕"' in text
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
    assert "逐人核对" in text_of(client.post(f"/e/declare/{WAGE}/many/", data))
    data |= {"step": "check", "mode": "percent", "declared_wage": "5"}
    assert client.post(f"/e/declare/{WAGE}/many/", data | {"declared_wage": "五"}).status_code == 422
    text = text_of(client.post(f"/e/declare/{WAGE}/many/", data))
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
    seen = client.post(f"/e/declare/{CEASE}/many/", data)
    blocked = {row["person"].pk: row["errors"] for row in seen.context["rows"]}
    assert blocked[gone.pk]
    assert client.post(f"/e/declare/{CEASE}/many/", data | {"step": "save"}).status_code == 422
    assert not Declaration.objects.exists()


def test_a_second_declaration_for_the_same_person_is_refused_in_words(client):
    waiting(signed_in(client))
    response = client.post(f"/e/declare/{ENROL}/", enrolment())
    assert response.status_code == 422
    assert response.context["errors"]
