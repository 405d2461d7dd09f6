"""The interface's tags and parts: what a clerk reads must be right to the cent and complete for a screen reader."""

import re
from pathlib import Path

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import render_to_string
from django.test import RequestFactory

from shebao.web import styleguide as samples
from shebao.web.templatetags import charts, ui

WEB = Path(ui.__file__).resolve().parent.parent


def render(source: str, **context: object) -> str:
    return Template("{% load ui %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("fen", "text"),
    [(0, "0.00"), (5, "0.05"), (-5, "−0.05"), (123456, "1,234.56"), (-576384, "−5,763.84"), (None, "—")],
)
def test_an_amount_in_fen_reads_as_yuan_with_thousands(fen: int | None, text: str) -> None:
    assert ui.yuan(fen) == text


def test_a_certificate_is_shown_by_its_common_name() -> None:
    assert ui.common_name("Common Name: 示例机构, Organization: 示例省") == "示例机构"
    assert ui.common_name("Organization: 示例省") == "Organization: 示例省"


def test_a_change_carries_its_sign_and_zero_carries_none() -> None:
    assert [ui.signed_yuan(fen) for fen in (1554048, -576384, 0)] == ["+15,540.48", "−5,763.84", "0.00"]


@pytest.mark.parametrize(("fen", "text"), [(23562432, "23.6"), (49_999, "0.0"), (50_000, "0.1"), (-23562432, "−23.6")])
def test_ten_thousands_are_rounded_half_up_to_one_decimal(fen: int, text: str) -> None:
    assert ui.wan(fen) == text


def test_id_numbers_and_telephones_keep_only_their_ends() -> None:
    assert ui.mask_id("990101199307042419") == "990***********2419"
    assert ui.mask_phone("18600004420") == "186****4420"
    assert ui.mask_id("E1234567") == "E******7"
    assert ui.mask_id(None) == ""


def test_short_secrets_are_never_shown_whole() -> None:
    for length in range(1, 12):
        text = "123456789012"[:length]
        assert "*" in ui.mask_id(text) and "*" in ui.mask_phone(text)


def test_months_are_written_for_tables_and_for_sentences() -> None:
    assert ui.month_label("202611") == ui.month_label("2026-11") == "2026-11"
    assert ui.month_words("2026-01") == "2026 年 1 月"
    assert ui.month_short("2026-01") == "1 月"
    assert ui.month_label("") == "—"


def test_an_unknown_icon_is_refused_instead_of_leaving_a_hole() -> None:
    with pytest.raises(TemplateSyntaxError, match="unicorn"):
        render('{% icon "unicorn" %}')


def test_an_icon_without_a_word_can_have_a_label() -> None:
    assert 'role="img" aria-label="搜索"' in render('{% icon "search" label="搜索" %}')
    assert 'aria-hidden="true"' in render('{% icon "search" %}')


def test_every_status_has_an_icon_of_the_sprite_and_a_known_colour() -> None:
    for state, (word, kind, mark) in ui.STATUSES.items():
        assert word and kind in {"g", "b", "ok", "w", "d"}, state
        assert not mark or mark in ui.icon_names(), state


def test_the_bars_of_a_bridge_are_in_proportion_and_on_their_side_of_the_axis() -> None:
    axis, bars = charts.bridge_bars([1_554_048, -576_384, 0])
    assert float(bars[0]["x"]) == float(axis)
    assert float(bars[1]["x"]) + float(bars[1]["width"]) == pytest.approx(float(axis), abs=0.1)
    ratio = float(bars[0]["width"]) / float(bars[1]["width"])
    assert ratio == pytest.approx(1_554_048 / 576_384, rel=0.01)
    assert bars[2]["width"] == "0.0"


def test_a_bridge_shows_every_row_to_the_cent() -> None:
    rows = samples.home_samples()["bridge_rows"]
    html = render("{% bridge rows total=total %}", rows=rows, total=sum(r["delta"] for r in rows))
    for text in ("+15,540.48", "+5,034.24", "+1,459.20", "−5,763.84", "+16,270.08"):
        assert text in html


def test_the_stacked_bar_fills_its_width_and_keeps_small_shares_visible() -> None:
    places = charts.segments([1_000_000, 1, 0, 500_000])
    last = places[-1]
    assert float(last["x"]) + float(last["width"]) == pytest.approx(charts.SEGMENTS_WIDTH, abs=2.1)
    assert float(places[1]["width"]) == 2
    assert places[2]["width"] == "0.0"


def test_the_bar_chart_has_a_table_with_the_same_months() -> None:
    html = render(
        "{% bars_svg months %}",
        months=[
            {"month": "2026-10", "amount": 21935424},
            {"month": "2026-11", "amount": 23562432, "estimate": True},
        ],
    )
    assert "219,354.24" in html and "235,624.32（预估）" in html
    assert html.count('class="est"') == 2  # one drawing for a screen, one for a phone
    assert len(charts.month_bars([1] * 12, charts.PHONE)["bars"]) == 12


