"""The workbench (工作台): where the month stands, what to do next, and what it will cost."""

from django.shortcuts import render
from django.template.defaultfilters import date as date_words
from django.urls import reverse
from django.views.decorators.http import require_GET

from shebao.hall import clock
from shebao.hall.declarations.queries import counts, recent_events, todo_items
from shebao.hall.errors import Refused
from shebao.hall.roster.queries import insured_count
from shebao.hall.settlement import queries
from shebao.hall.settlement.models import Bill
from shebao.hall.settlement.progress import month_steps
from shebao.rules.calendar import Window

from ..access import needs
from .common import here, this_month, word

WEEKDAYS = "一二三四五六日"
TODOS = 5
EVENTS = 5


@needs("see_roster")
@require_GET
def home(request):
    """The first page after signing in."""
    user, month = request.user, this_month(request)
    employer, now = user.employer, counts(user, month)
    bill = Bill.objects.visible_to(user).filter(employer=employer, month=month).first()
    steps = month_steps(employer, month, user)
    action = _next_action(request, steps, now)
    todos = todo_items(user, month)
    context = {
        "month": month,
        "hello": _hello(),
        "today_words": _day_words(clock.today()),
        "insured": insured_count(employer, month),
        "previous_login": user.previous_login,
        "quick_links": _quick_links(request),
        "steps": [
            {"title": s.title, "note": s.note, "state": s.state, "url": _step_url(request, s.url_name)} for s in steps
        ],
        "deadline": _deadline(here(request).calendar.window(month), bill, steps) | {"action": action},
        "stats": _stats(request, now),
        "todos": [_todo(request, item) for item in todos[:TODOS]],
        "todo_count": len(todos),
        "events": [_event(event) for event in recent_events(user, EVENTS)],
        **_money(employer, month, bill),
    }
    return render(request, "employer/home.html", context)


def _hello() -> str:
    hour = clock.local_now().hour
    return "上午好" if 5 <= hour < 12 else "下午好" if 12 <= hour < 18 else "晚上好"


def _day_words(day) -> str:
    return f"{day.year} 年 {day.month} 月 {day.day} 日 星期{WEEKDAYS[day.weekday()]}"


def _has_basket(request) -> bool:
    return any(not service.is_direct for service in here(request).services.values())


def _first_service(request):
    return next(iter(here(request).services.values()))


def _drafts_url(request) -> str:
    return reverse("e_basket") if _has_basket(request) else f"{reverse('e_cases')}?state=draft"


def _step_url(request, name: str) -> str:
    """Changes are entered in the first service; every other step has a page of its own."""
    return reverse("e_declare", args=[_first_service(request).key]) if name == "e_home" else reverse(name)


def _quick_links(request) -> list[dict]:
    """People first, then the import of many, then wages: the order in which a month is prepared."""
    links = {True: [], False: []}
    for key, service in here(request).services.items():
        link = {
            "label": word(request, f"menu.{key}", service.title),
            "url": reverse("e_declare", args=[key]),
            "icon": service.menu or "edit",
        }
        links[service.group == "people"].append(link)
    label = word(request, "menu.import", "批量导入")
    return [*links[True], {"label": label, "url": reverse("e_import"), "icon": "file-spreadsheet"}, *links[False]]


def _next_action(request, steps, now: dict) -> dict:
    """The one primary button: what the current step asks for; without an address when nothing is left."""
    current = next((step.url_name for step in steps if step.state in ("current", "blocked")), None)
    if current == "e_home":
        service = _first_service(request)
        return {"label": f"办理{service.title}", "url": reverse("e_declare", args=[service.key])}
    if current in ("e_basket", "e_cases"):
        return _submit_action(request, now)
    labels = {"e_settle": "办理月度结算", "e_pay": "缴纳本月费款", "e_documents": "下载本月单据"}
    return {"label": labels[current], "url": reverse(current)} if current else {"label": "本月已全部办完", "url": ""}


def _submit_action(request, now: dict) -> dict:
    if now["returned"]:
        return {"label": f"补正 {now['returned']} 笔退回申报", "url": f"{reverse('e_cases')}?state=returned"}
    if now["draft"]:
        return {"label": f"提交 {now['draft']} 笔待提交业务", "url": _drafts_url(request)}
    return {"label": f"查看 {now['submitted']} 笔审核进度", "url": f"{reverse('e_cases')}?state=submitted"}


def _deadline(window: Window, bill, steps) -> dict:
    """Time left to declare; once the month is settled, time left to pay."""
    until, what = (window.pay_until, "缴费") if bill else (window.declare_until, "申报")
    left = until - clock.local_now()
    past = left.total_seconds() <= 0
    is_done = bool(steps) and all(step.state == "done" for step in steps)
    ended = "已于 " if past else ""
    return {
        "days": max(left.days, 0),
        "hours": 0 if past else left.seconds // 3600,
        "label": "本月业务已办结" if is_done else f"本月{what}期已过" if past else f"距{what}截止还有",
        "until": f"{ended}{until.month} 月 {until.day} 日 周{WEEKDAYS[until.weekday()]} {until:%H:%M} 截止",
        "past": past or is_done,
    }


