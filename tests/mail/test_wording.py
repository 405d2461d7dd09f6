"""Every message has its words in one table: the agency may say it otherwise, but never without what counts."""

import re

import pytest
from django.core import mail
from django.test import TestCase

from shebao.hall.errors import Refused
from shebao.hall.mail import wording
from shebao.hall.mail.models import Mail
from shebao.hall.registration.resets import reset_at_agency
from shebao.hall.sign_in.codes import send_code, take_sent
from shebao.hall.sign_in.contacts import keep_contact
from tests.factories import EmployerFactory, OperatorFactory
from tests.short_messages import gateway  # noqa: F401 - a fixture

KEYS = list(wording.WORDINGS)
committed = TestCase.captureOnCommitCallbacks


@pytest.fixture
def head(db):
    return OperatorFactory(agency_admin=True)


@pytest.fixture
def boss(db):
    made = OperatorFactory(admin=True, employer=EmployerFactory(phone="13900000001"))
    keep_contact(made, "13800138000", "boss@example.cn")
    return made


@pytest.mark.parametrize("key", KEYS)
def test_the_halls_own_words_would_be_accepted_and_have_an_example_for_every_place(key):
    own = wording.WORDINGS[key]
    wording.check(key, own.subject, own.text)
    assert "{" not in "".join(wording.preview(key, own.subject, own.text))


@pytest.mark.parametrize(("key", "name"), [(key, name) for key in KEYS for name in wording.WORDINGS[key].needed])
def test_words_without_what_the_reader_needs_are_refused(key, name):
    own = wording.WORDINGS[key]
    with pytest.raises(Refused, match="缺少"):
        wording.check(key, own.subject.replace(f"{{{name}}}", ""), own.text.replace(f"{{{name}}}", ""))


@pytest.mark.parametrize("key", [key for key in KEYS if "secret" in wording.WORDINGS[key].places])
def test_a_code_or_a_link_is_never_left_out_and_never_a_subject(key):
    own = wording.WORDINGS[key]
    assert "secret" in own.needed
    if own.subject:
        with pytest.raises(Refused, match="只能写在正文里"):
            wording.check(key, own.subject + "{secret}", own.text)


def test_a_code_goes_out_in_the_agencys_words_and_still_opens(head, boss, gateway):  # noqa: F811
    wording.change_template("code_sms", "", "市社保：{secret} 用于{purpose}。", by=head, version=0)
    with committed(execute=True):
        send_code(boss, "sign_in", "sms")
    said = gateway.taken[-1][1]["text"]
    found = re.fullmatch(r"市社保：(\d{6}) 用于登录。", said)
    assert found
    assert found[1] not in Mail.objects.get().text + Mail.objects.get().secret
    assert take_sent(boss, "sign_in", found[1])


def test_a_code_by_mail_has_the_agencys_subject(head, boss, settings):
    settings.EMAIL_HOST, settings.EMAIL_BACKEND = "mail.example", "django.core.mail.backends.locmem.EmailBackend"
    wording.change_template("code", "市社保：{purpose}", "{purpose}：{secret}", by=head, version=0)
    with committed(execute=True):
        send_code(boss, "forgotten", "mail")
    assert mail.outbox[-1].subject == "市社保：找回密码"
    assert re.fullmatch(r"找回密码：\d{6}", mail.outbox[-1].body)


def test_a_reset_at_the_counter_is_told_in_the_agencys_words_of_its_own_region(head, boss):
    reviewer = OperatorFactory(reviewer=True)
    wording.change_template("reset_sms", "", "{agency}已重置账号 {account}。", by=head, version=0)
    reset_at_agency(boss.pk, "介绍信核对无误", by=reviewer, agency="示例中心")
    assert [one.text for one in Mail.objects.all()] == [f"示例中心已重置账号 {boss.username}。"]


def test_a_subject_stays_one_line_of_the_length_that_is_kept(head):
    wording.change_template("account_letter", "告知 {details}", "{details}", by=head, version=0)
    lines = "\n".join(f"第 {n} 项：{'字' * 20}" for n in range(20))
    subject, text = wording.worded(head.region, "account_letter", number_title="个人编号", details=lines, agency="中心")
    assert "\n" not in subject
    assert len(subject) <= Mail._meta.get_field("subject").max_length
    assert text == lines
