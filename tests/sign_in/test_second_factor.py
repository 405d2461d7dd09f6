"""A password alone is not enough where somebody set up more."""

import re
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client

from shebao.hall import clock
from shebao.hall.audit.models import AuditEntry
from shebao.hall.errors import Refused
from shebao.hall.operators.models import ADMINISTRATOR_ROLES, Operator, Role
from shebao.hall.sign_in import factors, passkeys
from shebao.hall.sign_in.models import Factor, SentCode

from ..web.conftest import PASSWORD, make_operator
from .conftest import code_of, committed, sign_in, signed_in

NINE = datetime(2026, 11, 24, 9)  # noqa: DTZ001 - the clock takes naive local time


@pytest.fixture
def key(clerk):
    """The clerk has an authenticator, set up a minute ago."""
    with clock.pretending(NINE - timedelta(minutes=1)):
        made = factors.new_key()
        factors.set_up_totp(made, code_of(made), by=clerk)
    return made


def test_an_authenticator_is_set_up_with_its_first_code_and_the_password_and_gives_ten_recovery_codes(clerk):
    client = signed_in()
    page = client.get("/account/factors/totp").content.decode()
    assert "data:image/svg+xml" in page
    key = client.session["totp_key"]
    assert key in page
    wrong = client.post("/account/factors/totp", {"code": code_of(key), "password": "not mine"})
    assert wrong.status_code == 422
    assert not factors.has_factor(clerk)
    wrong = client.post("/account/factors/totp", {"code": "000000", "password": PASSWORD})
    assert "验证码不对" in wrong.content.decode()
    shown = client.post("/account/factors/totp", {"code": code_of(key), "password": PASSWORD}).content.decode()
    codes = re.findall(r"[0-9a-f]{8}-[0-9a-f]{8}", shown)
    assert len(set(codes)) == 10
    assert factors.has_factor(clerk)
    assert "totp_key" not in client.session


def test_a_new_authenticator_ends_the_logins_by_password_alone_elsewhere_and_keeps_this_one(clerk):
    here, there = signed_in(), signed_in()
    here.get("/account/factors/totp")
    key = here.session["totp_key"]
    said = here.post("/account/factors/totp", {"code": code_of(key), "password": PASSWORD}).content.decode()
    assert "其他设备上只凭密码的登录已全部结束" in said
    assert here.get("/account/").status_code == 200
    assert "您的账号新设了二次验证" in there.get("/account/", follow=True).content.decode()
    assert AuditEntry.objects.get(action="session.ended").actor == clerk


def test_a_login_that_proved_a_factor_goes_on_when_another_factor_is_added(clerk, key):
    strong, another = Client(), factors.new_key()
    with clock.pretending(NINE):
        sign_in(strong)
        assert strong.post("/login/second", {"code": code_of(key)}).status_code == 302
        factors.set_up_totp(another, code_of(another), by=clerk)
    assert strong.get("/account/").status_code == 200


def test_neither_key_nor_recovery_codes_lie_readable_in_the_database(clerk, key):
    codes = factors.new_recovery_codes(by=clerk)
    with connection.cursor() as cursor:
        cursor.execute("select secret from sign_in_factor")
        stored = " ".join(row[0] for row in cursor.fetchall())
    assert key not in stored
    assert not any(code in stored for code in codes)


def test_after_the_password_the_code_is_asked_for_and_nobody_is_signed_in_before(clerk, key):
    client = Client()
    with clock.pretending(NINE):
        assert sign_in(client, next="/account/").url == "/login/second"
        assert "_auth_user_id" not in client.session
        assert client.get("/e/").url.startswith("/login")
        assert client.post("/login/second", {"code": "123456"}).status_code == 422
        assert client.post("/login/second", {"code": code_of(key)}).url == "/account/"
    assert client.get("/account/").status_code == 200


def test_a_code_is_good_once_even_within_its_half_minute(clerk, key):
    with clock.pretending(NINE):
        code = code_of(key)
        first, second = Client(), Client()
        for client in (first, second):
            sign_in(client)
        assert first.post("/login/second", {"code": code}).status_code == 302
        assert second.post("/login/second", {"code": code}).status_code == 422


def test_a_code_of_long_ago_is_not_good(clerk, key):
    with clock.pretending(NINE):
        client = Client()
        sign_in(client)
        assert (
            client.post("/login/second", {"code": code_of(key, clock.now() - timedelta(minutes=3))}).status_code == 422
        )


