"""The real pages, with the demo city's data, break no accessibility rule, wide and narrow."""

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
EMPLOYER = "declare/employee_enrolment/ roster/ basket/ cases/ import/ settle/ bills/ pay/ documents/ employer/"
PAGES = {"tianjin-clerk-1": ["", *EMPLOYER.split()], "tianjin-reviewer": [""]}


@pytest.mark.parametrize("width", [1440, 390])
def test_no_page_breaks_an_accessibility_rule(sign_in, browser, live_server, width):
    broken = []
    for username, pages in PAGES.items():
        signed_in = sign_in(username).context.storage_state()
        # The checker is injected as a script, which the pages' own policy rightly forbids.
        context = browser.new_context(
            viewport={"width": width, "height": 900}, locale="zh-CN", bypass_csp=True, storage_state=signed_in
        )
        page = context.new_page()
        side = "a" if "reviewer" in username else "e"
        for address in pages:
            assert page.goto(f"{live_server.url}/{side}/{address}").status == 200
            broken += [(address, one["id"]) for one in Axe().run(page).response["violations"]]
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
                f"{address} scrolls sideways"
            )
        context.close()
    assert broken == []
