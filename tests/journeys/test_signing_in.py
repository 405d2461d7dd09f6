"""People get in and stay themselves: wizard, number, question, code, passkey, several employers, certificate."""

import base64
import re
import threading
from datetime import UTC, datetime, time

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.core import mail
from django.utils import timezone

from shebao.cli.certificates import PORT
from shebao.cli.signer import Signer, make_server
from shebao.hall import clock
from shebao.hall.declarations.models import Declaration
from shebao.hall.employers.models import Employer
from shebao.hall.operators.models import Operator
from shebao.hall.sign_in.contacts import keep_contact
from shebao.hall.sign_in.models import SignedSubmission
from shebao.hall.sign_in.trial_authority import TrialAuthority
from tests.factories import EmployerFactory, OperatorFactory, enrolled
from tests.registration.applying import answers, credit_code
from tests.registration.applying import desk as somebody_at

from .steps import all_believe, fill, save_to_basket, until

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

PASSWORD = "right-Password-1"
NEW = "brand-New-Words-7"


@pytest.fixture(autouse=True)
def _inside_every_window(monkeypatch, settings, live_server):
    moment = timezone.make_aware(datetime.combine(timezone.localdate().replace(day=10), time(10)))
    all_believe(monkeypatch, moment)
    settings.SHEBAO_BASE_URL = home(live_server)
    settings.EMAIL_HOST = "mail.example"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def home(live_server) -> str:
    """The hall by the name that browsers take passkeys for without TLS."""
    return live_server.url.replace("127.0.0.1", "localhost")


@pytest.fixture
def visitor(browser):
    """A browser of somebody's own; every page is watched for errors."""
    opened, complaints = [], []

    def open_for(width=1440):
        context = browser.new_context(viewport={"width": width, "height": 900}, locale="zh-CN")
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        opened.append((context, page))
        return page

    yield open_for
    for context, page in opened:
        page.goto("about:blank")
        context.close()
    assert complaints == []


def somebody(region, username, **more) -> Operator:
    """An operator with the password of this journey."""
    if "employer" not in more and "reviewer" not in more:
        more["employer"] = EmployerFactory(region=region)
    operator = OperatorFactory(region=region, username=username, **more)
    operator.set_password(PASSWORD)
    operator.save()
    return operator


def enter(page, base, username, password=PASSWORD):
    page.goto(base + "/login")
    page.get_by_label("账号").fill(username)
    page.locator("#password").fill(password)
    page.get_by_role("button", name="登录", exact=True).click()


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def enter_employer(page, name):
    page.get_by_role("button", name=re.compile(f"^进入.*{name}$")).click()


def own_menu(page, link):
    page.locator("details.who > summary").click()
    page.get_by_role("link", name=link).click()


def write(page, names, **changes):
    raw = answers(**changes)
    fill(page, {name: raw[name] for name in names.split()})


CLERK = "clerk_name id_kind id_number clerk_phone clerk_email"


def approved(page, base, title):
    """The agency looks at the registration and opens the account; returns the link that it shows."""
    page.goto(base + "/a/registrations/")
    page.get_by_role("link", name=title).click()
    if page.locator('[name="employer_number"]').input_value() == "":
        page.locator('[name="employer_number"]').fill("0700123456")
    press(page, "通过，开通账号")
    return page.locator("#activation-link").inner_text()


