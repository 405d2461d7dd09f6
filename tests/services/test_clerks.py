"""The employer's people at the hall: a reviewed account, a first password told once, always an administrator."""

import pytest

from shebao.hall.audit.models import AuditEntry
from shebao.hall.declarations.accounts import hand_out_account, waiting_account
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import approve_declarations, save_declarations, submit_declarations
from shebao.hall.declarations.preview import preview
from shebao.hall.errors import Conflict, Refused
from shebao.hall.operators.models import Operator, Role
from shebao.hall.registration.resets import reset_at_agency
from tests.factories import EmployerFactory, OperatorFactory

NEW, CHANGE = "clerk_registration", "clerk_change"


@pytest.fixture
def clerk():
    return OperatorFactory(clerk=True, employer=EmployerFactory(region="lijiang"))


@pytest.fixture
def admin(clerk):
    return OperatorFactory(admin=True, employer=clerk.employer, username="old-admin")


@pytest.fixture
def reviewer():
    return OperatorFactory(reviewer=True, region="lijiang")


def asked(account="new.clerk", **changes):
    return {"clerk_name": "周示例", "phone": "13900000001", "account": account, "role": "clerk"} | changes


def handed_over(replaced, account="next.clerk", **changes):
    return asked(account) | {"replaced": replaced, "note": "原专管员离职"} | changes


def submitted(service, raw, clerk):
    (made,) = save_declarations(clerk.employer_id, service, [raw], by=clerk)
    assert not submit_declarations([made.pk], by=clerk).refused
    return made


def approved(service, raw, clerk, reviewer):
    made = submitted(service, raw, clerk)
    approve_declarations([made.pk], by=reviewer)
    return Declaration.objects.get(pk=made.pk)


def found(by, service, raw):
    return {p.code: p for p in preview(by.employer, service, raw, by=by).problems}


def test_an_account_is_made_on_approval_and_has_no_password_until_one_is_handed_out(clerk, reviewer):
    case = approved(NEW, asked(), clerk, reviewer)
    made = Operator.objects.get(username="new.clerk")
    assert (made.employer, made.role, made.must_change_password) == (clerk.employer, Role.CLERK, True)
    assert not made.has_usable_password()
    _, password = hand_out_account(case.pk, by=clerk)
    made.refresh_from_db()
    assert made.check_password(password) and len(password) == 14


def test_the_first_password_is_told_once_and_never_written_down(clerk, reviewer):
    case = approved(NEW, asked(), clerk, reviewer)
    _, password = hand_out_account(case.pk, by=clerk)
    for by in (clerk, reviewer):
        with pytest.raises(Refused, match="已经领取"):
            hand_out_account(case.pk, by=by)
    assert password not in str(list(AuditEntry.objects.values_list("detail", flat=True)))
    assert AuditEntry.objects.filter(action="operator.password_handed_out").count() == 1


def test_an_account_that_was_reset_at_the_counter_is_not_handed_out_to_who_declared_it(clerk, reviewer):
    case = approved(NEW, asked(), clerk, reviewer)
    made, _ = hand_out_account(case.pk, by=clerk)
    reset_at_agency(made.pk, "介绍信核对无误", by=reviewer, agency="示例中心")
    for by in (clerk, reviewer):
        with pytest.raises(Refused, match="已经领取"):
            hand_out_account(case.pk, by=by)


def test_a_clerk_who_did_not_declare_it_gets_no_password_and_another_employer_sees_nothing(clerk, admin, reviewer):
    case = approved(NEW, asked(), clerk, reviewer)
    assert waiting_account(case, OperatorFactory(clerk=True, employer=clerk.employer)) is None
    stranger = OperatorFactory(admin=True, employer=EmployerFactory(region="lijiang"))
    with pytest.raises(Declaration.DoesNotExist):
        hand_out_account(case.pk, by=stranger)
    elsewhere = OperatorFactory(reviewer=True, region="yunnan")
    with pytest.raises(Declaration.DoesNotExist):
        hand_out_account(case.pk, by=elsewhere)
    assert hand_out_account(case.pk, by=admin)[0].username == "new.clerk"


def test_before_the_approval_there_is_nothing_to_hand_out(clerk):
    made = submitted(NEW, asked(), clerk)
    with pytest.raises(Refused):
        hand_out_account(made.pk, by=clerk)
    assert not Operator.objects.filter(username="new.clerk").exists()


def test_whoever_follows_an_administrator_is_one(clerk, admin, reviewer):
    assert found(clerk, CHANGE, handed_over(admin.username))["administrator_left"].level == "hint"
    approved(CHANGE, handed_over(admin.username), clerk, reviewer)
    admin.refresh_from_db()
    active = Operator.objects.filter(employer=clerk.employer, role=Role.EMPLOYER_ADMIN, is_active=True)
    assert not admin.is_active and [one.username for one in active] == ["next.clerk"]


def test_the_last_administrator_hands_over_and_the_agency_gives_out_the_password(admin, reviewer):
    case = approved(CHANGE, handed_over(admin.username), admin, reviewer)
    admin.refresh_from_db()
    operator, password = hand_out_account(case.pk, by=reviewer)
    assert operator.role == Role.EMPLOYER_ADMIN and password


def test_an_account_is_replaced_once(clerk, admin, reviewer):
    first = submitted(CHANGE, handed_over(admin.username), clerk)
    second = submitted(CHANGE, handed_over(admin.username, "third.clerk"), clerk)
    approve_declarations([first.pk], by=reviewer)
    with pytest.raises(Conflict, match="已经停用"):
        approve_declarations([second.pk], by=reviewer)
    assert not Operator.objects.filter(username="third.clerk").exists()


def test_an_account_name_is_free_when_it_is_declared_and_when_it_is_approved(clerk, admin, reviewer):
    assert found(clerk, NEW, asked("old-admin"))["account_free"].level == "error"
    made = submitted(NEW, asked(), clerk)
    OperatorFactory(clerk=True, username="new.clerk")
    with pytest.raises(Conflict, match="退回单位"):
        approve_declarations([made.pk], by=reviewer)


def test_another_employers_account_cannot_be_replaced(clerk):
    stranger = OperatorFactory(clerk=True)
    assert found(clerk, CHANGE, handed_over(stranger.username))["administrator_left"].level == "error"


def test_no_role_of_the_agency_can_be_asked_for(clerk):
    assert found(clerk, NEW, asked(role="agency_admin"))["not_a_choice"].field == "role"


@pytest.mark.parametrize("account", ["ab", "空格 账号", "-begins"])
def test_an_account_is_plain_letters_and_digits(clerk, account):
    assert found(clerk, NEW, asked(account))["bad_account"].field == "account"
