"""The frame around every page: who is signed in, for whom, and the menu of what is built."""

from collections import Counter

from django.db.models import Count
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from shebao.hall import clock
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.states import State
from shebao.hall.desk.queries import queue
from shebao.hall.errors import may_do
from shebao.hall.notices.queries import unread_count
from shebao.hall.regions import region as region_of
from shebao.hall.registration.reviewing import REGISTRATIONS as REGISTERED
from shebao.hall.reimbursements.queries import keeps_reimbursements
from shebao.hall.reports.registry import REPORTS
from shebao.hall.settlement.models import VoidRequest, VoidState
from shebao.rules.months import Month

from .access import home_of
from .entering import MANY
from .menu_entries import (
    AFTER_DECLARING,
    AGENCY_ACCOUNTS,
    AGENCY_MENU,
    EMPLOYER_MENU,
    FIRST,
    HELP,
    LOOKING_UP,
    MANAGING,
    PRE_ENTRIES,
    QUERY_ICONS,
    REGISTERS,
    REGISTRATIONS,
    REIMBURSEMENTS,
)
from .menus import allowed, mark_current, menu_items
from .middleware import has_contrast, idle_seconds, is_elder
from .places import CATALOGUED, KEYED, NAMES, PUBLIC, address_of, address_of_row, permission_of
from .rights import PAGE_NEEDS, may_open

PRODUCT = "企业社保网厅"
TILES = 8
MOST_SERVICES = 6
"""A hall with more of them folds them away under the manual's headings."""
PLAIN = {
    "a_home", "a_decided", "a_employers", "a_people", "a_registrations", "a_registration", "a_registration_link",
    "a_register", "a_register_repair", "a_registration_password",
    "a_notices", "a_notice_new", "a_notice", "a_templates", "a_template", "a_alerts", "a_system", "a_letters",
    "a_letter",
    "a_pre_entries", "a_operator_divisions", "a_privileged_named", "a_configuration", "operators", "operator_create",
    "operator_reset", "audit", "looks", "account", "account_contact", "account_factors", "certificates", "employers",
    "change_password", "account_question", "account_totp", "account_passkey", "account_code", "account_recovery",
    "account_factor_remove", "leaving", "employer_numbers", "employer_add", "e_operator_hand_over", "e_notices",
    "e_notice", "e_search", "e_privileged", "e_departments", "e_letter", "e_operator", "e_labour",
    "a_registration_reveal", "a_registration_approve", "a_registration_return",
    "a_registration_reject", "a_privileged", "a_reimbursements", "a_reimbursement_new",
}  # fmt: skip
"""Pages that show no amount of the region: the warning about values of example would stand there in vain."""
PLACED = {*NAMES, *KEYED, *PUBLIC}


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


def anonymous_shell() -> dict:
    """The frame of somebody not signed in; asks the database nothing."""
    return {
        "product": PRODUCT,
        "region_title": "",
        "home_url": "/",
        "home_label": "首页",
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
        "desk_keys": False,
        "illustrative": (),
        "words": {},
    }


def _signed_in(request, user) -> dict:
    region, today = region_of(user.region), clock.today()
    month = Month.of(today)
    nav = _agency_nav(user, region) if user.is_agency else allowed(user, employer_nav(user, region))
    nav = [group for group in nav if group["items"]]
    mark_current(nav, request.path, _url("e_home"))
    home_url = _url(home_of(user)) or "/"
    return {
        "region_title": region.title,
        "home_url": home_url,
        "home_label": _label_of(nav, home_url),
        "nav": nav,
        "month_label": str(month),
        "employer_name": "" if user.is_agency else user.employer.name,
        "user_name": user.name,
        "user_role": user.get_role_display() if user.duty == "all" else user.get_duty_display(),
        "search_url": "" if user.is_officer else _url("a_employers" if user.is_agency else "e_search"),
        "search_label": "搜单位名称、编号或信用代码" if user.is_agency else "",
        "suggest_url": "" if user.is_agency else _url("e_search"),
        "query": request.GET.get("q", "")[:60] if request.path == _url("e_search") else "",
        "idle_seconds": idle_seconds(request),
        "user_links": _own_links(user, region),
        "employer_url": reverse("employers") if request.session.get(MANY) and not user.is_agency else "",
        "desk_keys": user.is_agency and user.may("review"),
        "illustrative": () if _is_plain(request) else region.illustrative(month, today),
        "basket_url": _url("e_basket") if _has_basket(user, region) else "",
        "messages_url": "" if user.is_agency else _url("e_notices"),
        "unread": 0 if user.is_agency else _unread(nav),
        "cases_url": _open_url(user, "e_cases"),
        "words": _menu_words(region),
        "enrol_url": _open_url(user, "e_declare", region.first_service.key),
    }


