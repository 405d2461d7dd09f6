"""An employer nobody knows registers, is returned, repairs, is approved, sets its password, files its first month."""

import re
from datetime import datetime, time, timedelta

import pytest
from django.utils import timezone
from pypdf import PdfReader

from shebao.hall import clock
from shebao.hall.declarations.models import Declaration
from shebao.hall.desk.effects import take_effect
from shebao.hall.employers.models import Employer
from shebao.hall.phone_uploads.models import PhoneUpload
from shebao.hall.phone_uploads.operations import token_of
from shebao.hall.registration.models import Registration
from shebao.hall.registration.reviewing import REGISTRATIONS
from shebao.hall.roster.models import Spell
from shebao.rules.months import Month
from tests.evidence.test_thumbnails import picture
from tests.factories import OperatorFactory, enrolment
from tests.people import undo_time  # noqa: F401 - a fixture of this folder
from tests.registration.applying import PDF, TWICE, answers, credit_code, reviewed_by, submitted
from tests.registration.applying import desk as somebody_at
from tests.short_messages import code_of

from .steps import all_believe, fill, submit_basket, until

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _inside_every_window(monkeypatch, settings, live_server):
    moment = timezone.make_aware(datetime.combine(timezone.localdate().replace(day=10), time(10)))
    all_believe(monkeypatch, moment)
    settings.SHEBAO_BASE_URL = live_server.url


def write(page, names, **changes):
    """Answer questions of the wizard; of two answers, one is ticked."""
    raw = answers(**changes)
    for name in names.split():
        field = page.locator(f'[name="{name}"]')
        if field.first.get_attribute("type") == "radio":
            page.locator(f'[name="{name}"][value="{raw[name]}"]').check()
        else:
            fill(page, {name: raw[name]})


def go_on(page, button="下一步"):
    page.get_by_role("button", name=button, exact=True).click()


