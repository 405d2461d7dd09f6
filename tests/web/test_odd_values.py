"""Numbers, days and names that no page sends: understood as nothing or refused in words, never a fault (B18, B44)."""

import pytest
from django.conf import settings

from shebao.hall.notices.models import Announcement
from shebao.web.chosen import numbers, typed_day, whole

from .conftest import make_operator

NUMBERS = ("²", "٣", "-1", "1e9", "9" * 5_000, "9" * 20, " 7", "")
DAYS = ("0001-01-01", "9999-12-31", "1899-12-31", "2026-02-30", "0000-00-00", "²", "")


@pytest.fixture
def head(client, db):
    head = make_operator("head", "agency_admin")
    client.force_login(head)
    return head


@pytest.mark.parametrize("text", NUMBERS)
def test_what_is_no_number_of_a_row_is_none(text):
    assert whole(text) == 0 and whole(text, 5) == 5 and numbers([text, "12"]) == [12]


@pytest.mark.parametrize("text", DAYS)
def test_a_day_of_no_month_that_people_write_is_none(text):
    with pytest.raises(ValueError, match=r"\S"):
        typed_day(text)


def test_no_number_of_a_row_in_an_address_breaks_its_page(client, clerk):
    client.force_login(clerk)
    pages = ["roster/?project=", "declare/employee_enrolment/?copy=", "declare/employee_enrolment/?like="]
    for page in pages:
        for text in ("²", "9" * 5_000):
            assert client.get(f"/e/{page}{text}").status_code < 500, (page, text[:5])
    assert client.get("/e/statements/changes_list/?month=1900-01").status_code == 200


def test_the_ends_of_the_calendar_are_said_where_a_day_is_asked(client, head, employer_admin):
    page = client.post("/a/money/reconcile", {"day": "0001-01-01"}, follow=True).content.decode()
    assert "请填写对账日" in page
    given = {"kind": "announcement", "title": "停机", "text": "周六", "audience": ""}
    for day in ("9999-12-31", "明天"):
        refused = client.post("/a/notices/new", given | {"until_on": day})
        assert refused.status_code == 422 and f"最后一天“{day}”不是日期" in refused.content.decode()
    assert client.post("/a/notices/new", given | {"audience": "x", "codes": ["x:1"]}).status_code == 422
    assert not Announcement.objects.exists()
    client.force_login(employer_admin)
    page = client.get("/audit/", {"from": "0001-01-01", "to": "9999-12-31"}).content.decode()
    assert "开始日期“0001-01-01”不是日期" in page and "终止日期“9999-12-31”不是日期" in page


EMPTY = {
    "/a/pre-entries/": ("请填写证件号码。", "请填写姓名，与证件上的一致。"),
    "/a/notices/new": ("请选择公告、通知或政策。", "请填写标题。", "请填写正文。"),
    "/password": ("请输入当前密码。", "请输入新密码。"),
    "/account/contact": ("请输入当前密码。",),
}


@pytest.mark.parametrize("address", EMPTY)
def test_all_that_is_left_empty_is_said_at_once_and_no_password_was_wrong(client, head, address):
    for _ in range(7):  # more than there are tries for a password
        page = client.post(address, {"username": " "})
        text = page.content.decode()
        assert page.status_code == 422 and [one for one in EMPTY[address] if text.count(one) < 2] == []
        assert "密码不对" not in text and "次数过多" not in text


@pytest.mark.parametrize("number", [10**16, 10**30])
def test_a_number_that_no_row_can_have_is_not_found(client, head, number):
    places = "cases/{}/approve cases/{}/return cases/{}/claim cases/batches/{} registrations/{}/hold receipts/{}/void"
    for place in places.split():
        page = client.post("/a/" + place.format(number), {"text": "x"})
        assert page.status_code == 404 and "没有找到" in page.content.decode(), place
    assert client.get(f"/a/people/{number}").status_code == 404
    client.logout()
    assert client.get(f"/a/people/{number}").url.startswith("/login")


def test_a_search_too_long_for_an_address_is_answered_at_once(client, head):
    page = client.post("/a/employers/", {"_search": "1", "q": "长" * 9_000})
    assert page.status_code == 200 and "没有符合条件的单位" in page.content.decode()
    assert client.post("/a/employers/", {"_search": "1", "q": "长"}).status_code == 302


def test_a_nul_is_refused_in_a_name_too_and_a_cookie_with_one_is_no_session(client, clerk):
    client.force_login(clerk)
    assert client.get("/e/roster/", {"ok_\0": "1"}).status_code == 400
    client.cookies[settings.SESSION_COOKIE_NAME] = "abcdefgh\0"
    assert client.get("/e/").url.startswith("/login")