def _menu_words(region) -> dict[str, str]:
    """What the region's menu calls each page, for texts that name one: `settle`, `cases`, `basket`, `import`."""
    return {term.removeprefix("menu."): text for term, text in region.terms.items() if term.startswith("menu.")}


def _is_plain(request) -> bool:
    return request.resolver_match is not None and request.resolver_match.url_name in PLAIN


def _label_of(nav: list[dict], url: str) -> str:
    """What the menu calls a page, so that the way back to it has the same word."""
    return next((item["label"] for item in menu_items({"nav": nav}) if item["url"] == url), "首页")


def _unread(nav: list[dict]) -> int:
    """How many announcements are new: what the menu counted already."""
    return next((item["badge"] or 0 for item in menu_items({"nav": nav}) if item["url"] == _url("e_notices")), 0)


def _own_links(user, region) -> list[dict]:
    """The menu behind one's name: the account, the employers one acts for, the password."""
    entries = [("account", "menu.account", "我的账号", "user"), ("change_password", "menu.password", "修改密码", "key")]
    if not user.is_agency:
        entries.insert(1, ("employers", "menu.employer_choice", "单位选择", "building"))
    return [
        {"url": reverse(name), "label": region.terms.get(term, text), "icon": icon}
        for name, term, text, icon in entries
    ]


def _open_url(user, name: str, *args) -> str:
    """The address of a page of the employer's side, if this operator may open it."""
    url = "" if user.is_agency else _url(name, *args)
    return url if url and may_open(user, url) else ""


def employer_nav(user, region) -> list[dict]:
    counts, unread = _counts(user), unread_count(user)
    services = [
        (
            _item(region.terms.get(f"menu.{service.key}", service.title), _url("e_declare", service.key), service.menu),
            service.under if len(region.listed_services) > MOST_SERVICES else "",
        )
        for service in region.listed_services
        if may_do(user, service)
    ]
    declaring = [entry for entry in AFTER_DECLARING if entry[0] != "e_basket" or _has_basket(user, region)]
    badges = {
        "e_basket": (counts.get(State.DRAFT, 0), False),
        "e_cases": (counts.get(State.RETURNED, 0), True),
    }
    offered = _folded(services + _pages(user, region)) + _entries(region, declaring, badges)
    menu = [
        _group("", _entries(region, FIRST, {"e_notices": (unread, True)})),
        _group(region.terms.get("menu.declare", "申报办理"), offered),
    ]
    for (term, default), entries in EMPLOYER_MENU:
        items = _entries(region, entries, {})
        if term == "menu.settlement" and region.void:
            items.append(_item(region.void.records, _url("e_voids"), "undo"))
        menu.append(_group(region.terms.get(term, default), items))
    operations = {service.operation for service in region.services.values()}
    menu[-1]["items"] += _entries(region, [one[:4] for one in REGISTERS if one[4] in operations], {})
    menu += [_queries(user, region), *_managing(user, region), _help(region, _pages(user, region, "help"))]
    return _joined(menu)


def _queries(user, region) -> dict:
    """The rows of the catalogue that are pages of the hall, unless the menu has that page in a place of its own."""
    listed = [
        (_item(row.title, address_of(row.page, region), QUERY_ICONS.get(row.page, "clock")), row.under)
        for row in region.pages.values()
        if row.page not in PLACED and user.may(permission_of(row.page))
    ]
    first = _entries(region, LOOKING_UP, {}) if user.may("see_roster") else []
    listed += [
        (_item(one.title, _url("e_query", one.key), "list-details"), one.under)
        for one in region.queries.values()
        if one.in_menu and user.may("see_roster") and user.may(REPORTS[one.model].permission)
    ]
    listed += [*_papers(region), *_statements(region)] if user.may("print") else []
    return _group(region.terms.get("menu.looking_up", "查询与提醒"), first + _folded(listed))


def _folded(entries: list[tuple[dict, str]]) -> list[dict]:
    """Entries that the manual puts under one heading fold away behind it, where the first of them stands."""
    headings = Counter(under for _, under in entries if under)
    found: list[dict] = []
    folds: dict[str, dict] = {}
    for item, under in entries:
        if headings[under] < 2:
            found.append(item)
            continue
        if under not in folds:
            folds[under] = {"label": under, "icon": item["icon"], "fold": [], "open": False}
            found.append(folds[under])
        folds[under]["fold"].append(item)
    return found


def _joined(menu: list[dict]) -> list[dict]:
    """What several parts of the menu call alike stands behind one heading, where the first of them stands."""
    folds: dict[str, dict] = {}
    for part in menu:
        kept = []
        for item in part["items"]:
            first = folds.get(item["label"])
            if first is None:
                if item.get("fold"):
                    folds[item["label"]] = item
                kept.append(item)
            else:
                first["fold"] += item.get("fold") or [item]
        part["items"] = kept
    return menu