def test_five_tries_and_then_a_quarter_of_an_hour_even_for_the_right_code(clerk, key):
    with clock.pretending(NINE):
        client = Client()
        sign_in(client)
        for _ in range(5):
            client.post("/login/second", {"code": "123456"})
        refused = client.post("/login/second", {"code": code_of(key)})
        assert refused.status_code == 429
        assert "15 分钟" in refused.content.decode()
    with clock.pretending(NINE + timedelta(minutes=16)):
        assert client.post("/login/second", {"code": code_of(key)}).status_code == 302


def test_a_recovery_code_stands_in_once_and_is_recorded(clerk, key):
    codes = factors.new_recovery_codes(by=clerk)
    for status in (302, 422):
        client = Client()
        sign_in(client)
        assert client.post("/login/second", {"code": codes[0].upper()}).status_code == status
    assert AuditEntry.objects.get(action="factor.recovery_used").detail == {"left": 9}


def test_the_half_way_to_sign_in_ends_with_another_password(clerk, key):
    client = Client()
    sign_in(client)
    clerk.set_password("another-Password-9")
    clerk.save()
    assert client.post("/login/second", {"code": code_of(key)}).url == "/login"


def test_removing_the_last_factor_needs_the_password_and_takes_the_recovery_codes(clerk, key):
    client = Client()
    client.force_login(clerk)
    factor = Factor.objects.get(operator=clerk, kind="totp")
    assert client.post(f"/account/factors/{factor.pk}/remove", {"password": "wrong"}).status_code == 422
    assert client.post(f"/account/factors/{factor.pk}/remove", {"password": PASSWORD}).status_code == 302
    assert not Factor.objects.filter(operator=clerk).exists()


def test_nobody_removes_the_factor_of_somebody_else(clerk, key, elsewhere):
    client = Client()
    client.force_login(elsewhere)
    factor = Factor.objects.get(operator=clerk, kind="totp")
    assert client.post(f"/account/factors/{factor.pk}/remove", {"password": PASSWORD}).status_code == 404


def test_where_the_region_asks_administrators_for_more_they_set_it_up_first(db):
    make_operator("chief", Role.AGENCY_ADMIN, region="certificate_city")
    client = signed_in("chief")
    assert client.get("/a/").url == "/account/factors"
    assert "您的角色必须有二次验证" in client.get("/account/factors").content.decode()
    client.get("/account/factors/totp")
    key = client.session["totp_key"]
    client.post("/account/factors/totp", {"code": code_of(key), "password": PASSWORD})
    assert client.get("/a/").status_code == 200
    factor = Factor.objects.get(kind="totp")
    refused = client.post(f"/account/factors/{factor.pk}/remove", {"password": PASSWORD})
    assert "必须有二次验证" in refused.content.decode()


FIRST = "brand-New-Words-7"
PLACES = dict.fromkeys((Role.SECURITY_ADMIN, Role.AUDIT_ADMIN, Role.SYSTEM_ADMIN), "/operators/")
PLACES |= {Role.AGENCY_ADMIN: "/a/", Role.EMPLOYER_ADMIN: "/e/"}


@pytest.mark.parametrize("role", PLACES)
def test_where_the_installation_asks_for_it_every_administrator_sets_one_up_after_the_first_password(
    employer, settings, role
):
    settings.SHEBAO_ADMIN_FACTOR = True
    own = employer if role == Role.EMPLOYER_ADMIN else None
    # A region that asks nothing of anybody: the installation does.
    make_operator("chief", role, own, must_change_password=True, **({} if own else {"region": "tianjin"}))
    client = signed_in("chief")
    assert client.get(PLACES[role]).url == "/password"
    client.post("/password", {"current": PASSWORD, "new": FIRST})
    for address in (PLACES[role], "/", "/account/"):
        assert client.get(address).url == "/account/factors"
    assert "您的角色必须有二次验证" in client.get("/account/factors").content.decode()
    client.get("/account/factors/totp")
    key = client.session["totp_key"]
    client.post("/account/factors/totp", {"code": code_of(key), "password": FIRST})
    assert client.get("/account/").status_code == 200
    factor = Factor.objects.get(kind="totp")
    refused = client.post(f"/account/factors/{factor.pk}/remove", {"password": FIRST})
    assert "必须有二次验证" in refused.content.decode()
    assert sign_in(Client(), "chief", FIRST).url == "/login/second"


