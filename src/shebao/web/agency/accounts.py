"""个人账户: the balances that the agency keeps, put on record one by one, by sheet or pasted."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods

from shebao.hall.errors import Refused
from shebao.hall.regions import region as region_of
from shebao.hall.supplements.balance_form import FORM
from shebao.hall.supplements.models import MedicalAccount
from shebao.hall.supplements.operations import Stated, state_balances, state_balances_by_sheet
from shebao.hall.supplements.queries import accounts as accounts_of

from ..access import needs
from ..employer.fields import Shown, page_fields, typed

PAGE = 50
SHOWN = 50


@needs("keep_accounts")
@require_http_methods(["GET", "POST"])
def accounts(request):
    """The balances on record by name; a POST puts others on record."""
    if region_of(request.user.region).yearly_scheme is None:
        raise MedicalAccount.DoesNotExist("nothing here is paid from accounts")
    if request.method == "GET":
        return _page(request)
    try:
        stated = _stated(request)
    except Refused as no:
        return _page(request, [{"id": "id_file" if no.field else "", "text": no.message}], status=no.status)
    if stated.refused:
        return _page(request, _reasons(stated), status=422)
    messages.success(request, f"已登记 {len(stated.accounts)} 人的个人账户余额。")
    return redirect("a_accounts")


def _stated(request) -> Stated:
    """One person's balance from the form, or those of a file or of what was pasted."""
    file, pasted = request.FILES.get("file"), request.POST.get("pasted", "").strip()
    if request.POST.get("way") != "sheet":
        return state_balances({1: typed(FORM, request.POST)}, by=request.user)
    if file and file.size > settings.SHEBAO_UPLOAD_LIMIT:
        raise Refused("too_large", "文件超过 20 MB，请拆成几个文件分别上传。", field="file")
    if not file and not pasted:
        raise Refused("no_file", "请选择表格文件，或把表格内容粘贴进来。", field="file")
    name, data = (file.name, file.read()) if file else ("粘贴的内容.csv", pasted.encode())
    return state_balances_by_sheet(name, data, by=request.user)


def _reasons(stated: Stated) -> list[dict]:
    rows = [{"id": "", "text": f"第 {number} 行 {why}"} for number, why in stated.refused[:SHOWN]]
    more = len(stated.refused) - SHOWN
    return [*rows, *([{"id": "", "text": f"还有 {more} 处，请先改好以上各行。"}] if more > 0 else [])]


def _page(request, errors=(), status: int = 200):
    here, asked = region_of(request.user.region), request.GET.get("q", "").strip()
    raw = typed(FORM, request.POST) if request.POST.get("way") == "one" else {}
    context = {
        "errors": list(errors),
        "fields": [field | {"full": True} for field in page_fields(FORM, here, Shown(raw))],
        "file": {"id": "id_file", "name": "file", "kind": "file", "label": "表格文件", "accept": ".xlsx,.xls,.csv",
                 "full": True},
        "pasted": {"id": "id_pasted", "name": "pasted", "kind": "textarea", "label": "或粘贴表格内容", "full": True,
                   "value": request.POST.get("pasted", ""),
                   "help": "第一行是列名：证件号码、姓名、个人账户余额、余额截至"},
        "page": Paginator(accounts_of(request.user, asked), PAGE).get_page(request.GET.get("page")),
        "search": {"id": "q", "name": "q", "label": "姓名或完整证件号码", "kind": "text", "value": asked},
        "asked": asked,
    }  # fmt: skip
    return render(request, "agency/accounts.html", context, status=status)


urlpatterns = [path("accounts/", accounts, name="a_accounts")]
