"""Signing in, out, and what a stranger may not do."""

import time
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from shebao.hall import clock
from shebao.hall.audit.models import AuditEntry
from shebao.hall.employers.models import Employer
from shebao.hall.operators.models import Attempt, Operator, Role
from shebao.web.middleware import ASKED_BY_ITSELF, LAST_SEEN

from .conftest import PASSWORD, make_employer, make_operator

SIGN_IN = "/login"


def sign_in(client, username="clerk", password=PASSWORD, **more):
    return client.post(SIGN_IN, {"username": username, "password": password, **more})


def test_a_stranger_is_asked_to_sign_in_and_returns_to_the_same_address(client, clerk):
    response = client.get("/password?x=1")
    assert response.status_code == 302
    assert response.url == "/login?next=%2Fpassword%3Fx%3D1"
    assert sign_in(client, next="/password?x=1").url == "/password?x=1"


def test_signing_in_is_recorded_and_keeps_the_sign_in_before(client, clerk):
    sign_in(client)
    client.post("/logout")
    sign_in(client)
    clerk.refresh_from_db()
    assert clerk.previous_login is not None
    assert clerk.previous_login < clerk.last_login
    assert AuditEntry.objects.filter(action="operator.signed_in").count() == 2


@pytest.mark.parametrize(
    "stranger",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
    ],
)
def test_nobody_is_sent_to_a_strangers_address(client, clerk, stranger):
    assert sign_in(client, next=stranger).url == "/"


def test_a_wrong_password_says_how_many_tries_are_left_but_not_what_was_wrong(client, clerk):
    for username in ("clerk", "nobody"):
        response = sign_in(client, username=username, password="wrong")
        assert response.status_code == 422
        assert "账号或密码不对，还可以试 4 次" in response.content.decode()


def test_an_empty_form_names_both_fields(client, db):
    text = client.post(SIGN_IN, {}).content.decode()
    assert "请填写账号。" in text
    assert "请填写密码。" in text


def test_five_wrong_passwords_lock_the_account_even_for_the_right_one(client, clerk):
    for _ in range(5):
        response = sign_in(client, password="wrong")
    assert response.status_code == 429
    response = sign_in(client)
    assert response.status_code == 429
    assert "已锁定 15 分钟" in response.content.decode()
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    ("host", "helps", "is_useless"),
    [("mail.example", "用“忘记密码”找回", "管理员重置"), ("", "社保专管员请本单位管理员重置", "用“忘记密码”找回")],
)
def test_whoever_is_locked_out_reads_what_helps_in_this_hall(client, clerk, settings, host, helps, is_useless):
    settings.EMAIL_HOST, settings.SHEBAO_SMS_URL = host, ""
    for _ in range(5):
        text = sign_in(client, password="wrong").content.decode()
    assert helps in text
    assert is_useless not in text


def test_a_disabled_operator_does_not_get_in(client, employer):
    make_operator("gone", "clerk", employer, is_active=False)
    assert sign_in(client, username="gone").status_code == 422


def test_disabling_ends_an_open_session(client, clerk):
    sign_in(client)
    clerk.is_active = False
    clerk.save()
    assert client.get("/password").url.startswith(SIGN_IN)


def test_the_first_sign_in_ends_at_the_change_of_password(client, employer):
    make_operator("new", "clerk", employer, must_change_password=True)
    sign_in(client, username="new")
    assert client.get("/").url == reverse("change_password")
    response = client.post("/password", {"current": PASSWORD, "new": "12345678"})
    assert response.status_code == 422
    response = client.post("/password", {"current": PASSWORD, "new": "brand-New-Words-7"})
    assert response.url == "/"
    assert client.get("/password").status_code == 200
    assert not Operator.objects.get(username="new").must_change_password


def test_a_session_left_alone_ends_and_leads_back(client, clerk, settings):
    sign_in(client)
    client.get("/password")
    session = client.session
    session["last_seen"] = int(time.time()) - settings.SHEBAO_IDLE_SECONDS - 5
    session.save()
    response = client.get("/password?again=1")
    assert response.url == "/login?next=%2Fpassword%3Fagain%3D1&over=idle"
    assert "_auth_user_id" not in client.session


def test_a_fragment_request_of_a_stranger_moves_the_whole_page(client, db):
    headers = {"HX-Request": "true", "Referer": "http://testserver/e/roster?q=a"}
    response = client.get("/password", headers=headers)
    assert response.headers["HX-Redirect"] == "/login?next=%2Fe%2Froster%3Fq%3Da"


def test_signing_out_needs_a_post_and_ends_the_session(client, clerk):
    sign_in(client)
    assert client.get("/logout").status_code == 405
    client.post("/logout")
    assert "_auth_user_id" not in client.session


def test_no_page_is_kept_by_browsers_and_scripts_come_only_from_here(client, clerk):
    for path in (SIGN_IN, "/password", "/verify", "/nowhere"):
        headers = client.get(path).headers
        assert headers["Cache-Control"] == "no-store"
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert "geolocation=()" in headers["Permissions-Policy"]
        assert headers["X-Frame-Options"] == "DENY"
    client.force_login(clerk)
    assert client.get("/password").headers["Cache-Control"] == "no-store"


def test_an_old_form_is_refused_with_words(clerk):
    client = Client(enforce_csrf_checks=True)
    response = client.post(SIGN_IN, {"username": "clerk", "password": PASSWORD})
    assert response.status_code == 403
    assert "刷新后再提交一次" in response.content.decode()


