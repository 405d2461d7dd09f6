"""The pages of 单位注册: LJ-1 by the guide's seven steps, LF-1 to the main page, and what a stranger may not do."""

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pypdf import PdfReader

from shebao.hall.documents.blanks import paper_to_sign
from shebao.hall.evidence.files import Upload
from shebao.hall.operators.models import Attempt, Operator
from shebao.hall.regions import all_regions, region
from shebao.hall.registration import checks, deciding, operations
from shebao.hall.registration.models import Registration
from shebao.web.public.registered import TRIES
from tests.factories import OperatorFactory, at
from tests.registration.applying import PDF, answers, desk, drafted, submitted


@pytest.fixture(autouse=True)
def november(db):
    desk("yunnan", "lijiang", "langfang")
    with at():
        yield


def text_of(response) -> str:
    return response.content.decode()


def pdf_text(response) -> str:
    """The words of a PDF, without what breaks its lines."""
    pages = PdfReader(io.BytesIO(response.content)).pages
    return "".join("".join(page.extract_text() for page in pages).split())


def step(client, number, code="lijiang", **data):
    return client.post(f"/register/{code}/{number}", {"go": "next"} | data)


def begun(client, code="lijiang", **changes) -> Registration:
    assert step(client, 1, code, **answers(**changes)).status_code == 302
    return Registration.objects.get()


def test_lijiang_asks_in_the_order_of_its_guide_and_asks_for_the_one_window(client):
    text = text_of(client.get("/register/lijiang/"))
    titles = ["单位与专管员", "单位详细信息", "开通网上大厅功能", "电子版协议", "开通网厅相关内容", "上传材料"]
    places = [text.index(f"<li>{title}</li>") for title in titles]
    assert places == sorted(places)
    assert "专管员身份证（正反面）" in text
    begun(client)
    text = text_of(client.get("/register/lijiang/5"))
    assert "是否通过“一窗通”办理设立登记并已选择同步参加社会保险" in text
    response = step(client, 5, **answers(joined_at_setup="1", has_number="0", agency_division="530700"))
    assert response.status_code == 422
    assert "是否已有单位编号应选“是”" in text_of(response)
    response = step(client, 5, **answers(joined_at_setup="1", has_number="1", employer_number="530700001",
                                         agency_division="530700"))  # fmt: skip
    assert response.url == "/register/lijiang/6"


def test_langfang_registers_signs_in_and_shows_its_main_page(client):
    assert "系统注册" in text_of(client.get("/register/langfang/"))
    reviewer = OperatorFactory(reviewer=True, region="langfang")
    made = submitted("langfang")
    decided = checks.proposed(made, region("langfang"))
    made, token = deciding.approve_registration(made.pk, decided, by=reviewer, seen=made.version)
    assert client.get(f"/activate/{token}").url == "/activate"
    response = client.post("/activate", {"new": "a-Long-enough-1"})
    assert response.url == "/"
    client.post("/logout")
    assert client.post("/login", {"username": made.operator.username, "password": "a-Long-enough-1"}).url == "/"
    assert made.employer.name in text_of(client.get("/e/"))
    catalogue = region("langfang").pages
    assert [catalogue[key].title for key in ("employer_registration", "sign_in", "home_page")] == [
        "系统注册", "系统登录", "系统主页面",
    ]  # fmt: skip


def test_every_region_with_registration_shows_its_first_step(client):
    desk(*(code for code, one in all_regions().items() if one.registration))
    codes = re.findall(r"/register/([a-z_]+)/", text_of(client.get("/register")))
    assert len(codes) > 10
    for code in codes:
        page = text_of(client.get(f"/register/{code}/1"))
        here = region(code)
        asked = [field.label for step, field in here.registration.fields(here.forms) if step == 0]
        assert asked
        for label in asked:
            assert label in page


def test_only_regions_whose_agency_works_here_take_registrations(client):
    text = text_of(client.get("/register"))
    assert set(re.findall(r"/register/([a-z_]+)/", text)) == {"yunnan", "lijiang", "langfang"}
    OperatorFactory(security_admin=True, region="tianjin")  # sees nobody's business
    OperatorFactory(reviewer=True, region="tianjin", is_active=False)
    for response in (client.get("/register/tianjin/"), client.get("/register/tianjin/1"), step(client, 1, "tianjin")):
        assert response.status_code == 404
        assert "还没有在这里开通，请到经办窗口办理单位注册" in text_of(response)
    assert step(client, 1, "tianjin", **answers()).status_code == 404
    assert not Registration.objects.exists()


