"""Signing in by the employer's number (先选单位编号): it stands for the administrator, or an account there."""

from ..operators.models import Operator, Role


def account_at(region: str, number: str, account: str) -> str:
    """The username behind an employer's number; without an account its only administrator.

    Nobody learns whether there is one: a number that stands for nobody gives a name that nobody has.
    """
    rows = Operator.objects.filter(employer__region=region, employer__employer_number=number, is_active=True)
    rows = rows.filter(username=account) if account else rows.filter(role=Role.EMPLOYER_ADMIN)
    found = list(rows.values_list("username", flat=True)[:2])
    return found[0] if len(found) == 1 else f"{region}/{number}/{account}"[:60]
