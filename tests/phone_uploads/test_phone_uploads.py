"""A telephone sends what it photographs: for a few minutes, for one paper, with the right of whoever asked."""

from datetime import timedelta

import pytest
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client

from shebao.hall.audit.models import AuditEntry
from shebao.hall.errors import Refused
from shebao.hall.evidence import files
from shebao.hall.evidence.models import Evidence, StoredFile
from shebao.hall.evidence.operations import add_evidence
from shebao.hall.phone_uploads import operations
from shebao.hall.phone_uploads.models import MOST, PhoneUpload
from shebao.hall.phone_uploads.operations import (
    ask_for_declaration,
    ask_for_registration,
    end_for_registration,
    phone_upload_of,
    send_by_phone,
    token_of,
)
from shebao.hall.regions import region
from shebao.hall.registration import operations as operations_of_registration
from shebao.hall.registration.operations import submit_registration
from shebao.hall.sign_in.models import Why
from shebao.hall.sign_in.sessions import begin_session, close_session, end_sessions
from tests.evidence.test_thumbnails import CARD, drawn, picture, print_of, shenzhen
from tests.factories import NOW, EmployerFactory, OperatorFactory, at
from tests.papers import PDF, upload
from tests.registration.applying import drafted


@pytest.fixture(autouse=True)
def november(db):
    with at():
        yield


def pages(*names):
    return [upload(f"{name}.pdf", PDF + name.encode()) for name in names]


def asked():
    """A declaration that is not submitted, its clerk's session, and the token of a code for one of its papers."""
    clerk, one = shenzhen()
    begin_session(clerk, "key-of-a-session", "password", "192.0.2.1", "")
    made = ask_for_declaration(one.pk, CARD, by=clerk, session_key="key-of-a-session")
    return clerk, one, token_of(made)


def refused(token, phone="phone"):
    with pytest.raises(Refused) as no:
        send_by_phone(token, phone, pages("x"))
    return no.value.code


def test_what_the_phone_sends_is_the_clerks_evidence_and_the_record_says_how_it_came():
    clerk, one, token = asked()
    assert send_by_phone(token, "phone", pages("a", "b")).used == 2
    kept = Evidence.objects.filter(declaration=one, title=CARD)
    assert {(each.added_by, each.stored.stored_by) for each in kept} == {(clerk, clerk)}
    entries = AuditEntry.objects.filter(action="evidence.added")
    assert [(each.actor, each.detail["via"]) for each in entries] == [(clerk, "phone")] * 2
    made = AuditEntry.objects.get(action="phone_upload.asked")
    assert (made.actor, made.employer, made.detail) == (clerk, clerk.employer, {"title": CARD})


def test_an_applicants_phone_sends_too_and_its_code_ends_when_another_is_asked_for_or_the_computer_is_left():
    made = drafted()
    title = made.spec.papers[0].title
    first = token_of(ask_for_registration(made.pk, title))
    second = token_of(ask_for_registration(made.pk, title))
    assert refused(first) == "link_spent"
    send_by_phone(second, "phone", pages("a"))
    entry = AuditEntry.objects.filter(action="registration.paper_added").order_by("sequence").last()
    assert (entry.actor, entry.detail) == (None, {"count": 1, "via": "phone"})
    end_for_registration(made.pk)
    assert refused(second) == "link_spent"
    third = token_of(ask_for_registration(made.pk, title))
    submit_registration(made.pk)
    assert refused(third) == "link_spent"
    with pytest.raises(Refused):
        ask_for_registration(made.pk, title)


def test_an_address_that_is_made_up_altered_or_past_its_time_opens_nothing():
    _, _, token = asked()
    code = PhoneUpload.objects.get().code
    others = ["", code, f"{code}:", token[:-1], token + "x", signing.Signer(salt="other").sign(code)]
    assert {refused(one) for one in [*others, signing.Signer(salt=operations.SALT).sign("nobody")]} == {"link_spent"}
    with at(NOW + operations.LASTS - timedelta(seconds=1)):
        phone_upload_of(token, "phone")
    with at(NOW + operations.LASTS):
        assert refused(token) == "link_spent"
    assert not Evidence.objects.exists()