def test_where_no_agency_works_yet_registering_says_so_in_plain_words(client):
    Operator.objects.update(is_active=False)
    text = text_of(client.get("/register"))
    assert "还没有地区开通网上注册" in text
    assert "请选择社保局所在的地区" not in text
    Operator.objects.filter(region="yunnan").update(is_active=True)
    assert client.get("/register").url == "/register/yunnan/"


def test_nobody_is_told_that_they_may_leave_before_there_is_a_telephone_to_come_back_by(client):
    """Where the first step asks the number alone, a draft of it is found by nothing."""
    desk("tax_client")
    here = region("tax_client")
    first = [field.id for index, field in here.registration.fields(here.forms) if index == 0]
    assert "clerk_phone" not in first
    assert client.post("/register/tax_client/1", answers() | {"go": "next"}).url == "/register/tax_client/2"
    page = text_of(client.get("/register/tax_client/2"))
    assert "请不要离开" in page and "可以离开" not in page
    Registration.objects.update(phone_digest="x" * 32)
    page = text_of(client.get("/register/tax_client/2"))
    assert "可以离开" in page and "请不要离开" not in page


def test_papers_that_a_script_sends_are_answered_in_place_or_sent_on(client):
    desk("fujian")
    made = drafted("yunnan")
    client.post("/register/status", {"number": made.number, "phone": "13900000001"})
    page = text_of(client.get("/register/yunnan/6"))
    assert 'hx-post="/register/yunnan/6"' in page and "data-uploading" in page
    bar = {"headers": {"HX-Request": "true"}}
    wrong = SimpleUploadedFile("证.pdf", b"MZ")
    answer = client.post("/register/yunnan/6", {"go": "upload", "paper_0": wrong}, **bar)
    assert answer.status_code == 422 and "不是 JPG、PNG 或 PDF" in text_of(answer)
    answer = client.post("/register/yunnan/6", {"go": "upload"}, **bar)
    assert answer.status_code == 422 and "没有上传：没有选文件，或选的文件不收。可以收的是图片" in text_of(answer)
    right = SimpleUploadedFile("证.pdf", PDF + b"%%EOF\n")
    answer = client.post("/register/yunnan/6", {"go": "upload", "paper_0": right}, **bar)
    assert (answer.status_code, answer["HX-Redirect"]) == (200, "/register/yunnan/6")
    assert client.post("/register/yunnan/6", {"go": "next"}).url == "/register/yunnan/check"


def test_a_weak_password_is_told_and_the_link_stays(client):
    reviewer = OperatorFactory(reviewer=True, region="yunnan")
    made = submitted()
    decided = checks.proposed(made, region("yunnan"))
    _, token = deciding.approve_registration(made.pk, decided, by=reviewer, seen=made.version)
    client.get(f"/activate/{token}")
    assert client.post("/activate", {"new": "123"}).status_code == 422
    assert client.get("/activate").status_code == 200


def test_a_made_up_link_opens_nothing(client):
    client.get("/activate/made-up")
    assert client.get("/activate").status_code == 410
    assert client.post("/activate", {"new": "a-Long-enough-1"}).status_code == 410


def test_no_address_holds_a_person_or_tells_which_registration_it_is(client):
    made = begun(client, "yunnan")
    for response in (
        client.post("/register/status", {"number": made.number, "phone": "13900000001"}),
        step(client, 2, "yunnan", **answers()),
    ):
        for private in (made.number, "13900000001", answers()["credit_code"]):
            assert private not in response.url


def test_asking_for_progress_is_counted_and_ends(client):
    made = drafted()
    for _ in range(TRIES):
        assert client.post("/register/status", {"number": made.number, "phone": "13900000002"}).status_code == 422
    assert client.post("/register/status", {"number": made.number, "phone": "13900000001"}).status_code == 429
    assert not Attempt.objects.filter(who__contains="127").exists()


def test_a_browser_that_holds_nothing_sees_nothing_of_a_registration(client):
    made = drafted()
    for address in ("check", "3"):
        response = client.get(f"/register/yunnan/{address}")
        assert response.url == "/register/yunnan/"
    assert client.get("/register/progress").url == "/register/status"
    paper = made.papers.first()
    client.post(f"/register/yunnan/files/{paper.pk}/remove")
    assert made.papers.filter(pk=paper.pk).exists()
    text = pdf_text(client.get("/register/yunnan/papers/0"))
    assert "授权" in text and "何示例" not in text


