"""Operators come, go, and get passwords; every deed leaves a record."""

import secrets
from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from .. import clock
from ..audit.operations import record
from ..employers.models import Employer
from ..errors import Conflict, Refused
from ..scopes import served_by
from ..sign_in import guesses
from ..sign_in.linking import cut_links, end_sent
from ..sign_in.models import Why
from ..sign_in.sessions import end_sessions
from .models import AGENCY_ROLES, EMERGENCY, EmergencyGrant, Operator, Role

# Without the letters and digits that look alike on paper: 0 O 1 l I.
PASSWORD_ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
EMERGENCY_MINUTES = 60
EMPLOYER_ROLES = (Role.CLERK, Role.EMPLOYER_ADMIN)
LAST_ADMINISTRATOR = "这是单位唯一在用的管理员，不能停用、删除或改作他用。请先把另一位操作员设为单位管理员。"


def roles_to_give(*, by) -> tuple[Role, ...]:
    """The roles that this administrator can hand out: only those of their own side of the counter."""
    return AGENCY_ROLES if by.is_agency else EMPLOYER_ROLES


@transaction.atomic
def create_operator(username: str, name: str, role: str, *, by) -> tuple[Operator, str]:
    """Create an operator where `by` works; returns it and its random password, which is shown once.

    The operator must change the password when signing in. Raises Refused (field named).
    """
    operator = _admitted(username, name, role, by=by)
    password = _given_password(operator)
    record("operator.created", operator, by=by, role=role)
    return operator, password


@transaction.atomic
def invite_operator(username: str, name: str, role: str, *, by) -> Operator:
    """Create an operator who sets the first password by a link, which the caller makes. Raises as `create_operator`."""
    operator = _admitted(username, name, role, by=by)
    record("operator.created", operator, by=by, role=role)
    return operator


def _admitted(username: str, name: str, role: str, *, by) -> Operator:
    """A saved operator where `by` works, as whoever manages operators may add one."""
    must_manage(by=by)
    if role not in roles_to_give(by=by):
        raise Refused("role_not_yours", "请选择列表中的角色。" if role else "请选择角色。", field="role")
    return _made(username, name, role, employer=by.employer, region=by.region)


def _made(username: str, name: str, role: str, *, employer, region: str) -> Operator:
    """A saved operator with a password to be set; what is given to them must be changed when signing in."""
    username, name = username.strip(), name.strip()
    if not username or not name:
        raise Refused("operator_incomplete", "请填写账号和姓名。", field="username" if not username else "name")
    if Operator.objects.filter(username=username).exists():
        raise Refused("username_taken", f"账号“{username}”已被使用，请换一个。", field="username")
    operator = Operator(
        username=username, name=name, role=role, employer=employer, region=region, must_change_password=True
    )
    operator.set_unusable_password()
    checked(operator)
    operator.save()
    return operator


def _given_password(operator: Operator) -> str:
    """A random password, set and told this once."""
    password = _random_password()
    operator.set_password(password)
    operator.save(update_fields=["password"])
    return password


@transaction.atomic
def open_agency(region: str, username: str, name: str) -> tuple[Operator, str]:
    """Create the security administrator of a region's agency (开通经办机构); returns it and its password, shown once.

    Nobody is signed in yet: who runs the installation does this at its terminal. From then on the security
    administrator makes the other accounts. Raises Refused when there is a working one (field named otherwise).
    """
    if Operator.objects.filter(region=region, role=Role.SECURITY_ADMIN, is_active=True).exists():
        raise Refused("agency_is_open", "这个地区的经办机构已有安全管理员，请由其在“操作员”里增加账号或重置密码。")
    operator = _made(username, name, Role.SECURITY_ADMIN, employer=None, region=region)
    password = _given_password(operator)
    record("agency.opened", operator, by=None)
    return operator, password


