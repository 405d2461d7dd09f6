"""Cases (办件进度): the list, one case with its timeline and what may be done about it."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from shebao.hall import clock
from shebao.hall.audit.looks import note_look
from shebao.hall.declarations import operations, queries
from shebao.hall.declarations.accounts import hand_out_account, waiting_account
from shebao.hall.declarations.copying import copy_declaration
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.seconding import waits
from shebao.hall.declarations.states import COPIED, MOVES, State, label_of
from shebao.hall.desk.holds import holds_of
from shebao.hall.errors import Refused, may_do
from shebao.hall.sign_in.submissions import signatures_of
from shebao.rules.months import BadMonth, Month

from ..access import needs
from ..operators.new_operator import first_rights
from .common import ICONS, PAGE, crumbs, here, often, undo_toast, word
from .vouchers import vouches_for

FILTERS = ("q", "service", "month")
TABS = (State.DRAFT, State.SUBMITTED, State.RETURNED, State.APPROVED, State.REJECTED, State.DELETED, State.UNDONE)
DONE = {"withdraw": "已撤回，回到待提交。", "restore": "已放回待提交。", "undo": "已撤销，花名册已恢复。"}


@require_safe
@needs("declare")
def cases(request):
    """All declarations by state; filters are in the address."""
    return _list(request, word(request, "menu.cases", "办件进度"), TABS, None)


def listed(request, page):
    """The declarations that one page of the region's catalogue is about: some states, some kinds of business."""
    services = here(request).services.values()
    asked = [one.key for one in services if one.operation in page.operations] if page.operations else None
    states = tuple(state for state in TABS if state in page.states) or TABS
    return _list(request, page.title, states, asked, notes=page.notes)


def _list(request, title: str, tabs: tuple, services: list[str] | None, *, notes=()):
    chosen = {name: request.GET[name].strip()[:60] for name in FILTERS if request.GET.get(name, "").strip()}
    state = request.GET.get("state", "")
    month, wrong = _month(chosen.get("month", ""))
    within = {"services": services, "states": tabs}
    asked = {**chosen, "month": month}
    rows = queries.cases(request.user, state=state, **asked, **within)
    counts = dict(_every(request, asked | within).values_list("state").annotate(Count("pk")))
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    shown = [(one.value, _tab(request, one)) for one in tabs if one in counts or one.value == state]
    total = sum(count for key, count in counts.items() if key != State.DELETED)
    holds = holds_of(page)
    for one in page:
        one.hold = holds.get(one.pk)
    context = {
        "title": title,
        "crumbs": crumbs(title),
        "tabs": [
            {"label": label, "count": counts.get(key, 0) if key else total, "current": key == state,
             "url": f"?{urlencode({**chosen, 'state': key})}"}
            for key, label in ([("", "全部"), *shown] if len(tabs) > 1 else [])
        ],
        "notes": notes,
        "has_results": any(one.note for one in page),
        "state": state,
        "filters": _fields(request, chosen, wrong, services),
        "errors": [{"id": "month", "text": wrong}] if wrong else [],
        "is_filtered": bool(chosen),
        "page": page,
        "often": _often(request, services),
    }  # fmt: skip
    return render(request, "employer/cases.html", context)


def _often(request, services: list[str] | None) -> str:
    """The word before 影响 on a list: of services that all cost each month, or all once; else neither."""
    every = here(request).services
    words = {often(every[key]) for key in (services or every) if not every[key].is_aside}
    return words.pop() if len(words) == 1 else "应缴"


def _every(request, asked: dict):
    """The same filters in every state, removed ones too, for the numbers on the tabs."""
    rows = queries.cases(request.user, **asked).order_by().select_related(None)
    if State.DELETED not in asked["states"]:
        return rows
    removed = queries.cases(request.user, state=State.DELETED, **asked).order_by().select_related(None)
    return rows | removed


def _tab(request, state: State) -> str:
    """The word above a list of one state, which may hold cases that somebody reviewed and cases that nobody did."""
    services = sorted(here(request).listed_services, key=lambda one: one.is_direct)
    return "、".join(dict.fromkeys(label_of(state, service) for service in services))


def _month(text: str) -> tuple[Month | None, str]:
    """The month asked for, and what is wrong with it."""
    try:
        return (Month.parse(text) if text else None), ""
    except BadMonth as wrong:
        return None, f"业务年月：{wrong.message}。"


def _fields(request, chosen: dict, wrong: str, within: list[str] | None) -> list[dict]:
    every = here(request).services.values()
    services = [(one.key, one.title) for one in every if within is None or one.key in within]
    fields = [
        {"name": "q", "label": "姓名、办件号或证件号码", "kind": "text", "maxlength": 40},
        {"name": "service", "label": "业务", "kind": "choice", "options": services, "placeholder": "全部"},
        {"name": "month", "label": "业务年月", "kind": "month", "id": "month", "error": wrong},
    ]
    return [field | {"value": chosen.get(field["name"], "")} for field in fields]


