"""Papers: what is printed is what was said, on every page, the same every time."""

import io
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pypdf
import pytest

from shebao.hall.documents import rendering
from shebao.hall.documents.arranging import arranged
from shebao.hall.documents.rendering import LAYOUTS, UnprintablePaper, render

URL = "https://hall.example/verify?code=7K2P-9QXM-4TRA"
RARE_NAMES = ["王𠮷", "张䶮", "李𬭎", "阿卜杜热合曼·阿卜杜克热木", "陈㛃", "赵𫖯𫘦", "周𬎆", "吴𡋾"]


def paper(**changes):
    content = {
        "title": "社会保险费缴费通知单",
        "letterhead": "某市社会保险事业管理局",
        "subtitle": "费款所属期 2026 年 3 月",
        "number": "HD202603000012",
        "code": "7K2P-9QXM-4TRA",
        "made_on": "2026-03-12",
        "header": [
            ["单位编号", "10086012"],
            ["单位名称", "某某机械制造有限公司"],
            ["缴费截止", "2026-03-25"],
        ],
        "columns": [
            {"title": "险种", "width": 2},
            {"title": "人数", "align": "right"},
            {"title": "应缴", "align": "right"},
        ],
        "rows": [["职工基本养老保险", "3", "1,234,567.80"], ["失业保险", "3", "90.20"]],
        "total": ["合计", "3", "1,234,658.00"],
        "amount_words": "壹佰贰拾叁万肆仟陆佰伍拾捌元整",
        "people": None,
        "notes": ["请在截止日前缴纳。"],
        "signatures": ["制表人：系统", "审核人", "经办人"],
        "seals": ["社会保险经办机构（章）", "缴费单位（章）"],
        "illustrative": [],
    }
    return {**content, **changes}


def people(count):
    schemes = ["养老", "失业", "工伤", "医疗", "生育"]
    return {
        "columns": [
            {"title": "姓名", "keep": True, "width": 2},
            {"title": "证件号码", "keep": True, "width": 2.2},
            {"title": "缴费基数", "align": "right", "width": 1.3},
            *({"title": share, "group": s, "align": "right"} for s in schemes for share in ("单位", "个人")),
            {"title": "合计", "align": "right", "width": 1.3},
        ],
        "rows": [
            [
                RARE_NAMES[i % len(RARE_NAMES)],
                f"110***********{i:04d}",
                "12,345.00",
                *["1,975.20"] * 10,
                "19,752.00",
            ]
            for i in range(count)
        ],
        "total": ["合计", "", "", *[""] * 10, "99,887,766.55"],
    }


def pages_of(pdf):
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_prints_every_word_it_was_given(layout):
    text = "".join("".join(pages_of(render(layout, paper(), verify_url=URL))).split())
    said = paper()
    words = [
        said["title"],
        said["letterhead"],
        said["number"],
        said["code"],
        said["amount_words"],
        *said["total"],
    ]
    words += [word for row in said["rows"] for word in row] + [word for pair in said["header"] for word in pair]
    words += [*said["seals"], *said["notes"], "审核人：", "开源软件生成，非正式票据", "第1页/共1页", "核验"]
    assert [word for word in words if "".join(word.split()) not in text] == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_file_declares_archive_and_accessibility_standards_and_carries_its_font(layout):
    pdf = render(layout, paper(), verify_url=URL)
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    metadata = reader.trailer["/Root"]["/Metadata"].get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part>" in metadata
    assert "pdfuaid:part" in metadata
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.metadata.creation_date.date().isoformat() == "2026-03-12"
    fonts = reader.pages[0]["/Resources"]["/Font"].values()
    for font in fonts:
        descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert "NotoSansCJKsc" in descriptor["/FontName"]
        assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor)


def test_the_same_data_gives_the_same_bytes_and_other_data_other_bytes():
    first = render("payment_notice", paper(), verify_url=URL)
    assert render("payment_notice", paper(), verify_url=URL) == first
    assert render("payment_notice", paper(total=["合计", "3", "1,234,658.01"]), verify_url=URL) != first


RARE = "\U00020000\U00020089"
"""Characters of extension B that the main font lacks."""


def test_rare_characters_of_extension_b_are_drawn_and_can_be_copied_out_again():
    pdf = render("payment_notice", paper(header=[["姓名", f"张{RARE}"]]), verify_url=URL)
    assert f"张{RARE}" in "".join("".join(pages_of(pdf)).split())
    assert "<pdfaid:part>2</pdfaid:part>" in (
        pypdf.PdfReader(io.BytesIO(pdf)).trailer["/Root"]["/Metadata"].get_data().decode()
    )


