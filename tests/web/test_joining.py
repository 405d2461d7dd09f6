"""申请加入 in pages: what the field of the credit code tells a stranger, the request, the administrator's answer."""

import re

import pytest
from django.test import Client, TestCase

from shebao.hall.audit.models import AuditEntry
from shebao.hall.mail.models import Mail
from shebao.hall.operators.models import Operator
from shebao.hall.registration.models import JoinRequest, Registration
from shebao.web.public import asking_code, joining
from tests.factories import OperatorFactory, at
from tests.registration.applying import answers, credit_code, desk, submitted
from tests.registration.applying import drafted as registering
from tests.registration.joining import PHONE, asked, drafted, wish, with_administrator
from tests.short_messages import code_of, gateway  # noqa: F401 - a fixture

committed = TestCase.captureOnCommitCallbacks
ACCOUNT = {"username": "zhou", "name": "周示例", "role": "clerk"}
ASK, STEP, JOIN = "/register/yunnan/code", "/register/yunnan/1", "/register/yunnan/join"


@pytest.fixture(autouse=True)
def november(db):
    desk("yunnan")
    with at():
        yield


@pytest.fixture
def boss():
    return with_administrator()


@pytest.fixture
def bosss(boss):
    """The administrator's browser."""
    browser = Client()
    browser.force_login(boss)
    return browser


def text_of(response) -> str:
    return response.content.decode()


def leave_field(client, code: str):
    """What the page sends when the field is left: that field alone."""
    return client.post(ASK, {"credit_code": code}, headers={"HX-Request": "true"})


def test_the_field_asks_when_it_is_left_and_sends_nothing_else_that_was_typed(client):
    page = text_of(client.get(STEP))
    (field,) = re.findall(r"<input[^>]*id=\"id_credit_code\"[^>]*>", page)
    for part in (f'hx-post="{ASK}"', 'hx-params="credit_code"', 'hx-trigger="change"', 'hx-target="#f-credit_code"'):
        assert part in field
    assert 'id="f-credit_code"' in page and 'role="status" id="code-told"' in page


def test_a_wrong_check_character_is_said_at_the_field_at_once(client):
    answer = leave_field(client, credit_code(1)[:-1] + "0")
    assert "校验位不符" in text_of(answer) and 'aria-invalid="true"' in text_of(answer)
    assert text_of(answer).count("校验位不符") == 2, "at the field, and for whoever only listens"


def test_a_code_that_nobody_has_registered_yet_is_nothing_to_speak_of(client):
    answer = text_of(leave_field(client, credit_code(9).lower()))
    assert 'class="err"' not in answer and "申请加入" not in answer and credit_code(9).lower() in answer


def test_who_finds_the_employer_there_is_led_to_the_password_or_to_a_request(client, boss):
    typed = answers(clerk_name="周示例", go="next")
    for page in (text_of(leave_field(client, credit_code(1))), text_of(client.post(STEP, typed))):
        assert "该单位已有账号，管理员手机尾号 4420" in page
        assert 'href="/forgotten"' in page and f'href="{JOIN}"' in page
        for private in (boss.name, boss.username, boss.employer.name, boss.employer.employer_number, "139123"):
            assert private not in page
    assert not Registration.objects.exists()


def test_an_application_under_review_leads_to_its_progress(client):
    submitted()
    answer = text_of(leave_field(client, credit_code(1)))
    assert "已有一份注册申请在审核中" in answer and 'href="/register/status"' in answer


def test_an_address_asks_for_so_many_codes_on_whichever_page(client, boss, monkeypatch):
    monkeypatch.setattr(asking_code, "CODES", 3)
    assert "4420" in text_of(leave_field(client, credit_code(1)))
    assert "4420" in text_of(leave_field(client, credit_code(1))), "the same code again is no new question"
    assert client.post(STEP, answers(n=7) | {"go": "next"}).status_code == 302
    assert client.post(JOIN, wish(n=8)).status_code == 422
    leave_field(client, "")
    wide = credit_code(1).translate({48 + n: 0xFF10 + n for n in range(10)})
    asked_again = [leave_field(client, code) for code in (credit_code(1), wide)]
    for answer in (*asked_again, client.post(STEP, answers(n=1)), client.post(JOIN, wish())):
        assert asking_code.TOO_OFTEN in text_of(answer) and "4420" not in text_of(answer)
    assert asking_code.TOO_OFTEN in text_of(leave_field(Client(), credit_code(1))), "another browser, the same address"


def test_who_has_begun_a_registration_asks_no_more_often_than_others(client, boss, monkeypatch):
    made = registering(n=7)
    client.post("/register/status", {"number": made.number, "phone": "13900000001"})
    monkeypatch.setattr(asking_code, "CODES", 1)
    assert client.post(STEP, answers(n=8) | {"go": "next"}).status_code == 302
    refused = client.post(STEP, answers(n=1) | {"go": "next"})
    assert refused.status_code == 429 and "4420" not in text_of(refused)