def test_health_asks_nothing_and_readiness_asks_the_database(client, db, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/healthz").content == b"ok"
    with django_assert_num_queries(1):
        assert client.get("/readyz").content == b"ok"


def test_our_own_fault_is_said_in_chinese_with_a_number(clerk, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("boom")

    monkeypatch.setattr("shebao.web.public.signing_in.operations.change_own_password", broken)
    client = Client(raise_request_exception=False)
    client.force_login(clerk)
    response = client.post("/password", {"current": "a", "new": "b"})
    assert response.status_code == 500
    assert "错误编号" in response.content.decode()
    assert "boom" not in response.content.decode()


def test_elder_mode_is_kept_in_this_browser_and_never_leads_away(client, db):
    response = client.post("/elder", {"elder": "1", "next": "https://evil.example/"})
    assert response.url == "/"
    assert client.cookies["elder"].value == "1"
    assert 'class="elder"' in client.get(SIGN_IN).content.decode()


def test_high_contrast_is_part_of_elder_mode_and_kept_apart_from_it(client, clerk):
    client.post("/elder", {"contrast": "1"})
    assert 'class="elder contrast"' not in client.get(SIGN_IN).content.decode()
    client.post("/elder", {"elder": "1"})
    assert 'class="elder contrast"' in client.get(SIGN_IN).content.decode()
    client.post("/elder", {"contrast": "0"})
    assert 'class="elder"' in client.get(SIGN_IN).content.decode()


def test_elder_mode_opens_with_eight_large_tiles_on_the_first_page_only(client, clerk):
    client.force_login(clerk)
    assert "big-tiles" not in client.get("/e/").content.decode()
    client.cookies["elder"] = "1"
    tiles = client.get("/e/").content.decode().partition('class="big-tiles"')[2].partition("</nav>")[0]
    assert tiles.count('<a class="card"') == 8
    assert "big-tiles" not in client.get("/e/roster/").content.decode()


def test_the_page_knows_when_the_session_ends_and_asking_keeps_it(client, clerk, settings):
    client.force_login(clerk)
    assert f'data-idle="{settings.SHEBAO_IDLE_SECONDS}"' in client.get("/e/").content.decode()
    assert client.get("/alive").status_code == 204
    client.cookies["elder"] = "1"
    assert f'data-idle="{settings.SHEBAO_IDLE_SECONDS * 2}"' in client.get("/e/").content.decode()


def test_an_open_page_that_asks_by_itself_keeps_no_session(client, clerk):
    client.force_login(clerk)
    client.get("/e/")
    session = client.session
    session[LAST_SEEN] = seen = int(time.time()) - 120
    session.save()
    assert client.get("/e/", headers={ASKED_BY_ITSELF: "1"}).status_code == 200
    assert client.session[LAST_SEEN] == seen
    client.get("/e/")
    assert client.session[LAST_SEEN] > seen


def test_a_session_that_ended_is_not_kept_by_asking(client, clerk, settings):
    client.force_login(clerk)
    client.get("/alive")
    settings.SHEBAO_IDLE_SECONDS = -1
    assert client.get("/alive").status_code == 302


def test_a_paper_is_only_known_to_whoever_has_code_and_amount(client, db, monkeypatch):
    found = {
        "title": "缴费通知单",
        "employer_name": "第一机械制造有限公司",
        "months": "2026 年 11 月",
        "total_fen": 123456,
    }
    found |= {"number": "1", "issued_on": clock.now()}
    found |= {"state": "valid", "state_label": "有效", "state_reason": "", "state_on": None}
    found |= {"signature": None}

    def verify(code, total):
        return found if (code, total) == ("ABCD", "1234.56") else None

    monkeypatch.setattr("shebao.web.public.verifying.operations.verify", verify)
    text = client.get("/verify", {"code": "abcd", "total": "1234.56"}).content.decode()
    assert "单据真实有效" in text
    assert "第一机械制造有限公司" not in text
    assert "没有查到" in client.get("/verify", {"code": "abcd", "total": "1.00"}).content.decode()
    assert "没有查到" not in client.get("/verify", {"code": "abcd"}).content.decode()


def test_the_bank_is_answered_by_its_signature_not_by_a_form_token(db):
    client = Client(enforce_csrf_checks=True)
    assert client.post("/pay/notice", b"{}", content_type="application/json").status_code == 403


def test_codes_of_papers_cannot_be_guessed_by_trying_and_waiting_helps(client, db):
    asked = {"code": "ABCD", "total": "1.00"}
    nine = datetime(2026, 11, 24, 9)  # noqa: DTZ001 - the clock takes naive local time
    with clock.pretending(nine):
        answers = [client.get("/verify", asked).status_code for _ in range(31)]
    assert answers == [200] * 30 + [429]
    # The count is in the database, so another process knows it too; the address itself is not kept.
    assert Attempt.objects.count() == 30
    assert not Attempt.objects.filter(who__contains="127.0.0.1").exists()
    with clock.pretending(nine + timedelta(minutes=11)):
        assert client.get("/verify", asked).status_code == 200
    assert Attempt.objects.count() == 1


def test_signing_in_again_keeps_the_computer_number_of_the_employer(client, db):
    employer = make_employer("1", "fujian")
    Employer.objects.update(employer_number="3501000000123")
    employer.refresh_from_db()
    client.force_login(make_operator("again", Role.CLERK, employer))
    assert client.post("/logout", {"again": "1"}).url == "/login?region=fujian&number=3501000000123"
