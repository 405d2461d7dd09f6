"""Attacks that somebody stored are opened by the employer and the agency in Chromium: nothing runs (B18)."""

from zoneinfo import ZoneInfo

import pytest
import time_machine

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
