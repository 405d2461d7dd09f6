"""Guessing at an account from anywhere: few guesses are compared at all, and nobody waits longer than told (B16)."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shebao.hall import clock
from shebao.hall.errors import Refused
from shebao.hall.operators import operations
from shebao.hall.operators.models import Attempt, Role
from shebao.hall.sign_in import guesses
from shebao.web.public import signing_in

from ..web.conftest import PASSWORD, make_operator
from .conftest import sign_in, signed_in

NINE = datetime(2026, 11, 24, 9)  # noqa: DTZ001 - the clock takes naive local time
GUESSES = 2_000


@pytest.fixture
def work(monkeypatch):
    """What reached the hasher."""
    done = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *a, **k: done.append(1) or encode(*a, **k))
    return done


def address(number: int) -> str:
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def guess(number: int, username: str = "clerk", password: str = "wrong"):
    return sign_in(Client(REMOTE_ADDR=address(number)), username, password)


def told_at(minutes: float, username: str = "clerk") -> str:
    """What the sign-in page says to the right password so long after nine; nothing where it lets in."""
    with clock.pretending(NINE + timedelta(minutes=minutes)):
        answer = sign_in(Client(REMOTE_ADDR="192.0.2.1"), username)
    if answer.status_code == 302:
        return ""
    assert answer.status_code == 429
    text = answer.content.decode()
    return text[text.index("密码输错次数过多") :].partition("；")[0]


@pytest.mark.parametrize(("username", "times"), [("clerk", GUESSES), ("nobody", GUESSES // 10)])
def test_of_two_thousand_guesses_in_an_hour_from_as_many_addresses_at_most_twenty_reach_the_hasher(
    clerk, boss, work, monkeypatch, username, times
):
    with monkeypatch.context() as plain:
        # What the page looks like takes most of its time; it is looked at below.
        plain.setattr(signing_in, "render", lambda *a, status: HttpResponse(status=status))
        statuses = []
        for number in range(times):
            with clock.pretending(NINE + timedelta(hours=1) * number / times):
                statuses.append(guess(number, username).status_code)
    assert 15 <= len(work) <= 20
    assert statuses.count(422) == len(work)
    assert statuses.count(429) == times - len(work)
    work.clear()
    assert "分钟后再试" in told_at(59.9, username)  # the right password too, where there is one
    assert work == []
    # Somebody else, from one of those addresses, signs in as always.
    assert sign_in(Client(REMOTE_ADDR=address(1)), "boss").status_code == 302


def test_the_wait_grows_is_told_in_words_and_ends_when_it_says(clerk):
    at, seen = 0.0, {}
    for number in range(1, 21):
        while True:
            with clock.pretending(NINE + timedelta(minutes=at)):
                if guess(number).status_code == 422:
                    break
            at += 1
        seen[number] = told_at(at) if number % 5 == 0 else ""
    assert seen[5] == "密码输错次数过多，请 1 分钟后再试"
    assert seen[10] == "密码输错次数过多，请 2 分钟后再试"
    assert seen[15] == "密码输错次数过多，请 5 分钟后再试"
    left = 60 - round(at)
    assert seen[20] == f"密码输错次数过多，请 {left} 分钟后再试"
    assert told_at(59)
    assert not told_at(at + left)


def test_in_a_day_at_most_a_hundred_are_compared_however_patiently_they_come(db):
    let_in = []
    for minute in range(24 * 60):
        with clock.pretending(NINE + timedelta(minutes=minute)):
            try:
                guesses.reserve("clerk", address(minute))
            except Refused as no:
                assert "后再试" in no.message
            else:
                let_in.append(minute)
    assert len(let_in) == 100
    assert max(sum(start <= one < start + 60 for one in let_in) for start in let_in) <= 20
    with clock.pretending(NINE + timedelta(hours=12)), pytest.raises(Refused, match="12 小时后再试"):
        guesses.reserve("clerk", "")


def test_many_at_the_same_moment_are_not_more_than_one_after_the_other(db, monkeypatch):
    refuse = guesses._refuse_waiting
    # Everybody passed the first look before anybody was counted.
    monkeypatch.setattr(guesses, "_refuse_waiting", lambda *a, but=(): refuse(*a, but=but) if but else None)
    passed = 0
    with clock.pretending(NINE):
        for number in range(30):
            try:
                guesses.reserve("clerk", address(number))
            except Refused:
                continue
            passed += 1
    assert passed == 5
    assert Attempt.objects.count() == 2 * passed


def test_right_passwords_are_not_counted(clerk):
    with clock.pretending(NINE):
        assert {sign_in(Client()).status_code for _ in range(25)} == {302}
    assert not Attempt.objects.filter(purpose__startswith="wrong").exists()


def test_who_goes_on_where_the_account_is_locked_does_not_make_its_owner_wait_longer(clerk, work):
    with clock.pretending(NINE):
        for _ in range(60):
            guess(1)
    assert len(work) == 5
    assert told_at(0) == "密码输错次数过多，请 1 分钟后再试"
    assert not told_at(1)


def test_another_password_from_whoever_may_give_it_ends_the_waiting(clerk, boss):
    with clock.pretending(NINE):
        for number in range(5):
            guess(number)
        for _ in range(5):
            guess(77)
        assert told_at(0)
        _, password = operations.reset_password(clerk.pk, by=boss)
        assert sign_in(Client(REMOTE_ADDR=address(77)), "clerk", password).status_code == 302


def test_guesses_by_whoever_is_signed_in_elsewhere_count_alike(clerk, elsewhere, other_employer, work):
    with clock.pretending(NINE):
        for number in range(5):
            guess(number)
        client = signed_in("elsewhere", REMOTE_ADDR="192.0.2.9")
        work.clear()
        answer = client.post("/employers/add", {"username": "clerk", "password": PASSWORD, "code": ""})
        assert answer.status_code == 429
        assert "密码输错次数过多" in answer.content.decode()
        assert work == []


def test_the_password_before_is_not_guessed_on_the_page_that_changes_it_and_strangers_do_not_close_it(clerk, work):
    with clock.pretending(NINE):
        client = signed_in()
        for number in range(5):
            guess(number)
        work.clear()
        said = [client.post("/password", {"current": f"no-{n}", "new": "brand-New-Words-7"}) for n in range(9)]
        assert len(work) == 5
        assert "请 1 分钟后再试" in said[-1].content.decode()
    with clock.pretending(NINE + timedelta(minutes=1)):
        assert client.post("/password", {"current": PASSWORD, "new": "brand-New-Words-7"}).status_code == 302


def test_known_and_unknown_accounts_cost_the_same_work_and_the_same_questions(clerk, work):
    make_operator("third", Role.CLERK, clerk.employer)
    guess(9, "warm")
    costs = []
    for number, username in enumerate(("clerk", "nobody", "third", "nobody-else")):
        work.clear()
        with CaptureQueriesContext(connection) as asked:
            guess(number, username)
        costs.append((len(work), len(asked)))
    assert len(set(costs)) == 1