def test_the_paper_to_sign_is_a_file_with_what_was_filled_in_and_lines_to_sign_on(client):
    here = region("yunnan")
    begun(client, "yunnan", name='示例#[*新设*]"有限公司')  # no answer is markup
    answer = client.get("/register/yunnan/papers/0")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment; filename*=UTF-8''") and ".pdf" in str(answer.headers)
    text, spec = pdf_text(answer), here.registration.templates[0]
    for said in ('示例#[*新设*]"有限公司', "何示例", answers()["credit_code"], answers()["id_number"], spec.title):
        assert said in text
    assert [one for one in spec.signatures if f"{one}：" not in text] == []
    assert client.get("/register/yunnan/papers/1").status_code == 404
    assert client.get("/register/yunnan/papers/99").status_code == 404


def test_every_paper_to_sign_of_every_region_can_be_printed():
    found = [one for here in all_regions().values() if here.registration for one in here.registration.templates]
    assert found
    for one in {one.paragraphs: one for one in found}.values():
        text = "".join(
            "".join(page.extract_text() for page in PdfReader(io.BytesIO(paper_to_sign(one, {}))).pages).split()
        )
        assert "".join(one.title.split()) in text and "{" not in text


def test_leaving_a_shared_computer_forgets_the_registration_there(client):
    begun(client, "yunnan")
    assert client.get("/register/progress").status_code == 200
    client.post("/register/leave")
    assert client.get("/register/progress").status_code == 302
    assert Registration.objects.count() == 1


def test_a_registration_of_one_region_is_not_filled_in_at_another(client):
    begun(client, "yunnan")
    assert client.get("/register/lijiang/2").url == "/register/lijiang/"


def test_the_file_of_another_registration_cannot_be_removed(client):
    other = drafted(n=2)
    assert step(client, 1, "yunnan", **answers()).status_code == 302
    response = client.post(f"/register/yunnan/files/{other.papers.first().pk}/remove")
    assert response.status_code == 404
    assert other.papers.count() == len(region("yunnan").registration.papers)


def test_a_submitted_registration_cannot_be_written_to_from_an_old_page(client):
    made = drafted()
    client.post("/register/status", {"number": made.number, "phone": "13900000001"})
    operations.submit_registration(made.pk)
    assert step(client, 1, "yunnan", **answers(name="改名有限公司")).url == "/register/progress"
    made.refresh_from_db()
    assert made.answers["name"] == "示例新设1有限公司"


def returned(client, marks) -> tuple[Registration, object]:
    """A registration that was sent back with marks, held by this browser."""
    made = drafted()
    client.post("/register/status", {"number": made.number, "phone": "13900000001"})
    made = operations.submit_registration(made.pk)
    reviewer = OperatorFactory(reviewer=True, region="yunnan")
    return deciding.return_registration(made.pk, marks, "", by=reviewer, seen=made.version), reviewer


def test_a_marked_item_that_is_unchanged_is_named_and_needs_a_tick_and_the_reviewer_sees_it(client):
    made, reviewer = returned(client, {"name": "与证照不一致", "paper_0": "看不清"})
    here = region("yunnan")
    paper = made.spec.papers[0].title
    check = text_of(client.get("/register/yunnan/check"))
    assert f"还有 2 项没有改：单位名称、{paper}" in check and 'name="same"' in check
    response = client.post("/register/yunnan/check", {"true": "1"})
    assert response.status_code == 422 and "勾选确认后再提交" in text_of(response)
    made.refresh_from_db()
    assert made.state == "returned"
    assert step(client, 1, "yunnan", **answers(name="示例新设股份有限公司")).status_code == 302
    assert [one.text for one in checks.unrepaired(Registration.objects.get(), here)] == [paper]
    assert "办理时间" in text_of(client.get("/register/progress"))
    assert client.post("/register/yunnan/check", {"true": "1", "same": "1"}).url == "/register/progress"
    progress = text_of(client.get("/register/progress"))
    assert "办理时间" not in progress, "that was the return's"
    assert "咨询电话 <a" in progress
    client.force_login(reviewer)
    page = text_of(client.get(f"/a/registrations/{made.pk}"))
    assert f"标注过而没有改：{paper}</p>" in page and "改了 1 项：单位名称" in page


