"""Who may open a page: `public` for everybody, `needs` for those whose role gives a permission."""

from functools import wraps

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core import signing
from django.db.models import QuerySet

from shebao.hall.errors import Refused
from shebao.hall.operators.models import Operator, Role
from shebao.hall.prepared import prepared
from shebao.hall.regions import region
from shebao.rules.settling_words import settle_name

from .recognising import Recognising

WRITER = "writer"
PERMISSION_TITLES = {
    "declare": "申报",
    "confirm": "复核",
    "settle": "结算",
    "pay": "缴费",
    "print": "打印单据",
    "see_roster": "查看花名册",
    "manage_operators": "管理操作员",
    "see_audit": "查看操作记录",
    "review": "审核",
    "try_values": "规则沙盘",
    "keep_accounts": "登记个人账户",
    "reconcile": "对账",
    "reset_accounts": "重置单位密码",
    "unmask": "查看完整号码",
    "run_system": "系统运行",
    "see_alerts": "查看安全提醒",
    "enter_at_counter": "窗口录入",
    "query_with_privilege": "特权查询",
    "approve_privileged": "批准特权查询",
    "publish_notices": "发布公告",
    "monitor": "运行监控",
    "configure": "系统配置",
}


def public(view):
    """Mark a view that needs no sign-in; without the mark every view does."""
    view.is_public = True
    return view


def keeps(keeper):
    """Mark a view: what is posted to it after the session ended is kept, by `keeper(request, writer, **kwargs)`.

    The page carries `writer_token`, which tells whose words they are; nobody else gets to see them.
    """

    def decorate(view):
        view.keeper = keeper
        return view

    return decorate


def writer_token(operator) -> str:
    """Signed proof of whom a form was made for."""
    return signing.dumps(operator.pk, salt=WRITER)


def writer_of(token: str) -> Operator | None:
    """The operator whose form it was, as long as a session may last."""
    try:
        pk = signing.loads(token, salt=WRITER, max_age=settings.SESSION_COOKIE_AGE)
    except signing.BadSignature:
        return None
    return Recognising().get_user(pk)


HOMES = {"system_admin": "a_system", "security_admin": "operators", "audit_admin": "audit"}
"""Where the officers of an agency start: none of them has a desk."""


def home_of(operator) -> str:
    """The name of the first page of whoever signed in."""
    return HOMES.get(operator.role) or ("a_home" if operator.is_agency else "e_home")


def needs(permission: str, *others: str):
    """Only operators who have `permission`, or one of the others, reach the view; a 403 page names the first."""

    def decorate(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            if not any(request.user.may(one) for one in (permission, *others)):
                raise refusal(request.user, permission)
            return view(request, *args, **kwargs)

        guarded.needs = permission
        return guarded

    return decorate


def permission_title(operator, permission: str) -> str:
    """A permission in words; settling by the name that it has in the operator's region."""
    if permission == "settle":
        return settle_name(region(operator.region).terms)
    return PERMISSION_TITLES.get(permission, permission)


def refusal(operator, permission: str) -> Refused:
    """The 403 in words: which permission is missing and who can help."""
    title = permission_title(operator, permission)
    text = f"您的账号没有“{title}”权限，请联系{administrators_of(operator)}。"
    return Refused("not_permitted", text, status=403)


def administrators_of(operator) -> str:
    """The names of those who can give this operator more: who never set a password of their own cannot help yet."""
    return "、".join(_administrators(operator, operator.pk)) or "管理员"


@prepared
def _administrators(operator, own: int) -> QuerySet:
    """Two of them are enough to ask."""
    there = Operator.objects.visible_to(operator).filter(is_active=True, must_change_password=False)
    administrators = there.filter(role__in=(Role.EMPLOYER_ADMIN, Role.SECURITY_ADMIN)).exclude(pk=own)
    administrators = administrators.exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    return administrators.order_by("pk").values_list("name", flat=True)[:2]
