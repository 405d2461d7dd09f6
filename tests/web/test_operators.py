"""Operators are made, reset and disabled by their administrator; every deed is on record."""

import ast
import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import get_resolver

from shebao.hall.audit.models import AuditEntry
from shebao.hall.audit.operations import broken_links
from shebao.hall.operators.models import Operator
from shebao.hall.regions import region as region_of
from shebao.hall.sign_in.models import OpenSession
from shebao.web.operators.audit_details import KEYS, Details
from shebao.web.operators.audit_places import place_title
from shebao.web.operators.audit_words import ACTIONS, action_title, actions_for, subject_text

from .conftest import PASSWORD


@pytest.fixture
def admin(client, employer_admin):
    client.force_login(employer_admin)
    return client


def new_operator(admin, **answers):
    return admin.post("/operators/new", {"username": "wang", "name": "王敏", "role": "clerk"} | answers)


def shown_password(response) -> str:
    return re.search(r'id="one-time-password">([^<]+)<', response.content.decode())[1]


def test_a_new_operator_signs_in_with_the_password_shown_once_and_must_change_it(admin, employer):
    password = shown_password(new_operator(admin))
    operator = Operator.objects.get(username="wang")
    assert (operator.employer, operator.region, operator.must_change_password) == (employer, "tianjin", True)
    assert password not in admin.get("/operators/").content.decode()
    theirs = Client()
    theirs.post("/login", {"username": "wang", "password": password})
    assert theirs.get("/").url == "/password"


def test_who_chose_no_role_is_asked_to_choose_one(admin):
    assert "请选择角色。" in new_operator(admin, role="").content.decode()


def test_an_employer_cannot_make_a_reviewer(admin):
    response = new_operator(admin, role="agency_admin")
    assert response.status_code == 422
    assert not Operator.objects.filter(username="wang").exists()


def test_a_taken_account_is_refused_beside_its_field_and_keeps_what_was_typed(admin, clerk):
    response = new_operator(admin, username="clerk")
    text = response.content.decode()
    assert response.status_code == 422
    assert "账号“clerk”已被使用" in text
    assert 'value="王敏"' in text


def test_resetting_ends_the_session_and_the_old_password(admin, clerk):
    theirs = Client()
    theirs.post("/login", {"username": "clerk", "password": PASSWORD})
    password = shown_password(admin.post(f"/operators/{clerk.pk}/password"))
    assert theirs.get("/password").url.startswith("/login")
    assert not OpenSession.objects.filter(operator=clerk, ended_at=None).exists()
    clerk.refresh_from_db()
    assert clerk.check_password(password) and clerk.must_change_password
    assert not clerk.check_password(PASSWORD)


def test_nobody_disables_oneself(admin, employer_admin):
    admin.post(f"/operators/{employer_admin.pk}/disable")
    employer_admin.refresh_from_db()
    assert employer_admin.is_active
    assert not AuditEntry.objects.filter(action="operator.disabled").exists()


def test_a_disabled_operator_can_be_enabled_again(admin, clerk):
    admin.post(f"/operators/{clerk.pk}/disable")
    clerk.refresh_from_db()
    assert not clerk.is_active
    admin.post(f"/operators/{clerk.pk}/enable")
    clerk.refresh_from_db()
    assert clerk.is_active


def test_a_deed_needs_a_post(admin, clerk):
    for action in ("password", "disable", "enable"):
        assert admin.get(f"/operators/{clerk.pk}/{action}").status_code == 405


def test_every_deed_is_on_record_in_chinese_and_the_chain_holds(admin, clerk):
    new_operator(admin)
    admin.post(f"/operators/{clerk.pk}/password")
    admin.post(f"/operators/{clerk.pk}/disable")
    text = admin.get("/audit/").content.decode()
    for words in ("新建操作员", "重置密码", "停用操作员"):
        assert words in text
    only = admin.get("/audit/?action=operator.disabled").content.decode()
    assert '<optgroup label="操作员">' in only and '<option value="operator.disabled" selected>' in only
    assert "共 1 条" in only
    by_request = AuditEntry.objects.get(action="operator.disabled").request
    assert "共 1 条" in admin.get(f"/audit/?request={by_request}").content.decode()
    assert "没有符合条件的记录" in admin.get("/audit/?request=none").content.decode()
    assert list(broken_links()) == []


def test_no_password_is_on_record(admin):
    password = shown_password(new_operator(admin))
    assert all(password not in str(entry.detail) for entry in AuditEntry.objects.all())