def test_an_enterprise_registers_with_its_number_signs_in_by_it_and_finds_its_password_again(visitor, live_server):
    base, page, desk = home(live_server), visitor(), visitor()
    somebody("fujian", "tax-office", reviewer=True)
    somebody_at("yunnan")  # there are regions to choose from
    # 企业注册 by the manual's buttons: 返回 leads to the page of signing in, 保存 checks the 13 digits and goes on.
    page.goto(base + "/register")
    page.get_by_role("link", name=re.compile("福建")).click()
    page.get_by_role("heading", name="企业注册").wait_for()
    page.get_by_role("link", name="开始注册").click()
    page.get_by_role("link", name="返回", exact=True).click()
    page.get_by_role("heading", name="登录").wait_for()
    page.goto(base + "/register/fujian/1")
    page.get_by_label("电脑编码").fill("12345")
    write(page, "credit_code name legal_representative economic_kind industry_class established_on address phone")
    press(page, "保存")
    page.get_by_role("alert").get_by_text("电脑编码应为 13 位数字，现在是 5 位").wait_for()
    page.get_by_label("电脑编码").fill("3501000000123")
    press(page, "保存")
    page.get_by_text("管理员用户").first.wait_for()
    write(page, CLERK)
    press(page, "保存")
    page.get_by_label("以上内容真实").check()
    press(page, "提交申请")
    page.get_by_text("申请已提交，等待审核").wait_for()
    enter(desk, base, "tax-office")
    link = approved(desk, base, "示例新设1有限公司")
    administrator = Operator.objects.get(employer__employer_number="3501000000123")
    assert administrator.role == "employer_admin"
    assert not administrator.has_usable_password()
    page.goto(link)
    page.get_by_label("新密码").fill(PASSWORD)
    press(page, "设置密码并登录")
    page.wait_for_url(re.compile("/e/"))

    # 密码遗忘设定.
    own_menu(page, "我的账号")
    page.get_by_role("link", name="设置问题和答案").click()
    page.get_by_role("heading", name="密码遗忘设定").wait_for()
    page.get_by_label("问题").select_option("您最喜欢的一本书")
    page.get_by_label("答案").fill("石头记石头记")
    page.get_by_label("当前密码").fill(PASSWORD)
    press(page, "保存问题和答案")
    page.get_by_text("答案只保存摘要").wait_for()

    # 系统重登录 by 电脑编码; the password is case sensitive; 修改密码; 系统注销; 系统退出.
    page.get_by_role("link", name="注销、重新登录").click()
    press(page, "系统重登录")
    assert page.get_by_label("电脑编码").input_value() == "3501000000123"
    page.locator("#password").fill(PASSWORD.upper())
    press(page, "登录")
    page.get_by_role("alert").get_by_text("账号或密码不对").wait_for()
    page.locator("#password").fill(PASSWORD)
    press(page, "登录")
    page.wait_for_url(re.compile("/e/"))
    own_menu(page, "修改密码")
    page.get_by_label("当前密码").fill(PASSWORD)
    page.get_by_label("新密码").fill(NEW)
    press(page, "修改密码")
    page.get_by_text("密码已修改").wait_for()
    page.goto(base + "/account/leaving")
    press(page, "系统注销")
    page.get_by_text("您已安全退出").wait_for()
    page.go_back()
    page.reload()
    page.get_by_role("heading", name="登录").wait_for()
    page.get_by_role("link", name="用电脑编码登录（福建省）").click()
    page.get_by_label("电脑编码").fill("3501000000123")
    page.locator("#password").fill(NEW)
    press(page, "登录")
    page.wait_for_url(re.compile("/e/"))
    page.goto(base + "/account/leaving")
    press(page, "系统退出")
    page.get_by_text("可以关闭浏览器").wait_for()

    # The answer alone opens nothing: the link comes by mail.
    page.goto(base + "/forgotten")
    page.get_by_role("link", name="凭问题找回").click()
    page.get_by_label("账号").fill(administrator.username)
    page.get_by_label("问题").select_option("您最喜欢的一本书")
    page.get_by_label("答案").fill("石头记石头记")
    press(page, "发送链接")
    page.get_by_text("如果问题和答案都对").wait_for()
    page.goto(re.search(r"http\S+/activate/\S+", mail.outbox[-1].body).group())
    page.get_by_label("新密码").fill(PASSWORD)
    press(page, "设置密码并登录")
    page.wait_for_url(re.compile("/e/"))


