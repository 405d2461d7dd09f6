"""The menus of both sides of the counter: put together once, drawn for everybody with what waits for them.

What an entry is called and where it leads depends on the region and on what its reader may do, and on nothing else:
that much is kept (`_kept`). How many things wait, and which entry is open, is asked and marked in a copy, at every
request.
"""

from collections import Counter
from functools import lru_cache
from typing import NamedTuple
from weakref import WeakKeyDictionary

from django.db.models import Count, Q, QuerySet
from django.urls import NoReverseMatch, get_script_prefix, reverse

from shebao.hall.configuring.models import FolderProposal
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.states import State
from shebao.hall.desk.holds import waiting_for_employer
from shebao.hall.desk.queries import queue_size
from shebao.hall.errors import may_do
from shebao.hall.notices.queries import unread_count
from shebao.hall.operators.models import AGENCY_ROLES, EVERY_PERMISSION, OFFICER_ROLES
from shebao.hall.prepared import counted, prepared
from shebao.hall.privileged.models import PrivilegedQuery
from shebao.hall.registration.join_deciding import open_joins
from shebao.hall.registration.reviewing import REGISTRATIONS as REGISTERED
from shebao.hall.reimbursements.queries import keeps_reimbursements
from shebao.hall.reports.registry import REPORTS
from shebao.hall.scopes import Desk
from shebao.hall.settlement.models import VoidRequest, VoidState
from shebao.rules.region import Region

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
from .menus import menu_items
from .places import CATALOGUED, KEYED, NAMES, PUBLIC, address_of, address_of_row, permission_of
from .rights import PAGE_NEEDS

MOST_SERVICES = 6
"""A hall with more of them folds them away under the manual's headings."""
PLACED = {*NAMES, *KEYED, *PUBLIC}
MOST_KEPT = 64
"""So many menus of a region are kept: there are as many kinds of readers, and somebody with ticks of their own."""


class Rights(NamedTuple):
    """All of a reader that a menu depends on."""

    role: str
    permissions: frozenset[str]
    services: frozenset[str] = frozenset()
    has_basket: bool = False

    def may(self, permission: str) -> bool:
        """Whether the reader has the permission."""
        return permission in self.permissions


def url_of(name: str, *args: str) -> str:
    """The address of a page; empty where none has the name."""
    return _reversed(get_script_prefix(), name, args)


@lru_cache(maxsize=4096)
def _reversed(prefix: str, name: str, args: tuple[str, ...]) -> str:
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def employer_menu(user, region) -> list[dict]:
    """The menu of an employer's operator, whom nothing is withheld from yet (`allowed`). To read, not to change."""
    listed = frozenset(service.key for service in region.listed_services if may_do(user, service))
    return _kept(region, Rights(user.role, _permissions(user), listed, has_basket(user, region)))


def employer_nav(user, region, *, is_counted: bool = True) -> list[dict]:
    """The same with what waits, for one page; `is_counted` False: without its numbers, which are asked for."""
    badges = {}
    if is_counted:
        counts = dict(_counts(user))
        badges["e_basket"] = (counts.get(State.DRAFT, 0), False)
        held = counts.get(State.SUBMITTED, 0)
        badges["e_cases"] = (counts.get(State.RETURNED, 0) + held, True)
        badges["e_notices"] = (unread_count(user) + held, True)
        if user.may("manage_operators"):
            badges["operators"] = (open_joins(user).count(), True)
    return _drawn(employer_menu(user, region), badges)


def agency_nav(user, region, *, is_counted: bool = True) -> list[dict]:
    """The menu of whoever works at the agency, with what waits, for one page; `is_counted` as above."""
    badges = {}
    if is_counted and not user.is_officer:
        badges["a_home"] = (queue_size(user), False)
        if region.registration:
            badges["a_registrations"] = (queue_size(user, kind=REGISTERED), False)
        if region.void and not region.void.is_direct:
            badges["a_voids"] = (sum(_voids(user.region, user.divisions)), False)
        if user.may("configure"):
            badges["a_configuration"] = (sum(_proposals(user.region, user.pk)), False)
        if user.may("approve_privileged"):
            badges["a_privileged"] = (sum(_privileged(user.region, user.pk)), True)
    return _drawn(_kept(region, Rights(user.role, _permissions(user))), badges)


