"""The roster: tabs, filters, export, one employee, the audited look at a number, and the search."""

import io
import re
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from shebao.hall.audit.models import AuditEntry
from shebao.hall.employers.models import Project
from shebao.hall.roster.models import Employee, Person, Spell
from shebao.hall.roster.names import pinyin_key
from shebao.rules.months import Month
from tests.settlement.hall import NOVEMBER, dismiss, hire, make_clerk, make_employer, on_day, settle

PASSWORD = "right-Password-1"

pytestmark = pytest.mark.django_db
NUMBER = "99010119900101221X"


@pytest.fixture
def employer():
    return make_employer()


@pytest.fixture
def clerk(employer):
    return make_clerk(employer)


@pytest.fixture
def signed_in(client, clerk):
    clerk.set_password(PASSWORD)
    clerk.save(update_fields=["password"])
    client.force_login(clerk)
    return client


def opened(client, address, status=200) -> str:
    with on_day():
        response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def tabs(text: str) -> dict[str, int]:
    return {title: int(count) for title, count in re.findall(r'>(\S+) <span class="cnt">(\d+)</span>', text)}


def names(text: str) -> set[str]:
    return set(re.findall(r'<td class="head"><a href="[^"]+">([^<]+)</a>', text))


@pytest.fixture
def people(employer):
    """Two insured since January, one new in November, one whose last month is October, one gone since June."""
    stay = hire(employer, [800_000, 900_000])
    new = hire(employer, [700_000], NOVEMBER)
    gone = hire(employer, [600_000, 500_000])
    dismiss(gone[0], Month(2026, 10))
    dismiss(gone[1], Month(2026, 6))
    for one, name in zip(stay + new + gone, ["刘洋", "陈静", "许佳", "孙明", "周平"], strict=True):
        Employee.objects.filter(pk=one.pk).update(name=name, department="车间" if name == "陈静" else "")
    return stay + new + gone


def test_every_tab_counts_and_shows_its_people(signed_in, people):
    text = opened(signed_in, "/e/roster/")
    assert tabs(text) == {"在保": 3, "本月新增": 1, "本月减少": 1, "已停保": 2, "全部": 5}
    assert names(text) == {"刘洋", "陈静", "许佳"}
    for status, expected in (
        ("new", {"许佳"}),
        ("decreased", {"孙明"}),
        ("left", {"孙明", "周平"}),
        ("nonsense", {"刘洋", "陈静", "许佳"}),
    ):
        assert names(opened(signed_in, f"/e/roster/?status={status}")) == expected


def test_filters_live_in_the_address_and_stay_when_the_tab_changes(signed_in, people):
    text = opened(signed_in, "/e/roster/?department=车间&status=all")
    assert names(text) == {"陈静"}
    assert "department=%E8%BD%A6%E9%97%B4&amp;status=left" in text
    assert names(opened(signed_in, "/e/roster/?base_from=8,500&status=all")) == {"陈静"}
    assert names(opened(signed_in, "/e/roster/?q=周平")) == {"周平"}
    assert "没有符合条件的人员" in opened(signed_in, "/e/roster/?q=没有这个人")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("name=刘", {"刘洋"}),
        ("name=cj", {"陈静"}),
        ("id_number=221X", {"刘洋"}),
        ("id_number=22", set()),
        ("since=2026-11", {"许佳"}),
        ("name=刘&since=2026-11", set()),
    ],
)
def test_every_column_narrows_the_list_on_all_its_pages(signed_in, people, asked, expected):
    Person.objects.filter(pk=people[0].person_id).update(id_number=NUMBER)
    for one in people:
        Employee.objects.filter(pk=one.pk).update(name_pinyin=pinyin_key(Employee.objects.get(pk=one.pk).name))
    text = opened(signed_in, f"/e/roster/?{asked}")
    assert names(text) == expected
    # The boxes stay, so that what was typed can be changed.
    assert 'form="roster-query"' in text


def test_a_page_holds_as_many_as_was_asked_and_no_other_number(signed_in, employer):
    hire(employer, [800_000] * 25)
    assert len(re.findall(r'name="chosen"', opened(signed_in, "/e/roster/?size=20"))) == 20
    assert len(re.findall(r'name="chosen"', opened(signed_in, "/e/roster/?size=20&page=2"))) == 5
    assert len(re.findall(r'name="chosen"', opened(signed_in, "/e/roster/?size=1"))) == 25
    assert "size=100" in opened(signed_in, "/e/roster/?size=20")


