"""The way into a new account: a link that is good once and for a day; nothing that opens it is stored."""

import secrets
from datetime import timedelta
from hashlib import sha256

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from .. import clock
from ..audit.operations import record
from ..errors import Refused
from ..operators.models import Operator
from ..sign_in import guesses
from .models import Activation

LASTS = timedelta(hours=24)
SPENT = "这个链接已经用过或过期，或抄写有误。请直接登录；还没有设置密码的，请向经办机构索取新的链接。"


@transaction.atomic
def make_activation(operator: Operator, *, by) -> tuple[str, Activation]:
    """Make the link's secret (256 bits) and keep its digest; earlier links of the account end."""
    now, token = clock.now(), secrets.token_urlsafe(32)
    Activation.objects.filter(operator=operator, used_at=None, until__gt=now).update(until=now)
    made = Activation.objects.create(operator=operator, digest=_digest(token), made_at=now, until=now + LASTS)
    record("operator.activation_made", operator, by=by, employer=operator.employer)
    return token, made


def has_been_used(operator: Operator) -> bool:
    """Whether somebody set a password of this account by a link: then it is nobody's first any more."""
    return Activation.objects.filter(operator=operator, used_at__isnull=False).exists()


def has_had_a_link(operator: Operator) -> bool:
    """Whether the account is entered by a link: then no password is handed out for it."""
    return Activation.objects.filter(operator=operator).exists()


def activation_of(token: str) -> Activation:
    """The link that holds this secret, while it is good. Raises Refused in words."""
    rows = Activation.objects.select_related("operator__employer")
    found = rows.filter(digest=_digest(token), used_at=None, until__gt=clock.now(), operator__is_active=True).first()
    if found is None:
        raise Refused("link_spent", SPENT, status=410)
    return found


@transaction.atomic
def activate_account(token: str, password: str) -> Operator:
    """Set the first password by the link, which ends with it (激活账号). A weak one is Refused and the link stays."""
    found, now = activation_of(token), clock.now()
    # In the order of a reset at the counter, which has the account first: neither waits for the other's row.
    operator = Operator.objects.select_related("employer").select_for_update(of=("self",)).get(pk=found.operator_id)
    try:
        validate_password(password, operator)
    except ValidationError as problems:
        raise Refused("weak_password", " ".join(problems.messages), field="new") from None
    # Whoever marks it first uses it; a second press finds it used, and one that met a reset finds it ended.
    if not Activation.objects.filter(pk=found.pk, used_at=None, until__gt=now).update(used_at=now):
        raise Refused("link_spent", SPENT, status=410)
    operator.set_password(password)
    operator.must_change_password = False
    operator.save(update_fields=["password", "must_change_password"])
    guesses.forget(operator.username)
    record("operator.activated", operator, by=operator, employer=operator.employer)
    return operator


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
