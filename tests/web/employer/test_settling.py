"""The settlement page: what stands before it, as many confirmations as the region wants, and the answer."""

# ruff: noqa: F401, F811 - fixtures are imported by name

import re

import pytest

from shebao.hall.declarations.states import State
from shebao.hall.settlement.models import Bill
from shebao.web.employer import settling

from ...settlement.hall import NOVEMBER, OCTOBER, declare, hire, make_clerk, make_employer, raise_wage, settle
from .money import bill, clerk, november, pages, text_of

URL = "/e/settle/"


def press(pages, response):
    """Press the one button of the page that was shown."""
    fields = dict(re.findall(r'<input type="hidden" name="(confirmed|seen)" value="([^"]*)"', text_of(response)))
    return pages.post(URL, fields)


def test_a_month_without_changes_is_confirmed_twice_then_settled(pages, clerk):
    first = pages.get(URL)
    assert '<button class="btn p w">无变动结算</button>' in text_of(first)
    second = press(pages, first)
    assert '<button class="btn p">确定</button>' in text_of(second)
    third = press(pages, second)
    assert '<button class="btn p">是</button>' in text_of(third)
    assert not Bill.objects.exists()
    done = press(pages, third)
    made = Bill.objects.get()
    assert done.url == f"/e/bills/{made.pk}/?settled=1"
    assert "单位无变动核定成功" in text_of(pages.get(done.url))


def test_a_month_with_changes_is_confirmed_once(pages, clerk):
    declare(clerk.employer, clerk, State.APPROVED)
    first = pages.get(URL)
    assert "本月有 1 笔变动" in text_of(first)
    check = press(pages, first)
    assert '<button class="btn p">确定</button>' in text_of(check)
    done = press(pages, check)
    assert "单位有变动核定成功" in text_of(pages.get(done.url))


def test_another_region_gives_the_button_its_own_name(client, november, db):
    employer = make_employer("leshan", "511100")
    hire(employer, [720_000])
    client.force_login(make_clerk(employer))
    first = client.get(URL)
    assert '<button class="btn p w">应缴核定</button>' in text_of(first)
    done = press(client, press(client, first))
    assert "单位应缴核定成功" in text_of(client.get(done.url))


def test_what_stands_in_the_way_disables_the_button_and_is_named(pages, clerk):
    declare(clerk.employer, clerk, State.DRAFT)
    text = text_of(pages.get(URL))
    assert re.search(r"待提交的申报都已提交<span[^>]*>：未满足</span>.*?<small>还有 1 笔</small>", text)
    assert "先处理上面没有满足的事项" in text
    assert re.search(r'<button class="btn p w" disabled[^>]*>无变动结算', text)
    response = pages.post(URL, {"confirmed": "2"})
    assert response.status_code == 422
    assert not Bill.objects.exists()


def test_a_yes_to_other_figures_than_shown_does_not_settle(pages, clerk):
    second = press(pages, pages.get(URL))
    raise_wage(clerk.employer.employees.first(), 900_000, NOVEMBER)
    assert "请重新核对" in text_of(press(pages, second))
    assert not Bill.objects.exists()


def test_a_settled_month_shows_its_bill_and_no_button(pages, bill):
    text = text_of(pages.get(URL))
    assert "本月已经结算" in text
    assert "无变动结算</button>" not in text


def test_a_second_press_shows_what_the_first_one_did(pages, clerk):
    third = press(pages, press(pages, pages.get(URL)))
    press(pages, third)
    again = press(pages, third)
    made = Bill.objects.get()
    assert again.url == f"/e/bills/{made.pk}/"
    assert "本月已经结算，这是结算结果" in text_of(pages.get(again.url))


def test_two_presses_at_the_same_moment_settle_once(pages, clerk, monkeypatch):
    third = press(pages, press(pages, pages.get(URL)))
    other = settling.settle_month

    def slower(*args, **kwargs):
        monkeypatch.setattr(settling, "settle_month", other)
        press(pages, third)
        return other(*args, **kwargs)

    monkeypatch.setattr(settling, "settle_month", slower)
    assert press(pages, third).url == f"/e/bills/{Bill.objects.get().pk}/"


def test_the_preview_says_who_makes_the_difference(pages, clerk):
    settle(clerk.employer, clerk, OCTOBER)
    first = clerk.employer.employees.first()
    raise_wage(first, 1_000_000, NOVEMBER)
    text = text_of(pages.get(URL))
    assert "基数调整 1 人" in text
    assert "7,200.00 → 10,000.00" in text
    assert "请看一眼" in text


@pytest.mark.parametrize("typed", ["", "x", "-1", "99"])
def test_a_count_nobody_could_have_confirmed_counts_as_none(pages, typed):
    assert '<button class="btn p">确定</button>' in text_of(pages.post(URL, {"confirmed": typed}))
    assert not Bill.objects.exists()
