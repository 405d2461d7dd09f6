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
ADMINISTRATOR = "/operators/ /operators/new /audit/ /audit/?action=operator.disabled"
PAGES = {
    "": (
        "/login /verify /verify?code=A&total=1 /verify?code=&total= /nowhere /styleguide /styleguide?show=sign-in "
        "/trial /trial?wage=8000 /trial/list /rates /rates/tianjin /guides /guides/tianjin "
        "/register /register/tianjin/ /register/tianjin/1 /register/status",
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
LOOKS = "{type: 'rule', values: ['color-contrast', 'link-in-text-block', 'scrollable-region-focusable', 'target-size']}"
CHECKED = (("standard", (1440, 390), "undefined"), ("elder", (390,), "undefined"), ("contrast", (1440,), LOOKS))
"""Where which rules are checked: the largest letters where there is least room, the other colours where all is shown.
Contrast changes colours and nothing else.
"""
CHECK = "axe.run({resultTypes: ['violations'], runOnly: %s})"
MODES = {"standard": {}, "elder": {"elder": "1"}, "contrast": {"elder": "1", "contrast": "1"}}


@pytest.fixture
def visitors(sign_in, browser, live_server):
    """Open a page as every operator in turn, with the cookies of a mode: yields (page, its addresses)."""
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

    def visit(mode: str, width: int, **options):
        for username in PAGES:
            state, addresses = signed_in(username)
            viewport = {"width": width, "height": 900}
            context = browser.new_context(viewport=viewport, locale="zh-CN", storage_state=state, **options)
            cookies = [{"name": n, "value": v, "url": live_server.url} for n, v in MODES[mode].items()]
            if cookies:
                context.add_cookies(cookies)
            yield context.new_page(), addresses
            context.close()

    return visit


@pytest.mark.parametrize(("mode", "widths", "rules"), CHECKED, ids=[mode for mode, *_ in CHECKED])
def test_no_page_breaks_an_accessibility_rule(visitors, live_server, mode, widths, rules):
    broken, checker = [], Axe()
    # The checker is injected as a script, which the pages' own policy rightly forbids.
    for page, addresses in visitors(mode, widths[0], bypass_csp=True):
        for address in addresses:
            page.goto(live_server.url + address)
            page.evaluate(checker.axe_script)
            for width in widths:
                page.set_viewport_size({"width": width, "height": 900})
                for rule in page.evaluate(CHECK % rules)["violations"]:
                    broken.append((address, mode, width, rule["id"], [node["target"] for node in rule["nodes"]][:3]))
    assert broken == []


# WCAG 2.2, 2.5.8: what takes the press of a box is its label where it has one, 24 px both ways at least.
SMALL_TARGETS = """() => [...document.querySelectorAll("input[type=checkbox], input[type=radio]")].filter(
  (box) => box.getClientRects().length && !box.classList.contains("vh")).map((box) => {
  const { width, height } = (box.labels[0] ?? box).getBoundingClientRect();
  return Math.min(width, height) < 24 ? `${box.name || box.ariaLabel}: ${width} × ${height}` : "";
}).filter(Boolean).slice(0, 3)"""


def test_no_page_scrolls_sideways_has_a_small_box_or_breaks_its_own_policy(visitors, live_server):
    wrong = []
    for mode, widths in (("standard", (1024, 390, 360)), ("elder", (360,))):
        for page, addresses in visitors(mode, widths[0]):
            heard = []
            page.on("console", lambda m, heard=heard: heard.append(m.text) if m.type == "error" else None)
            page.on("pageerror", lambda error, heard=heard: heard.append(str(error)))
            for address in addresses:
                page.goto(live_server.url + address)
                for width in widths:
                    page.set_viewport_size({"width": width, "height": 900})
                    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                        wrong.append((address, mode, width, "scrolls sideways"))
                    wrong += [(address, mode, width, told) for told in page.evaluate(SMALL_TARGETS)]
                # A refused page is an error to the console, and meant to be one.
                wrong += [(address, text) for text in heard if "Failed to load resource" not in text]
                heard.clear()
    assert wrong == []


SHOWS_FOCUS = """() => {
  const here = document.activeElement;
  const lit = (node) => {
    const style = getComputedStyle(node);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== "none";
  };
  return here === document.body || lit(here) || lit(here.parentElement);
}"""
# Who is not named for it is only told so.
ONLY_TOLD = "/a/privileged/"
OTHER_ACTION = "main .btn:not([disabled]), main a[href]"


def test_the_main_action_of_every_page_is_reached_by_keys_and_the_focus_is_always_seen(visitors, live_server):
    lost = []
    for page, addresses in visitors("standard", 1440):
        for address in addresses:
            page.goto(live_server.url + address)
            primary = page.locator("main .btn.p:not([disabled])").locator("visible=true")
            goal = (primary if primary.count() else page.locator(OTHER_ACTION).locator("visible=true")).first
            if not goal.count():
                if address != ONLY_TOLD:
                    lost.append((address, "nothing to press"))
                continue
            goal.evaluate("node => node.setAttribute('data-goal', '')")
            page.evaluate("document.activeElement.blur()")
            for _ in range(120):
                page.keyboard.press("Tab")
                if not page.evaluate(SHOWS_FOCUS):
                    lost.append((address, page.evaluate("document.activeElement.outerHTML.slice(0, 120)")))
                if page.evaluate("document.activeElement.hasAttribute('data-goal')"):
                    break
            else:
                lost.append((address, "the main action is not reached"))
    assert lost == []