def has_basket(user, region) -> bool:
    """Only where what is saved waits is there something to submit."""
    return not user.is_agency and (
        user.employer.needs_second or any(service.waits for service in region.listed_services)
    )


def _permissions(user) -> frozenset[str]:
    return frozenset(filter(user.may, EVERY_PERMISSION))


@prepared
def _voids(region: str, divisions: list[str]) -> QuerySet:
    return counted(VoidRequest.objects.visible_to(Desk(region, divisions)).filter(state=VoidState.ASKED))


@prepared
def _proposals(region: str, operator: int) -> QuerySet:
    return counted(FolderProposal.objects.awaiting(region, operator))


@prepared
def _privileged(region: str, operator: int) -> QuerySet:
    """How many privileged queries wait for whoever may approve them: not their own."""
    return counted(PrivilegedQuery.objects.awaiting(region, operator))


@prepared
def _counts(user) -> QuerySet:
    """How many declarations wait in each state that somebody must act on: one query. Of those that are being reviewed
    the ones that the desk holds until the employer says or brings something.
    """
    waits = Q(state__in=(State.DRAFT, State.RETURNED)) | Q(pk__in=waiting_for_employer(user).values("pk"))
    rows = Declaration.objects.visible_to(user).filter(waits).order_by()
    return rows.values_list("state").annotate(Count("pk"))


def _drawn(menu: list[dict], badges: dict[str, tuple[int, bool]]) -> list[dict]:
    """A copy of a kept menu for one reader, with the numbers of what waits (for some of them in red)."""
    nav = [part | {"items": [_copied(item) for item in part["items"]]} for part in menu]
    waiting = {url_of(name): badge for name, badge in badges.items()}
    for item in menu_items({"nav": nav}):
        number, is_red = waiting.get(item["url"], (0, False))
        item["badge"], item["badge_kind"] = number or "", "red" if is_red else ""
    return nav


def _copied(item: dict) -> dict:
    return item | {"fold": [dict(one) for one in item["fold"]]} if "fold" in item else dict(item)


_menus: WeakKeyDictionary[Region, dict[tuple[str, Rights], list[dict]]] = WeakKeyDictionary()
"""By region as it was loaded: the menus of one that was published anew go with it."""


def _kept(region: Region, rights: Rights) -> list[dict]:
    kept, key = _menus.setdefault(region, {}), (get_script_prefix(), rights)
    menu = kept.get(key)
    if menu is None:
        if len(kept) >= MOST_KEPT:
            kept.clear()
        menu = kept[key] = (_agency_menu if rights.role in AGENCY_ROLES else _employer_menu)(region, rights)
    return menu


def _employer_menu(region: Region, rights: Rights) -> list[dict]:
    services = [
        (
            _item(
                region.terms.get(f"menu.{service.key}", service.title), url_of("e_declare", service.key), service.menu
            ),
            service.under if len(region.listed_services) > MOST_SERVICES else "",
        )
        for service in region.listed_services
        if service.key in rights.services
    ]
    declaring = [entry for entry in AFTER_DECLARING if entry[0] != "e_basket" or rights.has_basket]
    offered = _folded(services + _pages(rights, region)) + _entries(region, declaring)
    menu = [
        _group("", _entries(region, FIRST)),
        _group(region.terms.get("menu.declare", "申报办理"), offered),
    ]
    for (term, default), entries in EMPLOYER_MENU:
        items = _entries(region, entries)
        if term == "menu.settlement" and region.void:
            items.append(_item(region.void.records, url_of("e_voids"), "undo"))
        menu.append(_group(region.terms.get(term, default), items))
    operations = {service.operation for service in region.services.values()}
    menu[-1]["items"] += _entries(region, [one[:4] for one in REGISTERS if one[4] in operations])
    menu += [_queries(rights, region), *_managing(rights, region), _help(region, _pages(rights, region, "help"))]
    return _joined(menu)


def _agency_menu(region: Region, rights: Rights) -> list[dict]:
    if rights.role in OFFICER_ROLES:
        return [*_managing(rights, region), _help(region)]
    asks = any(service.pre_entry for service in region.services.values())
    entries = [*AGENCY_MENU, *(REGISTRATIONS if region.registration else []), *(PRE_ENTRIES if asks else [])]
    if region.yearly_scheme and rights.may("keep_accounts"):
        entries.append(AGENCY_ACCOUNTS)
    if keeps_reimbursements(region) and rights.may("enter_at_counter"):
        entries.append(REIMBURSEMENTS)
    items = _entries(region, entries)
    if region.void and not region.void.is_direct:
        items.insert(1, _item(region.void.title, url_of("a_voids"), "undo"))
    return [_group("", items), *_managing(rights, region), _help(region)]


