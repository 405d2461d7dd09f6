"""Sessions: known to their owner, ended by them, by time, and by whatever changes their rights (B16)."""

import re
import time

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils.module_loading import import_string

from shebao.hall.audit.models import AuditEntry
from shebao.hall.operators import operations
from shebao.hall.operators.managing import Rights, change_operator
from shebao.hall.operators.models import Role
from shebao.hall.sign_in.models import OpenSession

from ..web.conftest import PASSWORD, make_operator
from .conftest import sign_in, signed_in


def is_in(client) -> bool:
    return client.get("/account/").status_code == 200


def test_a_session_has_a_new_number_after_signing_in(clerk):
    client = Client()
    client.get("/login/certificate")  # a stranger's session
    before = client.session.session_key
    sign_in(client)
    assert before
    assert client.session.session_key != before


def test_every_sign_in_is_listed_with_way_and_device_and_its_key_is_not_readable(clerk):
    client = signed_in(HTTP_USER_AGENT="Mozilla/5.0 (Windows NT 10.0) Chrome/120.0 Safari/537")
    page = client.get("/account/").content.decode()
    assert "Chrome · Windows" in page
    assert "本次" in page
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select key, address from sign_in_opensession")
        stored = str(cursor.fetchall())
    assert client.session.session_key not in stored
    assert "127.0.0.1" not in stored


def test_an_owner_ends_one_other_session_or_all(clerk):
    here, there, third = signed_in(), signed_in(), signed_in()
    other = OpenSession.objects.exclude(pk=OpenSession.objects.order_by("pk").first().pk).order_by("pk").first()
    assert here.post(f"/account/sessions/{other.pk}/end").status_code == 302
    assert (is_in(here), is_in(there), is_in(third)) == (True, False, True)
    here.post("/account/sessions/others")
    assert (is_in(here), is_in(third)) == (True, False)


def test_nobody_ends_or_sees_the_sessions_of_somebody_else(clerk, elsewhere):
    mine = signed_in()
    other = signed_in("elsewhere")
    pk = OpenSession.objects.get(operator=clerk).pk
    assert other.post(f"/account/sessions/{pk}/end").status_code == 404
    assert is_in(mine)


def change_rights(operator, boss, **rights):
    change_operator(operator.pk, operator.name, Role.CLERK, Rights(**rights), by=boss)