def test_small_amounts_are_charted_in_yuan_and_empty_months_without_a_number() -> None:
    months = [{"month": "2026-10", "amount": 0}, {"month": "2026-11", "amount": 234_560}]
    html = render("{{ months|bars_unit }}{% bars_svg months %}", months=months)
    assert html.startswith("元") and ">2,346</text>" in html and ">2000</text>" in html
    assert ">0</text>" in html and html.count('text-anchor="middle">0') == 0
    assert render("{{ months|bars_unit }}", months=[{"month": "2026-11", "amount": 1_000_000}]) == "万元"


def test_the_bar_of_the_steps_stands_where_the_words_stand() -> None:
    mended = [{"title": "一", "state": "current"}, *({"title": "二", "state": "done"} for _ in range(3))]
    assert '<progress value="0" max="4">' in render("{% stepper steps %}", steps=mended)
    assert '<progress value="3" max="3">' in render("{% stepper steps %}", steps=mended[1:])


def test_charts_without_any_amount_do_not_break() -> None:
    assert render("{% bars_svg months %}", months=[])
    assert render("{% bridge rows %}", rows=[])
    assert render("{% scheme_bar parts %}", parts=[{"code": "pension", "label": "养老", "amount": 0}])
    assert render('{% ribbon_svg lanes "2026-01" %}', lanes=[])


def test_a_ribbon_names_gaps_in_words_and_crosses_the_new_year() -> None:
    lanes = [{"code": "pension", "label": "养老保险", "months": ["insured", "gap", "insured"]}]
    html = render('{% ribbon_svg lanes "2025-12" %}', lanes=lanes)
    assert "参保 2 个月，中断 1 个月" in html
    assert "养老保险 2026-01 中断" in html


def test_a_field_ties_its_error_hint_and_remark_to_the_input() -> None:
    source = {
        "name": "wage",
        "kind": "money",
        "label": "月工资",
        "value": 420000,
        "error": "低于下限",
        "help": "下限 4,473.00",
        "mark": "请核对",
    }
    html = render("{% field f %}", f=source)
    described = re.search(r'aria-describedby="([^"]+)"', html)
    assert described
    for part in described[1].split():
        assert f'id="{part}"' in html
    assert 'value="4,200.00"' in html and 'aria-invalid="true"' in html


def test_what_the_clerk_typed_comes_back_escaped_and_unchanged() -> None:
    html = render("{% field f %}", f={"name": "n", "label": "姓名", "value": '"><script>'})
    assert "<script>" not in html and "&quot;&gt;&lt;script&gt;" in html
    assert 'value="7,2x"' in render("{% field f %}", f={"name": "w", "kind": "money", "value": "7,2x"})


def test_a_password_is_never_sent_back() -> None:
    assert "geheim" not in render("{% field f %}", f={"name": "p", "kind": "password", "value": "geheim"})


def test_a_locked_choice_is_still_posted() -> None:
    html = render(
        "{% field f %}",
        f={"name": "h", "kind": "choice", "value": "urban", "options": [("urban", "城镇")], "readonly": True},
    )
    assert '<input type="hidden" name="h" value="urban">' in html and 'value="城镇"' in html


def test_a_warning_asks_for_a_tick_that_is_posted_with_the_form() -> None:
    html = render("{% field f %}", f={"name": "wage", "confirm": "低于下限"})
    assert 'name="confirm_wage"' in html and "我已核对" in html


def test_the_countdown_turns_amber_at_three_days_and_red_at_one() -> None:
    urgency = [ui.countdown(d, h, "", "")["urgency"] for d, h in ((3, 1), (3, 0), (1, 1), (1, 0))]
    assert urgency == ["", "soon", "soon", "last"]
    assert ui.countdown(0, 0, "", "", past=True)["urgency"] == "past"


def test_the_error_summary_counts_the_problems_and_links_each_to_its_field() -> None:
    html = render_to_string("parts/_error_summary.html", {"errors": [{"id": "id_wage", "text": "月工资：还没有填"}]})
    assert "有 1 处需要修改" in html and 'href="#id_wage"' in html
    assert not render_to_string("parts/_error_summary.html", {"errors": []}).strip()


@pytest.mark.parametrize("show", ["", *samples.SAMPLE_PAGES])
def test_every_sample_page_renders_without_inline_style_or_script(show: str) -> None:
    request = RequestFactory().get("/styleguide", {"show": show})
    html = samples.styleguide(request).content.decode()
    assert '<html lang="zh-CN"' in html and "UNDEFINED" not in html
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script>", html)
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