@require_safe
@needs("declare")
def case(request, pk):
    """One case: old and new values, the reviewer's marks, what happened, what may be done."""
    view = queries.case_view(request.user, pk)
    declaration = view.declaration
    reason = f"查看办件 {declaration.case_number or pk}"
    note_look(declaration, reason, by=request.user, employer=request.user.employer)
    can_repair = declaration.state in (State.DRAFT, State.RETURNED) and waits(declaration.spec, declaration.employer)
    context = {
        "view": view,
        "declaration": declaration,
        "crumbs": crumbs(declaration.subject_name, (word(request, "menu.cases", "办件进度"), reverse("e_cases"))),
        "events": [_event(event) for event in view.events] + _promised(view),
        "held": held_words(request, view) if view.hold else None,
        "moves": [
            {"name": name, "title": _move_title(request, declaration, name), "kind": "d" if name == "delete" else ""}
            for name in view.moves
            if name in ("withdraw", "delete", "restore", "undo")
        ],
        "copy": _copy(request, declaration),
        "papers": view.papers,
        "source": declaration.copied_from,
        "vouches": vouches_for(request, [declaration]),
        "can_repair": can_repair,
        "has_old": any(field.old for field in view.fields),
        "has_marks": any(field.mark for field in view.fields),
        "signatures": signatures_of(declaration),
        "account": waiting_account(declaration, request.user),
        "can_submit": "submit" in view.moves and declaration.state == State.DRAFT,
    }
    return render(request, "employer/case.html", context)


def _move_title(request, declaration, name: str) -> str:
    """The word on a button; what was refused is deleted under the region's own word."""
    if name == "delete" and declaration.state == State.REJECTED:
        return word(request, "case.delete", MOVES[name].title)
    return MOVES[name].title


def _copy(request, declaration) -> dict | None:
    """The way to declare a decided case anew: as a new draft, or where saving is all, on a form filled with it."""
    if declaration.state not in COPIED or not may_do(request.user, declaration.spec):
        return None
    title = word(request, "case.copy", "复制为新申报")
    if waits(declaration.spec, declaration.employer):
        kind = "p" if declaration.state == State.REJECTED else ""
        return {"title": title, "is_post": True, "url": reverse("e_case_copy", args=[declaration.pk]), "kind": kind}
    url = f"{reverse('e_declare', args=[declaration.service])}?copy={declaration.pk}"
    return {"title": title, "is_post": False, "url": url, "kind": ""}


@require_POST
@needs("declare")
def copy(request, pk):
    """A new draft from a decided case, opened to be changed."""
    try:
        made = copy_declaration(pk, by=request.user)
    except Refused as no:
        messages.error(request, no.message)
        return redirect("e_case", pk)
    messages.success(request, "已复制为新的申报，原来的不变。改好后保存并提交。")
    return redirect("e_repair", made.pk)


def _event(event: dict) -> dict:
    at = timezone.localtime(event["at"])
    return {**event, "at": f"{at:%m-%d %H:%M}", "icon": ICONS[event["kind"]]}


def held_words(request, view) -> dict:
    """What a banner says of a case that the desk holds: since when, what it waits for, what may be done."""
    hold, region = view.hold, here(request)
    agency, phone = (region.term(name) for name in ("agency", "agency_phone"))
    still = "办理时限停止计算，恢复以后按停的工作日顺延，那时再写预计办结日"
    if not hold.words:
        return {"since": hold.since, "text": f"{agency}正在核实，不用您补充。{still}。"}
    change = "；要改申报或补传材料的，撤回以后重新提交" if "withdraw" in view.moves else ""
    said = hold.words.rstrip("。；")
    return {"since": hold.since, "text": f"{said}。请按要求准备好，联系{agency}（{phone}）{change}。{still}。"}


def _promised(view) -> list[dict]:
    """The day by which it is to be decided; none is promised while the clock stands still."""
    declaration, due = view.declaration, view.declaration.due_on
    if declaration.state != State.SUBMITTED or due is None or view.hold:
        return []
    day = f"{due.month} 月 {due.day} 日"
    title = f"预计 {day}前办结" if due >= clock.today() else f"已过预计办结日 {day}，可向经办机构查询"
    return [{"title": title, "at": "", "kind": "g", "icon": "clock", "actor": "", "note": ""}]


@require_POST
@needs("declare")
def password(request, pk):
    """The first password of the account that the case opened, shown once."""
    try:
        operator, secret = hand_out_account(pk, by=request.user)
    except Refused as no:
        messages.error(request, no.message)
        return redirect("e_case", pk)
    context = {"operator": operator, "password": secret, "title": "初始密码", "back": "e_case", "case": pk}
    context["rights"] = first_rights(operator)
    return render(request, "operators/password.html", context)


@require_POST
@needs("declare")
def move(request, pk, name):
    """Withdraw, remove, restore or undo one case."""
    deeds = {
        "withdraw": lambda: operations.withdraw_declaration(pk, by=request.user),
        "delete": lambda: operations.delete_declarations([pk], by=request.user),
        "restore": lambda: operations.restore_declarations([pk], by=request.user),
        "undo": lambda: operations.undo_declarations([pk], by=request.user),
    }
    if name not in deeds:
        raise Refused("unknown_move", "没有这个操作，请刷新页面后再试。", status=404)
    was_waiting = Declaration.objects.visible_to(request.user).get(pk=pk).state != State.REJECTED
    try:
        deeds[name]()
    except Refused as no:
        messages.error(request, no.message)
        return redirect("e_case", pk)
    if name == "delete":
        undo_toast(request, "已移除 1 笔。", f"{reverse('e_restore')}?ids={pk}")
        return redirect("e_basket" if was_waiting else "e_cases")
    messages.success(request, DONE[name])
    return redirect("e_case", pk)
