"""Every page, with the demo city's data: no accessibility rule or policy broken, no sideways scrolling, keys."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

# Per operator: addresses, and where a page about one thing is found: (a list, the addresses in it that are opened).
CLERK = """/e/ /e/declare/employee_enrolment/ /e/declare/employee_cessation/ /e/roster/ /e/roster/?status=all&size=20
/e/roster/?q=nobody /e/search/?q=l /e/search/?q=nobody /e/basket/ /e/basket/check/?ids=1-9999 /e/cases/
/e/cases/?month=9999-99 /e/declare/employee_cessation/?find=li /e/import/ /e/settle/
/e/bills/ /e/pay/ /e/documents/ /e/documents/of/payment_notice/ /e/employer/ /e/reminders/past_retirement/
/e/import/template/wage_declaration/roster/
/e/reminders/arrears/ /guides/tianjin /password /operators/ /e/nowhere /a/"""
ADMINISTRATOR = "/operators/ /operators/new /e/operators/joins/ /audit/ /audit/?action=operator.disabled"
PAGES = {
    "": (
        "/login /verify /verify?code=A&total=1 /verify?code=&total= /nowhere /styleguide /styleguide?show=sign-in "
        "/trial /trial?wage=8000 /trial/list /rates /rates/tianjin /guides /guides/tianjin "
        "/register /register/tianjin/ /register/tianjin/1 /register/tianjin/join /register/status",
        (),
    ),
    "tianjin-clerk-1": (
        CLERK,
        (
            ("/e/roster/", r"/e/roster/\d+/$"),
            ("/e/cases/", r"/e/cases/\d+/$"),
            ("/e/basket/", r"/e/cases/\d+/repair/$"),
            ("/e/bills/", r"/e/bills/\d+/$"),
            ("/e/bills/", r"/e/bills/\d+/\?tab=people"),
        ),
    ),
    "tianjin-employer-admin-1": (ADMINISTRATOR, ()),
    "tianjin-reviewer": (
        "/a/ /a/cases/decided /a/employers/ /a/registrations/ /a/people/ /operators/",
        (("/a/", r"/a/cases/\d+/$"), ("/a/employers/", r"/a/employers/\d+/$")),
    ),
    "tianjin-agency-admin": ("/operators/ /audit/ /a/privileged/", ()),
}
PARTS = (["tianjin-clerk-1"], [one for one in PAGES if one != "tianjin-clerk-1"])
"""The longest walk in two parts, for two processes."""
RULES = "{type: 'rule', values: %s}"
COLOURS, SIZES = ["color-contrast", "link-in-text-block"], ["scrollable-region-focusable", "target-size"]
EVERY, CHECK = "undefined", "axe.run(%s, {resultTypes: ['violations'], preload: false, runOnly: %s})"
WHOLE, INSIDE = "document", "{exclude: ['.side', '.top', 'tbody > tr:nth-child(n + 16)']}"
LOOKS = (
    ("", 1440, EVERY),
    ("elder contrast", 1440, RULES % COLOURS),
    ("", 1024, None),
    ("", 390, RULES % (COLOURS + SIZES)),
    ("elder", 390, RULES % SIZES),
    ("", 360, None),
    ("elder", 360, None),
)
"""In which mode and width there is room, and which rules are checked: the largest letters where there is least room,
the other colours where all is shown. A mode is a class of the whole page (tests/web/test_looks.py) and changes its
looks; how the menu and the top then look, and where there is least room, is seen on the first page of everybody, and
how a row of a long list looks, on its first rows. What a page is made of is the same at every width, and its colours
are the same in large letters.
"""
MODES = ("elder", "contrast")
MODE = f"on => {list(MODES)}.forEach(one => document.documentElement.classList.toggle(one, on.includes(one)))"


@pytest.fixture
def visitors(sign_in, browser, live_server):
    """Open a page as every operator in turn, with the cookies of modes: yields (page, its addresses)."""
    known = {}

    def signed_in(username: str) -> tuple[dict, list[str]]:
        """The session of an operator and all addresses that it opens."""
        if username not in known:
            addresses, followed = PAGES[username]
            found = addresses.split()
            state = None
            if username:
                page = sign_in(username)
                state = page.context.storage_state()
                for start, pattern in followed:
                    page.goto(live_server.url + start)
                    links = page.eval_on_selector_all("main a[href]", "all => all.map(a => a.pathname + a.search)")
                    found += [link for link in links if re.search(pattern, link)][:1]
            known[username] = (state, found)
        return known[username]

    def visit(width: int, *modes: str, whose=PAGES, **options):
        for username in whose:
            state, addresses = signed_in(username)
            viewport = {"width": width, "height": 900}
            context = browser.new_context(viewport=viewport, locale="zh-CN", storage_state=state, **options)
            if modes:
                context.add_cookies([{"name": mode, "value": "1", "url": live_server.url} for mode in modes])
            yield context.new_page(), addresses
            context.close()

    return visit


def with_checker(page):
    """The page, which brings the checker to every address."""
    page.add_init_script(Axe().axe_script)
    return page


def turned(page, mode: str, width: int) -> None:
    """Show the page in a mode and a width."""
    page.evaluate(MODE, mode)
    page.set_viewport_size({"width": width, "height": 900})


def broken_rules(page, rules: str, part: str = WHOLE) -> list[tuple]:
    """Which rules the page, or a part of it, breaks, and where."""
    found = page.evaluate(CHECK % (part, rules))["violations"]
    return [(rule["id"], [node["target"] for node in rule["nodes"]][:3]) for rule in found]


def test_what_the_large_letters_add_to_the_first_page_breaks_no_accessibility_rule(visitors, live_server):
    """Tiles, and buttons of their own; whoever asks for them gets them from the server."""
    broken = []
    for page, addresses in visitors(390, *MODES):
        with_checker(page).goto(live_server.url + addresses[0])
        assert page.locator("html.elder.contrast").count() == 1
        for mode in ("elder contrast", "elder"):
            turned(page, mode, 390)
            broken += [(addresses[0], mode, *one) for one in broken_rules(page, EVERY)]
    assert broken == []


# Whether there is more than the window shows, and small boxes. WCAG 2.2, 2.5.8: what takes the press of a box is its
# label where it has one, 24 px both ways at least.
ROOM = """() => [document.documentElement.scrollWidth > innerWidth ? "scrolls sideways" : "",
  ...[...document.querySelectorAll("input[type=checkbox], input[type=radio]")].filter(
  (box) => box.getClientRects().length && !box.classList.contains("vh")).map((box) => {
  const { width, height } = (box.labels[0] ?? box).getBoundingClientRect();
  return Math.min(width, height) < 24 ? `${box.name || box.ariaLabel}: ${width} × ${height}` : "";
})].filter(Boolean).slice(0, 4)"""
# Whether the focus is at the goal, whether it is at the link past the menu, and where it is if it is not seen.
FOCUS = """() => {
  const here = document.activeElement;
  const lit = (node) => {
    const style = getComputedStyle(node);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== "none";
  };
  const seen = here === document.body || lit(here) || lit(here.parentElement);
  return [here.hasAttribute("data-goal"), here.matches(".skip"), seen ? "" : here.outerHTML.slice(0, 120)];
}"""
# Who is not named for it is only told so.
ONLY_TOLD, NOTHING = "/a/privileged/", "nothing to press"
OTHER_ACTION = "main .btn:not([disabled]), main a[href]"


def wrong_looks(page, *, is_first: bool) -> list[tuple]:
    """In which mode and width the page scrolls sideways, has a small box or breaks a rule."""
    found = []
    for mode, width, rules in LOOKS:
        turned(page, mode, width)
        found += [(mode, width, told) for told in page.evaluate(ROOM)]
        part = WHOLE if rules == EVERY or is_first else INSIDE
        found += [(mode, width, *broken) for broken in (broken_rules(page, rules, part) if rules else ())]
    return found


def lost_focus(page, *, past_the_menu: bool) -> list[str]:
    """Where the focus is not seen on the way by keys to the main action, or that this is not reached.

    The menu and the top are the same on every page of an operator: who knows them jumps over them.
    """
    primary = page.locator("main .btn.p:not([disabled])").locator("visible=true")
    goal = (primary if primary.count() else page.locator(OTHER_ACTION).locator("visible=true")).first
    if not goal.count():
        return [NOTHING]
    goal.evaluate("node => node.setAttribute('data-goal', '')")
    page.evaluate("document.activeElement.blur()")
    lost = []
    for _ in range(120):
        page.keyboard.press("Tab")
        is_there, is_skip, hidden = page.evaluate(FOCUS)
        lost += [hidden] if hidden else []
        if is_there:
            return lost
        if is_skip and past_the_menu:
            page.keyboard.press("Enter")
    return [*lost, "the main action is not reached"]


@pytest.mark.slow
@pytest.mark.parametrize("whose", PARTS, ids=["clerk", "others"])
def test_every_page_keeps_the_rules_has_room_and_shows_the_focus_on_the_way_to_its_main_action(
    visitors, live_server, whose
):
    """One visit for all of it: to open a page takes longer than to look at it."""
    wrong = []
    for page, addresses in visitors(1440, whose=whose):
        heard = []
        page.on("console", lambda m, heard=heard: heard.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error, heard=heard: heard.append(str(error)))
        with_checker(page)
        for address in addresses:
            is_first = address == addresses[0]
            page.goto(live_server.url + address)
            wrong += [(address, *told) for told in wrong_looks(page, is_first=is_first)]
            turned(page, "", 1440)
            lost = lost_focus(page, past_the_menu=not is_first)
            wrong += [(address, told) for told in lost if (address, told) != (ONLY_TOLD, NOTHING)]
            # A refused page is an error to the console, and meant to be one; what breaks the page's own policy is not.
            wrong += [(address, text) for text in heard if "Failed to load resource" not in text]
            heard.clear()
    assert wrong == []