def test_paper_says_what_the_list_was_narrowed_by(signed_in, people):
    text = opened(signed_in, "/e/roster/?department=车间&status=all")
    assert "全部；部门：车间；共 1 人，本表第 1 至 1 人" in text


def test_the_ticked_people_can_be_ceased_or_given_wages(signed_in, people):
    text = opened(signed_in, "/e/roster/")
    assert len(re.findall(r'formaction="/e/declare/\w+/many/"', text)) == 2
    assert text.count('name="chosen"') == 3
    assert 'data-amount="800000"' in text


def test_an_empty_roster_says_what_to_do(signed_in):
    text = opened(signed_in, "/e/roster/")
    assert "增加第一位员工" in text
    assert "<table" not in text


def test_the_export_holds_what_was_filtered_with_masked_numbers(signed_in, people):
    Person.objects.filter(pk=people[1].person_id).update(id_number=NUMBER)
    with on_day():
        response = signed_in.get("/e/roster/export/?department=车间&status=all")
    rows = list(load_workbook(io.BytesIO(response.content)).active.values)
    assert "部门：车间" in rows[1][0]
    assert rows[3][0] == "陈静"
    assert rows[3][1] == "990***********221X"
    assert rows[3][5] == 9000
    assert len(rows) == 4


def test_one_employee_shows_the_charges_with_their_derivation(signed_in, employer, clerk, people):
    settle(employer, clerk, Month(2026, 10))
    text = opened(signed_in, f"/e/roster/{people[0].pk}/")
    line = people[0].lines.filter(employee_due__gt=0).first()
    assert f'href="{reverse("e_explain", args=[line.pk, "employee"])}?month={line.month}"' in text
    assert "参保轨迹" in text
    assert "8,000.00" in text


def test_a_whole_number_is_shown_once_and_the_look_is_on_record(signed_in, clerk, people):
    Person.objects.filter(pk=people[0].person_id).update(id_number=NUMBER)
    address = f"/e/roster/{people[0].pk}/"
    assert NUMBER not in opened(signed_in, address)
    asking = opened(signed_in, f"{address}reveal/")
    assert NUMBER not in asking and "登录密码" in asking
    answers = {"reason": "核对本人证件", "password": PASSWORD}
    assert NUMBER in signed_in.post(f"{address}reveal/", answers).content.decode()
    entry = AuditEntry.objects.get(action="reveal_id_number")
    assert (entry.actor, entry.subject) == (clerk, f"employee:{people[0].pk}")
    assert entry.detail == {"reason": "核对本人证件"}
    assert NUMBER not in opened(signed_in, address)


def reveal(client, person, **answers):
    return client.post(f"/e/roster/{person.pk}/reveal/", {"reason": "核对本人证件", "password": PASSWORD} | answers)


def test_without_a_reason_or_with_a_wrong_password_nothing_is_shown(signed_in, people):
    for answers, sentence in (
        ({"reason": "other"}, "原因"), ({"password": "wrong"}, "密码不对"), ({"password": ""}, "请输入登录密码"),
    ):  # fmt: skip
        answer = reveal(signed_in, people[0], **answers)
        assert answer.status_code == 422 and sentence in answer.content.decode()
        session = signed_in.session
        session.pop("proved_at", None)
        session.save()
    assert not AuditEntry.objects.filter(action="reveal_id_number").exists()


def test_the_password_is_asked_once_in_a_quarter_of_an_hour(signed_in, people):
    assert reveal(signed_in, people[0]).status_code == 200
    assert "登录密码" not in opened(signed_in, f"/e/roster/{people[1].pk}/reveal/")
    assert reveal(signed_in, people[1], password="").status_code == 200
    session = signed_in.session
    session["proved_at"] -= 15 * 60 + 1
    session.save()
    assert reveal(signed_in, people[1], password="").status_code == 422


def test_the_password_of_a_forgotten_screen_is_not_guessed(signed_in, people):
    answers = [reveal(signed_in, people[0], password=f"guess{n}").status_code for n in range(12)]
    assert answers == [422] * 10 + [429] * 2


def test_more_than_fifty_looks_in_an_hour_raise_one_alert_and_more_than_a_hundred_are_refused(
    signed_in, people, clerk, employer
):
    from shebao.hall.errors import Refused
    from shebao.hall.roster.unmasking import reveal_id_number

    for _ in range(50):
        reveal_id_number(people[0].pk, "核对本人证件", by=clerk)
    assert not AuditEntry.objects.filter(action="alert.unmasking").exists()
    for _ in range(50):
        reveal_id_number(people[0].pk, "核对本人证件", by=clerk)
    alert = AuditEntry.objects.get(action="alert.unmasking")
    assert (alert.region, alert.employer, alert.detail["count"]) == (employer.region, employer, 51)
    with pytest.raises(Refused, match="不能超过 100 次"):
        reveal_id_number(people[0].pk, "核对本人证件", by=clerk)


