"""The frame around every page: who is signed in, for whom, and the menu of what is built."""

from django.db.models import Count
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from shebao.hall import clock
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.states import State
from shebao.hall.regions import region as region_of
from shebao.hall.settlement.models import VoidRequest, VoidState
from shebao.rules.months import Month

from .middleware import has_contrast, idle_seconds, is_elder

PRODUCT = "企业社保网厅"
TILES = 8

# (heading, [(url name, term of the label, label where the region has no word of its own, icon)])
AFTER_DECLARING = [
    ("e_import", "menu.import", "批量导入", "file-spreadsheet"),
    ("e_basket", "menu.basket", "待提交", "basket"),
    ("e_cases", "menu.cases", "办件进度", "list-check"),
]
EMPLOYER_MENU = [
    (
        ("menu.settlement", "结算缴费"),
        [
            ("e_settle", "menu.settle", "月度结算", "calculator"),
            ("e_bills", "menu.bills", "账单", "receipt"),
            ("e_pay", "menu.pay", "缴费与支付", "wallet"),
            ("e_documents", "menu.documents", "通知单与凭证", "printer"),
        ],
    ),
    (
        ("menu.employer", "单位与员工"),
        [
            ("e_roster", "menu.roster", "员工花名册", "users"),
            ("e_employer", "menu.employer_profile", "单位信息", "building"),
        ],
    ),
]
AGENCY_MENU = [
    ("a_home", "menu.desk", "审核台", "list-details"),
    ("a_employers", "menu.employers", "单位", "building"),
]
HELP = [("trial", "menu.trial", "缴费试算", "coins")]
ADMINISTRATION = [
    ("a_money", "menu.money", "资金对账", "coins", "reconcile"),
    ("a_sandbox", "menu.sandbox", "规则沙盘", "calculator", "try_values"),
    ("operators", "menu.operators", "操作员", "key", "manage_operators"),
    ("audit", "menu.audit", "操作记录", "history", "see_audit"),
]


def shell(request) -> dict:
    """Context processor: `shell`, computed only by a template that shows the frame, once per request."""
    return {"shell": SimpleLazyObject(lambda: _shell(request))}


def _shell(request) -> dict:
    if not hasattr(request, "kept_shell"):
        user = getattr(request, "user", None)
        frame = anonymous_shell() | {"elder": is_elder(request), "contrast": has_contrast(request)}
        if user is not None and user.is_authenticated:
            frame |= _signed_in(request, user)
            if frame["elder"] and request.path == frame["home_url"]:
                frame["tiles"] = [item for item in menu_items(frame) if not item["current"]][:TILES]
        request.kept_shell = frame
    return request.kept_shell


def menu_items(frame: dict) -> list[dict]:
    """The entries of the menu that this operator sees, in order."""
    return [item for group in frame["nav"] for item in group["items"]]


def anonymous_shell() -> dict:
    """The frame of somebody not signed in; asks the database nothing."""
    return {
        "product": PRODUCT,
        "region_title": "",
        "home_url": "/",
        "nav": [],
        "month_label": "",
        "employer_name": "",
        "user_name": "",
        "user_role": "",
        "elder": False,
        "contrast": False,
        "tiles": [],
        "idle_seconds": 0,
        "alive_url": reverse("alive"),
        "search_url": "",
        "search_label": "",
        "logout_url": reverse("sign_out"),
        "elder_url": reverse("elder"),
        "user_links": [],
        "illustrative": (),
    }


def _signed_in(request, user) -> dict:
    region, today = region_of(user.region), clock.today()
    month = Month.of(today)
    nav = _agency_nav(user, region) if user.is_agency else _employer_nav(user, region)
    nav = [group for group in nav if group["items"]]
    _mark_current(nav, request.path)
    return {
        "region_title": region.title,
        "home_url": _url("a_home" if user.is_agency else "e_home") or "/",
        "nav": nav,
        "month_label": str(month),
        "employer_name": "" if user.is_agency else user.employer.name,
        "user_name": user.name,
        "user_role": user.get_role_display(),
        "search_url": _url("a_employers" if user.is_agency else "e_search"),
        "search_label": "搜单位名称、编号或信用代码" if user.is_agency else "",
        "suggest_url": "" if user.is_agency else _url("e_search"),
        "query": request.GET.get("q", "")[:60] if request.path == _url("e_search") else "",
        "idle_seconds": idle_seconds(request),
        "user_links": [{"url": reverse("change_password"), "label": "修改密码", "icon": "key"}],
        "illustrative": region.illustrative(month, today),
        "basket_url": _url("e_basket") if _has_basket(user, region) else "",
        "cases_url": "" if user.is_agency else _url("e_cases"),
        "enrol_url": "" if user.is_agency else _url("e_declare", region.first_service.key),
    }


