"""单位注册 at the agency: the list of what waits and in whose hands, searched by number, name, code and days."""

from datetime import date

from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from shebao.hall.desk import queries as desk_queries
from shebao.hall.desk.operations import NEXT
from shebao.hall.regions import region as region_of
from shebao.hall.registration import reviewing
from shebao.hall.registration.states import State

from ..access import needs
from .desk import DAYS, chosen_days, empty_words, in_hand, place_tabs, suffix
from .handling import Pages

PAGE = 50
TITLE = "单位注册"
SEARCHED = ("number", "q")
SHOWN = (State.SUBMITTED, State.RETURNED, State.APPROVED, State.REJECTED)
PAGES = Pages(
    reviewing.REGISTRATIONS,
    "a_registrations",
    "a_registration",
    "a_registration_",
    "申请人",
    choice=lambda request: _asked(request) | {"days": _days(request)},
    named=lambda one: (one.subject_name, one.number),
)


@require_safe
@needs("review")
def registrations(request):
    """The region's registrations in one state; first those that wait, by whose hands they are in."""
    chosen = request.GET.get("state", State.SUBMITTED)
    chosen = chosen if chosen in SHOWN else State.SUBMITTED
    waits = chosen == State.SUBMITTED
    rows = queue(request) if waits else _in_state(request, chosen)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    counts = dict(_in_state(request).order_by().values_list("state").annotate(Count("pk")))
    kept = _kept(request)
    own = PAGES.kind.own(list(page), request.user) if waits else set()
    context = {
        "title": TITLE,
        "page": page,
        "rows": [row(one) | {"is_own": one.pk in own} for one in page],
        "actions": [
            {"label": "我办过的", "url": reverse("a_decided"), "icon": "history"},
            *counter_actions(request.user),
        ],
        "tabs": [
            {"label": state.label, "count": counts.get(state, 0), "current": state == chosen,
             "url": f"?{urlencode(kept | {'state': state})}"}
            for state in SHOWN
        ],
    }  # fmt: skip
    context |= {
        "filters": _filter_fields(request),
        "kept": {name: request.GET[name] for name in ("state", "place", "order") if request.GET.get(name)},
        "is_filtered": bool(kept),
        "is_unfolded": bool(set(kept) - {"number"}),
        "clear_url": f"?{urlencode({'state': chosen})}",
    }
    return render(request, "agency/registrations.html", context | (_places(request) if waits else {}))


def _kept(request) -> dict[str, str]:
    """What the list is narrowed by, as the address says it."""
    return {name: said for name in (*SEARCHED, *DAYS) if (said := request.GET.get(name, "").strip()[:60])}


def _asked(request) -> dict[str, str]:
    """What was typed, as the queries take it."""
    kept = _kept(request)
    return {"number": kept.get("number", ""), "named": kept.get("q", "")}


def _days(request) -> tuple[date | None, date | None]:
    days, _ = chosen_days(_kept(request))
    return days.get("since"), days.get("until")


def _in_state(request, state: str = ""):
    """The registrations that what was typed finds, in one state or in all that the desk knows."""
    rows = reviewing.waiting(request.user, state, **_asked(request))
    return rows.filter(desk_queries.submitted_within(_days(request)))


def _filter_fields(request) -> list[dict]:
    kept = _kept(request)
    _, problems = chosen_days(kept)
    fields = [
        {"id": "number", "label": "申请号", "kind": "text", "maxlength": 20},
        {"id": "q", "label": "单位名称或统一社会信用代码", "kind": "text", "maxlength": 60},
        *({"id": name, "label": label, "kind": "date"} for name, label in DAYS.items()),
    ]
    return [
        one | {"name": one["id"], "value": kept.get(one["id"], ""), "error": problems.get(one["id"], "")}
        for one in fields
    ]


def counter_actions(user) -> list[dict]:
    """The way to the counter's own entry, for whoever may, where employers register in the hall."""
    if not (user.may("enter_at_counter") and region_of(user.region).registration):
        return []
    return [{"label": "单位参保登记", "url": reverse("a_register"), "icon": "edit"}]


def _place(request) -> str:
    place = request.GET.get("place", "all")
    return place if place in desk_queries.PLACES else "all"


def _order(request) -> str:
    return "age" if request.GET.get("order") == "age" else "due"


def queue(request) -> QuerySet:
    """What waits at the chosen place, in the chosen order."""
    return desk_queries.queue(
        request.user, place=_place(request), order=_order(request), kind=PAGES.kind, **PAGES.choice(request)
    )


def _places(request) -> dict:
    """The queue cut by whose hands a registration is in, and what may be done with several at once."""
    place, order = _place(request), _order(request)
    by_age = _kept(request) | ({"order": order} if order == "age" else {})
    counts = desk_queries.queue_counts(request.user, kind=PAGES.kind, **PAGES.choice(request))
    here = region_of(request.user.region).registration
    claim = reverse("a_registration_claim") + suffix(request)
    return {
        "waits": True,
        "place": place,
        "places": place_tabs(counts, place, by_age, second=bool(here) and len(here.review_steps) > 1),
        "orders": [
            {
                "label": label,
                "current": key == order,
                "url": f"?{urlencode(_kept(request) | {'place': place, 'order': key})}",
            }
            for key, label in desk_queries.ORDERS.items()
        ],
        "claim_url": claim,
        "next": NEXT,
        "free": counts["free"],
        "empty": empty_words(place, "注册申请", counts["free"]),
        "suffix": suffix(request),
        "buttons": [{"label": "领取所选", "kind": "p", "icon": "flag"}],
    }


def row(one) -> dict:
    """One line of the list: the registration, and while it waits its hands and clock."""
    return {"made": one} | (in_hand(one) if one.state == State.SUBMITTED else {})
