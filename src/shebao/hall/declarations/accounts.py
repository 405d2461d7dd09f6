"""The first password of an account that a declaration opened: handed out once, from the page of the case."""

from django.db import transaction

from ..errors import Refused
from ..operators.models import Operator
from ..operators.operations import hand_out_password
from ..registration.activation import has_had_a_link
from .models import Declaration
from .states import State


def waiting_account(declaration: Declaration, actor) -> Operator | None:
    """The account that an approved declaration opened and nobody has the password of yet, if the actor may have it.

    The agency may, the employer's administrator, and who declared it: whoever was replaced can hand over that way.
    """
    if declaration.spec.subject != "operator" or declaration.state != State.APPROVED:
        return None
    may = actor.may("manage_operators") or actor.may("review") or declaration.declared_by_id == actor.pk
    account = declaration.answers.get("account", "")
    found = Operator.objects.filter(employer=declaration.employer_id, username=account, is_active=True).first()
    if not (may and found) or found.has_usable_password():
        return None
    # Reset at the counter, it has no password either: its link is for who stood there, not for who declared it.
    return None if has_had_a_link(found) else found


@transaction.atomic
def hand_out_account(pk: int, *, by) -> tuple[Operator, str]:
    """The account of a case and its random first password, told this once (领取初始密码)."""
    declaration = Declaration.objects.visible_to(by).select_related("employer").get(pk=pk)
    if waiting_account(declaration, by) is None:
        raise Refused("handed_out", "初始密码已经领取过，或账号还没有开通。忘记密码的，请管理员重置。")
    return hand_out_password(declaration.answers["account"], by=by)