def test_every_deed_that_is_recorded_has_a_word():
    hall = Path(__file__).parents[2] / "src/shebao/hall"
    called = r"""(?:\brecord|\brecord_many|\baudit)\(\s*"([\w.]+)\""""
    deeds = {deed for file in hall.rglob("*.py") for deed in re.findall(called, file.read_text("utf-8"))}
    assert {"operator.created", "month.settled"} <= deeds
    assert sorted(deeds - set(ACTIONS)) == []


def test_every_detail_that_is_recorded_has_a_word():
    hall = Path(__file__).parents[2] / "src/shebao/hall"
    keys = set()
    for file in hall.rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("record", "audit"):
                keys |= {keyword.arg for keyword in call.keywords if keyword.arg}
    assert {"month", "rows"} <= keys
    assert sorted(keys - {"by", "employer"} - set(KEYS)) == []


def test_the_record_names_the_person_beside_the_account(admin, employer_admin):
    new_operator(admin)
    text = admin.get("/audit/").content.decode()
    assert f'{employer_admin.name} <span class="note">{employer_admin.username}（' in text


def test_the_record_speaks_of_services_and_yuan_not_of_codes_and_fen():
    here = region_of("tianjin")
    detail = {"service": "employee_enrolment", "total_fen": 123456, "note": ""}
    title = here.services["employee_enrolment"].title
    assert Details(here).text("declaration.saved", detail) == f"事项 {title}，金额（元） 1,234.56"
    assert subject_text("declaration:187", {}) == "申报 187"
    assert subject_text("declaration:187", {"declaration:187": "TJ20261100000187"}) == "申报 TJ20261100000187"
    assert action_title("declaration.saved") == "录入申报"


def test_the_details_of_the_record_say_what_codes_mean_and_leave_out_what_only_the_machine_needs():
    here = region_of("tianjin")
    settled = next(iter(here.settlements.values()))
    said = {
        ("access.refused", "页面 办件，原因 没有这一件，或不归其查看"): {"kind": "a_case", "state": "404"},
        ("access.refused", "页面 审核台，原因 没有权限"): {"kind": "a_home", "state": "403"},
        ("notice.published", "类别 公告，第几版 1"): {"kind": "announcement", "revision": 1},
        ("notice.file_added", ""): {"stored": 12},
        ("month.settled", f"年月 2026-11，种类 {settled.title}"): {"month": "2026-11", "kind": settled.key},
        ("mail.written", "内容 密码重置"): {"kind": "reset"},
        ("privileged.asked", "范围 一个单位"): {"kind": "employer"},
        ("receipt.entered", "编号 R1，收款方式 支票"): {"number": "R1", "kind": "cheque"},
        ("payment.refused", "原因 银行没有接受"): {"reason_code": "order_refused"},
        ("factor.added", "方式 通行密钥"): {"kind": "passkey"},
        ("data.exported", "内容 员工花名册"): {"kind": "员工花名册"},
        ("desk.batch_approved", "笔数 3，抽中的申报 1 笔"): {"count": 3, "drawn": [7]},
        ("declaration.saved", ""): {"kind": "a_word_of_the_machine"},
    }
    details = Details(here)
    assert {(action, details.text(action, one)) for (action, _), one in said.items()} == set(said)


def test_every_page_that_can_be_refused_has_its_title_in_the_record():
    def names(resolver):
        for one in resolver.url_patterns:
            yield from names(one) if hasattr(one, "url_patterns") else [one.name or ""]

    pages = {one for one in names(get_resolver()) if one.startswith(("a_", "e_"))}
    assert "a_case" in pages and "e_home" in pages
    titles = {name: place_title(name, region_of("tianjin")) for name in pages}
    assert [name for name, title in titles.items() if not title or title.isascii()] == []


def test_an_employer_is_offered_no_action_that_only_the_agency_has(admin, agency_admin, employer_admin):
    page = admin.get("/audit/").content.decode()
    assert '<optgroup label="申报">' in page and '<optgroup label="缴费与资金">' in page and ">提交申报<" in page
    for inside in ("启用地区方案修改", "发布公告通知", "生成代扣文件", "清理超期记录", "指定特权查询操作员"):
        assert inside in ACTIONS.values() and f">{inside}<" not in page
    assert sum(len(of) for _, of in actions_for(agency_admin)) == len(ACTIONS)
    assert sum(len(of) for _, of in actions_for(employer_admin)) < len(ACTIONS)
