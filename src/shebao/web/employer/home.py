"""The workbench (工作台): where the month stands, what to do next, and what it will cost."""

import logging
from collections.abc import Callable, Mapping
from itertools import groupby
from typing import TypeVar

from django.db import transaction
from django.shortcuts import redirect, render
from django.template.defaultfilters import date as date_words
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from shebao.hall import clock
from shebao.hall.declarations.declared_month import why_closed
from shebao.hall.declarations.queries import counts, recent_events
from shebao.hall.declarations.seconding import waits
from shebao.hall.declarations.states import State
from shebao.hall.notices.queries import listed, to_confirm, unread_keys
from shebao.hall.roster.queries import insured_count
from shebao.hall.settlement.paying_state import offer_of
from shebao.hall.settlement.progress import (
    Standing,
    Step,
    standing,
    steps_of,
    steps_without_amounts,
    to_settle_here,
)
from shebao.hall.workbench.queries import money_of
from shebao.hall.workbench.todos import Todo, todo_items
from shebao.rules.calendar import Window

from ..access import needs
from ..rights import may_open, sees_bills
from .common import here, this_month, word
from .home_money import money_context

logger = logging.getLogger("shebao.web")
Part = TypeVar("Part")

WEEKDAYS = "一二三四五六日"
TODOS = 5
EVENTS = 5
NOTICES = 4
READ_EVENTS = 40


@needs("see_roster")
@require_GET
def home(request):
    """The first page after signing in: at once what costs nothing to know, the amounts when they are reckoned.

    With `?whole=1` (a browser without scripts) everything at once.
    """
    user, month = request.user, this_month(request)
    now = standing(user.employer, month, user)
    sees_money = sees_bills(user)
    steps = steps_of(now) if sees_money else steps_without_amounts(now)
    counted = alone(request, lambda: counts(user, month))
    action = _next_action(request, now, steps, counted or now.by_state)
    context = {
        "month": month,
        "hello": _hello(),
        "today_words": _day_words(clock.today()),
        "insured": insured_count(user.employer, month, user),
        "previous_login": user.previous_login,
        "quick_links": _quick_links(request),
        "steps": [
            {"title": s.title, "note": s.note, "state": s.state, "url": _step_url(request, s.url_name)} for s in steps
        ],
        "deadline": _deadline(here(request).calendar.window(month), now.bill, steps) | {"action": action},
        "stats": _stats(request, now, counted) if counted else [],
        "events": alone(request, lambda: _feed(user)),
        "notices": alone(request, lambda: list(listed(user)[:NOTICES])),
        "unread": alone(request, lambda: unread_keys(user)) or set(),
        "to_confirm": alone(request, lambda: to_confirm(user)),
        "notices_title": word(request, "menu.notices", "公告通知"),
        "is_new": now.is_new,
        "sees_money": sees_money,
        "is_whole": "whole" in request.GET and sees_money,
        "part_url": f"{reverse('e_home_month')}?{urlencode({'todos': request.GET.get('todos', '')})}",
    }
    if context["is_whole"]:
        context |= _month_part(request, now)
    else:
        context |= _todos(request, alone(request, lambda: todo_items(user, now, None)))
    return render(request, "employer/home.html", context)


@needs("settle")
@require_GET
def month_part(request):
    """The part of the workbench that has to be reckoned: amount, reasons, chart, and the to-dos that follow from it."""
    if not request.htmx:
        return redirect(f"{reverse('e_home')}?whole=1")
    month = this_month(request)
    now = standing(request.user.employer, month, request.user)
    insured = insured_count(request.user.employer, month, request.user)
    context = {"month": month, "insured": insured, "is_new": now.is_new}
    return render(request, "employer/home_month.html", context | _month_part(request, now))


def _month_part(request, now: Standing) -> dict:
    money = alone(request, lambda: money_of(now))
    estimated = money.estimated if money else None
    shown = alone(request, lambda: money_context(now, money)) if money else None
    found = alone(request, lambda: todo_items(request.user, now, estimated))
    return (shown or {"bars": [], "is_lost": True}) | _todos(request, found)