@pytest.mark.parametrize("deed", ["signed out", "ended", "shut", "must change", "too long", "withheld", "submitted"])
def test_the_code_dies_with_the_right_it_was_made_with(deed, settings):
    clerk, one, token = asked()
    if deed == "signed out":
        close_session("key-of-a-session")
    elif deed == "ended":
        end_sessions(clerk, Why.PASSWORD, by=clerk)
    elif deed == "shut":
        type(clerk).objects.filter(pk=clerk.pk).update(is_active=False)
    elif deed == "must change":
        type(clerk).objects.filter(pk=clerk.pk).update(must_change_password=True)
    elif deed == "too long":
        settings.SHEBAO_ABSOLUTE_LIMIT = timedelta(seconds=-1)
    elif deed == "withheld":
        type(clerk).objects.filter(pk=clerk.pk).update(withheld=["service:sensitive_employee_change"])
    else:
        type(one).objects.filter(pk=one.pk).update(state="submitted")
    assert refused(token) == "link_spent"


def test_one_phone_uses_it_and_no_more_than_it_takes():
    _, _, token = asked()
    send_by_phone(token, "phone", pages("a"))
    assert refused(token, "another") == "link_spent"
    with pytest.raises(Refused, match="还能再传 4 个"):
        send_by_phone(token, "phone", pages(*"bcdef"))
    assert PhoneUpload.objects.get().used == 1, "all of it, or none"
    send_by_phone(token, "phone", pages(*"bcde"))
    assert PhoneUpload.objects.get().used == MOST
    assert refused(token) == "too_many_files"
    with pytest.raises(IntegrityError), transaction.atomic():
        PhoneUpload.objects.update(used=MOST + 1)


def test_a_code_is_for_a_paper_that_is_asked_for_and_a_session_of_ones_own():
    clerk, one, _ = asked()
    other = OperatorFactory(clerk=True, employer=EmployerFactory(region="shenzhen"))
    begin_session(other, "another-session", "password", "", "")
    for by, title, key, error in (
        (clerk, "不收的材料", "key-of-a-session", Refused),
        (clerk, CARD, "another-session", Exception),
        (other, CARD, "another-session", type(one).DoesNotExist),
    ):
        with pytest.raises(error):
            ask_for_declaration(one.pk, title, by=by, session_key=key)
    made = drafted()
    with pytest.raises(Refused):
        ask_for_registration(made.pk, "不收的材料")


def signed_in(clerk):
    desktop = Client()
    desktop.force_login(clerk)
    begin_session(clerk, desktop.session.session_key, "password", "", "")
    return desktop


SMALL = {"headers": {"HX-Request": "true"}}


