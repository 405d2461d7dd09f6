"""单位参保登记 at the agency's counter: entered for the employer, decided by a colleague, opened by a password."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from shebao.hall import clock
from shebao.hall.audit.models import AuditEntry
from shebao.hall.desk.operations import claim_cases
from shebao.hall.desk.queries import next_free
from shebao.hall.employers.models import Employer
from shebao.hall.errors import Conflict, Refused
from shebao.hall.mail.models import Mail
from shebao.hall.operators.models import Operator
from shebao.hall.regions import region
from shebao.hall.registration import activation, checks, deciding, entering, operations, registering, reviewing
from shebao.hall.registration.models import Registration, RegistrationSignature
from tests.factories import EmployerFactory, OperatorFactory

from .applying import answers, credit_code

KIND = reviewing.REGISTRATIONS


def at_desk(code: str, name: str) -> Operator:
    return OperatorFactory(reviewer=True, region=code, name=name)


@pytest.fixture
def enterer(db):
    return at_desk("yunnan", "钱窗口")


@pytest.fixture
def colleague(db):
    return at_desk("yunnan", "王审")


def brought(code="yunnan", n=1, **changes) -> entering.Entry:
    """All that an employer brings to the counter of a region."""
    spec = region(code).registration
    return entering.Entry(
        raw=answers(n, **changes), areas=tuple(area.key for area in spec.areas), has_agreed=True,
        seen=tuple(paper.title for paper in spec.papers), kept_at="2026-11 卷 3",
    )  # fmt: skip


def approved(made, by):
    made.refresh_from_db()
    decided = checks.proposed(made, region(made.region))
    return deciding.approve_registration(made.pk, decided, by=by, seen=made.version)[0]


def test_whoever_entered_it_can_neither_take_nor_decide_it_and_a_colleague_puts_the_employer_on_file(
    enterer, colleague
):
    made = entering.enter_registration(brought(), by=enterer)
    assert (made.state, made.entered_by, made.kept_at) == ("submitted", enterer, "2026-11 卷 3")
    assert made.agreements.get().agreed_by == "何示例" and made.due_on
    assert next_free(enterer, 10, kind=KIND) == [] and next_free(colleague, 10, kind=KIND) == [made.pk]
    assert claim_cases([made.pk], by=enterer, kind=KIND) == ([], [made])
    for deed in (
        lambda: approved(made, enterer),
        lambda: deciding.return_registration(made.pk, {}, "不对", by=enterer, seen=made.version),
        lambda: deciding.reject_registration(made.pk, "不对", by=enterer, seen=made.version),
    ):
        with pytest.raises(Refused, match="在窗口录入这份申请的人不能自己审核"):
            deed()
    employer = approved(made, colleague).employer
    assert (employer.employer_number, employer.name) == ("00000001", "示例新设1有限公司")
    actions = AuditEntry.objects.filter(subject=f"registration:{made.pk}").values_list("action", "actor")
    assert ("registration.entered", enterer.pk) in actions and ("registration.approved", colleague.pk) in actions


def test_who_entered_a_registration_is_offered_nothing_that_would_be_refused(enterer, colleague, client):
    made = entering.enter_registration(brought(), by=enterer)
    client.force_login(enterer)
    page = client.get(f"/a/registrations/{made.pk}").content.decode()
    assert "您录入的注册申请，由别人审核" in page and 'data-key="n"' in page
    assert not [key for key in "arcth" if f'data-key="{key}"' in page]
    listed = client.get("/a/registrations/").content.decode()
    assert "您录入的" in listed and f'aria-label="选择 {made.answers["name"]}" disabled' in listed
    told = client.post("/a/registrations/claim", {"next": "1"}, follow=True).content.decode()
    assert "待领的已经领完了" in told and "没有领到" not in told
    client.force_login(colleague)
    assert 'data-key="a"' in client.get(f"/a/registrations/{made.pk}").content.decode()


def test_the_database_takes_no_signature_of_whoever_entered_it(enterer):
    made = entering.enter_registration(brought(), by=enterer)
    with pytest.raises(IntegrityError), transaction.atomic():
        RegistrationSignature.objects.create(
            registration=made, version=made.version, step="first_review", role="reviewer", by=enterer, at=clock.now(),
            declarer=enterer,
        )  # fmt: skip


def test_a_number_that_is_issued_elsewhere_may_be_issued_at_the_counter_and_is_still_typed_online(db):
    EmployerFactory(region="fujian", employer_number="3501000000041")
    enterer, colleague = at_desk("fujian", "钱窗口"), at_desk("fujian", "王审")
    _, problems = operations.start_registration("fujian", answers(1, employer_number=""))
    assert [(one.code, one.field) for one in problems] == [("required", "employer_number")]
    made = entering.enter_registration(brought("fujian", 1, employer_number=""), by=enterer)
    assert approved(made, colleague).employer.employer_number == "3501000000042"
    brings = entering.enter_registration(brought("fujian", 2, employer_number="3501000000900"), by=enterer)
    assert approved(brings, colleague).employer.employer_number == "3501000000900"
    with pytest.raises(entering.Unfinished) as no:
        entering.enter_registration(brought("fujian", 3, employer_number="12"), by=enterer)
    assert "应为 13 位数字" in no.value.faults[0].text


def test_where_nobody_reviews_it_is_on_file_at_once_unless_it_was_on_file_before(db):
    enterer = at_desk("general_hall", "钱窗口")
    made = entering.enter_registration(brought("general_hall"), by=enterer)
    assert made.state == "approved" and made.employer.employer_number and made.operator.name == "何示例"
    EmployerFactory(region="general_hall", credit_code=credit_code(2))
    again = entering.enter_registration(brought("general_hall", 2), by=enterer)
    assert again.state == "submitted" and again.operator is None
    with pytest.raises(Conflict, match="由经办机构审核"):
        registering.register(again, checks.proposed(again, region("general_hall")), by=enterer)


def test_all_that_is_missing_is_told_at_once_and_nothing_is_kept(enterer, client):
    client.force_login(enterer)
    page = client.post("/a/registrations/new", answers(name="", has_number="1", employer_number=""))
    text = page.content.decode()
    assert page.status_code == 422 and not Registration.objects.exists()
    for said in ("请填写“单位名称”", "请填写编号", "请至少选择一项要开通的业务", "请核对原件并勾选"):
        assert said in text
    assert 'value="郑示例"' in text
    with pytest.raises(entering.Unfinished) as no:
        entering.enter_registration(entering.Entry(answers(), brought().areas, False, brought().seen), by=enterer)
    assert [one.text[:3] for one in no.value.faults] == ["请阅读"]


def test_what_came_back_is_repaired_at_the_counter_and_whoever_does_so_decides_it_as_little(enterer, colleague):
    third = at_desk("yunnan", "孙三")
    made = entering.enter_registration(brought(), by=enterer)
    deciding.return_registration(made.pk, {"name": "与证件不一致"}, "", by=colleague, seen=made.version)
    client = Client()
    client.force_login(third)
    page = client.get(f"/a/registrations/{made.pk}/repair").content.decode()
    assert "审核意见：与证件不一致" in page and 'value="2026-11 卷 3"' in page
    entering.repair_at_counter(made.pk, brought(name="示例新设乙有限公司"), by=third)
    made.refresh_from_db()
    assert (made.state, made.revision) == ("submitted", 2)
    for one in (enterer, third):
        with pytest.raises(Refused, match="不能自己审核"):
            approved(made, one)
    assert approved(made, colleague).employer.name == "示例新设乙有限公司"
    assert client.get(f"/a/registrations/{made.pk}/repair").url == f"/a/registrations/{made.pk}"


def test_an_officer_of_one_division_enters_nothing_for_another(db):
    limited = OperatorFactory(reviewer=True, region="yunnan", divisions=["530100"])
    with pytest.raises(Refused, match="只办理部分经办区划"):
        entering.enter_registration(brought(agency_division="530300"), by=limited)
    assert entering.enter_registration(brought(agency_division="530100"), by=limited).pk


def test_the_first_password_stands_on_one_notice_opens_the_account_once_and_ends_the_link(enterer, colleague, client):
    made = approved(entering.enter_registration(brought(), by=enterer), colleague)
    _, token = deciding.renew_activation(made.pk, by=colleague)
    client.force_login(colleague)
    page = client.post(f"/a/registrations/{made.pk}/first-password")
    password = page.context["password"]
    text = page.content.decode()
    assert "首次登录通知书" in text and made.employer.employer_number in text and made.operator.username in text
    assert client.get(f"/a/registrations/{made.pk}").content.decode().count(password) == 0
    with pytest.raises(Refused, match="已经用过或过期"):
        activation.activation_of(token)
    assert client.post(f"/a/registrations/{made.pk}/first-password").status_code == 302
    owner = Client()
    assert owner.post("/login", {"username": made.operator.username, "password": password}).status_code == 302
    assert owner.get("/e/").url.startswith("/password")
    given = AuditEntry.objects.filter(action="operator.password_handed_out")
    assert given.get().actor == colleague and not Mail.objects.filter(text__contains=password).exists()


def test_nobody_without_the_permission_reaches_the_counter_and_an_applicant_meets_no_counter_entry(db, client):
    client.force_login(OperatorFactory(clerk=True, employer=EmployerFactory(region="yunnan")))
    assert client.get("/a/registrations/new").status_code in (403, 404)
    with pytest.raises(Refused, match="没有“窗口录入”的权限"):
        entering.enter_registration(brought(), by=OperatorFactory(security_admin=True, region="yunnan"))
    assert not Employer.objects.filter(credit_code=credit_code(1)).exists()
