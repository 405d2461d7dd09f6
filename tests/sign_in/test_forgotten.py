"""A forgotten password: whoever holds the telephone or the mail gets in again, and nobody learns who is here."""

import re

import pytest
from django.core import mail
from django.test import Client

from shebao.hall.audit.models import AuditEntry
from shebao.hall.errors import Refused
from shebao.hall.operators.models import Role
from shebao.hall.registration import activation
from shebao.hall.registration.resets import reset_at_agency
from shebao.hall.sign_in.contacts import keep_contact
from shebao.hall.sign_in.factors import new_key, set_up_totp
from shebao.hall.sign_in.models import SecurityQuestion, SentCode

from ..web.conftest import PASSWORD, make_employer, make_operator
from .conftest import code_of, committed, sign_in, signed_in

NEW = "brand-New-Words-7"


@pytest.fixture
def mailed(settings):
    settings.EMAIL_HOST = "mail.example"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    return mail.outbox


@pytest.fixture
def known(clerk):
    keep_contact(clerk, "13800138000", "clerk@example.cn")
    return clerk


def asked(username="clerk") -> Client:
    client = Client()
    with committed():
        assert client.post("/forgotten", {"username": username}).url == "/forgotten/code"
    return client


def code_in(outbox) -> str:
    return re.search(r"验证码 (\d{6})", outbox[-1].body).group(1)


def test_a_code_by_mail_sets_a_new_password_and_ends_every_session(known, mailed):
    elsewhere = signed_in()
    client = asked()
    assert mailed[-1].to == ["clerk@example.cn"]
    weak = client.post("/forgotten/code", {"code": code_in(mailed), "new": "123"})
    assert weak.status_code == 422
    assert client.post("/forgotten/code", {"code": code_in(mailed), "new": NEW}).url == "/login"
    assert elsewhere.get("/account/").url.startswith("/login")
    assert sign_in(Client(), password=NEW).url == "/"
    assert AuditEntry.objects.filter(action="operator.password_recovered").count() == 1


def test_an_unknown_account_gets_the_same_answers_and_nothing_is_sent(known, mailed):
    pages = []
    for username in ("clerk", "nobody"):
        client = asked(username)
        shown = client.get("/forgotten/code").content.decode().replace(username, "X")
        wrong = client.post("/forgotten/code", {"code": "000000", "new": NEW}).content.decode().replace(username, "X")
        pages.append(
            [
                re.sub(r'value="[A-Za-z0-9]{64}"|_once" value="[^"]+"|"X-CSRFToken": "[^"]+"', "", page)
                for page in (shown, wrong)
            ]
        )
    assert pages[0] == pages[1]
    assert len(mailed) == 1


def test_a_code_is_good_once_and_five_wrong_ones_end_it(known, mailed):
    client = asked()
    right = code_in(mailed)
    for wrong in range(5):
        client.post("/forgotten/code", {"code": f"{(int(right) + 1 + wrong) % 10**6:06d}", "new": NEW})
    assert client.post("/forgotten/code", {"code": right, "new": NEW}).status_code in (422, 429)
    known.refresh_from_db()
    assert known.check_password(PASSWORD)


def reset(operator, reviewer) -> str:
    _, link = reset_at_agency(operator.pk, "介绍信核对无误", by=reviewer, agency="示例中心")
    return link.rpartition("/")[2]


def test_after_a_reset_at_the_counter_nothing_that_was_sent_before_opens_the_account(known, mailed, reviewer):
    client = asked()
    earlier, _ = activation.make_activation(known, by=known)
    fresh = reset(known, reviewer)
    with pytest.raises(Refused, match="过期"):
        activation.activate_account(earlier, NEW)
    activation.activate_account(fresh, NEW)
    assert client.post("/forgotten/code", {"code": code_in(mailed), "new": "another-New-Word-8"}).status_code == 422
    known.refresh_from_db()
    assert known.check_password(NEW)