def test_a_paper_of_the_first_edition_keeps_the_box_that_it_was_printed_with():
    said = paper(header=[["姓名", f"张{RARE[0]}"]])
    first = render("payment_notice", said, verify_url=URL, version=1)
    assert "U+20000" in "".join("".join(pages_of(first)).split())
    assert "U+20000" not in "".join("".join(pages_of(render("payment_notice", said, verify_url=URL))).split())


REST = "\U00020002\U0002a6d6\U0002a701\U0002b734\U0002b745\U0002b81d\U0002b825\U0002cea1\U0002ceb0\U0002ebe0"
"""Characters of extensions B to F that neither the main font nor the first rare one has, up to the last of each."""


def test_every_extension_from_b_to_f_is_drawn_and_can_be_copied_out_again():
    pdf = render("payment_notice", paper(header=[["姓名", f"张{REST}"]]), verify_url=URL)
    assert f"张{REST}" in "".join("".join(pages_of(pdf)).split())
    assert b"pdfaid" in pdf


LATER = "\U00030ede\U00030000\U0003134a\U00031350\U000323af\u9fff\U0002b739"
"""𰻞, which the main font has; the first and last of extensions G and H; the last of URO and of C."""


def test_extensions_g_and_h_are_drawn_and_can_be_copied_out_again():
    pdf = render("payment_notice", paper(header=[["姓名", f"张{LATER}{REST}"]]), verify_url=URL)
    text = "".join("".join(pages_of(pdf)).split())
    assert f"张{LATER}{REST}" in text
    assert "印为方框" not in text
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    metadata = reader.trailer["/Root"]["/Metadata"].get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part>" in metadata
    assert "pdfuaid:part" in metadata
    for font in reader.pages[0]["/Resources"]["/Font"].values():
        cmap = font.get_object()["/ToUnicode"].get_data().decode()
        assert "\n<0000> <" not in cmap.replace("<0000> <FFFF>", "")  # glyph 0 is the box


def test_only_a_paper_with_glyphs_of_the_arphic_licence_tells_of_it():
    told, plain = (
        pypdf.PdfReader(io.BytesIO(render("payment_notice", paper(header=[["姓名", name]]), verify_url=URL))).metadata
        for name in (LATER, REST)
    )
    assert "Arphic Public License" in told["/Keywords"]
    assert "/Keywords" not in plain


def test_a_character_of_extension_i_is_a_box_beside_those_that_are_drawn():
    pdf = render("payment_notice", paper(header=[["姓名", f"{REST}{LATER}\U0002ebf0"]]), verify_url=URL)
    text = "".join("".join(pages_of(pdf)).split())
    assert f"{REST}{LATER}" in text
    assert "（U+2EBF0）" in text


def test_a_paper_of_the_fifth_edition_keeps_the_box_of_extension_g():
    pdf = render("payment_notice", paper(header=[["姓名", f"{REST}\U00030002"]]), verify_url=URL, version=5)
    assert "（U+30002）" in "".join("".join(pages_of(pdf)).split())


def test_a_paper_of_the_fourth_edition_keeps_the_box_of_a_rarer_character():
    pdf = render("payment_notice", paper(header=[["姓名", REST[0]]]), verify_url=URL, version=4)
    assert "U+20002" in "".join("".join(pages_of(pdf)).split())


def test_another_press_gives_the_same_bytes():
    first = render("declaration_assessment", paper(people=people(3)), verify_url=URL)
    rendering._press.close()
    render("receipt", paper(), verify_url=URL)
    assert render("declaration_assessment", paper(people=people(3)), verify_url=URL) == first


def test_a_thousand_people_take_pages_with_repeated_headings_and_numbers():
    rendering._press.close()
    started = time.perf_counter()
    said = arranged(paper(people=people(1000)), "declaration_assessment")
    pdf = render("declaration_assessment", said, verify_url=URL)
    assert time.perf_counter() - started < 15
    pages = pages_of(pdf)
    assert len(pages) > 20
    for number, text in enumerate(pages, 1):
        assert f"第{number}页/共{len(pages)}页" in "".join(text.split())
        assert "证件号码" in text or number == len(pages)
    whole = "".join("".join(pages).split())
    assert [i for i in range(1000) if f"110***********{i:04d}" not in whole] == []
    assert "99,887,766.55" in whole