@transaction.atomic
def open_account(employer, username: str, name: str, role: str, *, by) -> Operator:
    """Open an account for an employer, as the agency approved it (账号开通); its password is handed out later.

    Raises Refused for a role that is no employer's, Conflict when the account was taken meanwhile.
    """
    if role not in EMPLOYER_ROLES:
        raise Refused("role_not_yours", "请选择列表中的角色。", field="role")
    if Operator.objects.filter(username=username).exists():
        raise Conflict("username_taken", f"账号“{username}”刚被使用，请退回单位另换一个。")
    operator = Operator(
        username=username, name=name, role=role, employer=employer, region=employer.region, must_change_password=True
    )
    operator.set_unusable_password()
    checked(operator)
    operator.save()
    record("operator.created", operator, by=by, employer=employer, role=role)
    return operator


@transaction.atomic
def hand_over_account(employer, replaced: str, username: str, name: str, *, by) -> Operator:
    """Open an account with the role of another of the employer's, and close that one (专管员变更).

    Whoever follows an administrator is one, so that the employer never is without. Raises Conflict when the former
    account is no longer in use.
    """
    rows = Operator.objects.filter(employer=employer, is_active=True).select_for_update(of=("self",))
    former = rows.filter(username=replaced).first()
    if former is None:
        raise Conflict("replaced_gone", f"账号“{replaced}”已经停用，请退回单位核对。")
    operator = open_account(employer, username, name, former.role, by=by)
    former.is_active = False
    former.save(update_fields=["is_active"])
    record("operator.replaced", former, by=by, employer=employer, account=username)
    return operator


@transaction.atomic
def withdraw_account(employer, username: str, *, by) -> None:
    """Close an account that nobody has used (撤销开通). Raises Conflict when somebody signed in with it."""
    operator = Operator.objects.filter(employer=employer, username=username).select_for_update(of=("self",)).get()
    if operator.last_login:
        raise Conflict("account_used", f"账号“{username}”已经登录过，不能撤销，请在操作员中停用。")
    operator.is_active = False
    operator.save(update_fields=["is_active"])
    record("operator.disabled", operator, by=by, employer=employer)


@transaction.atomic
def hand_out_password(username: str, *, by) -> tuple[Operator, str]:
    """The random first password of an account that an approved declaration opened, told this once (领取初始密码).

    For the employer's administrator, for who declared it (asked by the caller), and for the agency at its counter.
    Raises Refused when it was handed out before; Operator.DoesNotExist for another employer's account.
    """
    rows = Operator.objects.select_for_update(of=("self",))
    own = rows.filter(served_by(by, "employer")) if by.is_agency else rows.filter(employer=by.employer_id)
    operator = own.filter(employer__isnull=False, is_active=True).get(username=username)
    if operator.has_usable_password():
        raise Refused("handed_out", f"{operator.name}的初始密码已经领取过。忘记密码的，请管理员重置。")
    password = _given_password(operator)
    record("operator.password_handed_out", operator, by=by, employer=operator.employer)
    return operator, password


@transaction.atomic
def reset_password(operator_id: int, *, by) -> tuple[Operator, str]:
    """Give an operator a random password, returned once; their sessions end. Raises Refused, DoesNotExist."""
    operator = locked_other(operator_id, "请在“修改密码”中修改自己的密码。", by=by)
    password = _random_password()
    operator.set_password(password)
    operator.must_change_password = True
    operator.save(update_fields=["password", "must_change_password"])
    cut_links(operator)
    end_sessions(operator, Why.PASSWORD, by=by)
    guesses.forget(operator.username)
    record("operator.password_reset", operator, by=by)
    return operator, password


@transaction.atomic
def set_active(operator_id: int, active: bool, *, by) -> Operator:
    """Enable or disable an operator; a disabled one is signed out at once. Raises Refused, DoesNotExist."""
    operator = locked_other(operator_id, "不能停用自己的账号。", by=by)
    if not active:
        keep_an_administrator(operator)
    operator.is_active = active
    operator.save(update_fields=["is_active"])
    record("operator.enabled" if active else "operator.disabled", operator, by=by)
    return operator