CHANGES = {
    "disabled": lambda operator, boss: operations.set_active(operator.pk, False, by=boss),
    "password reset": lambda operator, boss: operations.reset_password(operator.pk, by=boss),
    "functions": lambda operator, boss: change_rights(operator, boss, withheld=("settle",)),
    "duty": lambda operator, boss: change_rights(operator, boss, duty="read"),
    "schemes": lambda operator, boss: change_rights(operator, boss, schemes=("pension",)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_no_request_is_served_after_rights_or_password_changed(clerk, boss, change):
    clients = [signed_in(), signed_in()]
    change(clerk, boss)
    assert [client.get("/e/").url.startswith("/login") for client in clients] == [True, True]


def test_a_tick_taken_from_the_tree_signs_the_operator_out_and_another_name_does_not(clerk, boss):
    here, office = signed_in(), signed_in("boss")
    functions = re.findall(r'name="function" value="([^"]+)"', office.get(f"/e/operators/{clerk.pk}/").content.decode())
    said = {"name": "新名", "role": "clerk", "duty": "all", "function": functions}
    office.post(f"/e/operators/{clerk.pk}/", said)
    assert type(clerk).objects.get(pk=clerk.pk).name == "新名"
    assert is_in(here)
    assert "权限没有变动" in office.get("/operators/").content.decode()
    office.post(f"/e/operators/{clerk.pk}/", said | {"function": functions[1:]})
    assert "对方须重新登录" in office.get("/operators/").content.decode()
    assert not is_in(here)
    assert is_in(office)
    assert not OpenSession.objects.filter(operator=clerk, ended_at=None).exists()
    assert AuditEntry.objects.get(action="session.ended").actor == boss


REASONS = {
    "functions": "您的权限有变动，请重新登录。",
    "password reset": "您的密码已修改或重置，请用新密码登录。",
}


@pytest.mark.parametrize("change", REASONS)
def test_whoever_is_put_out_reads_at_the_sign_in_page_why_and_reads_it_once(clerk, boss, change):
    client = signed_in()
    CHANGES[change](clerk, boss)
    answer = client.get("/e/", follow=True)
    page, address = answer.content.decode(), answer.redirect_chain[-1][0]
    assert f"<b>{REASONS[change]}</b>" in page
    assert REASONS[change] in client.get(address).content.decode(), "it stays while it is read"
    wrong = {"username": "clerk", "password": "wrong", "over": re.search(r'name="over" value="(\w+)"', page).group(1)}
    assert REASONS[change] in client.post("/login", wrong).content.decode()
    assert REASONS[change] not in client.get("/login").content.decode()
    assert 'class="banner' not in client.get("/login?over=nonsense").content.decode()


def test_one_who_left_and_a_stranger_are_told_of_no_reason(clerk, boss):
    client = signed_in()
    left = client.session.session_key
    client.post("/logout")
    change_rights(clerk, boss, duty="read")
    for key in (left, "nobody00000000000000000000000000"):
        stranger = Client()
        stranger.cookies["sessionid"] = key
        assert "您的权限有变动" not in stranger.get("/e/", follow=True).content.decode()


def test_a_session_that_its_owner_ended_elsewhere_says_so(clerk):
    here, there = signed_in(), signed_in()
    here.post("/account/sessions/others")
    assert "您在别处结束了这次登录" in there.get("/e/", follow=True).content.decode()


def test_another_role_or_employer_ends_the_sessions(clerk, other_employer):
    client = signed_in()
    type(clerk).objects.filter(pk=clerk.pk).update(role=Role.EMPLOYER_ADMIN)
    assert client.get("/account/").url.startswith("/login")
    client = signed_in()
    type(clerk).objects.filter(pk=clerk.pk).update(employer=other_employer)
    assert client.get("/account/").url.startswith("/login")


def test_changing_ones_own_password_keeps_this_session_and_ends_the_others(clerk):
    here, there = signed_in(), signed_in()
    new = "brand-New-Words-7"
    assert here.post("/password", {"current": PASSWORD, "new": new}).status_code == 302
    assert is_in(here)
    assert not is_in(there)
    assert OpenSession.objects.filter(ended_at=None).count() == 1


def test_a_session_ends_after_its_longest_time_however_busy_it_is(clerk, settings):
    client = signed_in()
    session = client.session
    session["began"] = int(time.time()) - int(settings.SHEBAO_ABSOLUTE_LIMIT.total_seconds()) - 1
    session.save()
    assert client.get("/account/").url.startswith("/login")
    assert not OpenSession.objects.filter(ended_at=None).exists()


def test_the_agency_is_signed_out_sooner_than_an_employer(clerk, reviewer, settings):
    left = settings.SHEBAO_AGENCY_IDLE_SECONDS + 5
    assert left < settings.SHEBAO_IDLE_SECONDS
    for username, stays in (("clerk", True), ("reviewer", False)):
        client = signed_in(username)
        client.get("/account/")
        session = client.session
        session["last_seen"] = int(time.time()) - left
        session.save()
        assert is_in(client) is stays


def test_signing_out_ends_the_record_clears_the_cache_and_can_lead_back_to_the_same_employer(db):
    from ..web.conftest import make_employer

    make_operator("fj", Role.EMPLOYER_ADMIN, make_employer("9", "fujian"))
    client = signed_in("fj")
    answer = client.post("/logout", {"again": "1"})
    assert answer.url == "/login?region=fujian&number=00000009"
    assert answer.headers["Clear-Site-Data"]
    assert 'value="00000009"' in client.get(answer.url).content.decode()
    assert not OpenSession.objects.filter(ended_at=None).exists()


def test_the_number_and_the_password_are_enough_for_the_only_administrator(db):
    from ..web.conftest import make_employer

    employer = make_employer("9", "fujian")
    make_operator("fj", Role.EMPLOYER_ADMIN, employer)
    make_operator("fj-clerk", Role.CLERK, employer)
    told = {"region": "fujian", "number": "00000009", "password": PASSWORD}
    client = Client()
    assert client.post("/login", told | {"password": PASSWORD.lower()}).status_code == 422  # 区分大小写
    assert client.post("/login", told).url == "/"
    client = Client()
    assert client.post("/login", told | {"username": "fj-clerk"}).url == "/"
    # Another employer's account is not reached by this number.
    make_operator("foreign", Role.CLERK, make_employer("8", "fujian"))
    assert Client().post("/login", told | {"username": "foreign"}).status_code == 422


def test_a_strangers_guesses_are_blocked_by_address_and_the_owner_elsewhere_still_gets_in(clerk, boss):
    attacker = Client(REMOTE_ADDR="10.0.0.9")
    statuses = [sign_in(attacker, f"name{n}", "wrong").status_code for n in range(21)]
    assert statuses == [422] * 20 + [429]
    # No header that anybody can write changes the address.
    assert sign_in(attacker, "clerk", HTTP_X_FORWARDED_FOR="1.2.3.4").status_code == 429
    assert sign_in(Client(REMOTE_ADDR="10.0.0.1")).status_code == 302


def test_known_and_unknown_accounts_take_the_same_work_and_words(clerk, monkeypatch):
    from django.contrib.auth.hashers import MD5PasswordHasher

    work = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *a, **k: work.append(1) or encode(*a, **k))
    seen = []
    for username in ("clerk", "nobody"):
        work.clear()
        text = sign_in(Client(), username, "wrong").content.decode()
        seen.append((len(work), "账号或密码不对，还可以试 4 次" in text))
    assert seen == [(1, True), (1, True)]


def problems_of(password: str, operator) -> list[str]:
    try:
        validate_password(password, operator)
    except ValidationError as problems:
        return problems.messages
    return []


def test_passwords_are_kept_with_argon2id_wherever_people_work():
    """The tests hash fast; what every installation has is said in the settings that all of them share."""
    from shebao.config.settings import base

    (path,) = base.PASSWORD_HASHERS
    hasher = import_string(path)()
    assert hasher.encode("right-Password-1", hasher.salt()).startswith("argon2$argon2id$")


def test_words_that_are_usual_with_numbers_that_others_know_are_refused(employer, clerk):
    known = (employer.credit_code, employer.employer_number, employer.credit_code[-6:], "19900517", "13900001111")
    words = ("shebao", "Admin", "P@ssw0rd", "社保", "Qwer", "aA", "hr-")
    assert [f"{word}{number}" for word in words for number in known if not problems_of(f"{word}{number}", clerk)] == []


def test_not_one_of_five_hundred_usual_passwords_opens_a_new_account_or_an_empty_hall(boss, employer):
    """B17: no default account, and nothing that can be derived from numbers that others know."""
    from shebao.hall.sign_in.guesses import BY_ADDRESS

    usual = ["admin888", "123456", "12345678", "password", "admin", "888888", "000000", "a123456", "abc123", "111111"]
    usual += [employer.credit_code[-6:], employer.employer_number[-6:], employer.employer_number, "666666"]
    usual += [f"{word}{n}" for n in range(20) for word in ("admin", "shebao", "abc", "Aa12345", "qwer", "P@ssw0rd",
              "sb", "hr", "user", "test", "社保", "1234", "pass", "888", "666", "20260", "19900", "88888", "qwe",
              "zxc", "root", "guest", "welcome", "iloveyou", "letmein", "dragon", "monkey")]  # fmt: skip
    usual = list(dict.fromkeys(usual))[:500]
    assert len(usual) == 500
    made, password = operations.create_operator("fresh", "新来", "clerk", by=boss)
    assert [word for word in usual if not problems_of(word, made)] == []  # nobody can choose one either
    assert [word for word in (PASSWORD, "brand-New-Words-7", "今天天气不错2026年") if problems_of(word, made)] == []
    assert not any(made.check_password(word) for word in [*usual, "fresh", password.lower()])
    statuses = {
        sign_in(Client(REMOTE_ADDR="10.9.9.9"), "admin", word).status_code for word in usual[: BY_ADDRESS[1] + 5]
    }
    assert statuses == {422, 429}
    assert AuditEntry.objects.filter(action="operator.signed_in").count() == 0