def _pages(user, region, *groups: str) -> list[tuple[dict, str]]:
    """What the region's catalogue shows beside its services, each with its heading in the manual: of these groups,
    or where none is named, of all but the help.
    """
    return [
        (_item(row.title, address_of_row(row, region), QUERY_ICONS.get(row.page, "list-check")), row.under)
        for row in region.pages.values()
        if row.page in CATALOGUED
        and user.may(PAGE_NEEDS.get(row.page) or permission_of(row.page))
        and (not row.may or user.role in row.may)
        and (row.group in groups if groups else row.group != "help")
    ]


def _help(region, listed: list[tuple[dict, str]] = ()) -> dict:
    """What everybody may look at, from the operator's own region on, and the help that the manual lists."""
    title = region.terms.get("menu.rates", "费率与基数")
    rates = _item(title, _url("rates_of", region.code), "scale")
    guides = _item(region.terms.get("menu.guides", "办事指南"), _url("guides_of", region.code), "help")
    heading = region.terms.get("menu.help", "帮助")
    helping = _folded([(item, "" if under == heading else under) for item, under in listed])
    return _group(heading, [*helping, guides, rates, *_entries(region, HELP, {})])


def _papers(region) -> list[tuple[dict, str]]:
    """The papers of a bill that the manual prints from an entry of their own, each with its heading there."""
    return [
        (_item(str(spec["menu"]), _url("e_documents_of", kind), "printer"), str(spec["under"]))
        for kind, spec in region.bill_documents.items()
        if spec["menu"]
    ]


def _statements(region) -> list[tuple[dict, str]]:
    """The papers of a span of months or of persons, each with its heading; blank ones where no page lists them, and
    none that a query prints.
    """
    heading = region.terms.get("menu.statements", "查询打印")
    has_page = any(row.page == "blank_forms" for row in region.pages.values())
    in_queries = {key for query in region.queries.values() for key in query.prints}
    return [
        (_item(one.menu, _url("e_statement", one.key), "printer"), one.under or heading)
        for one in region.statements.values()
        if one.key not in in_queries and not (has_page and one.source == "blank")
    ]


def _has_basket(user, region) -> bool:
    """Only where what is saved waits is there something to submit."""
    return not user.is_agency and (
        user.employer.needs_second or any(service.waits for service in region.listed_services)
    )


def _agency_nav(user, region) -> list[dict]:
    if user.is_officer:
        return [*_managing(user, region), _help(region)]
    badges = {"a_home": (queue(user).count(), False)}
    if region.registration:
        badges["a_registrations"] = (queue(user, kind=REGISTERED).count(), False)
    asks = any(service.pre_entry for service in region.services.values())
    entries = [*AGENCY_MENU, *(REGISTRATIONS if region.registration else []), *(PRE_ENTRIES if asks else [])]
    if region.yearly_scheme and user.may("keep_accounts"):
        entries.append(AGENCY_ACCOUNTS)
    if keeps_reimbursements(region) and user.may("enter_at_counter"):
        entries.append(REIMBURSEMENTS)
    items = _entries(region, entries, badges)
    if region.void and not region.void.is_direct:
        asked = VoidRequest.objects.visible_to(user).filter(state=VoidState.ASKED).count()
        items.insert(1, _item(region.void.title, _url("a_voids"), "undo", asked))
    return [_group("", items), *_managing(user, region), _help(region)]


def _managing(user, region) -> list[dict]:
    """The parts of the menu that ask for a permission each, without those that would be empty."""
    found, absent = [], _without_matter(user, region)
    for (term, default), entries in MANAGING:
        offered = [entry[:4] for entry in entries if entry[0] not in absent and any(map(user.may, entry[4].split()))]
        if offered:
            found.append(_group(region.terms.get(term, default), _entries(region, offered, {})))
    return found


def _without_matter(user, region) -> set[str]:
    """The entries that are about what this region, or this side of the counter, does not have."""
    kinds = {way.kind for way in region.collection.ways.values()}
    has_its_matter = {
        "certificates": region.sign_in.has_certificate,
        "a_undeclared": region.collection.undeclared.assessed,
        "a_receipts": "counter" in kinds,
        "a_debits": "file" in kinds,
        "looks": not user.is_agency,
        "a_privileged_named": user.is_agency,
    }
    return {name for name, has in has_its_matter.items() if not has}


def _counts(user) -> dict[str, int]:
    """How many declarations wait in each state that somebody must act on: one query."""
    rows = Declaration.objects.visible_to(user).filter(state__in=(State.DRAFT, State.RETURNED)).order_by()
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
    return {"heading": title, "items": [item for item in items if item.get("fold") or item["url"]]}


def _url(name: str, *args) -> str:
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