@pytest.mark.parametrize("name", RARE_NAMES)
def test_a_rare_or_long_name_stays_on_one_line_and_can_be_copied(name):
    content = people(1)
    content["rows"][0][0] = name
    pages = pages_of(render("declaration_assessment", paper(people=content), verify_url=URL))
    assert name in pages[0]


def test_a_name_too_long_for_one_readable_line_is_complete_on_two():
    name = "买买提艾力·阿卜杜热合曼·吐尔逊江·玉素甫"
    content = people(1)
    content["rows"][0][0] = name
    assert name in "".join(pages_of(render("declaration_assessment", paper(people=content), verify_url=URL))[0].split())


def test_a_character_that_the_font_lacks_does_not_stop_the_paper():
    pdf = render("payment_notice", paper(rows=[["王\U0002ebf1", "3", "1.00"]]), verify_url=URL)
    assert "合计" in pages_of(pdf)[0]


def test_rare_names_are_drawn_not_boxes():
    pdf = render("payment_notice", paper(rows=[["".join(RARE_NAMES), "3", "1.00"]]), verify_url=URL)
    for font in pypdf.PdfReader(io.BytesIO(pdf)).pages[0]["/Resources"]["/Font"].values():
        cmap = font.get_object()["/ToUnicode"].get_data().decode()
        assert "\n<0000> <" not in cmap.replace("<0000> <FFFF>", "")  # glyph 0 is the box


def test_markup_in_the_data_is_printed_as_it_is():
    nasty = '#panic("x") *a* $b$ \\ <c> @d `e` "]} {%'
    pdf = render("payment_notice", paper(notes=[nasty], header=[["#let", nasty]]), verify_url=URL)
    assert "".join(nasty.split()) in "".join("".join(pages_of(pdf)).split())


def test_values_without_a_source_are_announced_and_otherwise_nothing_is():
    loud = pages_of(render("payment_notice", paper(illustrative=["失业保险费率", "基数下限"]), verify_url=URL))[0]
    assert "含示例数值，仅供演示：失业保险费率、基数下限" in loud
    assert "示例数值" not in pages_of(render("payment_notice", paper(), verify_url=URL))[0]


def test_a_wrong_paper_is_refused_with_every_problem_at_once():
    with pytest.raises(UnprintablePaper) as refusal:
        render("payment_notice", paper(rows=[["少一格", "3"]], total=["合计"], made_on="三月"), verify_url=URL)
    assert len(refusal.value.problems) == 3
    with pytest.raises(UnprintablePaper, match="版式"):
        render("../secrets", paper(), verify_url=URL)
    with pytest.raises(UnprintablePaper, match="缺少 title"):
        render("payment_notice", {}, verify_url=URL)


def test_threads_get_each_their_own_paper():
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda n: render("receipt", paper(number=f"N{n:04d}"), verify_url=URL), range(12)))
    assert [f"N{n:04d}" in pages_of(pdf)[0] for n, pdf in enumerate(made)] == [True] * 12


def test_a_press_that_died_is_replaced():
    render("receipt", paper(), verify_url=URL)
    rendering._press._process.kill()
    rendering._press._process.wait()
    assert render("receipt", paper(), verify_url=URL).startswith(b"%PDF")


def test_a_press_retires_before_its_cache_fills_the_memory(monkeypatch):
    rendering._press.close()
    monkeypatch.setattr(rendering._Press, "LINES", 4)
    render("receipt", paper(), verify_url=URL)
    first = rendering._press._process.pid
    render("receipt", paper(), verify_url=URL)
    assert rendering._press._process.pid == first
    render("receipt", paper(), verify_url=URL)
    assert rendering._press._process.pid != first


def test_rendering_needs_no_django():
    probe = "import sys, shebao.hall.documents.rendering; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], env={"PYTHONPATH": "src"}, check=False).returncode == 0


def test_a_new_paper_says_to_open_the_page_that_verifies_and_an_older_edition_keeps_its_words():
    new, old = (
        "".join("".join(pages_of(render("receipt", paper(), verify_url=URL, version=n))).split()) for n in (4, 3)
    )
    assert "扫码，或打开https://hall.example/verify" in new and "登录" not in new
    assert "扫码，或登录https://hall.example/verify" in old