def test_a_marked_paper_whose_file_is_replaced_is_repaired(client):
    made, reviewer = returned(client, {"paper_0": "看不清"})
    old = made.papers.get(title=made.spec.papers[0].title)
    assert "还有 1 项没有改" in text_of(client.get("/register/yunnan/check"))
    operations.replace_paper(made.pk, old.pk, Upload("清楚.pdf", PDF + b"%"))
    check = text_of(client.get("/register/yunnan/check"))
    assert "没有改" not in check and check.count("<small>已修改</small>") == 1
    (desk := Client()).force_login(reviewer)
    assert "清楚.pdf" not in text_of(desk.get(f"/a/registrations/{made.pk}"))  # the applicant's until it is sent in
    assert client.post("/register/yunnan/check", {"true": "1"}).url == "/register/progress"
    page = text_of(desk.get(f"/a/registrations/{made.pk}"))
    assert "清楚.pdf" in page and page.count(">新上传<") == 1 and "上次意见：看不清" in page


def test_a_step_that_was_repaired_says_so_and_asks_for_nothing_more(client):
    made, reviewer = returned(client, {"name": "与证照不一致", "paper_0": "看不清"})
    assert text_of(client.get("/register/yunnan/check")).count("需要处理") == 2
    step(client, 1, "yunnan", **answers(name="示例新设股份有限公司"))
    old = made.papers.get(title=made.spec.papers[0].title)
    client.post(f"/register/yunnan/files/{old.pk}/remove")
    assert text_of(client.get("/register/yunnan/check")).count("需要处理") == 1  # without a file it is not repaired
    operations.add_papers(made.pk, old.title, [Upload("清楚.pdf", PDF + b"%")])
    check = text_of(client.get("/register/yunnan/check"))
    assert "需要处理" not in check and check.count("<small>已修改</small>") == 2
    assert "没有改" not in check and 'name="same"' not in check
    assert "/register/yunnan/check" in text_of(client.get("/register/progress"))
    assert client.post("/register/yunnan/check", {"true": "1"}).url == "/register/progress"
    client.force_login(reviewer)
    page = text_of(client.get(f"/a/registrations/{made.pk}"))
    assert f"改了 2 项：单位名称、{old.title}" in page and page.count(">新上传<") == 1
    assert "上次意见：看不清" in page and '<span class="bad">看不清' not in page


@pytest.mark.parametrize("host", ["", "mail.example.cn"])
def test_the_hint_beside_approve_says_where_the_link_goes_on_this_installation(client, settings, host):
    made = submitted()
    settings.EMAIL_HOST = host
    client.force_login(OperatorFactory(reviewer=True, region="yunnan"))
    page = text_of(client.get(f"/a/registrations/{made.pk}"))
    assert ("激活链接发到专管员邮箱，并在下一页只显示一次" in page) == bool(host)
    assert ("激活链接在下一页只显示一次，请当面交给专管员" in page) == (not host)


@pytest.mark.parametrize(
    ("host", "gateway"), [("", ""), ("mail.example.cn", ""), ("mail.example.cn", "https://sms.example")]
)
def test_no_page_promises_a_letter_or_message_that_this_installation_does_not_send(client, settings, host, gateway):
    made = submitted()
    settings.EMAIL_HOST, settings.SHEBAO_SMS_URL = host, gateway
    ways = "短信和邮件" if gateway else "邮件" if host else ""
    client.post("/register/status", {"number": made.number, "phone": "13900000001"})
    for address in ("/register/yunnan/", "/register/progress"):
        page = text_of(client.get(address))
        assert (f"审核结果另发{ways}给专管员" in page) == bool(ways)
        assert ("本网厅不发短信和邮件" in page) == (not ways)
    beginning = text_of(client.get("/register/yunnan/"))
    assert ("发到电子邮箱的链接" in beginning) == bool(host) and ("本网厅不发邮件" in beginning) == (not host)
    client.force_login(OperatorFactory(reviewer=True, region="yunnan"))
    told = {"version": made.version, "note": "请改"}
    page = text_of(client.post(f"/a/registrations/{made.pk}/return", told, follow=True))
    assert (f"已退回，申请人会收到{ways}。" in page) == bool(ways)
    assert ("已退回，本网厅不发短信和邮件" in page) == (not ways)