def test_the_page_shows_the_code_waits_and_shows_what_came():
    clerk, one = shenzhen()
    desktop, phone = signed_in(clerk), Client()
    address = f"/e/cases/{one.pk}/papers/"
    answer = desktop.post(address, {"title": CARD, "phone": "1"}, **SMALL)
    said = answer.content.decode()
    made = PhoneUpload.objects.get()
    assert said.count("<svg") >= 1 and 'hx-trigger="every 3s"' in said and "等待手机上传" in said
    asks = f"{address}?part=0&had={made.pk}-0"
    assert f'hx-get="{asks.replace("&", "&amp;")}"' in said
    assert desktop.get(asks, **SMALL).status_code == 204
    opened = phone.get(f"/phone/{token_of(made)}", follow=True)
    page = opened.content.decode()
    assert opened.redirect_chain == [("/phone", 302)] and CARD in page and 'capture="environment"' in page
    for hidden in (clerk.name, clerk.employer.name, one.subject_name):
        assert hidden not in page
    sent = phone.post("/phone", {"shot": SimpleUploadedFile("a.pdf", PDF)}, follow=True).content.decode()
    assert "已上传 1 个文件" in sent and "还能传 4 个" in sent
    blurred = {"shot": SimpleUploadedFile("c.jpg", print_of(12))}
    assert "照片可能不清晰" in phone.post("/phone", blurred, follow=True).content.decode()
    assert "照片可能不清晰" not in phone.get("/phone").content.decode()
    wrong = phone.post("/phone", {"shot": SimpleUploadedFile("b.jpg", b"MZ")})
    assert wrong.status_code == 422 and "不是 JPG、PNG 或 PDF" in wrong.content.decode()
    answer = desktop.get(asks, **SMALL)
    assert 'id="ev-next" hx-swap-oob="true"' in answer.content.decode(), "what is missing still is told too"
    assert "已收到 2 个文件" in answer.content.decode() and "a.pdf" in answer.content.decode()
    with at(NOW + operations.LASTS):
        over = desktop.get(f"{address}?part=0&had={made.pk}-2", **SMALL).content.decode()
        assert "刷新二维码" in over and "hx-trigger" not in over
        assert phone.get("/phone").status_code == 410
    desktop.post("/logout")
    assert phone.get("/phone").status_code == 410


def test_codes_and_sendings_are_counted_and_past_the_limit_nothing_is_made_or_taken(monkeypatch, settings):
    monkeypatch.setattr("shebao.web.by_phone.CODES", 1)
    monkeypatch.setattr("shebao.web.public.by_phone.SENDINGS", 2)
    clerk, one = shenzhen()
    desktop, phone = signed_in(clerk), Client()
    asking = [desktop.post(f"/e/cases/{one.pk}/papers/", {"title": CARD, "phone": "1"}, **SMALL) for _ in range(2)]
    assert [answer.status_code for answer in asking] == [200, 429]
    assert "生成二维码的次数过多" in asking[1].content.decode()
    phone.get(f"/phone/{token_of(PhoneUpload.objects.get())}")

    def sending(name):
        answer = phone.post("/phone", {"shot": SimpleUploadedFile(f"{name}.pdf", PDF + name.encode())})
        return answer.status_code, answer.content.decode()

    settings.SHEBAO_PAPERS_AN_HOUR = 1
    assert sending("a")[0] == 302
    employers = sending("b")
    assert employers[0] == 429 and "一小时最多上传 1 次" in employers[1]
    settings.SHEBAO_PAPERS_AN_HOUR = 60
    addresses = sending("c")
    assert addresses[0] == 429 and "这个地址上传的次数过多" in addresses[1]
    assert PhoneUpload.objects.get().used == Evidence.objects.count() == 1


def test_an_applicants_page_shows_the_code_with_and_without_a_script():
    made = drafted()
    desktop = Client()
    desktop.post("/register/status", {"number": made.number, "phone": "13900000001"})
    address = "/register/yunnan/6"
    title = made.spec.papers[1].title
    chosen = SimpleUploadedFile("b.pdf", PDF + b"2")
    answer = desktop.post(address, {"phone": "1", "paper_0": chosen}, follow=True)
    said = answer.content.decode()
    assert answer.redirect_chain == [(f"{address}#part-1", 302)]
    assert "等待手机上传" in said and "b.pdf" in said, "what was chosen is kept"
    answer = desktop.post(address, {"phone": "1"}, **SMALL).content.decode()
    assert answer.lstrip().startswith('<div class="ev-part" id="part-1"') and 'id="file-forms" hx-swap-oob' in answer
    code = PhoneUpload.objects.latest("pk")
    send_by_phone(token_of(code), "phone", pages("c"))
    assert made.papers.filter(title=title).count() == 2
    assert "c.pdf" in desktop.get(f"{address}?part=1&had={code.pk}-0", **SMALL).content.decode()
    for odd in ("99", "x", "", "²", "1" * 5000):
        assert desktop.get(f"{address}?part={odd}", **SMALL).status_code == 204
        assert desktop.post(address, {"phone": odd}, **SMALL).status_code == 404
    desktop.post("/register/leave")
    assert "/register/yunnan/" in desktop.get(f"{address}?part=1", **SMALL)["HX-Redirect"]