def test_a_link_that_is_used_at_the_moment_of_the_reset_is_ended_by_it(known, reviewer, monkeypatch):
    earlier, _ = activation.make_activation(known, by=known)
    found = activation.activation_of(earlier)
    reset(known, reviewer)
    monkeypatch.setattr(activation, "activation_of", lambda token: found)
    with pytest.raises(Refused, match="过期"):
        activation.activate_account(earlier, NEW)


def test_without_gateway_and_mail_server_nothing_is_sent_and_the_page_says_whom_to_ask(known):
    client, told = Client(), []
    for answer in (
        client.get("/forgotten"),
        client.post("/forgotten", {"username": "clerk"}),
        client.post("/forgotten", {"username": "nobody"}),
    ):
        text = answer.content.decode()
        assert answer.status_code == 200 and "本网厅不能发短信和邮件" in text and "带介绍信到经办机构窗口重置" in text
        told.append(re.sub(r'value="[A-Za-z0-9]{64}"|_once" value="[^"]+"|"X-CSRFToken": "[^"]+"', "", text))
    assert told[1] == told[2] and 'name="username"' not in told[0]
    for address in ("/forgotten/code", "/forgotten/question"):
        assert client.get(address).url == "/forgotten"
    assert not SentCode.objects.exists()


def test_only_what_is_connected_is_promised(known, mailed):
    text = Client().get("/forgotten").content.decode()
    assert "登记的邮箱。" in text and "手机" not in text


class TestQuestion:
    """密码遗忘设定, where the region keeps it: only a step before a link goes to the mail."""

    QUESTION = "您最喜欢的一本书"

    @pytest.fixture
    def asked_one(self, db):
        operator = make_operator("fujian", Role.EMPLOYER_ADMIN, make_employer("7", "fujian"))
        keep_contact(operator, "", "fujian@example.cn")
        client = signed_in("fujian")
        told = {"question": self.QUESTION, "answer": "Dream of the Red Chamber", "password": PASSWORD}
        assert client.post("/account/question", told).url == "/account/"
        return operator

    def test_the_answer_is_only_hashed(self, asked_one):
        kept = SecurityQuestion.objects.get()
        assert "dream" not in kept.answer.lower()

    def test_the_right_answer_sends_a_link_that_sets_a_password_once(self, asked_one, mailed):
        client = Client()
        told = {"username": "fujian", "question": self.QUESTION, "answer": "dream of the red  chamber"}
        with committed():
            assert client.post("/forgotten/question", told).url == "/login"
        link = re.search(r"/activate/\S+", mailed[-1].body).group()
        assert client.get(link).url == "/activate"
        assert client.post("/activate", {"new": NEW}).status_code == 302
        assert sign_in(Client(), "fujian", NEW).status_code == 302
        assert Client().get(link, follow=True).status_code == 410

    def test_the_link_does_not_stand_in_for_a_second_factor(self, asked_one, mailed):
        key = new_key()
        set_up_totp(key, code_of(key), by=asked_one)
        told = {"username": "fujian", "question": self.QUESTION, "answer": "Dream of the Red Chamber"}
        with committed():
            Client().post("/forgotten/question", told)
        client = Client()
        client.get(re.search(r"/activate/\S+", mailed[-1].body).group())
        assert client.post("/activate", {"new": NEW}).url == "/login"
        assert "_auth_user_id" not in client.session

    def test_a_wrong_answer_says_the_same_sends_nothing_and_may_be_tried_five_times(self, asked_one, mailed):
        client = Client()
        told = {"username": "fujian", "question": self.QUESTION, "answer": "wrong"}
        for _ in range(5):
            assert client.post("/forgotten/question", told).url == "/login"
        assert client.post("/forgotten/question", told | {"answer": "Dream of the Red Chamber"}).status_code == 429
        assert not mailed

    def test_where_the_region_does_not_keep_it_there_is_no_such_page(self, clerk):
        assert signed_in().get("/account/question").status_code == 404