def _employer_nav(user, region) -> list[dict]:
    counts = _counts(user)
    services = [
        _item(region.terms.get(f"menu.{key}", service.title), _url("e_declare", key), service.menu)
        for key, service in region.services.items()
    ]
    declaring = [entry for entry in AFTER_DECLARING if entry[0] != "e_basket" or _has_basket(user, region)]
    badges = {
        "e_basket": (counts.get(State.DRAFT, 0), False),
        "e_cases": (counts.get(State.RETURNED, 0), True),
    }
    menu = [
        _group("", _entries(region, [("e_home", "menu.home", "工作台", "home")], {})),
        _group(region.terms.get("menu.declare", "申报办理"), services + _entries(region, declaring, badges)),
    ]
    for (term, default), entries in EMPLOYER_MENU:
        items = _entries(region, entries, {})
        if term == "menu.settlement" and region.void:
            items.append(_item(region.void.records, _url("e_voids"), "undo"))
        menu.append(_group(region.terms.get(term, default), items))
    return [*menu, _help(region), _administration(user, region)]


def _help(region) -> dict:
    """What everybody may look at, from the operator's own region on."""
    title = region.terms.get("menu.rates", "费率与基数")
    rates = _item(title, _url("rates_of", region.code), "scale")
    return _group(region.terms.get("menu.help", "帮助"), [rates, *_entries(region, HELP, {})])


def _has_basket(user, region) -> bool:
    """Only where somebody reviews is there something to submit."""
    return not user.is_agency and any(not service.is_direct for service in region.services.values())


def _agency_nav(user, region) -> list[dict]:
    badges = {"a_home": (_counts(user).get(State.SUBMITTED, 0), False)}
    items = _entries(region, AGENCY_MENU, badges)
    if region.void and not region.void.is_direct:
        waiting = VoidRequest.objects.visible_to(user).filter(state=VoidState.ASKED).count()
        items.insert(1, _item(region.void.title, _url("a_voids"), "undo", waiting))
    return [_group("", items), _help(region), _administration(user, region)]


def _administration(user, region) -> dict:
    allowed = [entry[:4] for entry in ADMINISTRATION if user.may(entry[4])]
    return _group(region.terms.get("menu.administration", "系统管理"), _entries(region, allowed, {}))


def _counts(user) -> dict[str, int]:
    """How many declarations wait in each state that somebody must act on: one query."""
    waiting = (State.SUBMITTED,) if user.is_agency else (State.DRAFT, State.RETURNED)
    rows = Declaration.objects.visible_to(user).filter(state__in=waiting).order_by()
    return dict(rows.values_list("state").annotate(Count("pk")))


def _entries(region, entries, badges) -> list[dict]:
    return [
        _item(region.terms.get(term, default), _url(name), icon, *badges.get(name, (0, False)))
        for name, term, default, icon in entries
    ]


def _item(label: str, url: str, icon: str, badge: int = 0, red: bool = False) -> dict:
    kind = "red" if red else ""
    return {
        "label": label,
        "url": url,
        "icon": icon,
        "badge": badge or "",
        "badge_kind": kind,
        "current": False,
    }


def _group(title: str, items: list[dict]) -> dict:
    """A part of the menu. What has no address is not built and is not shown."""
    return {"heading": title, "items": [item for item in items if item["url"]]}


def _url(name: str, *args) -> str:
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def _mark_current(nav: list[dict], path: str) -> None:
    """The entry with the longest address that the path starts with is the current one; the workbench only itself."""
    home, items = _url("e_home"), [item for group in nav for item in group["items"]]
    items = [item for item in items if path == item["url"] or (path.startswith(item["url"]) and item["url"] != home)]
    if items:
        max(items, key=lambda item: len(item["url"]))["current"] = True
