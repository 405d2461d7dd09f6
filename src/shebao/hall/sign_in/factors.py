"""Second factors: one-time codes of an authenticator, recovery codes, and who must have one."""

import base64
import secrets
from datetime import timedelta

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor import InvalidToken
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from .. import clock
from ..audit.operations import record
from ..crypto import blind_index
from ..errors import Refused
from ..operators.models import ADMINISTRATOR_ROLES, Operator
from ..operators.throttle import may_try
from ..regions import region
from .codes import take_code, take_sent
from .models import Factor, FactorKind
from .sessions import end_weak_sessions

STEP_SECONDS = 30
DRIFT = (0, -1, 1)
RECOVERY_CODES = 10
TRIES, WINDOW = 5, timedelta(minutes=15)
PROVING = (FactorKind.TOTP, FactorKind.PASSKEY, FactorKind.CODE)
"""What counts as a second factor; recovery codes only stand in for one."""


def new_key() -> str:
    """A key for an authenticator: 160 bits, as its apps read it."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def key_address(key: str, operator: Operator, issuer: str) -> str:
    """The otpauth:// address that the picture holds."""
    return _totp(key).get_provisioning_uri(operator.username, issuer)


def _totp(key: str) -> TOTP:
    # SHA-1 is what authenticators understand; RFC 6238 uses it as HMAC, where it is sound.
    return TOTP(base64.b32decode(key), 6, SHA1(), STEP_SECONDS, enforce_key_length=False)  # noqa: S303


def matching_step(key: str, code: str) -> int | None:
    """The time step that a code is of, one step early or late allowed; None for a wrong one."""
    now = int(clock.now().timestamp())
    for drift in DRIFT:
        try:
            _totp(key).verify(code.encode(), now + drift * STEP_SECONDS)
        except InvalidToken:
            continue
        return now // STEP_SECONDS + drift
    return None


def has_factor(operator: Operator) -> bool:
    """Whether a second factor is asked for at sign-in."""
    return Factor.objects.filter(operator=operator, kind__in=PROVING).exists()


def kinds_of(operator: Operator) -> set[str]:
    """The kinds of second factor that an operator has set up."""
    return set(Factor.objects.filter(operator=operator, kind__in=PROVING).values_list("kind", flat=True))


def operators_with_factor(pks: list[int]) -> set[int]:
    """Which of these operators have a second factor: one query."""
    return set(Factor.objects.filter(operator__in=pks, kind__in=PROVING).values_list("operator", flat=True))


def needs_factor(operator: Operator) -> bool:
    """Whether this role must have a second factor: by the region, or as an administrator by the installation."""
    is_asked_here = settings.SHEBAO_ADMIN_FACTOR and operator.role in ADMINISTRATOR_ROLES
    return is_asked_here or operator.role in region(operator.region).sign_in.required_for


def must_have_factor(operator: Operator) -> bool:
    """Whether this role must have a second factor and there is none yet."""
    return needs_factor(operator) and not has_factor(operator)


@transaction.atomic
def set_up_totp(key: str, code: str, *, by: Operator, session: str = "") -> list[str]:
    """Keep an authenticator that has shown its first code (启用动态验证码); returns new recovery codes, told once.

    Sessions that were opened without a second factor end, except the one with the key `session`.
    """
    step = matching_step(key, code.strip())
    if step is None:
        raise Refused("wrong_code", "验证码不对。请核对手机时间是否准确，再输入当前显示的 6 位数字。", field="code")
    Factor.objects.filter(operator=by, kind=FactorKind.TOTP).delete()
    made = Factor.objects.create(
        operator=by, kind=FactorKind.TOTP, label="验证器应用", secret={"key": key}, counter=step, made_at=clock.now()
    )
    record("factor.added", made, by=by, employer=by.employer, kind=FactorKind.TOTP.value)
    end_weak_sessions(by, but=session)
    return new_recovery_codes(by=by)


def set_up_code(code: str, *, by: Operator, session: str = "") -> None:
    """Codes by telephone or mail as second factor, shown to arrive by the first one (启用短信或邮件验证码).

    Sessions that were opened without a second factor end, except the one with the key `session`.
    """
    take_code(by, "contact", code)
    with transaction.atomic():
        found, is_new = Factor.objects.get_or_create(
            operator=by, kind=FactorKind.CODE, defaults={"label": "短信或邮件", "made_at": clock.now()}
        )
        if is_new:
            record("factor.added", found, by=by, employer=by.employer, kind=FactorKind.CODE.value)
            end_weak_sessions(by, but=session)


