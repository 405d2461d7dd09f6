"""The review desk (审核台): what waits, one case at a time, and the three answers."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from shebao.hall import clock
from shebao.hall.declarations import operations, queries
from shebao.hall.declarations.accounts import waiting_account
from shebao.hall.declarations.states import State, label_of
from shebao.hall.errors import Refused
from shebao.hall.regions import region as region_of

from ..access import needs

PAGE = 50
# How much of the queue the case page shows beside the case, and how far next and previous reach.
QUEUE_BESIDE = 200
ICONS = {"ok": "check-circle", "d": "arrow-back", "b": "send", "g": "edit"}
FILTERS = ("service", "employer", "risk")
FINDINGS = {"error": "不符", "confirm": "单位已确认", "hint": "提示"}
CHECK_TITLES = {
    "id_number_valid": "证件号码",
    "not_enrolled": "参保状态",
    "already_declared": "重复申报",
    "already_enrolled": "重复参保",
    "enrolled_elsewhere": "他处参保",
    "age_limits": "年龄",
    "month_window": "申报期与月份",
    "wage_limits": "基数上下限",
    "contract_before_month": "合同日期",
    "reason_evidence": "变动原因材料",
    "has_arrears": "欠费",
    "same_name": "同名人员",
    "something_changed": "有改动",
    "credit_code_free": "信用代码",
    "nothing_changed": "有无改动",
    "contract_dates": "合同起止",
    "new_identity": "变更后的证件",
    "scheme_changes": "参保险种",
    "yearly_cover": "年度与个人账户",
    "enrolled_first": "已经参保",
    "back_payment_months": "补缴月份",
    "back_payments_waiting": "待缴的补缴",
    "ended_for_good": "死亡与退休",
    "pre_entered": "信息预录入",
    "labour_registered": "劳动用工备案",
    "labour_ended": "劳动用工备案减员",
    "labour_not_yet": "重复备案",
    "labour_open": "备案状态",
    "confirmed_today": "重复确认",
    "labour_day": "用工登记日期",
    "project_open": "工程项目",
    "project_known": "项目编号与工期",
    "project_worker_not_yet": "重复参加工伤",
    "account_free": "登录账号",
    "administrator_left": "原专管员",
    "deposit_request": "年度与金额",
    "once_a_year": "年度申报",
}


@require_safe
@needs("review")
def queue(request):
    """Everything submitted in the region, the most urgent first."""
    page = Paginator(waiting(request), PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "tabs": _tabs(request),
        "rows": [row(declaration) for declaration in page],
        "filters": _filter_fields(request),
        "risk": _chosen(request).get("risk", ""),
        "is_filtered": bool(_chosen(request)),
        "suffix": suffix(request),
        "buttons": [{"label": "核对并批量通过", "kind": "p", "icon": "check"}],
        "actions": [{"label": "我办过的", "url": reverse("a_decided"), "icon": "history"}],
    }
    return render(request, "agency/desk.html", context)


def _tabs(request) -> list[dict]:
    """The queue cut by urgency and findings, with numbers."""
    chosen = {name: value for name, value in _chosen(request).items() if name != "risk"}
    counts = queries.desk_counts(waiting(request, risk=None))
    current = _chosen(request).get("risk", "")
    kinds = {"urgent": "w", "overdue": "d", "flagged": "w"}
    return [
        {"label": label, "count": counts[key or "all"], "kind": kinds.get(key, "") if counts[key or "all"] else "",
         "current": key == current, "url": f"?{urlencode(chosen | {'risk': key})}"}
        for key, label in [("", "全部"), *queries.RISKS.items()]
    ]  # fmt: skip


def waiting(request, **instead):
    chosen = _chosen(request) | instead
    waiting = queries.desk(request.user, service=chosen.get("service"), risk=chosen.get("risk"))
    asked = chosen.get("employer")
    if asked:
        named = Q(employer__name__icontains=asked) | Q(employer__employer_number__startswith=asked)
        waiting = waiting.filter(named)
    return waiting


def _chosen(request) -> dict[str, str]:
    return {name: request.GET[name].strip() for name in FILTERS if request.GET.get(name, "").strip()}


def suffix(request) -> str:
    """The chosen filters as the end of an address, so that the next case comes from the same queue."""
    chosen = _chosen(request)
    return f"?{urlencode(chosen)}" if chosen else ""


def row(declaration) -> dict:
    """One line of the queue."""
    days = (declaration.due_on - clock.today()).days if declaration.due_on else None
    return {
        "declaration": declaration,
        "service_title": declaration.spec.title,
        "findings": f"{len(declaration.problems)} 项提示",
        "due_text": due_text(days),
        "due_kind": "d" if days is not None and days < 0 else "w" if days is not None and days <= 1 else "g",
    }


def due_text(days: int | None) -> str:
    """How long there is left, in words."""
    if days is None:
        return "无时限"
    if days < 0:
        return f"超 {-days} 天"
    return f"剩 {days} 天" if days else "今天到期"


def _filter_fields(request) -> list[dict]:
    chosen = _chosen(request)
    services = region_of(request.user.region).services.values()
    reviewed = [(service.key, service.title) for service in services if not service.is_direct]
    fields = [
        {"id": "service", "label": "事项", "kind": "choice", "options": reviewed, "placeholder": "全部"},
        {"id": "employer", "label": "单位名称或编号", "kind": "text", "maxlength": 60},
    ]
    return [field | {"name": field["id"], "value": chosen.get(field["id"], "")} for field in fields]


@require_safe
@needs("review")
def case(request, pk):
    """One case: what changes, what the checks found, and what happened so far."""
    return _case_page(request, pk)


def _case_page(request, pk, answers=None, error: Refused | None = None):
    view = queries.case_view(request.user, pk)
    declaration = view.declaration
    word_findings(view)
    beside = list(waiting(request)[:QUEUE_BESIDE])
    before, after = _neighbours([one.pk for one in beside], pk)
    answers = answers or {}
    # First what was repaired, then what changes the roster; what stays as it was is folded.
    first = [field for field in view.fields if field.is_repaired or field.asked]
    then = [field for field in view.fields if field.changed and field not in first]
    rest = [field for field in view.fields if field not in first and field not in then]
    context = {
        "view": view,
        "account": waiting_account(declaration, request.user),
        "declaration": declaration,
        "row": row(declaration),
        "fields": [*first, *then] or rest,
        "rest": rest if first or then else [],
        "flags": [_flag(field, answers) for field in [*view.fields, *map(_paper_field, view.papers)]],
        "papers": view.papers,
        "source": declaration.copied_from,
        "not_passed": label_of(State.REJECTED, view.service),
        "reasons": _reasons(declaration),
        "checks": _checks(view),
        "events": [_event(event) for event in view.events],
        "note": answers.get("note", ""),
        "queue": [row(one) for one in beside],
        "before": before,
        "after": after,
        "suffix": suffix(request),
        "errors": [{"id": error.field or "note", "text": error.message}] if error else [],
        "is_returning": error is not None,
    }
    return render(request, "agency/case.html", context, status=error.status if error else 200)


def word_findings(view) -> None:
    """Give every finding of a case its word."""
    for problem in view.problems:
        problem["word"] = FINDINGS[problem["level"]]


def _event(event: dict) -> dict:
    at = timezone.localtime(event["at"])
    return event | {"icon": ICONS[event["kind"]], "at": f"{at:%m-%d %H:%M}"}


def _checks(view) -> list[dict]:
    """Every automatic check of the service, with what it found."""
    found = {name: [p for p in view.problems if p["code"] == name] for name in view.service.checks}
    other = [p for p in view.problems if p["code"] not in found]
    rows = [{"title": CHECK_TITLES[name], "problems": problems} for name, problems in found.items()]
    return sorted(rows, key=lambda row: not row["problems"]) + ([{"title": "其他", "problems": other}] if other else [])


def _reasons(declaration) -> list[tuple[str, str]]:
    return [(item.code, item.title) for item in region_of(declaration.region).codes["return_reasons"].items]


def _neighbours(pks: list[int], pk: int) -> tuple[int | None, int | None]:
    """The case before and the case after `pk`; of a case no longer in the queue, the first one follows."""
    if pk not in pks:
        return None, pks[0] if pks else None
    at = pks.index(pk)
    return (pks[at - 1] if at else None), (pks[at + 1] if at + 1 < len(pks) else None)


def _paper_field(view):
    """A paper as something that may be marked like an answer."""
    told = f"{len(view.files)} 个文件" if view.files else "没有文件"
    return queries.FieldView(view.key, view.paper.title, "", told, changed=False)


def _flag(field, answers) -> dict:
    """One line of the return sheet."""
    return {
        "view": field,
        "is_flagged": f"flag_{field.id}" in answers,
        "code": answers.get(f"code_{field.id}", ""),
        "reason": answers.get(f"reason_{field.id}", ""),
    }


@require_POST
@needs("review")
def approve(request, pk):
    """Approve one case and go on to the next."""
    try:
        operations.approve_declarations([pk], by=request.user, note=_note(request), seen=seen(request, pk))
    except Refused as no:
        messages.error(request, no.message)
        return redirect(reverse("a_case", args=[pk]) + suffix(request))
    messages.success(request, "已审核通过。")
    return _onwards(request)


@require_POST
@needs("review")
def reject(request, pk):
    """Decline one case for good and go on to the next."""
    try:
        marks = marks_of(request)
        operations.reject_declaration(pk, by=request.user, note=_note(request), marks=marks, seen=seen(request, pk))
    except Refused as no:
        return _case_page(request, pk, request.POST, no)
    messages.success(request, "已办理，单位会看到原因。")
    return _onwards(request)


@require_POST
@needs("review")
def send_back(request, pk):
    """Return one case with remarks beside the fields; what was typed stays when the return is refused."""
    try:
        operations.return_declaration(
            pk, by=request.user, marks=marks_of(request), note=_note(request), seen=seen(request, pk)
        )
    except Refused as no:
        return _case_page(request, pk, request.POST, no)
    messages.success(request, "已退回，单位可以按标注修改后重新提交。")
    return _onwards(request)


def marks_of(request) -> dict[str, str]:
    """What the employer will read beside each flagged field: the reason by its code, and the sentence."""
    titles = region_of(request.user.region).codes["return_reasons"]
    marks = {}
    for name in request.POST:
        if name.startswith("flag_"):
            field = name.removeprefix("flag_")
            code, text = (request.POST.get(f"{part}_{field}", "").strip() for part in ("code", "reason"))
            said = [titles.title_of(code) if titles.get(code) else "", text]
            marks[field] = "：".join(part for part in said if part)
    return marks


def seen(request, *pks: int) -> dict[int, int]:
    """The versions that the page showed, so that nobody decides about what they have not read."""
    shown = {pk: request.POST.get(f"version_{pk}", "") for pk in pks}
    return {pk: int(version) for pk, version in shown.items() if version.isdecimal()}


def _note(request) -> str:
    return request.POST.get("note", "").strip()


def _onwards(request):
    """The next case of the same queue, or the desk when it is empty."""
    after = request.POST.get("after", "")
    address = reverse("a_case", args=[int(after)]) if after.isdecimal() else reverse("a_home")
    return redirect(address + suffix(request))
