"""The frame around every page: who is signed in, for whom, and the menu of what is built."""

from functools import partial

from django.utils.functional import SimpleLazyObject

from shebao.hall import clock
from shebao.hall.regions import region as region_of
from shebao.rules.months import Month
from shebao.rules.settling_words import settle_name

from .access import home_of
from .entering import MANY
from .menus import allowed, mark_current, menu_items
from .middleware import has_contrast, idle_seconds, is_elder
from .navigation import agency_nav, employer_nav, has_basket, url_of
from .rights import may_open

PRODUCT = "企业社保网厅"
TILES = 8


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
        "alive_url": url_of("alive"),
        "search_url": "",
        "search_label": "",
        "logout_url": url_of("sign_out"),
        "elder_url": url_of("elder"),
        "user_links": [],
        "desk_keys": False,
        "illustrative": (),
        "words": {},
    }


def _signed_in(request, user) -> dict:
    region, today = region_of(user.region), clock.today()
    month = Month.of(today)
    # A page that only says no asks for no numbers: whoever knocks a thousand times costs that much less.
    is_counted = not getattr(request, "is_refused", False)
    drawn = (agency_nav if user.is_agency else employer_nav)(user, region, is_counted=is_counted)
    nav = drawn if user.is_agency else allowed(user, drawn)
    nav = [group for group in nav if group["items"]]
    mark_current(nav, request.path, url_of("e_home"))
    home_url = url_of(home_of(user)) or "/"
    return {
        "region_title": region.title,
        "home_url": home_url,
        "home_label": _label_of(nav, home_url),
        "nav": nav,
        "month_label": str(month),
        "employer_name": "" if user.is_agency else user.employer.name,
        "user_name": user.name,
        "user_role": user.get_role_display() if user.duty == "all" else user.get_duty_display(),
        "search_url": "" if user.is_officer else url_of("a_employers" if user.is_agency else "e_search"),
        "search_label": "搜单位名称、编号或信用代码" if user.is_agency else "",
        "suggest_url": "" if user.is_agency else url_of("e_search"),
        "query": request.GET.get("q", "")[:60] if request.path == url_of("e_search") else "",
        "idle_seconds": idle_seconds(request),
        "user_links": _own_links(user, region),
        "employer_url": url_of("employers") if request.session.get(MANY) and not user.is_agency else "",
        "desk_keys": user.is_agency and user.may("review"),
        "illustrative": partial(region.illustrative, month, today),
        "basket_url": url_of("e_basket") if has_basket(user, region) else "",
        "messages_url": "" if user.is_agency else url_of("e_notices"),
        "unread": 0 if user.is_agency else _unread(nav),
        "cases_url": _open_url(user, "e_cases"),
        "words": _menu_words(region),
        "terms": region.terms,
        "enrol_url": _open_url(user, "e_declare", region.first_service.key),
    }


def _menu_words(region) -> dict[str, str]:
    """What the region's menu calls each page, for texts that name one: `settle`, `cases`, `basket`, `import`; and
    `to_settle`, the verb, with `settled`, what is said when it is done, and `may_settle`, what the right to is called.
    """
    named = {term.removeprefix("menu."): text for term, text in region.terms.items() if term.startswith("menu.")}
    done = {"to_settle": region.term("settle"), "settled": region.term("settle.done")}
    return named | done | {"may_settle": settle_name(region.terms)}


def _label_of(nav: list[dict], url: str) -> str:
    """What the menu calls a page, so that the way back to it has the same word."""
    return next((item["label"] for item in menu_items({"nav": nav}) if item["url"] == url), "首页")


def _unread(nav: list[dict]) -> int:
    """How many announcements are new, and requests to join wait: what the menu counted already."""
    told = (url_of("e_notices"), url_of("operators"))
    return sum(item["badge"] or 0 for item in menu_items({"nav": nav}) if item["url"] in told)


def _own_links(user, region) -> list[dict]:
    """The menu behind one's name: the account, the employers one acts for, the password."""
    entries = [("account", "menu.account", "我的账号", "user"), ("change_password", "menu.password", "修改密码", "key")]
    if not user.is_agency:
        entries.insert(1, ("employers", "menu.employer_choice", "单位选择", "building"))
    return [
        {"url": url_of(name), "label": region.terms.get(term, text), "icon": icon} for name, term, text, icon in entries
    ]


def _open_url(user, name: str, *args) -> str:
    """The address of a page of the employer's side, if this operator may open it."""
    url = "" if user.is_agency else url_of(name, *args)
    return url if url and may_open(user, url) else ""