def _todos(request, found: list[Todo] | None) -> dict:
    """The rows of the list, the first few unless all are asked for; without them the card says that they are lost."""
    if found is None:
        return {"todos": [], "todo_count": 0, "are_todos_lost": True}
    # What has to be done on a page that is shut is somebody else's, and its words and amounts are too.
    rows = [row for row in (_todo(request, item) for item in found) if may_open(request.user, row["url"])]
    shown = len(rows) if request.GET.get("todos") == "all" else TODOS
    return {"todos": rows[:shown], "todo_count": len(rows), "has_more_todos": len(rows) > shown}


def alone(request, read: Callable[[], Part]) -> Part | None:
    """What `read` finds, or None: a part of the workbench that fails leaves the others whole, and is on record."""
    try:
        with transaction.atomic():
            return read()
    except Exception:
        logger.exception("request %s: a part of the workbench failed", request.number)
        return None


PEOPLE, WAGES = ("enrol_employees", "cease_employees"), ("declare_wages",)
"""The operations that the head of the workbench leads to."""


def _hello() -> str:
    hour = clock.local_now().hour
    if hour < 5:
        return "您好"
    return "上午好" if hour < 12 else "下午好" if hour < 18 else "晚上好"


def _day_words(day) -> str:
    return f"{day.year} 年 {day.month} 月 {day.day} 日 星期{WEEKDAYS[day.weekday()]}"


def _has_basket(request) -> bool:
    return any(waits(service, request.user.employer) for service in here(request).listed_services)


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


def _next_action(request, now: Standing, steps: list[Step], counted: Mapping) -> dict:
    """The one primary button: what the current step asks for; without an address when nothing is left."""
    current = next((step.url_name for step in steps if step.state == "current"), None)
    if current in ("e_basket", "e_cases"):
        return _submit_action(request, counted)
    if current == "e_pay":
        running = now.running.get(now.bill.pk)
        url = reverse("e_payment", args=[running.pk]) if running else reverse("e_pay_bill", args=[now.bill.pk])
        return {"label": offer_of(running), "url": url}
    if current == "e_home":
        first, is_first = here(request).first_service, now.is_new and not now.has_insured
        label = "增加第一位员工" if is_first else word(request, f"menu.{first.key}", first.title)
        return {"label": label, "url": reverse("e_declare", args=[first.key])}
    if current == "e_settle" and now.month < now.employer.first_month:
        return {"label": f"{now.employer.first_month} 起{to_settle_here(here(request), '办理结算')}", "url": ""}
    settle = to_settle_here(here(request), f"办理 {now.month.number} 月结算")
    if now.is_missed and now.has_insured:
        settle = f"看 {now.month.number} 月怎么办"
    labels = {"e_settle": settle, "e_documents": "打印本月单据"}
    return {"label": labels[current], "url": reverse(current)} if current else {"label": "本月已完成", "url": ""}


def _submit_action(request, now: Mapping) -> dict:
    if now.get("draft"):
        verb = "查看" if why_closed(here(request), clock.local_now()) else "提交"
        return {"label": f"{verb} {now['draft']} 笔待提交业务", "url": _drafts_url(request)}
    if now.get("returned"):
        return {"label": f"修改 {now['returned']} 笔退回申报", "url": f"{reverse('e_cases')}?state=returned"}
    if now.get("submitted"):
        return {"label": f"查看 {now['submitted']} 笔审核进度", "url": f"{reverse('e_cases')}?state=submitted"}
    # What is still open is of others, whom this operator does not see.
    return {"label": f"查看{word(request, 'menu.cases', '办件进度')}", "url": reverse("e_cases")}


