"""单位选择: the employers that one person acts for; each is entered as an account and session of its own."""

from django.contrib import messages
from django.db import transaction
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shebao.hall.errors import Refused
from shebao.hall.operators.models import Operator
from shebao.hall.regions import region as region_of
from shebao.hall.sign_in import linking
from shebao.hall.sign_in.sessions import STRONG
from shebao.hall.workbench.waiting import waiting_counts

from ..chosen import left_empty
from ..entering import MANY, WAY, begin, owner_of

OWN_WAY = "own_way"
LOST = {"username": "请填写那个单位的账号。", "password": "请填写那个账号的密码。"}


@require_safe
def employers(request):
    """Those one may work for, searched by name, number or code."""
    return _list(request, "单位选择", "employers", lambda one: True)


@require_safe
def numbers(request):
    """The numbers of the taxpayer that one works for now (同一缴费人识别号)."""
    mine = _owner(request, request.user).employer and request.user.employer.taxpayer
    return _list(request, "单位切换", "numbers", lambda one: one.employer.taxpayer == mine)


def _owner(request, otherwise: Operator) -> Operator:
    if request.user.is_agency:
        raise Operator.DoesNotExist("the agency acts for no employer")
    return owner_of(request) or otherwise


def _list(request, title: str, which: str, fits):
    owner = _owner(request, request.user)
    asked = request.GET.get("q", "").strip()[:60]
    found = [one for one in linking.accounts_of(owner) if fits(one) and _matches(one.employer, asked)]
    waiting = waiting_counts([one.employer_id for one in found])
    here = region_of(request.user.region)
    row = next((one for one in here.pages.values() if one.page == which), None)
    context = {
        "title": row.title if row else title,
        "rows": [
            {
                "operator": one,
                "employer": one.employer,
                "region": region_of(one.region).title,
                "waiting": waiting.get(one.employer_id, 0),
                "is_now": one.pk == request.user.pk,
                "is_own": one.pk == owner.pk,
            }
            for one in found
        ],
        "asked": asked,
        "which": which,
        "owner": owner,
    }
    return render(request, "account/employers.html", context)


def _matches(employer, asked: str) -> bool:
    words = (employer.name, employer.employer_number, employer.credit_code, employer.taxpayer)
    return not asked or any(asked.lower() in word.lower() for word in words)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def add(request):
    """添加单位: show the password of the account there, once."""
    owner = _owner(request, request.user)
    errors, status = [], 200
    username = request.POST.get("username", "").strip()
    if request.method == "POST":
        errors = left_empty(request, LOST)
        status = 422 if errors else 200
    if request.method == "POST" and not errors:
        try:
            link = linking.link_account(
                username, request.POST.get("password", ""), request.POST.get("code", ""), by=owner
            )
        except Refused as no:
            errors, status = [{"id": no.field or "username", "text": no.message}], no.status
        else:
            request.session[MANY] = True
            messages.success(request, f"已添加{link.operator.employer.name}。")
            return redirect("employers")
    context = {"errors": errors, "wrong": {one["id"]: one["text"] for one in errors}, "username": username}
    return render(request, "account/employer_add.html", context, status=status)


@require_POST
def enter(request, pk):
    """进入: from here on everything is done as that account, for that employer alone."""
    owner = _owner(request, request.user)
    way = request.session.get(OWN_WAY) or request.session.get(WAY, "")
    try:
        with transaction.atomic():  # the session and the record of it
            operator = linking.enter_account(pk, owner=owner, is_strong=way in STRONG)
            begin(request, operator, "switch", owner, way)
    except Refused as no:
        messages.error(request, no.message)
        return redirect("employers")
    request.session[MANY], request.session[OWN_WAY] = True, way
    messages.success(request, f"已进入{operator.employer.name}，以下业务都为这个单位办理。")
    return redirect("start")


@require_POST
def remove(request, pk):
    """Take an employer off the list; its account stays."""
    gone = linking.unlink_account(pk, by=_owner(request, request.user))
    messages.success(request, f"已移除{gone.employer.name}，需要时可以重新添加。")
    return redirect("employers")
