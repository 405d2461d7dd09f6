"""A password reset at the agency's counter (局端重置密码): a link to a new one, and word to the employer's contacts."""

from django.db import transaction

from ..audit.operations import record
from ..errors import Refused, permit
from ..mail.old_contacts import MOBILE
from ..mail.operations import write_message
from ..mail.wording import worded
from ..operators.models import Operator
from ..scopes import served_by
from ..sign_in.factors import lose_factors
from ..sign_in.linking import cut_links
from ..sign_in.models import Why
from ..sign_in.sessions import end_sessions
from .activation import make_activation
from .registering import activation_link


def accounts_of(employer, *, by):
    """The accounts of an employer that the actor serves that are in use, administrators first."""
    return _accounts(by).filter(employer=employer.pk).order_by("-role", "username")


def account_of(operator_id: int, *, by) -> Operator:
    """One account of an employer of the agency's region. Raises Operator.DoesNotExist for any other."""
    return _accounts(by).get(pk=operator_id)


def _accounts(by):
    return Operator.objects.filter(served_by(by, "employer"), is_active=True).select_related("employer")


@transaction.atomic
def reset_at_agency(
    operator_id: int, reason: str, *, by, agency: str, lost_factors: bool = False
) -> tuple[Operator, str]:
    """Take the password of an employer's account away and make a link for a new one, shown to the agency once.

    The old password ends at once, and with it whatever else opened the account or was sent to open it: sessions, links
    and codes, accounts of other employers that could enter it. The link is good for a day and once. `lost_factors`: the
    second factors are lost too and are taken away. The employer's telephone is told, where it is one for messages.
    Raises Refused without a reason, Operator.DoesNotExist for an account of another region or of no employer.
    """
    permit(by, "reset_accounts", "重置单位密码")
    operator = _accounts(by).select_for_update(of=("self",)).get(pk=operator_id)
    if not reason.strip():
        raise Refused("reason_missing", "请写明重置的原因，例如“介绍信核对无误，单位忘记密码”。", field="reason")
    operator.set_unusable_password()
    operator.must_change_password = True
    operator.save(update_fields=["password", "must_change_password"])
    cut_links(operator)
    end_sessions(operator, Why.PASSWORD, by=by)
    token, activation = make_activation(operator, by=by)
    record("operator.reset_at_agency", operator, by=by, employer=operator.employer, reason=reason.strip()[:200])
    if lost_factors:
        lose_factors(operator, by=by)
    place, phone = operator.employer.region, operator.employer.phone
    if MOBILE.fullmatch(phone):
        _, text = worded(place, "reset_sms", account=operator.username, agency=agency)
        write_message(phone, text, region=place, occasion=f"reset:{operator.pk}:{activation.pk}", by=by)
    return operator, activation_link(token)
