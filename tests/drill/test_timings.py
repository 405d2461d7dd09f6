"""Nobody learns from words who is known to the hall; what time says is measured by the drill at full size."""

import pytest
from django.conf import settings
from drill import timings

from shebao.hall.operators.models import Operator
from shebao.web.public import signing_in

pytestmark = pytest.mark.django_db
FAST = "passwords are kept as md5, not Argon2id"


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    """Hashes of the tests, which the drill must notice; regular expressions have their own test."""
    monkeypatch.setattr(timings, "HASHERS", settings.PASSWORD_HASHERS)
    monkeypatch.setattr(timings, "_read", lambda found: None)


def test_whoever_is_there_and_whoever_is_not_are_answered_alike():
    found = timings.run(2, seed=20261127)
    assert found.failures == [FAST]
    assert found.counts["questions"] == 2 * 2 * 6 and not found.counts["answers that differ in words"]


def test_the_drill_sees_a_page_that_tells(monkeypatch):
    def tells(request, username):
        return "密码不对。" if Operator.objects.filter(username=username).exists() else "没有这个账号。"

    monkeypatch.setattr(signing_in, "_wrong", tells)
    found = timings.run(1, seed=1)
    assert found.counts["answers that differ in words"] == 3
