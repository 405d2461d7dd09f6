"""How papers lie on their pages: columns by what stands in them, following pages that say of what they are, one end."""

import pytest

from shebao.hall.documents.arranging import LANDSCAPE, PORTRAIT, arranged
from shebao.hall.documents.rendering import render

from .test_rendering import URL, pages_of, paper

SUMS = [
    {"title": "序号", "align": "center"},
    {"title": "个人编号", "keep": True},
    {"title": "姓名", "keep": True},
    {"title": "证件号码", "keep": True},
    {"title": "起始年月", "keep": True, "align": "center"},
    {"title": "终止年月", "keep": True, "align": "center"},
    {"title": "月数", "keep": True, "align": "center"},
    {"title": "险种", "width": 22},
    *({"title": title, "align": "right"} for title in ("单位应缴", "个人应缴", "应缴合计", "已缴合计")),
]
ROW = ["1", "1200000001", "张三", "110101199001011237", "2026-01", "2026-11", "11", "养、失、伤、医",
       "12,345.60", "3,456.70", "15,802.30", "15,802.30"]  # fmt: skip


def listed(count, **more):
    rows = [[str(number), *ROW[1:]] for number in range(1, count + 1)]
    total = ["合计", f"{count} 行", "", "", "", "", "", "", "99.10", "99.20", "99.30", "99.40"]
    said = {"columns": SUMS, "rows": rows, "total": total, "amount_words": "", "employer": "某某机械制造有限公司"}
    return arranged(paper(**said, **more), "statement")


def flat(text):
    return "".join(text.split())


def test_the_words_of_schemes_take_what_they_need_and_the_rest_is_printed_large():
    said = listed(3)
    widths = {column["title"]: column["width"] for column in said["columns"]}
    assert widths["险种"] < widths["证件号码"] and said["size"] >= 8.5 and not said["tight"]
    assert sum(widths.values()) == pytest.approx(LANDSCAPE if said["flipped"] else PORTRAIT, abs=1)


def test_a_narrow_table_stays_upright_and_a_wide_one_is_printed_across():
    assert not arranged(paper(), "payment_notice")["flipped"]
    assert listed(1)["flipped"]
    assert arranged(paper(), "collection_assessment")["flipped"]


def test_a_value_that_no_size_fits_is_said_to_be_tight():
    columns = [{"title": "银行流水", "keep": True}] * 8
    said = arranged(paper(columns=columns, rows=[["9" * 40] * 8], total=[]), "statement")
    assert said["tight"] and said["flipped"]
    assert "9" * 40 in flat("".join(pages_of(render("statement", said, verify_url=URL))))


@pytest.mark.parametrize("count", [*range(20, 45), 200])
def test_the_end_never_stands_alone_and_following_pages_say_of_what_they_are(count):
    pages = [flat(text) for text in pages_of(render("statement", listed(count), verify_url=URL))]
    for text in pages[1:]:
        assert "社会保险费缴费通知单·某某机械制造有限公司" in text and "HD202603000012" in text
        assert "个人编号" in text, "the heading of the table stands on every page that has rows"
    last = pages[-1]
    assert "99.40" in last and "验证码" in last and last.count("110101199001011237") >= min(3, count)
    whole = "".join(pages)
    assert whole.count("110101199001011237") == count and whole.count("99.40") == 1


def test_the_figures_are_those_of_the_words_whichever_column_is_last():
    columns = [{"title": "缴费方式"}, {"title": "金额（元）", "align": "right"}, {"title": "怎样缴纳"}]
    said = paper(columns=columns, rows=[["现金", "155.00", "列入账单"]], total=["合计", "155.00", ""], amount="155.00")
    for one in (said, {key: value for key, value in said.items() if key != "amount"}):
        assert "（小写）¥155.00" in flat(
            "".join(pages_of(render("yearly_plan", arranged(one, "yearly_plan"), verify_url=URL)))
        )


def test_a_long_label_keeps_to_its_value():
    header = [["单位编号", "1"], ["单位名称", "某公司"], ["缴费人识别号（统一社会信用代码）", "91120000000000000X"]]
    text = pages_of(render("statement", arranged(paper(header=header), "statement"), verify_url=URL))[0]
    assert "缴费人识别号（统一社会信用代码）：91120000000000000X" in text.replace(" ", "").replace("：\n", "：")
