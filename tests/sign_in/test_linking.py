"""Several employers behind one person: one sign-in, and never two employers in one session (B46)."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client

from shebao.hall import clock
from shebao.hall.audit.models import AuditEntry
from shebao.hall.operators import operations
from shebao.hall.operators.models import Operator, Role
from shebao.hall.registration.resets import reset_at_agency
from shebao.hall.sign_in import passkeys
from shebao.hall.sign_in.factors import new_key, new_recovery_codes, set_up_totp
from shebao.hall.sign_in.models import LinkedAccount, OpenSession, Why

from ..web.conftest import PASSWORD, make_operator
from .conftest import code_of, sign_in, signed_in
from .test_second_factor import NINE


def add(client, username="elsewhere", password=PASSWORD, **more):
    return client.post("/employers/add", {"username": username, "password": password, **more})


@pytest.fixture
def linked(clerk, elsewhere):
    client = signed_in()
    assert add(client).url == "/employers/"
    return client


def working_for(client) -> int:
    return Operator.objects.get(pk=client.session["_auth_user_id"]).employer_id


def test_with_one_employer_one_comes_straight_in_with_several_one_chooses(clerk, elsewhere):
    client = Client()
    assert sign_in(client).url == "/"
    add(client)
    client = Client()
    assert sign_in(client).url == "/employers/"
    page = client.get("/employers/").content.decode()
    assert clerk.employer.name in page
    assert elsewhere.employer.name in page


def test_entering_makes_one_the_account_of_that_employer_on_record_and_in_every_deed(linked, clerk, elsewhere):
    assert linked.post(f"/employers/{elsewhere.pk}/enter").url == "/"
    assert working_for(linked) == elsewhere.employer_id
    entry = AuditEntry.objects.get(action="operator.entered")
    assert (entry.employer_id, entry.actor_id, entry.detail) == (
        elsewhere.employer_id,
        elsewhere.pk,
        {"account": "clerk"},
    )
    page = linked.get("/account/").content.decode()
    assert elsewhere.employer.name in page
    assert clerk.employer.name not in page
    assert linked.post(f"/employers/{clerk.pk}/enter").url == "/"
    assert working_for(linked) == clerk.employer_id


def test_a_form_of_the_employer_before_is_refused_after_the_switch(clerk, elsewhere):
    client = Client(enforce_csrf_checks=True)

    def token(path):
        return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(path).content.decode()).group(1)

    told = {"username": "clerk", "password": PASSWORD, "csrfmiddlewaretoken": token("/login")}
    assert client.post("/login", told).status_code == 302
    LinkedAccount.objects.create(owner=clerk, operator=elsewhere, made_at=clerk.last_login or "2026-11-01T00:00Z")
    old = token("/employers/")
    assert client.post(f"/employers/{elsewhere.pk}/enter", {"csrfmiddlewaretoken": old}).status_code == 302
    answer = client.post("/account/sessions/others", {"csrfmiddlewaretoken": old})
    assert answer.status_code == 403


def test_nothing_of_the_session_before_is_left_in_the_new_one(linked, elsewhere):
    session = linked.session
    session["chosen"] = "somebody of the first employer"
    session.save()
    linked.post(f"/employers/{elsewhere.pk}/enter")
    assert "chosen" not in linked.session


def test_an_account_that_was_never_added_cannot_be_entered(clerk, elsewhere, other_employer):
    client = signed_in()
    assert client.post(f"/employers/{elsewhere.pk}/enter").status_code == 404
    # A link leads one way.
    LinkedAccount.objects.create(owner=elsewhere, operator=clerk, made_at="2026-11-01T00:00Z")
    assert client.post(f"/employers/{elsewhere.pk}/enter").status_code == 404


def test_adding_needs_the_password_there_five_tries_and_one_answer_for_all(clerk, elsewhere):
    client = signed_in()
    texts = {
        add(client, name, "wrong").content.decode().count("账号或密码不对，或这个账号不能添加")
        for name in ("elsewhere", "nobody")
    }
    assert len(texts) == 1
    assert texts != {0}
    for _ in range(3):
        add(client, password="wrong")
    assert add(client).status_code == 429
    assert not LinkedAccount.objects.exists()


def test_what_is_left_empty_is_named_and_is_no_try(clerk, elsewhere):
    client = signed_in()
    for _ in range(6):
        page = add(client, " ", "")
        told = page.content.decode()
        assert page.status_code == 422 and "有 2 处需要修改" in told
        assert "请填写那个单位的账号。" in told and "请填写那个账号的密码。" in told and "账号或密码不对" not in told
    assert "请填写那个单位的账号" not in add(client, "elsewhere", "").content.decode()
    assert add(client).status_code == 302


def test_an_account_of_the_agency_is_neither_added_nor_adds(clerk, reviewer, elsewhere):
    assert add(signed_in(), "reviewer").status_code == 422
    assert signed_in("reviewer").get("/employers/").status_code == 404


def test_an_account_with_a_second_factor_is_added_with_its_code_and_entered_only_by_a_strong_sign_in(clerk, elsewhere):
    key = new_key()
    set_up_totp(key, code_of(key), by=elsewhere)
    codes = new_recovery_codes(by=elsewhere)
    client = signed_in()
    assert add(client).status_code == 422
    assert add(client, code=codes[0]).url == "/employers/"
    assert client.post(f"/employers/{elsewhere.pk}/enter").url == "/employers/"
    assert working_for(client) == clerk.employer_id


def test_when_the_first_account_is_closed_the_session_at_the_other_employer_ends_too(linked, clerk, elsewhere):
    linked.post(f"/employers/{elsewhere.pk}/enter")
    assert linked.get("/account/").status_code == 200
    clerk.is_active = False
    clerk.save()
    assert linked.get("/account/").url.startswith("/login")


class Answer(bytes):
    """What the browser says of a new passkey, as far as it is kept."""

    credential_id, counter = b"1", 0
    credential_data = property(lambda self: self)


def new_authenticator(owner, _):
    set_up_totp(key := new_key(), code_of(key), by=owner)


def new_passkey(owner, monkeypatch):
    made = SimpleNamespace(register_complete=lambda state, said: Answer(b"key"))
    monkeypatch.setattr(passkeys, "server", lambda host: made)
    said = '{"id": "a", "rawId": "a", "type": "public-key", "response": {}}'
    passkeys.add_passkey({}, said, "", "localhost", by=owner)


@pytest.mark.parametrize("set_up", [new_authenticator, new_passkey])
def test_a_factor_that_the_owner_sets_up_ends_what_the_password_alone_opened_at_the_other_employer_too(
    linked, clerk, elsewhere, monkeypatch, set_up
):
    linked.post(f"/employers/{elsewhere.pk}/enter")
    theirs = signed_in("elsewhere")
    set_up(clerk, monkeypatch)
    assert "您的账号新设了二次验证" in linked.get("/account/", follow=True).content.decode()
    assert theirs.get("/account/").status_code == 200, "whose own sign-in opened it goes on"
    ended = AuditEntry.objects.get(action="session.ended")
    assert (ended.employer_id, ended.actor, ended.detail) == (elsewhere.employer_id, clerk, {"count": 1})
    told = OpenSession.objects.get(owner=clerk)
    assert (told.operator, told.way, told.opened_by, told.ended_why) == (elsewhere, "switch", "password", Why.FACTOR)


def test_what_a_proven_factor_opened_goes_on_after_a_switch_there_and_back(clerk, elsewhere):
    with clock.pretending(NINE - timedelta(minutes=1)):
        set_up_totp(key := new_key(), code_of(key), by=clerk)
    strong = Client()
    with clock.pretending(NINE):
        sign_in(strong)
        strong.post("/login/second", {"code": code_of(key)})
        add(strong)
        for pk in (elsewhere.pk, clerk.pk):
            strong.post(f"/employers/{pk}/enter")
            set_up_totp(another := new_key(), code_of(another), by=clerk)
            assert strong.get("/account/").status_code == 200


def test_a_password_that_the_administrator_there_resets_ends_the_link(linked, elsewhere, other_employer):
    chief = make_operator("chief", Role.EMPLOYER_ADMIN, other_employer)
    operations.reset_password(elsewhere.pk, by=chief)
    assert linked.post(f"/employers/{elsewhere.pk}/enter").status_code == 404


def test_a_reset_at_the_agencys_counter_ends_the_link_and_every_session(linked, elsewhere, reviewer):
    own = signed_in("elsewhere")
    reset_at_agency(elsewhere.pk, "介绍信核对无误", by=reviewer, agency="示例中心")
    assert linked.post(f"/employers/{elsewhere.pk}/enter").status_code == 404
    assert own.get("/account/").url.startswith("/login")
    assert not OpenSession.objects.filter(operator=elsewhere, ended_at=None).exists()


def test_the_list_is_searched_and_shortened(linked, clerk, elsewhere):
    page = linked.get("/employers/", {"q": elsewhere.employer.employer_number}).content.decode()
    assert f'进入<span class="vh">：{elsewhere.employer.name}' in page
    assert "共 1 家" in page
    linked.post(f"/employers/{elsewhere.pk}/remove")
    assert not LinkedAccount.objects.exists()


def test_numbers_of_one_taxpayer_are_listed_apart(linked, clerk, elsewhere, other_employer):
    linked.get("/employers/")  # shows that one was added
    assert elsewhere.employer.name not in linked.get("/employers/numbers").content.decode()
    other_employer.taxpayer_number = clerk.employer.credit_code
    other_employer.save()
    assert elsewhere.employer.name in linked.get("/employers/numbers").content.decode()
