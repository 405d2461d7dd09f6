"""Several employers behind one person (单位选择、切换): accounts that one account may enter.

Each account stays the account of one employer: rights, reads and records are its own, so nothing of two employers
is ever mixed. A link is made by showing the other account's password, leads one way, and ends when somebody else
resets that password.
"""

from datetime import timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from .. import clock
from ..audit.operations import record
from ..errors import Refused
from ..operators.models import Operator
from ..operators.throttle import may_try
from ..registration.models import Activation
from . import guesses
from .factors import has_factor, prove
from .models import LinkedAccount, SentCode

TRIES, WINDOW = 5, timedelta(minutes=15)
WRONG = "账号或密码不对，或这个账号不能添加。"


def accounts_of(owner: Operator) -> list[Operator]:
    """The owner's own account and those linked to it, that can be entered now, by employer."""
    linked = LinkedAccount.objects.visible_to(owner).values("operator")
    rows = Operator.objects.select_related("employer").filter(pk__in=linked, is_active=True, employer__isnull=False)
    found = rows.order_by("employer__name", "employer__employer_number")
    return [*([owner] if owner.employer_id else []), *found]


def has_links(owner: Operator) -> bool:
    """Whether there is anything to choose between."""
    return LinkedAccount.objects.filter(owner=owner, operator__is_active=True).exists()


def link_account(username: str, password: str, code: str, *, by: Operator) -> LinkedAccount:
    """Add an account at another employer (添加单位), whose password, and code if it has one, are shown now.

    Raises Refused alike for an unknown account and a wrong password; five tries in a quarter of an hour.
    """
    if by.is_agency:
        raise Refused("not_permitted", "经办机构的账号不能代单位办理。", status=403)
    if not may_try("link", str(by.pk), limit=TRIES, within=WINDOW):
        raise Refused("too_often", "试的次数过多，请 15 分钟后再试。", status=429)
    reserved = guesses.reserve(username.strip())
    found = Operator.objects.filter(username=username.strip(), is_active=True, employer__isnull=False).first()
    # One hash either way: the time does not tell whether there is such an account.
    right = check_password(password, found.password) if found else not make_password(password)
    if not (found and right) or found.must_change_password or found.pk == by.pk:
        raise Refused("wrong_account", WRONG, field="username")
    guesses.release(reserved)
    if has_factor(found):
        prove(found, code)
    with transaction.atomic():
        link, _ = LinkedAccount.objects.get_or_create(owner=by, operator=found, defaults={"made_at": clock.now()})
        record("operator.linked", found, by=by, employer=found.employer, account=by.username)
    return link


@transaction.atomic
def unlink_account(operator_id: int, *, by: Operator) -> Operator:
    """Take an employer off one's list (移除)."""
    link = LinkedAccount.objects.visible_to(by).select_related("operator__employer").get(operator=operator_id)
    record("operator.unlinked", link.operator, by=by, employer=link.operator.employer, account=by.username)
    link.delete()
    return link.operator


def cut_links(operator: Operator) -> None:
    """Nobody enters this account by anything from before: its password was reset by somebody else."""
    LinkedAccount.objects.filter(operator=operator).delete()
    end_sent(operator)


def end_sent(operator: Operator) -> None:
    """Links and codes that are on their way set no password any more: there is a newer one, or soon will be."""
    now = clock.now()
    Activation.objects.filter(operator=operator, used_at=None, until__gt=now).update(until=now)
    SentCode.objects.filter(operator=operator, used_at=None, until__gt=now).update(until=now)


@transaction.atomic
def enter_account(operator_id: int, *, owner: Operator, is_strong: bool) -> Operator:
    """The account to work as from now on (进入). `is_strong`: the owner proved more than a password.

    Raises Operator.DoesNotExist for one that is not on the owner's list, Refused where that account asks for more.
    """
    target = next((one for one in accounts_of(owner) if one.pk == operator_id), None)
    if target is None:
        raise Operator.DoesNotExist("not on the list")
    if target.pk != owner.pk and has_factor(target) and not is_strong:
        text = "这个单位的账号要求二次验证。请在“我的账号”中为当前账号设置二次验证并重新登录，再进入。"
        raise Refused("factor_needed", text)
    record("operator.entered", target, by=target, employer=target.employer, account=owner.username)
    return target
