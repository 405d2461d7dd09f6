"""The applicant's telephone gets a code and is proved before anything is submitted; where none can be sent, words."""

from datetime import timedelta

import pytest
from django.test import TestCase

from shebao.hall.audit.models import AuditEntry
from shebao.hall.errors import Refused
from shebao.hall.mail.models import Mail
from shebao.hall.registration import operations, proving
from shebao.hall.registration.models import Registration
from shebao.hall.sign_in.models import SentCode
from shebao.web.public import registering_phone
from tests.factories import NOW, OperatorFactory, at
from tests.short_messages import code_of

from .applying import answers, desk, drafted

committed = TestCase.captureOnCommitCallbacks
PHONE = "/register/yunnan/phone"


@pytest.fixture(autouse=True)
def somebody_at_the_desk(db):
    desk("yunnan")


def unproved(**changes) -> Registration:
    """Filled in to the last step, the telephone not proved."""
    made = drafted(**changes)
    Registration.objects.update(proved_digest="")
    return made


def sent(made, gateway) -> str:
    with committed(execute=True):
        proving.send_phone_code(made.pk)
    return code_of(gateway)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def test_nothing_is_submitted_before_the_telephone_was_proved(gateway):
    made = unproved()
    with pytest.raises(Refused, match="还没有用短信验证码验证") as no:
        operations.submit_registration(made.pk)
    assert no.value.field == "phone"
    proving.prove_phone(made.pk, sent(made, gateway))
    assert gateway.taken[0][1]["to"] == "13900000001"
    assert operations.submit_registration(made.pk).state == "submitted"
    assert AuditEntry.objects.filter(action="registration.phone_proved").count() == 1


def test_another_telephone_is_proved_anew_and_no_code_of_the_old_one_does_it(gateway):
    made = unproved()
    code = sent(made, gateway)
    operations.save_step(made.pk, 0, answers(clerk_phone="13900000002"))
    with pytest.raises(Refused, match="不对或已过期"):
        proving.prove_phone(made.pk, code)
    proving.prove_phone(made.pk, sent(made, gateway))
    assert gateway.taken[-1][1]["to"] == "13900000002"
    operations.save_step(made.pk, 0, answers(clerk_phone="13900000003"))
    assert proving.is_unproved(Registration.objects.get())


def test_a_code_is_good_once_for_ten_minutes_and_five_tries(gateway):
    made = unproved()
    code = sent(made, gateway)
    with at(NOW + timedelta(minutes=11)), pytest.raises(Refused):
        proving.prove_phone(made.pk, code)
    for _ in range(5):
        with pytest.raises(Refused):
            proving.prove_phone(made.pk, wrong(code))
    with pytest.raises(Refused):
        proving.prove_phone(made.pk, code)
    proving.prove_phone(made.pk, again := sent(made, gateway))
    Registration.objects.update(proved_digest="")
    with pytest.raises(Refused):
        proving.prove_phone(made.pk, again)


def test_a_code_is_of_one_application(gateway):
    made, other = unproved(), unproved(n=2)
    code = sent(made, gateway)
    with pytest.raises(Refused):
        proving.prove_phone(other.pk, code)


def test_a_telephone_gets_five_codes_in_an_hour_whatever_the_application(gateway):
    made, other = unproved(), unproved(n=2)
    for one in (made, made, made, other, other):
        sent(one, gateway)
    for one in (made, other):
        with pytest.raises(Refused, match="次数过多") as no:
            proving.send_phone_code(one.pk)
        assert no.value.status == 429


def test_no_code_is_kept_where_somebody_reads_it(gateway):
    code = sent(unproved(), gateway)
    letter, kept = Mail.objects.get(channel="sms"), SentCode.objects.get()
    assert code not in letter.text + letter.secret + kept.digest
    assert (kept.operator, letter.occasion) == (None, f"code:{kept.pk}")


def test_the_wizard_asks_for_the_code_after_the_first_step_and_lets_one_go_on(client, gateway):
    assert "会给专管员手机发短信验证码" in client.get("/register/yunnan/1").content.decode()
    assert client.post("/register/yunnan/1", answers() | {"go": "next"}).url == PHONE
    page = client.get(PHONE).content.decode()
    assert "139****0001" in page and "13900000001" not in page and "以后再验证" in page
    with committed(execute=True):
        assert client.post(PHONE, {"go": "send"}).url == PHONE
    code = code_of(gateway)
    for typed in ("", wrong(code)):
        assert client.post(PHONE, {"go": "check", "code": typed}).status_code == 422
    assert client.post(PHONE, {"go": "check", "code": code}).url == "/register/yunnan/2"
    assert client.get(PHONE).url == "/register/yunnan/2"
    assert client.post("/register/yunnan/1", answers() | {"go": "next"}).url == "/register/yunnan/2"


def test_the_check_says_that_the_telephone_is_to_be_proved_and_leads_there(client, gateway):
    made = unproved()
    client.post("/register/status", {"number": made.number, "phone": "13900000001"})
    page = client.get("/register/yunnan/check").content.decode()
    assert "专管员手机号还没有验证" in page and f'href="{PHONE}"' in page
    refused = client.post("/register/yunnan/check", {"true": "1"})
    assert refused.status_code == 422 and proving.UNPROVED in refused.content.decode()


def test_one_address_asks_for_so_many_codes(client, gateway, monkeypatch):
    monkeypatch.setattr(registering_phone, "TRIES", 2)
    client.post("/register/yunnan/1", answers() | {"go": "next"})
    answered = [client.post(PHONE, {"go": "send"}).status_code for _ in range(3)]
    assert answered == [302, 302, 429]


def test_where_no_message_can_be_sent_the_step_says_so_and_nobody_is_asked(client):
    assert "本网厅还没有接通短信，手机号不用验证码验证" in client.get("/register/yunnan/1").content.decode()
    assert client.post("/register/yunnan/1", answers() | {"go": "next"}).url == "/register/yunnan/2"
    assert client.get(PHONE).url == "/register/yunnan/2"
    made = Registration.objects.get()
    with pytest.raises(Refused, match="不用再验证"):
        proving.send_phone_code(made.pk)
    assert operations.submit_registration(unproved(n=2).pk).state == "submitted"


def test_the_reviewer_reads_whether_the_telephone_was_proved(client, settings, gateway):
    made = operations.submit_registration(drafted().pk)
    client.force_login(OperatorFactory(reviewer=True, region="yunnan"))
    unsaid = "手机号没有用短信验证码验证过"
    assert unsaid not in client.get(f"/a/registrations/{made.pk}").content.decode()
    Registration.objects.update(proved_digest="")
    assert unsaid in client.get(f"/a/registrations/{made.pk}").content.decode()


def test_a_browser_that_holds_no_registration_has_no_code_sent(client, gateway):
    unproved()
    assert client.post(PHONE, {"go": "send"}).url == "/register/yunnan/"
    assert not SentCode.objects.exists()