def test_the_roles_that_are_asked_are_all_that_can_give_rights_or_change_values():
    assert set(PLACES) == set(ADMINISTRATOR_ROLES)
    assert set(Role) - set(ADMINISTRATOR_ROLES) == {Role.CLERK, Role.REVIEWER}


def test_clerks_and_reviewers_are_not_asked_by_the_installation(clerk, reviewer, settings):
    settings.SHEBAO_ADMIN_FACTOR = True
    assert signed_in("clerk").get("/account/").status_code == 200
    assert signed_in("reviewer").get("/account/").status_code == 200


def test_a_trial_on_the_loopback_does_not_ask(boss, settings):
    assert settings.SHEBAO_ADMIN_FACTOR is False
    assert signed_in("boss").get("/account/").status_code == 200


def test_the_agency_takes_away_lost_factors_with_the_password_only_where_it_says_so(boss, reviewer):
    with clock.pretending(NINE):
        made = factors.new_key()
        factors.set_up_totp(made, code_of(made), by=boss)
    client = Client()
    client.force_login(reviewer)
    assert "二次验证也丢失了" in client.get(f"/a/employers/{boss.employer_id}").content.decode()
    client.post(f"/a/operators/{boss.pk}/reset", {"reason": "介绍信核对无误"})
    assert factors.has_factor(boss)
    client.post(f"/a/operators/{boss.pk}/reset", {"reason": "介绍信核对无误", "lost_factors": "1"})
    assert not factors.has_factor(Operator.objects.get(pk=boss.pk))
    entry = AuditEntry.objects.get(action="factor.reset")
    assert entry.actor_id == reviewer.pk
    assert entry.employer_id == boss.employer_id


def test_an_administrator_takes_away_the_factors_of_who_lost_them_but_not_their_own(clerk, key, boss):
    client = Client()
    client.force_login(boss)
    assert "重置二次验证" in client.get("/operators/").content.decode()
    client.post(f"/operators/{clerk.pk}/factors/reset")
    assert not factors.has_factor(clerk)
    assert AuditEntry.objects.filter(action="factor.reset").count() == 1
    assert sign_in(Client()).url == "/"


def test_codes_by_telephone_come_by_the_gateway_once_and_never_lie_in_the_outbox(clerk, settings, monkeypatch):
    settings.SHEBAO_SMS_URL = "https://gateway.example/"
    sent = []
    monkeypatch.setattr("shebao.hall.mail.operations.send_message", lambda to, text, number: sent.append((to, text)))
    client = signed_in()
    assert "启用短信或邮件验证码" not in client.get("/account/factors").content.decode()
    told = {"phone": "13800138000", "email": "", "password": PASSWORD}
    assert client.post("/account/contact", told).status_code == 302
    code = lambda: re.search(r"验证码 (\d{6})", sent[-1][1]).group(1)  # noqa: E731
    with committed():
        client.post("/account/factors/code", {"send": "sms"})
    assert client.post("/account/factors/code", {"code": code(), "password": PASSWORD}).status_code == 302
    client = Client()
    assert sign_in(client).url == "/login/second"
    with committed():
        client.post("/login/second/send", {"channel": "sms"})
    assert sent[-1][0] == "13800138000"
    assert client.post("/login/second", {"code": code()}).url == "/"
    from shebao.hall.mail.models import Mail

    assert not any(re.search(r"\d{6}", mail.text + mail.secret) for mail in Mail.objects.all())
    assert SentCode.objects.filter(used_at=None).count() == 0


@pytest.mark.parametrize(
    "answer",
    [
        *("", "[]", "{}", "7", "[" * 100_000, '{"id": "AAAA", "rawId": "AAAA", "type": "x", "response": []}'),
        # The library would take a number for as many bytes of memory: ten gigabytes here.
        *('{"id": 10000000000, "rawId": "", "type": "", "response": {}}',
          '{"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {"signature": 10000000000}}'),
        '{"id": "\\ud800", "rawId": "AAAA", "type": "public-key", "response": {}}',
    ],
)  # fmt: skip
def test_what_no_authenticator_answers_is_refused_in_words(clerk, answer):
    for deed in (
        lambda: passkeys.prove_by_passkey({}, answer, "localhost"),
        lambda: passkeys.add_passkey({}, answer, "", "localhost", by=clerk),
    ):
        with pytest.raises(Refused, match="没有验证成功"):
            deed()