def test_without_the_right_the_number_is_not_offered(signed_in, people, monkeypatch):
    from shebao.hall.operators import models

    monkeypatch.setitem(models.PERMISSIONS, "clerk", models.PERMISSIONS["clerk"] - {"unmask"})
    for address in ("/e/roster/", f"/e/roster/{people[0].pk}/"):
        assert "/reveal/" not in opened(signed_in, address)
    assert reveal(signed_in, people[0]).status_code == 403


def test_the_people_of_another_employer_do_not_exist(signed_in):
    other = hire(make_employer(number="120002"), [800_000])[0]
    opened(signed_in, f"/e/roster/{other.pk}/", status=404)
    assert signed_in.post(f"/e/roster/{other.pk}/reveal/").status_code == 404
    assert not AuditEntry.objects.filter(action="reveal_id_number").exists()
    assert not names(opened(signed_in, f"/e/search/?q={other.name}"))


def test_the_employer_sees_what_the_agency_has_on_file(signed_in, employer):
    text = opened(signed_in, "/e/employer/")
    assert employer.credit_code in text
    assert "变更请到经办窗口办理" in text


def test_the_search_finds_people_and_services(signed_in, people):
    assert names(opened(signed_in, "/e/search/?q=刘洋")) == {"刘洋"}
    assert "请输入要找的内容" in opened(signed_in, "/e/search/")
    assert "没有找到" in opened(signed_in, "/e/search/?q=查无此人")


@pytest.mark.parametrize("asked", ["花名册", "ygh", "yuangonghua", "YGHMC"])
def test_the_search_finds_entries_of_the_menu_by_word_and_by_pinyin(signed_in, people, asked):
    places = opened(signed_in, f"/e/search/?q={asked}").partition("业务与页面")[2].partition("</section>")[0]
    found = re.findall(r'class="btn" href="([^"]+)"', places)
    assert found[0] == "/e/roster/" and set(found[1:]) <= {"/e/statements/roster_list/"}


def test_the_search_finds_a_person_by_initials_and_by_the_last_digits(signed_in, people):
    Person.objects.filter(pk=people[0].person_id).update(id_number=NUMBER)
    Employee.objects.filter(pk=people[0].pk).update(name_pinyin=pinyin_key("刘洋"))
    for asked in ("ly", "liuyang", "221X", "01221x"):
        assert names(opened(signed_in, f"/e/search/?q={asked}")) == {"刘洋"}


def test_the_search_of_the_head_leads_to_the_search_page(signed_in, people):
    assert re.search(r'<form class="search"[^>]+action="/e/search/"', opened(signed_in, "/e/"))


def test_the_number_of_queries_does_not_grow_with_the_people(signed_in, employer):
    counts = []
    for more in (3, 30):
        hire(employer, [800_000] * more)
        opened(signed_in, "/e/roster/")
        with CaptureQueriesContext(connection) as queries:
            opened(signed_in, "/e/roster/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_while_a_word_is_typed_the_search_answers_with_a_short_list(signed_in, people):
    answer = signed_in.get("/e/search/?q=刘洋", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in answer
    assert re.findall(r'role="option"[^>]+href="/e/roster/\d+/"><b>(\w+)</b>', answer) == ["刘洋"]
    assert (
        "没有找到“查无此人”" in signed_in.get("/e/search/?q=查无此人", headers={"HX-Request": "true"}).content.decode()
    )


def test_the_roster_is_filtered_by_project_where_there_are_any(signed_in, employer):
    worker, _ = hire(employer, [800_000, 800_000])
    assert "工程项目" not in opened(signed_in, "/e/roster/?project=999")
    project = Project.objects.create(
        employer=employer, number="XM-1", name="示例大桥", contract_fen=100, first_on=date(2026, 11, 1),
        last_on=date(2026, 11, 30), rate="0.001", injury_due=0,
    )  # fmt: skip
    Spell.objects.filter(employee=worker, scheme="injury").update(project=project)
    page = opened(signed_in, f"/e/roster/?project={project.pk}&status=all")
    assert "XM-1 示例大桥" in page and names(page) == {worker.name}
