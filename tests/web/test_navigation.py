"""The menus are put together once: what is kept is of a region and of rights, and nothing in it is of a person."""

from dataclasses import replace

import pytest

from shebao.hall.declarations.operations import save_declarations
from shebao.hall.operators.models import Operator
from shebao.hall.regions import region
from shebao.web import navigation
from shebao.web.menus import mark_current, menu_items
from shebao.web.navigation import agency_nav, employer_nav
from tests.factories import NOW, EmployerFactory, OperatorFactory, at, enrolled, wage


@pytest.fixture(autouse=True)
def november(db):
    with at(NOW):
        yield


def labels(nav: list[dict]) -> list[str]:
    return [item["label"] for item in menu_items({"nav": nav})]


def test_a_region_that_is_published_anew_has_its_own_words_in_the_menu():
    clerk, here = OperatorFactory(clerk=True), region("tianjin")
    anew = replace(here, terms={**here.terms, "menu.settle": "每月结算"})
    before = labels(employer_nav(clerk, here))
    assert "每月结算" not in before and "每月结算" in labels(employer_nav(clerk, anew))
    assert labels(employer_nav(clerk, here)) == before


def test_who_may_do_less_from_now_on_has_less_in_the_menu_at_once():
    clerk = OperatorFactory(clerk=True)
    here = region(clerk.region)
    before = labels(employer_nav(clerk, here))
    clerk.duty = "finance"
    nav = employer_nav(clerk, here)
    assert set(labels(nav)) < set(before)
    assert not [item["url"] for item in menu_items({"nav": nav}) if item["url"].startswith("/e/declare/")]
    clerk.duty = "all"
    assert labels(employer_nav(clerk, here)) == before


def test_the_officers_of_an_agency_share_no_menu():
    here = region("tianjin")
    officers = [Operator(role=role, region="tianjin") for role in ("system_admin", "security_admin", "audit_admin")]
    menus = [labels(agency_nav(one, here)) for one in officers]
    assert len({tuple(menu) for menu in menus}) == 3


def test_what_waits_and_where_somebody_is_stays_out_of_the_next_ones_menu():
    clerk, other = OperatorFactory(clerk=True), OperatorFactory(clerk=True, employer=EmployerFactory())
    assert clerk.region == other.region and clerk.employer_id != other.employer_id
    save_declarations(clerk.employer_id, "wage_declaration", [wage(enrolled(clerk.employer))], by=clerk)
    first = employer_nav(clerk, region(clerk.region))
    mark_current(first, "/e/settle/", "/e/")
    assert [item["badge"] for item in menu_items({"nav": first}) if item["url"] == "/e/basket/"] == [1]
    assert [item["url"] for item in menu_items({"nav": first}) if item["current"]] == ["/e/settle/"]
    second = menu_items({"nav": employer_nav(other, region(other.region))})
    assert not any(item["badge"] or item["current"] for item in second)


def test_no_more_menus_are_kept_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(navigation, "MOST_KEPT", 2)
    here = replace(region("tianjin"))
    for duty in ("all", "entry", "finance", "read"):
        employer_nav(OperatorFactory(clerk=True, duty=duty), here)
        assert len(navigation._menus[here]) <= 2
