"""The demo lets one try what a code opens: it stays in the outbox, and every page says that nothing was sent."""

import re

import pytest
from django.test import Client

from shebao.cli.serving import _is_loopback
from shebao.hall.mail.models import Mail
from shebao.hall.operators.models import Role
from shebao.hall.registration.models import Registration
from shebao.hall.sign_in import codes
from shebao.hall.sign_in.contacts import keep_contact
from tests.registration.applying import answers, desk

from ..web.conftest import PASSWORD, make_employer, make_operator
from .conftest import committed, sign_in, signed_in

NEW = "brand-New-Words-7"
TRIED = "试用：验证码和链接不会发到手机或邮箱"


@pytest.fixture
def demo(settings):
    settings.SHEBAO_TRIAL_CODES, settings.SHEBAO_LOCAL_OUTBOX = True, True
    settings.EMAIL_HOST, settings.SHEBAO_SMS_URL = "", ""
    return settings


@pytest.fixture
def runner(db):
    """Whoever runs the machine, and reads the outbox."""
    make_operator("runner", Role.SYSTEM_ADMIN, region="certificate_city")
    return signed_in("runner")


def runs(region: str):
    """Somebody signed in who runs the machine in a region, and reads what stayed there of its letters."""
    make_operator(f"runner-{region}", Role.SYSTEM_ADMIN, region=region)
    return signed_in(f"runner-{region}")


def read_in_outbox(runner, pattern: str) -> str:
    page = runner.get(f"/a/system/letters/{Mail.objects.latest('pk').pk}").content.decode()
    return re.search(pattern, page).group(1)


def test_a_forgotten_password_is_recovered_with_the_code_that_the_system_administrator_reads(demo, clerk, runner):
    keep_contact(clerk, "", "clerk@example.cn")
    guest = Client()
    assert TRIED in guest.get("/forgotten").content.decode()
    with committed():
        page = guest.post("/forgotten", {"username": "clerk"}, follow=True).content.decode()
    assert TRIED in page
    assert "已经发出" not in page
    code = read_in_outbox(runner, r"验证码 (\d{6})")
    assert guest.post("/forgotten/code", {"code": code, "new": NEW}).url == "/login"
    assert sign_in(Client(), password=NEW).url == "/"


def test_the_question_leads_to_a_link_in_the_outbox(demo, db):
    fujian = make_operator("fujian", Role.CLERK, make_employer("9", "fujian"))
    keep_contact(fujian, "", "fj@example.cn")
    client = signed_in("fujian")
    page = client.get("/account/question").content.decode()
    assert TRIED in page
    assert "现在还用不上" not in page
    question = re.search(r'<option value="([^"]+)"', page).group(1)
    client.post("/account/question", {"question": question, "answer": "Red Chamber", "password": PASSWORD})
    guest = Client()
    assert TRIED in guest.get("/forgotten/question").content.decode()
    with committed():
        said = {"username": "fujian", "question": question, "answer": "Red Chamber"}
        guest.post("/forgotten/question", said)
    assert guest.get(read_in_outbox(runs("fujian"), r"(/activate/[^\s<\"]+)")).url == "/activate"


def test_a_telephone_may_be_proved_at_registration_and_nothing_waits_for_it(demo, client, db):
    desk("yunnan")
    assert "不验证也能提交" in client.get("/register/yunnan/1").content.decode()
    assert client.post("/register/yunnan/1", answers() | {"go": "next"}).url == "/register/yunnan/phone"
    page = client.get("/register/yunnan/phone").content.decode()
    assert TRIED in page
    assert "不验证也能提交申请" in page
    with committed():
        client.post("/register/yunnan/phone", {"go": "send"})
    code = read_in_outbox(runs("yunnan"), r"验证码 (\d{6})")
    assert client.post("/register/yunnan/phone", {"go": "check", "code": code}).url == "/register/yunnan/2"
    made = Registration.objects.get()
    assert made.proved_digest == made.phone_digest


def test_no_second_factor_hangs_on_a_code_that_only_the_demo_writes(demo, clerk):
    keep_contact(clerk, "13800138000", "clerk@example.cn")
    assert codes.ways_of(clerk) == {}
    assert "没有可以接收验证码的手机或邮箱" in signed_in().get("/account/factors/code").content.decode()


@pytest.mark.parametrize("lost", [{"SHEBAO_TRIAL_CODES": False}, {"SHEBAO_LOCAL_OUTBOX": False}])
def test_an_embedded_hall_that_is_no_demo_writes_no_code_that_nobody_gets(demo, clerk, lost):
    for name, value in lost.items():
        setattr(demo, name, value)
    keep_contact(clerk, "13800138000", "clerk@example.cn")
    assert "不能自己找回密码" in Client().get("/forgotten").content.decode()
    assert not Mail.objects.exists()


def test_only_a_demo_that_nobody_else_reaches_tries_codes():
    reached = {
        host: _is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "::", "10.0.0.5", "a.cn")
    }
    assert [host for host, is_own in reached.items() if is_own] == ["127.0.0.1", "::1", "localhost"]