def test_without_a_script_the_address_of_the_field_leads_to_the_step(client):
    assert client.post(ASK, {"credit_code": credit_code(1)}).url == STEP
    assert client.get(ASK).status_code == 405


def test_a_request_is_made_and_looked_after_without_an_account(client, boss):
    leave_field(client, credit_code(1))
    assert f'value="{credit_code(1)}"' in text_of(client.get(JOIN)), "typed once is enough"
    assert client.post(JOIN, wish()).url == "/join/progress"
    made = JoinRequest.objects.get()
    page = text_of(client.get("/join/progress"))
    assert made.number in page and "等单位管理员处理" in page
    for private in (boss.name, boss.employer.name, PHONE, wish()["id_number"]):
        assert private not in page
    later = Client()
    assert later.get("/join/progress").url == "/register/status"
    assert later.post("/register/status", {"number": made.number, "phone": "13800000001"}).status_code == 422
    assert later.post("/register/status", {"number": made.number, "phone": PHONE}).url == "/join/progress"
    later.post("/join/withdraw")
    assert "已撤回" in text_of(later.get("/join/progress"))
    assert later.post("/join/leave").url == "/register/status" and later.get("/join/progress").url == "/register/status"


def test_what_was_typed_stays_when_something_is_wrong(client, boss):
    answer = client.post(JOIN, wish(phone="1"))
    assert answer.status_code == 422
    assert "应为 1 开头的 11 位手机号码" in text_of(answer) and 'value="周示例"' in text_of(answer)


def test_an_employer_without_an_account_is_registered_instead(client):
    answer = text_of(client.post(JOIN, wish(n=9)))
    assert "还没有账号" in answer and 'href="/register/yunnan/"' in answer


def test_the_telephone_is_proved_where_messages_are_sent(client, boss, gateway):  # noqa: F811
    assert client.post(JOIN, wish()).url == "/join/phone"
    page = text_of(client.get("/join/phone"))
    assert "138****8888" in page and PHONE not in page and "不验证" not in page
    assert client.post("/join/phone", {"go": "submit"}).status_code == 422
    with committed(execute=True):
        client.post("/join/phone", {"go": "send"})
    assert client.post("/join/phone", {"go": "check", "code": ""}).status_code == 422
    assert client.get("/join/progress").url == "/join/phone"
    assert client.post("/join/phone", {"go": "check", "code": code_of(gateway)}).url == "/join/progress"
    assert client.get("/join/phone").url == "/join/progress"


def test_who_typed_a_wrong_telephone_goes_back_and_finds_the_rest(client, boss, gateway):  # noqa: F811
    client.post(JOIN, wish(phone="13800000001"))
    assert 'value="周示例"' in text_of(client.get(JOIN))
    client.post(JOIN, wish())
    assert JoinRequest.objects.get().answers["phone"] == PHONE


def test_the_demo_lets_codes_be_tried_and_waits_for_none(client, boss, settings):
    settings.SHEBAO_TRIAL_CODES = settings.SHEBAO_LOCAL_OUTBOX = True
    assert client.post(JOIN, wish()).url == "/join/phone"
    assert "不验证，提交申请" in text_of(client.get("/join/phone"))
    client.post("/join/phone", {"go": "send"})
    assert client.post("/join/phone", {"go": "submit"}).url == "/join/progress"


def test_one_address_begins_so_many_requests(client, boss, monkeypatch):
    monkeypatch.setattr(joining, "BEGINNINGS", 1)
    client.post(JOIN, wish())
    assert client.post(JOIN, wish(phone="13800000001")).status_code == 429


def test_where_nobody_proves_a_telephone_one_address_does_not_use_up_the_day_of_an_employer(client, boss, monkeypatch):
    monkeypatch.setattr(joining, "UNPROVED", 1)
    assert client.post(JOIN, wish()).url == "/join/progress"
    answer = client.post(JOIN, wish(phone="13800000001"))
    assert answer.status_code == 429 and "直接联系本单位管理员" in text_of(answer)
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert elsewhere.post(JOIN, wish(phone="13800000002")).url == "/join/progress"


def test_a_second_request_of_a_telephone_is_told_of_the_first(client, boss):
    asked()
    answer = client.post(JOIN, wish())
    assert answer.status_code == 409 and "已有一份待处理的加入申请" in text_of(answer)


