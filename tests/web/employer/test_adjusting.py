"""补差 on the pages: previewed before the settlement, on the bill, explained, and seen by the agency."""

import re

import pytest

from shebao.hall.operators.models import Operator
from shebao.hall.settlement.queries import bill_people
from shebao.rules.money import yuan
from shebao.web.explained import why_of
from tests.settlement.hall import hire, make_clerk, make_employer, on_day, settle
from tests.settlement.test_adjusting import AUGUST, JULY, SEPTEMBER

from .money import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def september():
    with on_day(SEPTEMBER):
        yield


@pytest.fixture
def clerk(db):
    """July and August are settled; then the limits of the year were published."""
    employer = make_employer("shanghai", number="310001")
    made = make_clerk(employer)
    hire(employer, [300_000, 746_000, 1_000_000, 9_000_000])
    for month in (JULY, AUGUST):
        settle(employer, made, month)
    return made


@pytest.fixture
def pages(client, clerk, september):
    client.force_login(clerk)
    return client


def test_the_settlement_page_names_the_adjustments_and_leads_to_each_of_them(pages, clerk):
    text = text_of(pages.get("/e/settle/"))
    assert "养老保险补差" in text and "/e/adjustments/" in text and "补差 3 人" in text
    preview = text_of(pages.get("/e/adjustments/"))
    for words in ("2026 年 9 月", "2026-07", "2026-08", "补基数", "1,193.60", "+13.76"):
        assert words in preview
    line = clerk.employer.bills.get(month=JULY).lines.filter(scheme="pension").order_by("pk").first()
    assert f"?why={line.pk}-employer#why" in preview
    why = text_of(pages.get(f"/e/adjustments/?why={line.pk}-employer"))
    assert all(words in why for words in ("原·下限", "新·下限", "1,207.36 − 1,193.60 = 13.76 元"))
    for other in ("0-employer", f"{line.pk}-nobody", "x", "-"):
        assert "原·下限" not in text_of(pages.get(f"/e/adjustments/?why={other}"))
    assert "职工2<" not in preview


def test_the_bill_has_its_adjustments_in_a_part_of_their_own_and_every_amount_is_explained(pages, clerk):
    bill = settle(clerk.employer, clerk, SEPTEMBER)
    summary = text_of(pages.get(f"/e/bills/{bill.pk}/"))
    assert "养老保险补差" in summary and "?tab=adjustments" in summary
    people = text_of(pages.get(f"/e/bills/{bill.pk}/?tab=people"))
    assert "补差（元）" in people and "sort=-adjusted" in people
    owed = [sum(one.sums("补差")) for one in bill_people(bill) if one.sums("补差") != (0, 0)]
    for sort, is_down in (("-adjusted", True), ("adjusted", False)):
        shown = text_of(pages.get(f"/e/bills/{bill.pk}/?tab=people&sort={sort}"))
        told = re.findall(r'data-label="补差"><a class="money" href="[^>]+>\+?([^<]+)<', shown)
        assert told == [yuan(fen) for fen in sorted(owed, reverse=is_down)]
        # whoever has none stands behind, whichever way it is turned
        assert shown.rindex('data-label="补差">—') > shown.rindex(told[-1])
    lines = text_of(pages.get(f"/e/bills/{bill.pk}/?tab=adjustments"))
    one = bill.lines.exclude(adjusts=None).first()
    assert f"/e/bills/lines/{one.pk}/employer/?month={one.month}" in lines
    assert "新应缴 − 原应缴" in text_of(pages.get(why_of(one, "employer")))
    assert "补差 3 人" in text_of(pages.get(f"/e/bills/{bill.pk}/?tab=changes"))
    assert pages.get(f"/e/bills/{bill.pk}/export/").status_code == 200
    after = text_of(pages.get("/e/adjustments/"))
    assert "没有需要补差的" in after and "已计入账单的补差" in after
    assert "补差" in text_of(pages.get("/e/?whole=1"))


def test_a_bill_without_adjustments_shows_no_part_for_them(pages, clerk):
    bill = clerk.employer.bills.get(month=JULY)
    assert "?tab=adjustments" not in text_of(pages.get(f"/e/bills/{bill.pk}/"))


def test_the_agency_sees_the_same_and_another_regions_does_not(client, clerk, september):
    path = f"/a/employers/{clerk.employer_id}/adjustments"
    for region, status in (("shanghai", 200), ("tianjin", 404)):
        reviewer = Operator.objects.create(username=region, name="审核", role="reviewer", region=region)
        client.force_login(reviewer)
        answer = client.get(path)
        assert answer.status_code == status
        assert ("1,193.60" in text_of(answer)) == (status == 200)


def test_somebody_who_may_not_settle_does_not_see_the_amounts(client, clerk, september):
    client.force_login(make_clerk(make_employer("shanghai", number="310002"), role="employer_admin"))
    assert "没有需要补差的" in text_of(client.get("/e/adjustments/"))
