"""`shebao open-agency`: a new installation gets its first administrator, once, without a default password."""

import re

import pytest
from django.test import Client

from shebao.cli import CannotRun, opening
from shebao.hall.audit.models import AuditEntry
from shebao.hall.audit.operations import broken_links
from shebao.hall.errors import Refused
from shebao.hall.operators.models import Operator
from shebao.hall.operators.operations import open_agency

from .terminal import shebao

pytestmark = pytest.mark.django_db


class Options:
    def __init__(self, region="tianjin", username="tj-admin", name="陈志远"):
        self.region, self.username, self.name = region, username, name


@pytest.fixture(autouse=True)
def started(monkeypatch):
    """The test's own database is the installation."""
    monkeypatch.setattr(opening, "start_with_database", lambda: None)


def test_the_printed_password_signs_in_and_must_be_changed_and_the_deed_is_recorded(capsys):
    assert opening.open_agency(Options()) == 0
    password = re.search(r"密码是 ([^，]+)，", capsys.readouterr().out)[1]
    answer = Client().post("/login", {"username": "tj-admin", "password": password}, follow=True)
    assert answer.context["user"].username == "tj-admin" and "修改密码" in answer.content.decode()
    entry = AuditEntry.objects.get(action="agency.opened")
    assert (entry.region, entry.actor) == ("tianjin", None) and list(broken_links()) == []


def test_an_agency_that_has_an_administrator_is_not_opened_again_until_he_is_stopped():
    first, _ = open_agency("tianjin", "tj-admin", "陈志远")
    with pytest.raises(Refused) as no:
        open_agency("tianjin", "tj-other", "别人")
    assert no.value.code == "agency_is_open"
    elsewhere, _ = open_agency("leshan", "ls-admin", "李四")
    assert elsewhere.region == "leshan"
    Operator.objects.filter(pk=first.pk).update(is_active=False)
    open_agency("tianjin", "tj-other", "别人")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (Options(region="nowhere"), "没有地区“nowhere”"),
        (Options(name="  "), "请填写账号和姓名"),
        (Options(username="x" * 80), "60"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence_and_nobody_is_made(options, sentence):
    with pytest.raises(CannotRun, match=sentence):
        opening.open_agency(options)
    assert not Operator.objects.exists()


def test_without_a_database_there_is_nothing_to_open(tmp_path):
    answer = shebao("open-agency", "--region", "tianjin", "--username", "a", "--name", "b", cwd=tmp_path)
    assert (answer.returncode, answer.stdout) == (2, "") and answer.stderr.count("\n") == 1