def test_the_administrator_is_told_on_the_workbench_in_the_messages_and_among_the_operators(bosss, boss):
    assert "申请加入本单位" not in text_of(bosss.get("/e/"))
    made = asked()
    home = text_of(bosss.get("/e/"))
    assert "1 人申请加入本单位" in home and f"申请号 {made.number}，12 月 10 日过期" in home
    assert f"/e/operators/joins/{made.pk}/" in home and "周示例" not in home
    asked(phone="13800000001")
    assert "2 人申请加入本单位" in text_of(bosss.get("/e/")) and "最早的一份 12 月 10 日过期" in text_of(
        bosss.get("/e/")
    )
    JoinRequest.objects.exclude(pk=made.pk).delete()
    for address in ("/e/notices/", "/operators/"):
        page = text_of(bosss.get(address))
        assert "1 份加入申请等您处理" in page and 'href="/e/operators/joins/"' in page
    clerk = Client()
    clerk.force_login(OperatorFactory(clerk=True, employer=boss.employer, region="yunnan"))
    assert "申请加入" not in text_of(clerk.get("/e/")) + text_of(clerk.get("/e/notices/"))
    for address in ("/e/operators/joins/", f"/e/operators/joins/{made.pk}/"):
        assert clerk.get(address).status_code == 403


def test_the_request_is_read_behind_masks_and_answered_with_the_form_of_every_new_operator(bosss, boss):
    made = asked()
    page = text_of(bosss.get(f"/e/operators/joins/{made.pk}/"))
    assert "138****8888" in page and PHONE not in page and wish()["id_number"] not in page
    for part in ("人力资源部，办理职工增减员", 'value="周示例"', f'value="{credit_code(1)}-2"', "花名册里没有"):
        assert part in page
    assert bosss.post(f"/e/operators/joins/{made.pk}/", {"username": "zhou", "name": "周示例"}).status_code == 422
    done = text_of(bosss.post(f"/e/operators/joins/{made.pk}/", ACCOUNT))
    link = re.search(r'id="activation-link">([^<]+)<', done)[1]
    assert "/activate/" in link and "过期的，在“操作员”里重置密码。" in done
    operator = Operator.objects.get(username="zhou")
    assert operator.employer == boss.employer and f"/e/operators/{operator.pk}/" in done
    after = text_of(bosss.get(f"/e/operators/joins/{made.pk}/"))
    assert "已同意" in after and link not in after and "同意，开通账号" not in after
    assert "已同意" in text_of(bosss.get("/e/operators/joins/?list=done"))
    assert AuditEntry.objects.filter(action="operator.created", actor=boss).count() == 1
    newcomer = Client()
    newcomer.get("/activate/" + link.rpartition("/")[2])
    assert newcomer.post("/activate", {"new": "a-Long-enough-1"}).url == "/"


def test_declining_asks_for_the_reason_and_keeps_it_for_the_applicant(bosss, client, boss):
    made = asked()
    address = f"/e/operators/joins/{made.pk}/decline/"
    refused = bosss.post(address, {"note": " "})
    assert refused.status_code == 422 and "请写明不同意的原因" in text_of(refused)
    assert bosss.get(address).url == f"/e/operators/joins/{made.pk}/"
    assert bosss.post(address, {"note": "请先到人力资源部登记"}).url == "/e/operators/joins/"
    client.post("/register/status", {"number": made.number, "phone": PHONE})
    page = text_of(client.get("/join/progress"))
    assert "没有同意" in page and "请先到人力资源部登记" in page and "重新申请" in page
    assert Mail.objects.get(channel="sms").text.endswith("没有同意，请凭申请号和手机号在网厅查看原因。")


def test_who_was_second_to_answer_sees_what_the_first_did(bosss, boss):
    made = asked()
    bosss.post(f"/e/operators/joins/{made.pk}/decline/", {"note": "不认识"})
    late = bosss.post(
        f"/e/operators/joins/{made.pk}/", {"username": "zhou", "name": "周", "role": "clerk"}, follow=True
    )
    assert "现在是“未同意”" in text_of(late) and not Operator.objects.filter(username="zhou").exists()


def test_a_request_of_another_employer_and_a_draft_are_not_there(bosss, boss):
    with_administrator(n=2)
    for made in (asked(n=2), drafted()):
        for address in (f"/e/operators/joins/{made.pk}/", f"/e/operators/joins/{made.pk}/decline/"):
            assert bosss.get(address).status_code == bosss.post(address, {"note": "x"}).status_code == 404
    assert "周示例" not in text_of(bosss.get("/e/operators/joins/"))


def test_the_new_account_is_shown_to_its_owner_when_the_request_was_accepted(bosss, client, boss):
    made = asked()
    bosss.post(f"/e/operators/joins/{made.pk}/", ACCOUNT)
    client.post("/register/status", {"number": made.number, "phone": PHONE})
    page = text_of(client.get("/join/progress"))
    assert "单位管理员已同意" in page and "zhou" in page and boss.employer.name in page and "向单位管理员索取" in page
