"""The workbench (工作台): where the month stands, what to do next, and what it will cost."""

from itertools import groupby

from django.shortcuts import render
from django.template.defaultfilters import date as date_words
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from shebao.hall import clock
from shebao.hall.declarations.queries import recent_events
from shebao.hall.roster.queries import insured_count
from shebao.hall.workbench.queries import Workbench, workbench
from shebao.rules.calendar import Window

from ..access import needs
from .common import here, this_month, word

WEEKDAYS = "一二三四五六日"
TODOS = 5
EVENTS = 5
READ_EVENTS = 40


@needs("see_roster")
@require_GET
def home(request):
    """The first page after signing in."""
    user, month = request.user, this_month(request)
    bench = workbench(user, month)
    action = _next_action(request, bench)
    shown = len(bench.todos) if request.GET.get("todos") == "all" else TODOS
    context = {
        "month": month,
        "hello": _hello(),
        "today_words": _day_words(clock.today()),
        "insured": insured_count(user.employer, month),
        "previous_login": user.previous_login,
        "quick_links": _quick_links(request),
        "steps": [
            {"title": s.title, "note": s.note, "state": s.state, "url": _step_url(request, s.url_name)}
            for s in bench.steps
        ],
        "deadline": _deadline(here(request).calendar.window(month), bench.bill, bench.steps) | {"action": action},
        "stats": _stats(request, bench.counts),
        "todos": [_todo(request, item) for item in bench.todos[:shown]],
        "todo_count": len(bench.todos),
        "has_more_todos": len(bench.todos) > shown,
        "events": _feed(user),
        **_money(bench, month),
    }
    return render(request, "employer/home.html", context)


PEOPLE, WAGES = ("enrol_employees", "cease_employees"), ("declare_wages",)
"""The operations that the head of the workbench leads to."""


def _hello() -> str:
    hour = clock.local_now().hour
    return "上午好" if 5 <= hour < 12 else "下午好" if 12 <= hour < 18 else "晚上好"


def _day_words(day) -> str:
    return f"{day.year} 年 {day.month} 月 {day.day} 日 星期{WEEKDAYS[day.weekday()]}"


def _has_basket(request) -> bool:
    return any(not service.is_direct for service in here(request).services.values())


def _drafts_url(request) -> str:
    return reverse("e_basket") if _has_basket(request) else f"{reverse('e_cases')}?state=draft"


def _step_url(request, name: str) -> str:
    """Changes are entered in the first service; every other step has a page of its own."""
    return reverse("e_declare", args=[here(request).first_service.key]) if name == "e_home" else reverse(name)


def _quick_links(request) -> list[dict]:
    """What a month is prepared with: who comes, who goes, the import of many, the wages. The menu has everything."""
    first = {service.operation: service for service in reversed(here(request).services.values())}
    people, wages = ([first[name] for name in names if name in first] for names in (PEOPLE, WAGES))
    label = word(request, "menu.import", "批量导入")
    many = {"label": label, "url": reverse("e_import"), "icon": "file-spreadsheet"}
    return [*(_link(request, one) for one in people), many, *(_link(request, one) for one in wages)]


def _link(request, service) -> dict:
    label = word(request, f"menu.{service.key}", service.title)
    return {"label": label, "url": reverse("e_declare", args=[service.key]), "icon": service.menu}


def _next_action(request, bench: Workbench) -> dict:
    """The one primary button: what the current step asks for; without an address when nothing is left."""
    current = next((step.url_name for step in bench.steps if step.state == "current"), None)
    if current in ("e_basket", "e_cases"):
        return _submit_action(request, bench.counts)
    if current == "e_pay":
        return {"label": "缴纳本月费款", "url": reverse("e_pay_bill", args=[bench.bill.pk])}
    labels = {"e_settle": f"办理 {bench.standing.month.number} 月结算", "e_documents": "下载本月单据"}
    return {"label": labels[current], "url": reverse(current)} if current else {"label": "本月已完成", "url": ""}


def _submit_action(request, now: dict) -> dict:
    if now["draft"]:
        return {"label": f"提交 {now['draft']} 笔待提交业务", "url": _drafts_url(request)}
    if now["returned"]:
        return {"label": f"修改 {now['returned']} 笔退回申报", "url": f"{reverse('e_cases')}?state=returned"}
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
        "past": past,
        "done": is_done,
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


def _todo(request, item) -> dict:
    url = _drafts_url(request) if item.url_name == "e_basket" else reverse(item.url_name, args=item.args)
    query = f"?{urlencode(item.query)}" if item.query else ""
    return vars(item) | {"url": url + query}


def _feed(user) -> list[dict]:
    """What happened lately; the same step of several people at the same time is one row."""
    rows = []
    for (title, service, _), group in groupby(recent_events(user, READ_EVENTS), key=_happening):
        events = list(group)
        first, count = events[0]["declaration"], len(events)
        who = f"{first.subject_name}等 {count} 人" if count > 1 else first.subject_name
        url = reverse("e_cases") if count > 1 else reverse("e_case", args=[first.pk])
        rows.append(events[0] | {"text": f"{who} · {service}", "url": url, "title": title})
    return rows[:EVENTS]


def _happening(event: dict) -> tuple:
    return event["title"], event["service_title"], event["at"].replace(second=0, microsecond=0)


def _money(bench: Workbench, month) -> dict:
    """The amount of the month, its schemes, why it differs from the last month, and the last twelve months."""
    money = bench.money
    if money.refusal:
        return {"refusal": money.refusal, "amount": None, "shares": [], "bridge_rows": [], "bars": []}
    bars = [{"month": m, "amount": fen, "estimate": is_estimate} for m, fen, is_estimate in money.chart]
    found = _billed(bench) if bench.bill else _estimated(money)
    return {
        "refusal": "",
        "amount": found | {"total": money.total} | _comparison(money.total, money.difference, month),
        "shares": _shares(money),
        "bridge_rows": [{"label": row.label, "delta": row.delta} for row in money.bridge],
        "bars": bars if any(bar["amount"] for bar in bars) else [],
    }


def _billed(bench: Workbench) -> dict:
    is_paid, url = bench.standing.unpaid(bench.bill) <= 0, reverse("e_bill", args=[bench.bill.pk])
    return {
        "tag": "已缴" if is_paid else "已核定",
        "kind": "ok" if is_paid else "b",
        "note": "",
        "url": f"{url}?tab=people",
        "why_url": f"{url}?tab=changes",
    }


def _estimated(money) -> dict:
    count, url = money.estimated.pending_count, reverse("e_settle")
    note = f"含 {count} 笔未生效申报的预计影响" if count else ""
    return {"tag": "预估", "kind": "b", "note": note, "url": f"{url}#amounts", "why_url": f"{url}#why"}


def _shares(money) -> list[dict]:
    shares = [{"code": one.colour, "label": _shorter(one.title), "amount": one.total} for one in money.schemes]
    if money.paid_back:
        shares.append({"code": "other", "label": "补缴", "amount": money.paid_back})
    if money.adjusted > 0:
        shares.append({"code": "other", "label": "补差", "amount": money.adjusted})
    if money.estimated and money.estimated.pending_fen > 0:
        shares.append({"code": "other", "label": "待生效申报", "amount": money.estimated.pending_fen})
    return shares


def _shorter(title: str) -> str:
    """「城镇职工基本医疗保险（含生育）」 gives 「医疗（含生育）」: who is insured is plain here, the room is small."""
    return title.rpartition("基本")[2].replace("保险（", "（")


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