def _stats(request, now: dict) -> list[dict]:
    cases = reverse("e_cases")
    draft = f"最早暂存于 {_day(now['oldest_draft_at'])}" if now["oldest_draft_at"] else "没有待提交的申报"
    waiting = "经办机构正在审核" if now["submitted"] else "没有在审的申报"
    due = f"预计 {_day(now['due_on'])}前办结" if now["due_on"] else waiting
    back = "可在原单上修改重报" if now["returned"] else "没有被退回的申报"
    approved = "本月已生效" if now["approved"] else "本月还没有通过的申报"
    return [
        _stat("待提交", now["draft"], draft, _drafts_url(request), "basket", "g"),
        _stat("审核中", now["submitted"], due, f"{cases}?state=submitted", "hourglass", "b"),
        _stat("审核不通过", now["returned"], back, f"{cases}?state=returned", "arrow-back", "d"),
        _stat("审核通过", now["approved"], approved, f"{cases}?state=approved", "check-circle", "ok"),
    ]


def _stat(label: str, count: int, note: str, url: str, icon: str, kind: str) -> dict:
    return {"label": label, "count": count, "note": note, "url": url, "icon": icon, "kind": kind}


def _day(moment) -> str:
    return date_words(moment, "n 月 j 日")


def _todo(request, item: dict) -> dict:
    if item["url_name"] == "e_basket":
        return item | {"url": _drafts_url(request)}
    return item | {"url": reverse(item["url_name"], args=item["args"])}


def _event(event: dict) -> dict:
    declaration = event["declaration"]
    return event | {
        "text": f"{declaration.subject_name} · {event['service_title']}",
        "url": reverse("e_case", args=[declaration.pk]),
    }


def _money(employer, month, bill) -> dict:
    """The amount of the month, its schemes, why it differs from the last month, and the last twelve months.

    Where a value is missing nothing can be estimated: `refusal` then says so in place of the amounts.
    """
    blank = {"refusal": "", "amount": None, "shares": [], "bridge_rows": [], "bars": []}
    try:
        reasons = queries.bridge(employer, month, pending=True)
        chart = queries.chart(employer)
        found = _billed(bill) if bill else _estimated(employer, month)
    except Refused as no:
        return blank | {"refusal": no.message}
    rows = [{"label": row.label, "delta": row.delta} for row in reasons if row.delta]
    total, difference = found["total"], sum(row["delta"] for row in rows)
    bars = [{"month": m, "amount": fen, "estimate": is_estimate} for m, fen, is_estimate in chart]
    if bars[-1]["estimate"]:
        # The chart estimates what is in force; the card also counts what is on its way. One page, one number.
        bars[-1]["amount"] = total
    return blank | {
        "amount": found | _comparison(total, difference, month),
        "shares": found["shares"],
        "bridge_rows": rows,
        "bars": bars if any(bar["amount"] for bar in bars) else [],
    }


def _billed(bill) -> dict:
    due, paid = queries.balance(bill)
    is_paid = paid >= due
    return {
        "total": bill.total_due,
        "tag": "已缴" if is_paid else "已核定",
        "kind": "ok" if is_paid else "b",
        "shares": _shares(queries.bill_summary(bill)),
        "note": "",
        "url": reverse("e_bills"),
    }


def _estimated(employer, month) -> dict:
    found = queries.estimate(employer, month, pending=True)
    shares = _shares(found.schemes)
    if found.pending_fen > 0:
        shares.append({"code": "other", "label": "待生效申报", "amount": found.pending_fen})
    note = f"含 {found.pending_count} 笔未生效申报的预计影响" if found.pending_count else ""
    return {
        "total": found.total, "tag": "预估", "kind": "b", "shares": shares, "note": note, "url": reverse("e_settle"),
    }  # fmt: skip


def _shares(schemes) -> list[dict]:
    return [{"code": one.colour, "label": one.title, "amount": one.total} for one in schemes]


def _comparison(total: int, difference: int, month) -> dict:
    """More or less than last month: a word, fen, and per cent to one place (half up, whole numbers only)."""
    before = total - difference
    tenths = (abs(difference) * 2000 + before) // (2 * before) if before > 0 else 0
    return {
        "has_before": before > 0,
        "before_month": month.previous(),
        "direction": "多" if difference > 0 else "少" if difference < 0 else "",
        "change": abs(difference),
        "percent": f"{tenths // 10}.{tenths % 10}%",
    }