def test_the_wizard_asks_region_and_taxpayer_first_and_several_employers_are_chosen_between(visitor, live_server):
    base, page, desk = home(live_server), visitor(), visitor()
    somebody("tax_client", "tax-office", reviewer=True)
    somebody_at("yunnan")  # there are regions to choose from
    page.goto(base + "/register")  # 选择地区
    page.get_by_role("link", name=re.compile("单位社保费管理客户端")).click()
    page.get_by_role("heading", name="注册向导").wait_for()
    page.get_by_role("link", name="开始注册").click()
    page.get_by_label("缴费人识别号").fill(credit_code(1)[:-1] + "0")
    press(page, "下一步")
    page.get_by_role("alert").get_by_text("校验位不符").wait_for()
    page.get_by_label("缴费人识别号").fill(credit_code(1))
    press(page, "下一步")
    write(page, "name legal_representative economic_kind industry_class established_on address phone " + CLERK)
    press(page, "下一步")
    page.locator('[name="has_number"][value="0"]').check() if page.locator(
        '[name="has_number"][type=radio]'
    ).count() else page.locator('[name="has_number"]').select_option("0")
    page.locator('[name="first_insured_on"]').fill(answers()["first_insured_on"])
    press(page, "下一步")
    page.get_by_label("以上内容真实").check()
    press(page, "提交申请")
    page.get_by_text("申请已提交，等待审核").wait_for()
    enter(desk, base, "tax-office")
    page.goto(approved(desk, base, "示例新设1有限公司"))
    page.get_by_label("新密码").fill(PASSWORD)
    press(page, "设置密码并登录")
    page.wait_for_url(re.compile("/e/"))  # one employer: straight in

    # 添加单位, 查询单位, 进入.
    first = Employer.objects.get(credit_code=credit_code(1))
    branch = EmployerFactory(region="tax_client", name="示例分公司", taxpayer_number=first.credit_code)
    stranger = EmployerFactory(region="tax_client", name="示例代理客户")
    for username, employer in (("branch", branch), ("client", stranger)):
        somebody("tax_client", username, employer=employer)
        own_menu(page, "单位选择")
        page.get_by_role("link", name="添加单位").click()
        page.locator("#username").fill(username)
        page.locator("#password").fill(PASSWORD)
        press(page, "添加单位")
        page.get_by_text(f"已添加{employer.name}").wait_for()
    account = Operator.objects.get(employer=first).username
    page = visitor(width=390)
    enter(page, base, account)
    page.get_by_role("heading", name="单位选择").wait_for()
    page.get_by_label("单位名称、编号或识别号").fill("代理")
    press(page, "查询单位")
    page.get_by_text("共 1 家").wait_for()
    enter_employer(page, "示例代理客户")
    page.get_by_text("已进入示例代理客户").wait_for()
    assert page.get_by_text(first.name).count() == 0

    # 单位切换: the numbers of one taxpayer; a form of the employer before is refused.
    page.goto(base + "/employers/")
    enter_employer(page, first.name)
    page.get_by_text(f"已进入{first.name}").wait_for()
    other_tab = page.context.new_page()
    other_tab.goto(base + "/employers/add")
    page.goto(base + "/employers/numbers")
    page.get_by_role("heading", name="单位切换").wait_for()
    assert page.get_by_text("示例代理客户").count() == 0
    enter_employer(page, "示例分公司")
    page.get_by_text("已进入示例分公司").wait_for()
    other_tab.locator("#username").fill("client")
    press(other_tab, "添加单位")
    other_tab.get_by_text("刷新后再提交一次").wait_for()


def test_a_forgotten_password_comes_back_by_code_and_settings_hold_second_factors(visitor, live_server):
    base, page = home(live_server), visitor()
    clerk = somebody("general_hall", "manager", admin=True, must_change_password=True)
    keep_contact(clerk, "", "manager@example.cn")
    # 忘记密码 by code.
    page.goto(base + "/login")
    page.get_by_role("link", name="忘记密码").click()
    page.get_by_label("账号").fill("manager")
    press(page, "获取验证码")
    page.get_by_role("heading", name="重新设置密码").wait_for()
    until(page, lambda: mail.outbox)
    page.get_by_label("验证码").fill(re.search(r"验证码 (\d{6})", mail.outbox[-1].body).group(1))
    page.get_by_label("新密码").fill(NEW)
    press(page, "设置新密码")
    page.get_by_text("密码已重新设置").wait_for()
    # 修改初始密码: an administrator's random one must be changed first.
    clerk.refresh_from_db()
    clerk.must_change_password = True
    clerk.save()
    enter(page, base, "manager", NEW)
    page.get_by_role("heading", name="请先修改密码").wait_for()
    page.get_by_label("当前密码").fill(NEW)
    page.get_by_label("新密码").fill(PASSWORD)
    press(page, "修改密码")
    page.wait_for_url(re.compile("/e/"))

    # 系统设置: an authenticator, then a passkey of this machine.
    own_menu(page, "系统设置")
    page.get_by_role("link", name="设置二次验证").click()
    page.get_by_role("link", name="设置动态验证码").click()
    key = base64.b32decode(page.locator("#key").inner_text())

    def code(drift=0):
        now = int(clock.now().timestamp()) + drift
        return TOTP(key, 6, SHA1(), 30, enforce_key_length=False).generate(now).decode()

    page.get_by_label("应用显示的 6 位数字").fill(code(-30))
    page.get_by_label("当前密码").fill(PASSWORD)
    press(page, "启用动态验证码")
    page.get_by_role("heading", name="动态验证码已启用").wait_for()
    recovery = page.locator("#codes").inner_text().split()
    assert len(recovery) == 10
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    told = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    told |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": told})
    page.get_by_role("link", name="我已保存").click()
    page.get_by_role("link", name="添加通行密钥").click()
    page.get_by_label("名称").fill("办公室电脑")
    page.get_by_label("当前密码").fill(PASSWORD)
    press(page, "添加通行密钥")
    page.get_by_text("通行密钥已添加").wait_for()
    page.goto(base + "/account/")
    page.get_by_text("办公室电脑").wait_for()
    page.goto(base + "/account/leaving")
    press(page, "系统注销")

    # In by password and code, by recovery code, by passkey alone.
    other = visitor(width=390)
    enter(other, base, "manager")
    other.get_by_role("heading", name="二次验证").wait_for()
    other.get_by_label("验证码或备用码").fill("000000")
    press(other, "登录")
    other.get_by_role("alert").get_by_text("验证码不对").wait_for()
    other.get_by_label("验证码或备用码").fill(code())
    press(other, "登录")
    other.wait_for_url(re.compile("/e/"))
    third = visitor()
    enter(third, base, "manager")
    third.get_by_label("验证码或备用码").fill(recovery[0])
    press(third, "登录")
    third.wait_for_url(re.compile("/e/"))
    press(page, "通行密钥登录")
    page.wait_for_url(re.compile("/e/"))

    # 登录记录: this one ends the others.
    page.goto(base + "/account/")
    page.get_by_role("button", name=re.compile("^结束其他 2 处登录")).click()
    page.get_by_text("已结束其他 2 处登录").wait_for()
    other.goto(base + "/account/")
    other.get_by_role("heading", name="登录", exact=True).wait_for()


