"""Attacks that somebody stored or typed are opened in Chromium: nothing runs (B18), what would is reported (B43)."""

import time
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
import time_machine

from shebao.hall.operators.browser_reports import reports_of_a_day
from tests.factories import NOW
from tests.safety.payloads import IMAGE, PAYLOADS, World, workbook

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel(NOW.replace(tzinfo=ZoneInfo("Asia/Shanghai")), tick=True):
        yield


def watched(page) -> list[str]:
    """What must not happen: a dialog, an error in the console, a request to elsewhere."""
    heard = []
    page.on("dialog", lambda one: (heard.append(f"dialog {one.message}"), one.dismiss()))
    page.on("console", lambda one: heard.append(one.text) if one.type == "error" else None)
    page.on("request", lambda one: heard.append(one.url) if "127.0.0.1" not in one.url and "localhost" not in one.url
            and not one.url.startswith(("data:", "blob:")) else None)  # fmt: skip
    return heard


def test_nothing_that_somebody_stored_runs(page_of, live_server, transactional_db):
    world = World(PAYLOADS["script"] + IMAGE)
    for operator, pages in ((world.admin, world.employer_pages), (world.reviewer, world.agency_pages)):
        page = page_of(operator)
        heard = watched(page)
        for address in pages:
            page.goto(live_server.url + address)
            page.locator("main").wait_for()
            assert page.locator("img[src=x], main script:not([src]):not([type])").count() == 0, address
        assert heard == [], heard
    page = page_of(world.admin, "/e/import/?service=employee_enrolment")
    heard = watched(page)
    attack = {"name": f"{IMAGE}.xlsx", "mimeType": "application/octet-stream", "buffer": workbook()}
    page.get_by_label("选择表格文件").set_input_files(attack)
    page.get_by_role("button", name="上传并核对").click()
    page.get_by_text(IMAGE).first.wait_for()
    assert page.locator("img[src=x]").count() == 0 and heard == []


@pytest.mark.slow
def test_nothing_that_somebody_types_runs_and_no_address_shows_a_number(page_of, live_server, transactional_db):
    world = World("示例单位")
    number = world.employee.person.id_number
    for javascript in (True, False):
        page = page_of(world.admin, java_script_enabled=javascript)
        heard = watched(page)
        seen = []
        page.on("request", lambda one, seen=seen: seen.append(one.url + one.headers.get("referer", "")))
        for address in ("/e/roster/?status=all", "/e/search/", "/e/cases/"):
            for typed in (PAYLOADS["script"], IMAGE, number, world.employee.name):
                page.goto(live_server.url + address)
                box = page.locator("main input[name=q]")
                box.fill(typed)
                box.press("Enter")
                page.wait_for_url(lambda url: "q=~" in url)
                assert page.locator("main input[name=q]").input_value() == typed
                assert page.locator("img[src=x]").count() == 0
                page.reload()
                assert page.locator("main input[name=q]").input_value() == typed
        page.goto(live_server.url + "/e/bills/")
        page.go_back()
        assert page.locator("main input[name=q]").input_value() == world.employee.name, "the way back still works"
        assert heard == [] and len(seen) > 20
        assert not [url for url in seen if number in url or quote(world.employee.name) in url]


def test_what_the_policy_stops_is_reported_to_the_hall(page_of, live_server, transactional_db):
    page = page_of(None, "/login")
    assert reports_of_a_day() == 0
    with page.expect_request("**/csp-report"):
        page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'window.ran = 1'}))")
    assert page.evaluate("window.ran") is None
    until = time.monotonic() + 10
    while not reports_of_a_day() and time.monotonic() < until:
        page.wait_for_timeout(100)
    assert reports_of_a_day() == 1
