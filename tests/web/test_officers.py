"""三员分立: who runs the system, gives the rights and reads the records are three people, none of them at a desk."""

import ast
from datetime import timedelta
from itertools import combinations
from pathlib import Path

import pytest
from django.test import Client

from shebao.hall import clock
from shebao.hall.audit.models import AuditEntry
from shebao.hall.declarations.models import Declaration
from shebao.hall.employers.models import Employer
from shebao.hall.errors import Refused
from shebao.hall.mail.models import Channel, Mail, MailState
from shebao.hall.mail.operations import LEGIBLE, deliver_mail, forget_kept_secrets
from shebao.hall.operators.models import OFFICER_ROLES, PERMISSIONS, EmergencyGrant, Operator, Role
from shebao.hall.operators.operations import open_agency, open_emergency
from shebao.hall.roster.models import Employee, Spell

from .conftest import make_employer, make_operator

SOURCE = Path(__file__).parents[2] / "src/shebao"


@pytest.fixture(params=[role.value for role in OFFICER_ROLES])
def officer(request, db):
    return make_operator("officer", request.param)


def test_no_right_is_of_two_officers_and_none_of_an_officer_and_of_the_desk():
    for one, other in combinations(OFFICER_ROLES, 2):
        assert not PERMISSIONS[one] & PERMISSIONS[other]
    for officer in OFFICER_ROLES:
        for desk in ("reviewer", "agency_admin"):
            assert not PERMISSIONS[officer] & PERMISSIONS[desk], (officer, desk)


def test_an_account_has_one_role_and_every_role_its_permissions():
    assert set(PERMISSIONS) == set(Role.values)
    assert Operator._meta.get_field("role").max_length and not Operator._meta.many_to_many


def test_an_officer_sees_nobodys_business(client, officer, clerk):
    for model in (Employer, Employee, Spell, Declaration):
        assert not model.objects.visible_to(officer).exists()
    client.force_login(officer)
    for path in ("/a/", "/a/employers/", f"/a/employers/{clerk.employer_id}", "/a/registrations/", "/a/money/"):
        assert client.get(path).status_code == 403, path
    assert client.get("/e/").status_code == 404


def test_every_officer_starts_on_a_page_of_their_own_and_the_menu_leads_nowhere_else(client, officer):
    client.force_login(officer)
    answer = client.get("/", follow=True)
    assert answer.status_code == 200
    own = {"system_admin": "系统运行", "security_admin": "操作员", "audit_admin": "操作记录"}
    menu = answer.content.decode()
    assert own[officer.role] in menu and "审核台" not in menu and 'href="/a/registrations/"' not in menu
    allowed = {"system_admin": "/a/system/", "security_admin": "/operators/", "audit_admin": "/audit/"}
    for role, path in allowed.items():
        assert client.get(path).status_code == (200 if role == officer.role else 403), path


def test_the_security_administrator_makes_the_accounts_of_the_agency(client, security_admin):
    client.force_login(security_admin)
    for role in Role.values:
        answers = {"username": f"new-{role}", "name": "新人", "role": role}
        is_own = role not in ("clerk", "employer_admin")
        assert client.post("/operators/new", answers).status_code == (200 if is_own else 422)


def test_an_agency_is_opened_by_its_security_administrator_and_that_is_in_the_agencys_record(client, db):
    first, _ = open_agency("tianjin", "tj", "方正")
    assert first.role == Role.SECURITY_ADMIN
    client.force_login(make_operator("auditor", Role.AUDIT_ADMIN))
    assert "开通经办机构" in client.get("/audit/").content.decode()
    elsewhere = Client()
    elsewhere.force_login(make_operator("auditor2", Role.AUDIT_ADMIN, region="leshan"))
    assert '<td class="head">开通经办机构' not in elsewhere.get("/audit/").content.decode()


def test_an_emergency_lends_the_accounts_for_its_time_and_not_a_minute_longer(client, agency_admin):
    client.force_login(agency_admin)
    assert client.get("/operators/").status_code == 403
    open_emergency("agency", "安全管理员联系不上", 30)
    assert client.get("/operators/").status_code == 200
    entry = AuditEntry.objects.get(action="emergency.opened")
    assert entry.region == "tianjin" and entry.detail["minutes"] == 30
    EmergencyGrant.objects.update(opened_at=clock.now() - timedelta(hours=1), until=clock.now())
    assert client.get("/operators/").status_code == 403


@pytest.mark.parametrize("minutes", [0, -5, 61, 100_000])
def test_an_emergency_is_an_hour_at_most(agency_admin, minutes):
    with pytest.raises(Refused, match="60 分钟"):
        open_emergency("agency", "急", minutes)
    assert not EmergencyGrant.objects.exists()


def test_an_emergency_is_for_no_officer_no_employer_and_never_without_a_reason(agency_admin, officer, clerk):
    for username in ("officer", "clerk", "nobody"):
        with pytest.raises(Refused, match="三员"):
            open_emergency(username, "急", 10)
    with pytest.raises(Refused, match="原因"):
        open_emergency("agency", "  ", 10)


def test_nobody_is_above_the_rules():
    """No superuser, no Django admin: neither the word nor the application."""
    from django.conf import settings

    assert "django.contrib.admin" not in settings.INSTALLED_APPS
    assert not {field.name for field in Operator._meta.get_fields()} & {"is_superuser", "is_staff", "groups"}
    words = {"is_superuser", "is_staff", "has_perm", "create_superuser"}
    for file in SOURCE.rglob("*.py"):
        named = {
            getattr(node, "attr", getattr(node, "id", "")) for node in ast.walk(ast.parse(file.read_text("utf-8")))
        }
        assert not named & words, file