@pytest.fixture
def authority(tmp_path, settings):
    settings.SHEBAO_TEST_CA_DIR = tmp_path / "ca"
    return TrialAuthority(settings.SHEBAO_TEST_CA_DIR, datetime.now(UTC).replace(day=1))


def test_a_certificate_signs_in_and_signs_what_is_submitted(visitor, live_server, authority, tmp_path):
    base, page = home(live_server), visitor()
    clerk = somebody("certificate_city", "signer")
    somebody("certificate_city", "chief", admin=True, employer=clerk.employer)
    person = enrolled(clerk.employer, name="李示例")
    certificate, sealed = authority.issue(clerk.name, clerk.employer.name, clerk.employer.credit_code, "p12")
    (tmp_path / "clerk.pem").write_bytes(certificate)
    (tmp_path / "clerk.p12").write_bytes(sealed)

    # The administrator binds the certificate.
    chief = visitor()
    enter(chief, base, "chief")
    chief.get_by_role("link", name="数字证书", exact=True).click()
    chief.locator('[name="username"]').select_option("signer")
    chief.locator('[name="file"]').set_input_files(tmp_path / "clerk.pem")
    press(chief, "绑定证书")
    chief.get_by_text("已绑定").first.wait_for()

    # 登录系统 with the signer on this machine; without it the page says what to do.
    page.goto(base + "/login")
    page.get_by_role("link", name="数字证书登录").click()
    press(page, "用证书登录")
    page.get_by_text("没有连上本机的签名程序").wait_for()
    server = make_server(Signer(tmp_path / "clerk.p12", "p12"), base, PORT, asks=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        press(page, "用证书登录")
        page.wait_for_url(re.compile("/e/"))

        # 工资申报, 信息提交 with a signature.
        page.goto(base + "/e/declare/wage_declaration/")
        told = {"id_number": person.person.id_number, "name": person.name, "declared_wage": "9000"}
        fill(page, told | {"first_month": f"{clock.today():%Y-%m}"})
        save_to_basket(page)
        page.get_by_role("button", name="核对并提交").last.click()
        page.get_by_label("以上申报内容真实").check()
        page.get_by_role("button", name="签名并提交 1 笔").click()
        page.wait_for_url(re.compile("submitted"))
        page.get_by_text("已签名并提交").wait_for()
    finally:
        server.shutdown()
        server.server_close()
    declaration = Declaration.objects.get()
    page.goto(f"{base}/e/cases/{declaration.pk}/")
    page.get_by_text("签名有效，内容与签名时一致").wait_for()
    assert SignedSubmission.objects.get().operator == clerk

    # Somebody changes the wage behind everybody's back: the field is named.
    Declaration.objects.filter(pk=declaration.pk).update(answers=declaration.answers | {"declared_wage": 100_000})
    page.reload()
    page.get_by_text("与签名时不同").wait_for()
