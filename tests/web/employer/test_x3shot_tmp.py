# ruff: noqa
from .money import *
from ...settlement.hall import settle
def test_shot(transactional_db, live_server, pages, clerk, settings):
    from playwright.sync_api import sync_playwright
    c = pages.cookies[settings.SESSION_COOKIE_NAME].value
    with sync_playwright() as p:
        page = p.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox","--disable-gpu"]).new_page(viewport={"width":1280,"height":860})
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": c, "url": live_server.url}])
        page.goto(live_server.url+"/e/settle/"); page.screenshot(path="/tmp/x3/settle.png")
        b = settle(clerk.employer, clerk)
        for n,u in (("bill",f"bills/{b.pk}/"),("people",f"bills/{b.pk}/?tab=people"),("docs","documents/")):
            page.goto(live_server.url+"/e/"+u)
            if n=="people": page.locator("td a.money").first.click(); page.wait_for_selector("#explain-text", state="attached", timeout=4000)
            page.screenshot(path=f"/tmp/x3/{n}.png")