def test_an_applicant_turns_replaces_and_removes_a_picture():
    made = drafted()
    title = made.spec.papers[1].title
    operations_of_registration.add_papers(made.pk, title, [upload("照片.jpg", picture())])
    one = made.papers.select_related("stored").get(stored__kind="jpeg")
    desktop = Client()
    desktop.post("/register/status", {"number": made.number, "phone": "13900000001"})
    turned = desktop.post(f"/register/yunnan/files/{one.pk}/turn", **SMALL).content.decode()
    assert turned.lstrip().startswith('<div class="ev-part" id="part-1"')
    before, one = one.stored, made.papers.get(pk=one.pk)
    assert drawn(files.content_of(one.stored)).size == (800, 1200)
    assert drawn(files.thumbnail_of(one.stored)).size == (213, 320)
    assert not StoredFile.objects.filter(pk=before.pk).exists() and one.stored.name == "照片.jpg"
    swap = SimpleUploadedFile("新.png", picture("PNG", (700, 900)))
    desktop.post("/register/yunnan/6", {"go": "upload", f"swap_{one.pk}": swap})
    one = made.papers.get(pk=one.pk)
    assert (one.stored.name, one.stored.kind) == ("新.png", "png")
    plain = made.papers.filter(stored__kind="pdf").first()
    assert desktop.post(f"/register/yunnan/files/{plain.pk}/turn").status_code == 422
    foreign = drafted(n=2).papers.first()
    for deed in ("turn", "remove"):
        assert desktop.post(f"/register/yunnan/files/{foreign.pk}/{deed}").status_code == 404
    actions = AuditEntry.objects.filter(action="registration.paper_replaced")
    assert actions.count() == 2


def test_a_clerk_turns_a_picture_of_a_declaration():
    clerk, one = shenzhen()
    (kept,) = add_evidence(one.pk, CARD, [upload("正面.png", picture("PNG"))], by=clerk)
    desktop = signed_in(clerk)
    answer = desktop.post(f"/e/evidence/{kept.pk}/turn/", follow=True)
    assert "已把“正面.png”转 90°" in answer.content.decode()
    now = Evidence.objects.get(declaration=one, removed_at=None)
    assert now.pk != kept.pk and drawn(files.content_of(now.stored)).size == (800, 1200)
    assert drawn(files.content_of(now.stored)).format == "PNG", "without loss"


def test_the_paper_of_a_whole_month_comes_by_phone_too():
    clerk = OperatorFactory(clerk=True, employer=EmployerFactory(region="wage_hall"))
    desktop = signed_in(clerk)
    pages_ = region("wage_hall").pages.values()
    spec = next(one for one in pages_ if one.page == "monthly_papers")
    title = next(one.title for one in region("wage_hall").services[spec.service].uploads if one.covers == "month")
    address = f"/e/pages/{spec.key}/"
    said = desktop.post(address, {"title": title, "phone": "1"}, **SMALL).content.decode()
    assert f'hx-get="{address}?part=0&amp;had=' in said and "等待手机上传" in said
    code = PhoneUpload.objects.get()
    assert (code.service, code.declaration) == (spec.service, None)
    send_by_phone(token_of(code), "phone", pages("a"))
    assert Evidence.objects.get(service=spec.service, declaration=None).added_by == clerk
    said = desktop.get(f"{address}?part=0&had={code.pk}-0", **SMALL).content.decode()
    assert "a.pdf" in said and "已收到 1 个文件" in said
    assert desktop.post(address, {"title": "不收的", "phone": "1"}).status_code == 404