@transaction.atomic
def new_recovery_codes(*, by: Operator) -> list[str]:
    """Ten codes for the day the telephone is lost (备用码), each good once; the ones before end. Told only now."""
    codes = [f"{secrets.token_hex(4)}-{secrets.token_hex(4)}" for _ in range(RECOVERY_CODES)]
    digests = {"codes": [_digest(by, code) for code in codes]}
    Factor.objects.filter(operator=by, kind=FactorKind.RECOVERY).delete()
    made = Factor.objects.create(operator=by, kind=FactorKind.RECOVERY, secret=digests, made_at=clock.now())
    record("factor.added", made, by=by, employer=by.employer, kind=FactorKind.RECOVERY.value)
    return codes


def _digest(operator: Operator, code: str) -> str:
    # 64 random bits and a key: no guessing, so no slow hash is needed.
    return blind_index(f"recovery:{operator.pk}", code.strip().lower().replace(" ", ""))


@transaction.atomic
def remove_factor(pk: int, *, by: Operator) -> Factor:
    """Remove one's own second factor (停用); the last one takes the recovery codes with it. Raises Refused."""
    found = Factor.objects.visible_to(by).select_for_update().get(pk=pk, kind__in=PROVING)
    others = Factor.objects.filter(operator=by, kind__in=PROVING).exclude(pk=pk)
    if not others.exists():
        if needs_factor(by):
            raise Refused("factor_needed", "您的角色必须有二次验证。请先设置另一种方式，再停用这一种。")
        Factor.objects.filter(operator=by, kind=FactorKind.RECOVERY).delete()
    record("factor.removed", found, by=by, employer=by.employer, kind=found.kind)
    found.delete()
    return found


@transaction.atomic
def take_away_factors(operator_id: int, *, by: Operator) -> Operator:
    """Remove all of another operator's second factors, who lost them (重置二次验证). For administrators."""
    if not by.may("manage_operators"):
        raise Refused("not_permitted", "您的账号没有“管理操作员”权限，请联系管理员。", status=403)
    operator = Operator.objects.visible_to(by).select_for_update(of=("self",)).get(pk=operator_id)
    if operator.pk == by.pk:
        raise Refused("not_oneself", "请在“我的账号”中管理自己的二次验证。")
    lose_factors(operator, by=by)
    return operator


def lose_factors(operator: Operator, *, by: Operator) -> None:
    """Remove the second factors of somebody who lost them; the caller has asked whether `by` may."""
    Factor.objects.filter(operator=operator).delete()
    record("factor.reset", operator, by=by, employer=operator.employer)


def prove(operator: Operator, code: str) -> str:
    """Check a code of the authenticator or a recovery code; returns which kind it was.

    Five tries in a quarter of an hour, each code once. Raises Refused in words.
    """
    if not may_try("second-factor", str(operator.pk), limit=TRIES, within=WINDOW):
        raise Refused("too_often", "试的次数过多，请 15 分钟后再试。", status=429)
    code = code.strip().replace(" ", "")
    kind = _proved(operator, code)
    if kind is None:
        raise Refused(
            "wrong_code", "验证码不对，或已经用过。请输入当前显示的 6 位数字，或一个没有用过的备用码。", field="code"
        )
    return kind


@transaction.atomic
def _proved(operator: Operator, code: str) -> str | None:
    rows = Factor.objects.select_for_update().filter(operator=operator)
    totp = rows.filter(kind=FactorKind.TOTP).first()
    step = matching_step(totp.secret["key"], code) if totp and len(code) == 6 and code.isdigit() else None
    if step is not None:
        # Whoever marks the step first used it: a code that was looked over a shoulder is worth nothing.
        later = Q(pk=totp.pk, counter__lt=step)
        return FactorKind.TOTP if rows.filter(later).update(counter=step, used_at=clock.now()) else None
    kept = rows.filter(kind=FactorKind.RECOVERY).first()
    if rows.filter(kind=FactorKind.CODE).exists() and take_sent(operator, "sign_in", code):
        rows.filter(kind=FactorKind.CODE).update(used_at=clock.now())
        return FactorKind.CODE
    digest = _digest(operator, code)
    if kept is None or digest not in kept.secret["codes"]:
        return None
    kept.secret = {"codes": [one for one in kept.secret["codes"] if one != digest]}
    kept.used_at, kept.counter = clock.now(), kept.counter + 1
    kept.save(update_fields=["secret", "used_at", "counter"])
    record("factor.recovery_used", kept, by=operator, employer=operator.employer, left=len(kept.secret["codes"]))
    return FactorKind.RECOVERY
