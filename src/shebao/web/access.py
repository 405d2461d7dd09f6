"""Who may open a page: `public` for everybody, `needs` for those whose role gives a permission."""

from functools import wraps

from shebao.hall.errors import Refused
from shebao.hall.operators.models import Operator, Role

PERMISSION_TITLES = {
    "declare": "申报",
    "settle": "结算",
    "pay": "缴费",
    "print": "打印单据",
    "see_roster": "查看花名册",
    "manage_operators": "管理操作员",
    "see_audit": "查看操作记录",
    "review": "审核",
}


def public(view):
    """Mark a view that needs no sign-in; without the mark every view does."""
    view.is_public = True
    return view


def needs(permission: str):
    """Only operators whose role gives `permission` reach the view; others get a 403 page that names it."""

    def decorate(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            if not request.user.may(permission):
                raise refusal(request.user, permission)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def refusal(operator, permission: str) -> Refused:
    """The 403 in words: which permission is missing and who can help."""
    title = PERMISSION_TITLES.get(permission, permission)
    administrators = (
        Operator.objects.visible_to(operator)
        .filter(role__in=(Role.EMPLOYER_ADMIN, Role.AGENCY_ADMIN), is_active=True)
        .order_by("pk")
        .values_list("name", flat=True)[:2]
    )
    who = "、".join(administrators) or "管理员"
    return Refused("not_permitted", f"您的账号没有“{title}”权限，请联系{who}。", status=403)
