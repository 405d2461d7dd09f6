"""The review desk (审核台): what waits, in whose hands it is, and how long there is left."""

from datetime import date

from django.core.paginator import Paginator
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from shebao.hall import clock
from shebao.hall.declarations import queries
from shebao.hall.desk import queries as desk_queries
from shebao.hall.desk.kinds import DECLARATIONS
from shebao.hall.desk.operations import NEXT
from shebao.hall.desk.signing import is_held, is_pending
from shebao.hall.regions import region as region_of

from ..access import needs
from ..chosen import typed_day

PAGE = 50
DAYS = {"since": "提交日期起", "until": "提交日期止"}
FILTERS = ("place", "service", "employer", *DAYS, "risk", "order")
FOUND_BY = ("state", "number", "q")
"""What a list of registrations is narrowed by besides: it stays at the end of an address too."""
EMPTY = {
    "all": ("没有待审核的{noun}", "新提交的会出现在这里。"),
    "mine": ("您手里没有要办的{noun}", "领取以后列在这里。"),
    "free": ("待领已清空", "新提交的会出现在这里。"),
    "held": ("没有挂起的{noun}", ""),
    "second": ("没有等待复审的{noun}", ""),
    "pending": ("没有等着生效的{noun}", ""),
}
"""What an empty place of the desk says where no condition was set: a good thing, and what comes next."""
CHECK_TITLES = {
    "id_number_valid": "证件号码",
    "household_fits": "证件与户口性质",
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
    "late_fees_waiting": "待核定的滞纳金",
    "refundable_months": "退费月份",
    "correctable_months": "更正月份",
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
    """Everything submitted in the region, the most urgent first; by whose hands it is in."""
    page = Paginator(waiting(request), PAGE).get_page(request.GET.get("page"))
    chosen, own = _chosen(request), DECLARATIONS.own(list(page), request.user)
    lines = [row(one) | {"is_own": one.pk in own} for one in page]
    place = chosen.get("place", "all")
    place = place if place in desk_queries.PLACES else "all"
    counts = desk_queries.queue_counts(request.user, **waiting_choice(request))
    context = {
        "page": page,
        "places": _places(request, place, counts),
        "place": place,
        "tabs": _tabs(request),
        "rows": [line | {"is_others": is_others(line, request.user)} for line in lines],
        "filters": _filter_fields(request),
        "kept": {name: chosen[name] for name in ("place", "risk") if name in chosen},
        "is_filtered": bool(set(chosen) - {"order", "place"}),
        "empty": empty_words(place, "申报", counts["free"]),
        "free": counts["free"],
        "is_unfolded": not {"employer", "order", *DAYS}.isdisjoint(chosen),
        "suffix": suffix(request),
        "next": NEXT,
        "buttons": [
            {"label": "核对并批量通过", "kind": "p", "icon": "check"},
            {"label": "领取所选", "kind": "", "icon": "flag", "formaction": reverse("a_claim") + suffix(request)},
        ],
        "actions": [{"label": "我办过的", "url": reverse("a_decided"), "icon": "history"}],
    }
    return render(request, "agency/desk.html", context)


def _places(request, place: str, counts: dict[str, int]) -> list[dict]:
    """The queue cut by whose hands a case is in, with numbers."""
    chosen = {name: value for name, value in _chosen(request).items() if name != "place"}
    steps = any(len(service.review_steps) > 1 for service in region_of(request.user.region).services.values())
    return place_tabs(counts, place, chosen, second=steps)


def empty_words(place: str, noun: str, free: int) -> dict:
    """What an empty place says, with the way to what may be claimed where there is any."""
    title, text = (words.format(noun=noun) for words in EMPTY[place])
    more = (
        {"url": "?place=free", "action": f"去待领（{free}）"} if free and place == "mine" else {"url": "", "action": ""}
    )
    return {"title": title, "text": text} | more


def place_tabs(counts: dict[str, int], place: str, chosen: dict[str, str], *, second: bool) -> list[dict]:
    """A tab for every place of a queue, with numbers. `second`: there is a second review; a chosen place always is."""
    hidden = {"pending": not counts.get("pending"), "second": not second and not counts["second"]}
    return [
        {"label": label, "count": counts[key], "current": key == place,
         "url": f"?{urlencode(chosen | ({} if key == 'all' else {'place': key}))}"}
        for key, label in desk_queries.PLACES.items()
        if not hidden.get(key) or key == place
    ]  # fmt: skip


def _tabs(request) -> list[dict]:
    """The queue cut by urgency and findings, with numbers."""
    chosen = {name: value for name, value in _chosen(request).items() if name != "risk"}
    counts = queries.desk_counts(waiting(request, risk=None))
    current = _chosen(request).get("risk", "")
    kinds = {"urgent": "w", "overdue": "d", "flagged": "w"}
    return [
        {"label": label, "count": counts[key or "all"], "kind": kinds.get(key, "") if counts[key or "all"] else "",
         "current": key == current, "url": f"?{urlencode(chosen | {'risk': key})}"}
        for key, label in [("", "不限"), *queries.RISKS.items()]
    ]  # fmt: skip


def waiting(request, **instead):
    """The cases of the chosen place and filters."""
    chosen = _chosen(request) | instead
    place = chosen.get("place", "all")
    place = place if place in desk_queries.PLACES else "all"
    return desk_queries.queue(
        request.user, place=place, order=chosen.get("order", "due"), **waiting_choice(request, **instead)
    )


def waiting_choice(request, **instead) -> dict:
    """The chosen filters as the queries take them."""
    chosen = _chosen(request) | instead
    days, _ = chosen_days(chosen)
    return {
        "service": chosen.get("service"),
        "risk": chosen.get("risk"),
        "named": chosen.get("employer", "")[:60],
        "days": (days.get("since"), days.get("until")),
    }


def chosen_days(chosen: dict) -> tuple[dict[str, date], dict[str, str]]:
    """The chosen days by field, and what is wrong with a text that is none: it narrows nothing."""
    days, problems = {}, {}
    for name in DAYS:
        if not (text := chosen.get(name, "")):
            continue
        try:
            days[name] = typed_day(text)
        except ValueError:
            problems[name] = f"“{text}”不是日期，请写成 2026-11-05 的样子。"
    return days, problems


def _chosen(request) -> dict[str, str]:
    return {name: request.GET[name].strip() for name in FILTERS if request.GET.get(name, "").strip()}


def suffix(request) -> str:
    """The chosen filters as the end of an address, so that the next case comes from the same queue."""
    chosen = _chosen(request) | {name: said for name in FOUND_BY if (said := request.GET.get(name, "").strip())}
    return f"?{urlencode(chosen)}" if chosen else ""


def row(declaration) -> dict:
    """One line of the queue."""
    return in_hand(declaration) | {
        "declaration": declaration,
        "service_title": declaration.spec.title,
        "findings": f"{len(declaration.problems)} 项提示",
    }


def is_others(line: dict, operator) -> bool:
    """Whether a case of the queue is in a colleague's hands, or its clock stands still: no press decides it."""
    return line["is_held"] or line["is_pending"] or line["holder"] not in (None, operator)


def in_hand(thing) -> dict:
    """Whose hands something is in and how its clock stands: a declaration, or what else waits at the desk."""
    case = getattr(thing, "desk", None)
    held, pending = is_held(case, thing), is_pending(case, thing)
    days = (thing.due_on - clock.today()).days if thing.due_on else None
    kind = "d" if days is not None and days < 0 else "w" if days is not None and days <= 1 else "g"
    return {
        "due_text": "已挂起" if held else due_text(days),
        "due_kind": "g" if held else kind,
        "due_share": _share(thing),
        "is_held": held,
        "is_pending": pending,
        "holder": case.holder if case else None,
        "failure": getattr(case, "failure", ""),
    }


def _share(thing) -> int:
    """How much of the time for a decision is used up, in percent."""
    if not thing.due_on or not thing.submitted_at:
        return 0
    whole = (thing.due_on - clock.day_of(thing.submitted_at)).days + 1
    used = (clock.today() - clock.day_of(thing.submitted_at)).days + 1
    return max(0, min(100, used * 100 // whole)) if whole > 0 else 100


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
        *({"id": name, "label": label, "kind": "date"} for name, label in DAYS.items()),
        {
            "id": "order",
            "label": "次序",
            "kind": "choice",
            "options": list(desk_queries.ORDERS.items()),
            "blank": False,
        },
    ]
    usual, (_, problems) = {"order": "due"}, chosen_days(chosen)
    return [
        field
        | {
            "name": field["id"],
            "value": chosen.get(field["id"], usual.get(field["id"], "")),
            "error": problems.get(field["id"], ""),
        }
        for field in fields
    ]