def _queries(rights, region) -> dict:
    """The rows of the catalogue that are pages of the hall, unless the menu has that page in a place of its own."""
    listed = [
        (_item(row.title, address_of(row.page, region), QUERY_ICONS.get(row.page, "clock")), row.under)
        for row in region.pages.values()
        if row.page not in PLACED and rights.may(permission_of(row.page))
    ]
    first = _entries(region, LOOKING_UP) if rights.may("see_roster") else []
    listed += [
        (_item(one.title, url_of("e_query", one.key), "list-details"), one.under)
        for one in region.queries.values()
        if one.in_menu and rights.may("see_roster") and rights.may(REPORTS[one.model].permission)
    ]
    listed += [*_papers(region), *_statements(region)] if rights.may("print") else []
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


def _pages(rights, region, *groups: str) -> list[tuple[dict, str]]:
    """What the region's catalogue shows beside its services, each with its heading in the manual: of these groups,
    or where none is named, of all but the help.
    """
    return [
        (_item(row.title, address_of_row(row, region), QUERY_ICONS.get(row.page, "list-check")), row.under)
        for row in region.pages.values()
        if row.page in CATALOGUED
        and rights.may(PAGE_NEEDS.get(row.page) or permission_of(row.page))
        and (not row.may or rights.role in row.may)
        and (row.group in groups if groups else row.group != "help")
    ]


def _help(region, listed: list[tuple[dict, str]] = ()) -> dict:
    """What everybody may look at, from the operator's own region on, and the help that the manual lists."""
    title = region.terms.get("menu.rates", "费率与基数")
    rates = _item(title, url_of("rates_of", region.code), "scale")
    guides = _item(region.terms.get("menu.guides", "办事指南"), url_of("guides_of", region.code), "help")
    heading = region.terms.get("menu.help", "帮助")
    helping = _folded([(item, "" if under == heading else under) for item, under in listed])
    return _group(heading, [*helping, guides, rates, *_entries(region, HELP)])


def _papers(region) -> list[tuple[dict, str]]:
    """The papers of a bill that the manual prints from an entry of their own, each with its heading there."""
    return [
        (_item(str(spec["menu"]), url_of("e_documents_of", kind), "printer"), str(spec["under"]))
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
        (_item(one.menu, url_of("e_statement", one.key), "printer"), one.under or heading)
        for one in region.statements.values()
        if one.key not in in_queries and not (has_page and one.is_blank)
    ]


def _managing(rights, region) -> list[dict]:
    """The parts of the menu that ask for a permission each, without those that would be empty."""
    found, absent = [], _without_matter(rights, region)
    for (term, default), entries in MANAGING:
        offered = [entry[:4] for entry in entries if entry[0] not in absent and any(map(rights.may, entry[4].split()))]
        if offered:
            found.append(_group(region.terms.get(term, default), _entries(region, offered)))
    return found


def _without_matter(rights, region) -> set[str]:
    """The entries that are about what this region, or this side of the counter, does not have."""
    kinds = {way.kind for way in region.collection.ways.values()}
    has_its_matter = {
        "certificates": region.sign_in.has_certificate,
        "a_undeclared": region.collection.undeclared.assessed,
        "a_receipts": "counter" in kinds,
        "a_debits": "file" in kinds,
        "looks": rights.role not in AGENCY_ROLES,
        "a_privileged_named": rights.role in AGENCY_ROLES,
    }
    return {name for name, has in has_its_matter.items() if not has}


def _entries(region, entries) -> list[dict]:
    return [_item(region.terms.get(term, default), url_of(name), icon) for name, term, default, icon in entries]


def _item(label: str, url: str, icon: str) -> dict:
    return {"label": label, "url": url, "icon": icon, "badge": "", "badge_kind": "", "current": False}


def _group(title: str, items: list[dict]) -> dict:
    """A part of the menu. What has no address is not built and is not shown."""
    return {"heading": title, "items": [item for item in items if item.get("fold") or item["url"]]}