def test_the_system_administrator_sees_counts_and_no_names(client, clerk, db):
    make_employer("9")
    client.force_login(make_operator("sys", Role.SYSTEM_ADMIN))
    text = client.get("/a/system/").content.decode()
    assert "后台任务" in text and "库外存证" in text
    assert "机械厂" not in text and clerk.name not in text


def test_the_outbox_tells_when_and_what_became_of_a_letter_and_nothing_of_its_business(client, clerk):
    page = {"written_at": clock.now(), "employer": clerk.employer, "region": "tianjin"}
    Mail.objects.create(to="caiwu@jixiechang.cn", subject="机械厂的通知单", text="机械厂：正文", occasion="notice:1:x",
                        state=MailState.KEPT, **page)  # fmt: skip
    Mail.objects.create(to="13812345678", subject="验证码", text="验证码 {secret}", secret="482913", occasion="code:7",
                        channel=Channel.SMS, state=MailState.FAILED, **page)  # fmt: skip
    client.force_login(make_operator("sys", Role.SYSTEM_ADMIN))
    assert "留在网厅 1 封（没有连接邮件服务器或短信网关）" in client.get("/a/system/").content.decode()
    answer = client.get("/a/system/letters")
    text = answer.content.decode()
    told = [(row["purpose"], row["to"], row["letter"].get_state_display()) for row in answer.context["rows"]]
    assert told == [("验证码", "138****78", "没有发出"), ("单据", "c***@j***", "留在网厅，没有外发")]
    for private in ("机械厂", "jixiechang", "caiwu", "13812345678", "482913", "正文", "通知单"):
        assert private not in text, private


def test_where_the_hall_is_for_trying_the_outbox_is_read_and_its_links_for_ten_minutes(client, clerk, settings):
    settings.SHEBAO_LOCAL_OUTBOX = True
    letter = Mail.objects.create(to="caiwu@jixiechang.cn", subject="请设置密码", text="请打开 {secret}",
                                 secret="https://hall.example/activate/geheim", occasion="registration:1",
                                 employer=clerk.employer, region="tianjin", written_at=clock.now())  # fmt: skip
    deliver_mail(letter.pk)
    client.force_login(make_operator("sys", Role.SYSTEM_ADMIN))
    text = client.get("/a/system/letters").content.decode()
    assert "这是试用的设置" in text and f'href="/a/system/letters/{letter.pk}"' in text and "geheim" not in text
    text = client.get(f"/a/system/letters/{letter.pk}").content.decode()
    assert "请打开 https://hall.example/activate/geheim" in text
    assert AuditEntry.objects.filter(action="data.looked_at", subject=f"mail:{letter.pk}").count() == 1
    Mail.objects.filter(pk=letter.pk).update(written_at=clock.now() - LEGIBLE - timedelta(seconds=1))
    text = client.get(f"/a/system/letters/{letter.pk}").content.decode()
    assert "请打开 ……" in text and "验证码或链接已经清除" in text and "geheim" not in text
    assert (forget_kept_secrets(), forget_kept_secrets()) == (1, 0)
    letter.refresh_from_db()
    assert letter.secret == ""
    settings.SHEBAO_LOCAL_OUTBOX = False
    assert client.get(f"/a/system/letters/{letter.pk}").status_code == 404
    Mail.objects.filter(pk=letter.pk).update(state=MailState.WAITING, secret="geheim")
    deliver_mail(letter.pk)
    letter.refresh_from_db()
    assert (letter.state, letter.secret) == (MailState.KEPT, "")


def test_the_outbox_is_paged_and_says_when_it_is_empty(client, db):
    client.force_login(make_operator("sys", Role.SYSTEM_ADMIN))
    assert "还没有邮件和短信" in client.get("/a/system/letters").content.decode()
    for number in range(51):
        Mail.objects.create(
            to="a@b.cn", subject="x", text="x", region="tianjin", occasion=f"code:{number}", written_at=clock.now()
        )
    assert len(client.get("/a/system/letters").context["rows"]) == 50
    assert len(client.get("/a/system/letters?page=2").context["rows"]) == 1


def test_a_letter_of_another_region_or_of_none_is_neither_listed_nor_opened(client, clerk, settings):
    """Its code would open an account that is none of this agency's."""
    settings.SHEBAO_LOCAL_OUTBOX = True
    client.force_login(make_operator("sys", Role.SYSTEM_ADMIN, region="leshan"))
    for number, region in enumerate(("tianjin", "")):
        kept = Mail.objects.create(
            to="13812345678", channel=Channel.SMS, subject="验证码", text="{secret}", secret="482913", region=region,
            occasion=f"code:{number}", state=MailState.KEPT, written_at=clock.now(),
        )  # fmt: skip
        answer = client.get(f"/a/system/letters/{kept.pk}")
        assert answer.status_code == 404 and "482913" not in answer.content.decode()
    assert list(client.get("/a/system/letters").context["rows"]) == []
    assert not AuditEntry.objects.filter(action="data.looked_at").exists()


@pytest.mark.parametrize("role", ["security_admin", "audit_admin", "agency_admin", "reviewer"])
def test_the_outbox_is_the_system_administrators_alone(client, db, role):
    client.force_login(make_operator("other", role))
    assert client.get("/a/system/letters").status_code == 403