DESK = ["", "/approve", "/return", "/reject", "/link"]


@pytest.mark.parametrize("deed", DESK)
@pytest.mark.parametrize("who", ["nobody", "clerk", "elsewhere"])
def test_only_the_regions_own_reviewers_reach_a_registration(client, who, deed):
    made = submitted()
    if who == "clerk":
        client.force_login(OperatorFactory(clerk=True))
    elif who == "elsewhere":
        client.force_login(OperatorFactory(reviewer=True))
    send = client.post if deed else client.get
    response = send(f"/a/registrations/{made.pk}{deed}", {"version": made.version, "note": "不"})
    assert response.status_code == (302 if who == "nobody" else 404)
    if who == "nobody":
        assert response.url.startswith("/login")
    made.refresh_from_db()
    assert made.state == "submitted"
    file = client.get(f"/a/registrations/files/{made.papers.first().pk}")
    assert file.status_code == (302 if who == "nobody" else 404)


def test_a_registration_is_returned_for_reasons_of_registrations(client):
    made = submitted("lijiang")
    client.force_login(OperatorFactory(reviewer=True, region="lijiang"))
    text = text_of(client.get(f"/a/registrations/{made.pk}"))
    assert "与统一社会信用代码证的记载不一致" in text and "与劳动合同等材料不一致" not in text
    data = {"version": made.version, "flag_name": "1", "code_name": "01", "reason_name": "少了两个字"}
    client.post(f"/a/registrations/{made.pk}/return", data)
    made.refresh_from_db()
    assert made.marks == {"name": "与统一社会信用代码证的记载不一致：少了两个字"}


def test_a_decision_that_is_refused_keeps_what_was_typed(client):
    made = submitted()
    client.force_login(OperatorFactory(reviewer=True, region="yunnan"))
    response = client.post(f"/a/registrations/{made.pk}/approve", {"version": made.version, "employer_number": "编号"})
    assert response.status_code == 422
    assert "编号" in text_of(response)
    response = client.post(f"/a/registrations/{made.pk}/reject", {"version": made.version})
    assert response.status_code == 422
    assert "请写明不予办理的原因" in text_of(response)


def test_a_second_press_of_approve_says_so_and_shows_no_link(client):
    made = submitted()
    client.force_login(OperatorFactory(reviewer=True, region="yunnan"))
    data = checks.proposed(made, region("yunnan")) | {"version": made.version}
    assert "activation-link" in text_of(client.post(f"/a/registrations/{made.pk}/approve", data))
    response = client.post(f"/a/registrations/{made.pk}/approve", data, follow=True)
    assert "没有重复办理" in text_of(response)
    assert "activation-link" not in text_of(response)
    assert "取激活链接" in text_of(response)


def test_who_was_declined_may_begin_again_in_the_same_browser(client):
    made = drafted()
    client.post("/register/status", {"number": made.number, "phone": "13900000001"})
    made = operations.submit_registration(made.pk)
    reviewer = OperatorFactory(reviewer=True, region="yunnan")
    deciding.reject_registration(made.pk, "不属于本地", by=reviewer, seen=made.version)
    assert "不属于本地" in text_of(client.get("/register/progress"))
    assert client.get("/register/yunnan/1").status_code == 200
    assert step(client, 1, "yunnan", **answers()).url == "/register/yunnan/2"
    assert Registration.objects.count() == 2


def test_more_files_than_a_paper_takes_are_not_even_read(client):
    begun(client, "yunnan")
    files = [SimpleUploadedFile(f"{n}.pdf", b"%PDF-1.4 %%EOF") for n in range(6)]
    response = step(client, 6, "yunnan", go="upload", paper_0=files)
    assert "一次最多选 5 个文件" in text_of(response)
    assert not Registration.objects.get().papers.exists()


def test_a_file_that_is_there_already_does_not_hold_up_its_step(client):
    begun(client, "yunnan")
    for _ in range(2):
        file = SimpleUploadedFile("1.pdf", b"%PDF-1.4 %%EOF")
        assert step(client, 6, "yunnan", go="upload", paper_0=file).status_code == 302
    assert Registration.objects.get().papers.count() == 1


def test_the_menu_tells_how_many_registrations_wait(client):
    submitted()
    client.force_login(OperatorFactory(reviewer=True, region="yunnan"))
    assert re.search(r"单位注册.{0,80}>1<", text_of(client.get("/a/")), re.S)
