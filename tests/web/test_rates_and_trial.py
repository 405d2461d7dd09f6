"""Anybody may see what is in force and what a wage would cost; the amounts are the engine's own."""

import re

import pytest
from django.urls import reverse

from shebao.hall.regions import all_regions, region
from shebao.rules.cases import due
from shebao.rules.months import Month
from shebao.rules.trial import usual_facts

from ..factories import NOW, at

pytestmark = pytest.mark.django_db


def get(client, name, *args, **query):
    with at():
        return client.get(reverse(name, args=args), query)


@pytest.mark.parametrize("code", sorted(all_regions()))
def test_every_region_shows_its_values_and_answers_a_trial_without_a_sign_in(
    client, code, django_assert_max_num_queries
):
    with django_assert_max_num_queries(0):
        page = get(client, "rates_of", code)
    assert page.status_code == 200 and region(code).title in page.content.decode()
    answer = get(client, "trial", region=code, wage="8000")
    expected = due(region(code), usual_facts(region(code)), 800_000, Month(2026, 11), NOW.date())
    found = answer.context["found"]["trial"]
    assert answer.status_code == 200 and found.total == sum(expected.values())


def test_the_history_names_the_document_and_marks_what_is_in_force(client):
    text = get(client, "rates_of", "leshan", month="2025-06").content.decode()
    assert "4,588.00 元" in text and "全口径月平均工资 7646 元" in text and "示例值" in text
    assert len(re.findall("6 月执行</span>", text)) >= 8


@pytest.mark.parametrize("name", ["rates", "trial", "guides", "notices"])
def test_a_public_page_leads_to_the_sign_in(client, name):
    assert f'<a href="{reverse("sign_in")}">登录</a>' in get(client, name).content.decode()


def test_a_browser_that_looks_for_the_icon_finds_it(client):
    assert get(client, "favicon").url.endswith(".svg")


def test_a_list_of_regions_leads_to_each(client):
    text = get(client, "rates").content.decode()
    assert all(reverse("rates_of", args=[code]) in text for code in all_regions())


def test_an_unknown_region_is_not_found_and_a_bad_month_is_said(client):
    assert get(client, "rates_of", "nowhere").status_code == 404
    page = get(client, "rates_of", "leshan", month="2026-13")
    assert page.status_code == 422 and "请按 2026-11 的样式填写" in page.content.decode()


def test_two_months_are_compared_and_the_differences_add_up(client):
    page = get(client, "trial", region="tianjin", month="2024-06", wage="3000", compare="1",
               other_region="tianjin", other_month="2025-06")  # fmt: skip
    rows = page.context["rows"]
    assert sum(row["delta"] for row in rows if "sum" not in row) == rows[-1]["delta"] > 0
    assert rows[-1]["here"] == page.context["found"]["trial"].total


def test_a_thousand_more_and_the_year_are_priced(client):
    context = get(client, "trial", region="leshan", month="2026-03", wage="8000").context
    assert context["extra"]["total"] == context["extra"]["employer"] + context["extra"]["employee"] > 0
    assert context["year"]["total"] == 12 * context["found"]["trial"].total


def test_everything_wrong_is_said_at_once(client):
    page = get(client, "trial", region="nowhere", month="x", wage="八千")
    assert page.status_code == 422 and len(page.context["errors"]) == 3


def test_a_month_without_values_is_refused_not_zero(client):
    page = get(client, "trial", region="leshan", month="2020-01", wage="8000")
    assert page.status_code == 422 and page.context["found"] is None and "不能试算" in page.content.decode()


def post(client, **form):
    with at():
        return client.post(reverse("trial_list"), form)


def test_a_pasted_list_is_priced_person_by_person_and_kept_nowhere(client):
    page = post(client, region="tianjin", month="2026-11", people="李 示例\t8,000\n王示例，9000.50\n5000")
    result = page.context["result"]
    assert [one["name"] for one in result["people"]] == ["李 示例", "王示例", "第 3 行"]
    assert result["sums"]["wage"] == 2_200_050
    assert result["sums"]["total"] == result["sums"]["employer"] + result["sums"]["employee"]


def test_every_bad_line_of_a_list_is_named(client):
    page = post(client, region="tianjin", month="2026-11", people="李示例 八千\n\n王示例 9000\n赵示例 1.234")
    assert page.status_code == 422 and page.context["result"] is None
    text = page.content.decode()
    assert "第 1 行" in text and "第 4 行" in text
    assert "请粘贴名单" in post(client, region="tianjin", people="").content.decode()