def _deadline(window: Window, bill, steps) -> dict:
    """Time left to declare; once the month is settled, time left to pay; nothing to count once it is paid."""
    if paid := next((step for step in steps if step.url_name == "e_pay" and step.state == "done"), None):
        is_over = all(step.state == "done" for step in steps)
        label = "本月业务已办结" if is_over else "本月已缴清"
        return {"days": 0, "hours": 0, "label": label, "until": paid.note, "past": False, "done": True}
    until, what = (window.pay_until, "缴费") if bill else (window.declare_until, "申报")
    left = until - clock.local_now()
    past = left.total_seconds() <= 0
    ended = "已于 " if past else ""
    return {
        "days": max(left.days, 0),
        "hours": 0 if past else left.seconds // 3600,
        "label": f"本月{what}期已过" if past else f"距{what}截止还有",
        "until": f"{ended}{until.month} 月 {until.day} 日 周{WEEKDAYS[until.weekday()]} {until:%H:%M} 截止",
        "past": past,
        "done": False,
    }


def _stats(request, now: Standing, counted: dict) -> list[dict]:
    """The four states where somebody reviews; where nobody does, what is kept back and what took effect."""
    if not here(request).is_reviewed:
        return _stats_without_review(request, now, counted)
    draft = f"最早暂存于 {_day(counted['oldest_draft_at'])}" if counted["oldest_draft_at"] else "没有待提交的申报"
    waiting = "经办机构正在审核" if counted["submitted"] else "没有在审的申报"
    due = f"{counted['held']} 笔已挂起，不计时限" if counted["held"] else waiting
    if day := counted["due_on"]:
        due = f"预计 {_day(day)}前办结" if day >= clock.today() else f"已过预计办结日 {_day(day)}"
    copied = all(service.is_copied or service.is_direct for service in here(request).listed_services)
    failed = "rejected" if copied else "returned"
    back = "可复制后重新提交" if copied else "可在原单上修改重报"
    back = back if counted[failed] else "没有被退回的申报"
    approved = "本月已生效" if counted["approved"] else "本月还没有通过的申报"
    return [
        _of_state(request, "draft", "待提交", counted["draft"], draft, "basket", "g"),
        _of_state(request, "submitted", "审核中", counted["submitted"], due, "hourglass", "b"),
        _of_state(request, failed, "审核不通过", counted[failed], back, "arrow-back", "d"),
        _of_state(request, "approved", "审核通过", counted["approved"], approved, "check-circle", "ok"),
    ]


def _of_state(request, state: str, label: str, count: int, note: str, icon: str, kind: str) -> dict:
    """How many declarations are in a state, as the region calls and lists them.

    A list that is named for what is done there (业务删除) leaves the state its own name.
    """
    url = _drafts_url(request) if state == "draft" else f"{reverse('e_cases')}?state={state}"
    for page in here(request).pages.values():
        if page.page == "case_list" and page.states == (state,) and not page.operations:
            label, url = page.title if label in page.title else label, reverse("e_page", args=[page.key])
    return _stat(label, count, note, url, icon, kind)


def _stats_without_review(request, now: Standing, counted: dict) -> list[dict]:
    kept = f"最早暂存于 {_day(counted['oldest_draft_at'])}" if counted["oldest_draft_at"] else "没有待提交的申报"
    people = [_made(request, now, operation) for operation in PEOPLE]
    done = "本月已生效" if counted["approved"] else "本月还没有办理"
    waiting = _stat(State.DRAFT.label, counted["draft"], kept, _drafts_url(request), "basket", "g")
    return [
        *([waiting] if counted["draft"] or _has_basket(request) else []),
        *(one for one in people if one),
        _stat("本月办结", counted["approved"], done, f"{reverse('e_cases')}?state=approved", "check-circle", "ok"),
    ]


def _made(request, now: Standing, operation: str) -> dict | None:
    """How often the month's first service of an operation took effect, and the list of these."""
    service = next((one for one in here(request).services.values() if one.operation == operation), None)
    if service is None:
        return None
    count = now.made.get(service.key, 0)
    query = urlencode({"state": State.APPROVED, "service": service.key, "month": now.month})
    label = f"本月{word(request, f'menu.{service.key}', service.title)}"
    note = "已生效" if count else "本月还没有"
    return _stat(label, count, note, f"{reverse('e_cases')}?{query}", service.menu, "b")


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