def test_a_new_employer_registers_repairs_is_approved_and_files_its_first_month(page_of, live_server):
    somebody_at("lijiang")  # there are regions to choose from
    home, page = live_server.url, page_of()
    desk = page_of(OperatorFactory(reviewer=True, region="yunnan"))
    page.goto(home + "/login")
    page.get_by_role("link", name=re.compile("单位注册")).click()
    page.get_by_role("link", name="云南省").click()
    page.get_by_role("heading", name="企业社保网厅账号注册申请").wait_for()
    page.get_by_role("link", name="开始注册").click()

    # 单位基本信息和专管员基本信息: a wrong code is told with all else, and nothing is lost.
    page.get_by_text("专管员基本信息").wait_for()
    write(page, "name legal_representative clerk_name id_kind id_number clerk_phone clerk_email")
    page.get_by_label("统一社会信用代码").fill(credit_code(1)[:-1] + "0")
    go_on(page)
    page.get_by_role("alert").get_by_text("校验位不符").wait_for()
    assert page.get_by_label("单位名称").input_value() == "示例新设1有限公司"
    page.get_by_label("统一社会信用代码").fill(credit_code(1))
    page.get_by_text("本网厅还没有接通短信，手机号不用验证码验证").wait_for()
    go_on(page)

    # 单位详细信息: going back keeps what was typed, even where it is not finished.
    page.get_by_role("heading", name="单位详细信息").first.wait_for()
    write(page, "economic_kind industry_class established_on address")
    go_on(page, "上一步")
    page.get_by_text("专管员基本信息").wait_for()
    go_on(page)
    assert page.get_by_label("单位地址").input_value() == "示例路 8 号"
    write(page, "postcode phone bank_name bank_account")
    go_on(page)

    # 选择要办理的网厅业务: 不办理的选“否”，要办理的选“是”; then the agreement.
    page.get_by_role("group", name=re.compile("^.?社会保险业务")).get_by_label("是").check()
    page.get_by_role("group", name=re.compile("工程项目工伤保险业务")).get_by_label("否").check()
    go_on(page)
    page.get_by_text("单位自愿开通社会保险网上大厅").wait_for()
    go_on(page, "前往注册")

    # 是否已有单位编号: no, so the first day is asked.
    write(page, "has_number agency_division", agency_division="530100")
    go_on(page)
    page.get_by_role("alert").get_by_text("请填写新参保日期").wait_for()
    write(page, "first_insured_on")
    go_on(page)

    # Another day, another browser: the draft is there.
    number = page.locator("#number").inner_text()
    page = page_of()
    page.goto(home + "/login")
    page.get_by_role("link", name="查询申请进度").click()
    page.get_by_label("申请号").fill(number)
    page.get_by_label("手机号").fill("13900000001")
    page.get_by_role("button", name="查询").click()
    page.get_by_role("link", name="接着填").click()

    # 授权书模板, and the pictures; a file that is none is refused and keeps no other out.
    with page.expect_download() as got:
        page.get_by_role("link", name=re.compile("下载模板")).click()
    assert got.value.suggested_filename == "云南省社会保险网上经办（参保单位）授权书.pdf"
    said = "".join(PdfReader(got.value.path()).pages[0].extract_text().split())
    assert "授权何示例" in said and "法定代表人（签字）：" in said
    go_on(page)
    page.get_by_role("alert").get_by_text("还没有上传“统一信用代码证”").wait_for()
    upload = {"name": "授权书.pdf", "mimeType": "application/pdf", "buffer": PDF}
    page.get_by_label("选择云南省社会保险网上经办（参保单位）授权书的文件").set_input_files(upload)
    page.get_by_label("选择统一信用代码证的文件").set_input_files(upload | {"buffer": b"MZ", "name": "证.pdf"})
    page.get_by_role("alert").get_by_text("不是 JPG、PNG 或 PDF").wait_for()
    go_on(page, "上传")
    page.get_by_text("已上传 1 个").wait_for()

    # 手机拍照: the code on the screen, the phone beside it; what was chosen meanwhile for another paper stays chosen.
    chosen = page.get_by_label("选择云南省社会保险网上经办（参保单位）授权书的文件")
    chosen.set_input_files(upload | {"name": "第二页.pdf", "buffer": PDF + b"2"})
    page.get_by_role("button", name=re.compile("用手机拍.*统一信用代码证")).click()
    page.get_by_text("等待手机上传").wait_for()
    phone = page_of(width=390)
    phone.goto(f"{home}/phone/{token_of(PhoneUpload.objects.get())}")
    phone.get_by_role("heading", name="统一信用代码证").wait_for()
    assert phone.url == home + "/phone", "the address keeps nothing"
    photo = {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": picture()}
    phone.get_by_label("拍照").set_input_files(photo)
    go_on(phone, "上传")
    phone.get_by_text("已上传 1 个文件").wait_for()
    page.get_by_text("已收到 1 个文件").wait_for()
    page.get_by_text("IMG_1.jpg").first.wait_for()
    page.get_by_text("第二页.pdf").first.wait_for()
    go_on(page)

    # 核对并提交.
    page.get_by_role("heading", name="核对并提交").wait_for()
    page.get_by_role("button", name="提交申请").click()
    page.get_by_role("alert").get_by_text("请勾选真实性声明").wait_for()
    page.get_by_label("以上内容真实").check()
    page.get_by_role("button", name="提交申请").dblclick()
    page.get_by_text("申请已提交，等待审核").wait_for()
    assert Registration.objects.get().revision == 1

    # 经办机构审核: returned with a remark beside the field.
    desk.goto(home + "/a/")
    desk.get_by_role("link", name="单位注册").first.click()
    desk.get_by_role("link", name="示例新设1有限公司").click()
    desk.get_by_text("退回补正或不予办理").click()
    desk.locator('[name="flag_legal_representative"]').check()
    desk.get_by_label("法定代表人的退回原因").select_option("01")
    desk.get_by_role("button", name="退回补正", exact=True).click()
    desk.get_by_text("已退回，本网厅不发短信和邮件").wait_for()

    # Repaired in place, at the step that was returned.
    page.reload()
    page.get_by_text("申请已退回").wait_for()
    page.get_by_role("link", name="修改").click()
    page.get_by_text("审核意见：与统一社会信用代码证的记载不一致").wait_for()
    page.get_by_label("法定代表人").fill("郑新示例")
    go_on(page, "保存，去核对")
    page.get_by_label("以上内容真实").check()
    page.get_by_role("button", name="提交申请").click()
    page.get_by_text("申请已提交，等待审核").wait_for()

    # Approved; the link is shown once.
    desk.get_by_role("link", name="单位注册").first.click()
    desk.get_by_role("link", name="示例新设1有限公司").click()
    desk.get_by_text("改了 1 项：法定代表人").wait_for()
    desk.get_by_role("button", name="通过，开通账号").click()
    link = desk.locator("#activation-link").inner_text()
    employer = Employer.objects.get(credit_code=credit_code(1))
    assert employer.legal_representative == "郑新示例"
    page.reload()
    page.get_by_text(employer.employer_number).wait_for()

    # First sign-in by the link sets the password; the first month begins with the first person.
    page.goto(link)
    page.get_by_label("新密码").fill("first-Month-2026")
    page.get_by_role("button", name="设置密码并登录").click()
    page.wait_for_url(re.compile("/e/"))
    page.goto(home + "/e/roster/")
    page.get_by_role("link", name="增加第一位员工").click()
    month = Month.of(clock.today())
    dates = {"contract_from": f"{month}-01", "labour_registered_on": f"{month}-01", "enrolment_month": str(month)}
    codes = {"enrolment_kind": "11", "employment_kind": "41", "position": "2"}
    fill(page, enrolment(household="11") | dates | codes)
    page.get_by_role("button", name="暂存并去提交").click()
    page.wait_for_url(re.compile("/e/basket/"))
    submit_basket(page, home)
    declared = Declaration.objects.get()
    desk.goto(f"{home}/a/cases/{declared.pk}")
    desk.get_by_role("button", name=re.compile("^通过")).click()
    until(desk, lambda: Declaration.objects.get().state == "approved")
    assert Spell.objects.filter(employee__employer=employer).exists()

    # The link was good once.
    stranger = page_of()
    stranger.goto(link)
    stranger.get_by_text("这个链接已经用过或过期").wait_for()


def test_the_clerks_telephone_is_proved_with_a_code_where_messages_are_sent(page_of, live_server, gateway):
    somebody_at("general_hall")
    page = page_of(width=390)
    page.goto(live_server.url + "/register/general_hall/1")
    page.get_by_text("会给专管员手机发短信验证码").wait_for()
    write(page, "name credit_code legal_representative clerk_name id_kind id_number clerk_phone clerk_email")
    go_on(page)
    page.get_by_role("heading", name="验证手机号").wait_for()
    page.get_by_text("139****0001").wait_for()
    page.get_by_role("link", name="以后再验证").click()
    write(page, "economic_kind industry_class established_on address phone")
    go_on(page)
    page.get_by_label("以上内容真实").check()
    page.get_by_role("button", name="提交申请").click()
    page.get_by_role("alert").get_by_text("还没有用短信验证码验证").wait_for()
    page.get_by_role("link", name="去验证").click()
    page.get_by_role("button", name="发送验证码").click()
    page.get_by_text("验证码已发出").wait_for()
    until(page, lambda: gateway.taken)
    code = code_of(gateway)
    page.get_by_label("短信验证码").fill(code[::-1] if code != code[::-1] else "000001")
    page.get_by_role("button", name="验证", exact=True).click()
    page.get_by_role("alert").get_by_text("验证码不对或已过期").wait_for()
    page.get_by_label("短信验证码").fill(code)
    page.keyboard.press("Enter")
    page.get_by_text("手机号已验证").wait_for()
    page.goto(live_server.url + "/register/general_hall/check")
    page.get_by_label("以上内容真实").check()
    page.get_by_role("button", name="提交申请").click()
    page.get_by_text("已注册").first.wait_for()
    assert not Employer.objects.get().operators.get().has_usable_password()


def test_where_nobody_reviews_the_account_goes_by_mail_at_once(page_of, live_server):
    somebody_at("general_hall")
    page = page_of(width=390)
    page.goto(live_server.url + "/register/general_hall/")
    page.get_by_role("link", name="开始注册").click()
    names = "name credit_code legal_representative clerk_name id_kind id_number clerk_phone clerk_email"
    write(page, names)
    go_on(page)
    write(page, "economic_kind industry_class established_on address phone")
    go_on(page)
    page.get_by_label("以上内容真实").check()
    page.get_by_role("button", name="提交申请").click()
    page.get_by_text("已注册").first.wait_for()
    assert Employer.objects.get().name == "示例新设1有限公司"


REGISTERED = {
    "lijiang": ("注册单位网厅", "丽江市", "530700", "“一窗通”"),
    "langfang": ("系统注册", "廊坊市", "", "是否已有单位编号"),
}
"""LJ-1 and LF-1: what the hall calls it, and what its step about the number asks."""


@pytest.mark.parametrize("code", REGISTERED)
def test_each_hall_registers_in_its_own_steps_and_shows_its_first_page(page_of, live_server, code):
    title, place, division, asked = REGISTERED[code]
    somebody_at(*REGISTERED)
    home, page = live_server.url, page_of()
    page.goto(home + "/register")
    page.get_by_role("link", name=place).click()
    page.get_by_role("heading", name=title).wait_for()
    page.get_by_role("link", name="开始注册").click()
    write(page, "name credit_code legal_representative clerk_name id_kind id_number clerk_phone clerk_email")
    go_on(page)
    page.get_by_role("heading", name="单位详细信息").first.wait_for()
    write(page, "economic_kind industry_class established_on address postcode phone bank_name bank_account")
    go_on(page)
    page.get_by_role("group", name=re.compile("^.?社会保险业务")).get_by_label("是").check()
    if division:  # langfang has neither projects nor districts to choose from
        page.get_by_role("group", name=re.compile("工程项目工伤保险业务")).get_by_label("否").check()
    go_on(page)
    page.get_by_role("button", name=re.compile("前往注册|同意|下一步")).click()
    page.get_by_text(asked).first.wait_for()
    if division:
        write(page, "joined_at_setup agency_division", agency_division=division)
    write(page, "has_number first_insured_on")
    go_on(page)
    page.locator("input[type=file]").first.wait_for()
    for field in page.locator("input[type=file]").all():
        field.set_input_files({"name": "材料.pdf", "mimeType": "application/pdf", "buffer": PDF})
    go_on(page)
    page.get_by_label("以上内容真实").check()
    page.get_by_role("button", name="提交申请").click()
    page.get_by_text("申请已提交，等待审核").wait_for()

    desk = page_of(OperatorFactory(reviewer=True, region=code))
    desk.goto(home + "/a/")
    desk.get_by_role("link", name="单位注册").first.click()
    desk.get_by_role("link", name="示例新设1有限公司").click()
    desk.get_by_role("button", name="通过，开通账号").click()
    link = desk.locator("#activation-link").inner_text()
    assert Registration.objects.get().state == "approved"
    page.goto(link)
    page.get_by_label("新密码").fill("first-Month-2026")
    page.get_by_role("button", name="设置密码并登录").click()
    page.wait_for_url(re.compile("/e/"))
    assert "示例新设1有限公司" in page.locator("body").inner_text()
    page.get_by_role("heading", name=re.compile("何示例")).wait_for()


def test_a_registration_goes_through_the_hands_of_the_desk_and_is_signed_by_two(
    page_of,
    live_server,
    undo_time,  # noqa: F811
):
    first, second = (OperatorFactory(reviewer=True, region="yunnan", name=name) for name in ("王审", "李娜"))
    mine, held = submitted(n=1), submitted(n=2)
    home, one, two = live_server.url, page_of(first), page_of(second)
    with reviewed_by(*TWICE):
        # 领取: the colleague sees whose it is, and takes it over with a reason only.
        one.goto(home + "/a/registrations/")
        one.get_by_label("选择 示例新设1有限公司").check()
        one.get_by_role("button", name="领取所选").click()
        one.get_by_text("已领取 1 件").wait_for()
        one.get_by_role("link", name="示例新设1有限公司").click()
        two.goto(f"{home}/a/registrations/{mine.pk}")
        two.get_by_text("王审正在处理").wait_for()
        assert not two.get_by_role("button", name=re.compile("^通过")).count()

        # 挂起 stops the clock of the other one, 备注 stays inside, 转办 hands it on.
        two.goto(f"{home}/a/registrations/{held.pk}")
        two.keyboard.press("h")
        two.get_by_label("挂起原因").select_option(index=1)
        two.locator("#hold").get_by_role("button", name="挂起").click()
        two.get_by_text("起不计时限").wait_for()
        two.get_by_role("button", name=re.compile("^恢复")).click()
        two.get_by_text("已恢复").wait_for()
        two.keyboard.press("n")
        two.get_by_label("备注", exact=True).fill("等工商核实")
        two.get_by_role("button", name="记下").click()
        two.get_by_text("申请人看不到").first.wait_for()
        two.keyboard.press("t")
        two.get_by_label("转给").select_option(label="王审（审核人员）")
        two.locator("#transfer").get_by_role("button", name="转办").click()
        two.get_by_text("已转办").wait_for()
        assert {made.desk.holder_id for made in Registration.objects.all()} == {first.pk}

        # The first one's word is a signature: taken back once, given again; nothing is registered.
        for again in (True, False):
            one.goto(f"{home}/a/registrations/{mine.pk}")
            one.locator('#approve [name="employer_number"]').fill("53000777")
            one.get_by_role("button", name="通过，交下一位审核").click()
            one.get_by_text("账号还没有开通").wait_for()
            if again:
                one.get_by_role("button", name="撤销").click()
                one.get_by_text("已撤回 1 笔通过").wait_for()
        one.goto(f"{home}/a/registrations/{mine.pk}")
        one.get_by_text("您已签过").wait_for()
        assert not Employer.objects.exists()

        # 待复审: the second one sees what the first decided, and opens the account.
        two.goto(home + "/a/registrations/")
        two.get_by_role("link", name=re.compile("待复审")).click()
        two.get_by_role("link", name="示例新设1有限公司").click()
        assert two.locator('#approve [name="employer_number"]').input_value() == "53000777"
        for again in (True, False):
            two.get_by_role("button", name="通过，开通账号").click()
            two.get_by_text("生效以前可以撤回").wait_for()
            if again:
                two.get_by_role("button", name="撤回通过").click()
                two.get_by_text("已撤回 1 笔通过").wait_for()
        assert not Employer.objects.exists()
        with clock.pretending(clock.local_now() + timedelta(seconds=11)):
            take_effect([mine.pk], REGISTRATIONS)
        two.reload()
        two.get_by_role("button", name="取激活链接").click()
        two.locator("#activation-link").wait_for()
    assert Employer.objects.get().employer_number == "53000777"

    # 我办过的: what the second one decided; the first one's signature decided nothing.
    two.goto(home + "/a/registrations/")
    two.get_by_role("link", name="我办过的").click()
    row = two.get_by_role("row").filter(has_text=mine.number)
    assert "通过" in row.inner_text()