@transaction.atomic
def change_own_password(current: str, new: str, *, by) -> None:
    """Change one's own password. Raises Refused with every problem of the new one in one message."""
    operator = Operator.objects.select_for_update().get(pk=by.pk)
    if not operator.check_password(current):
        raise Refused("wrong_password", "当前密码不对，请重新输入。", field="current")
    if new == current:
        raise Refused("same_password", "新密码不能和当前密码相同。", field="new")
    try:
        validate_password(new, operator)
    except ValidationError as problems:
        raise Refused("weak_password", " ".join(problems.messages), field="new") from None
    operator.set_password(new)
    operator.must_change_password = False
    operator.save(update_fields=["password", "must_change_password"])
    end_sent(operator)
    record("operator.password_changed", operator, by=operator)
    by.refresh_from_db()


@transaction.atomic
def note_sign_in(operator: Operator) -> None:
    """Keep when the operator signed in before, to be shown on the first page, and record this sign-in."""
    Operator.objects.filter(pk=operator.pk).update(previous_login=operator.last_login)
    operator.previous_login = operator.last_login
    record("operator.signed_in", operator, by=operator)


@transaction.atomic
def open_emergency(username: str, reason: str, minutes: int) -> EmergencyGrant:
    """Let an account of the desk manage accounts for a while (应急授权), when no security administrator can be reached.

    Nobody is signed in: who runs the installation does this at its terminal. Raises Refused for an officer, for an
    employer's account, without a reason, and for more than an hour.
    """
    operator = Operator.objects.filter(username=username.strip(), is_active=True).first()
    if operator is None or not operator.is_desk:
        text = f"“{username}”不是经办机构在用的经办账号：应急授权不给单位的账号，也不给三员。"
        raise Refused("emergency_not_theirs", text)
    if not reason.strip():
        raise Refused("reason_missing", "请写明应急的原因。")
    if not 1 <= minutes <= EMERGENCY_MINUTES:
        raise Refused("emergency_too_long", f"应急授权为 1 至 {EMERGENCY_MINUTES} 分钟。")
    now = clock.now()
    grant = EmergencyGrant(
        operator=operator, permission=EMERGENCY, reason=reason.strip()[:200], opened_at=now,
        until=now + timedelta(minutes=minutes),
    )  # fmt: skip
    grant.save()
    record("emergency.opened", operator, by=None, minutes=minutes, reason=grant.reason)
    return grant


def keep_an_administrator(operator: Operator) -> None:
    """Refuse what would leave the operator's employer without an administrator in use.

    The employer's row is locked, so that two administrators who disable each other do so one after the other.
    """
    if operator.employer_id is None or operator.role != Role.EMPLOYER_ADMIN or not operator.is_active:
        return
    Employer.objects.select_for_update().get(pk=operator.employer_id)
    others = Operator.objects.filter(employer=operator.employer_id, role=Role.EMPLOYER_ADMIN, is_active=True)
    if not others.exclude(pk=operator.pk).exists():
        raise Refused("last_administrator", LAST_ADMINISTRATOR)


def must_manage(*, by) -> None:
    """Refuse whoever may not manage operators, as things stand now: rights may have changed since the page."""
    by = Operator.objects.get(pk=by.pk)
    if not by.may("manage_operators"):
        raise Refused("not_permitted", "您的账号没有“管理操作员”权限，请联系管理员。", status=403)


def locked_other(operator_id: int, not_oneself: str, *, by) -> Operator:
    """Another operator of one's own, locked."""
    must_manage(by=by)
    operator = Operator.objects.visible_to(by).select_for_update(of=("self",)).get(pk=operator_id)
    if operator.pk == by.pk:
        raise Refused("not_oneself", not_oneself)
    return operator


def checked(operator: Operator) -> None:
    """Refuse an operator that the rules of the table forbid, naming the field."""
    try:
        operator.full_clean(exclude=["password"])
    except ValidationError as problems:
        field, texts = next(iter(problems.message_dict.items()))
        raise Refused("operator_invalid", " ".join(texts), field=field) from None


def _random_password() -> str:
    """Fourteen characters of a 55-letter alphabet: about 80 bits."""
    while True:
        password = "".join(secrets.choice(PASSWORD_ALPHABET) for _ in range(14))
        if any(c.isdigit() for c in password) and any(c.isalpha() for c in password):
            return password
