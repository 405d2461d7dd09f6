"""What is written and drawn: Chinese punctuation, the floor of Chromium 109, contrast computed from the tokens."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WEB = ROOT / "src/shebao/web"
SHEETS = sorted((WEB / "static/shebao/css").glob("*.css"))
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
DATA = sorted((ROOT / "regions").rglob("*.yaml"))

HAN = "[\u3400-\u9fff\uff01-\uff5e\u3001\u3002\u201c\u201d]"
HALF_WIDTH = re.compile(rf"{HAN}[,:;?!()]|[,;?!()]{HAN}")


def named(file: Path) -> str:
    return str(file.relative_to(ROOT))


def sayings(node) -> list[str]:
    """Every text of a YAML document that is shown: keys and values, but not the aliases, which people type."""
    if isinstance(node, dict):
        return [
            text for key, value in node.items() if key != "aliases" for part in (key, value) for text in sayings(part)
        ]
    if isinstance(node, list):
        return [text for part in node for text in sayings(part)]
    return [node] if isinstance(node, str) else []


def test_the_lint_knows_half_width_from_full_width():
    for wrong in ("单位,职工", "基数(元)", "险种:养老", "确定吗?", "请注意!"):
        assert HALF_WIDTH.search(wrong), wrong
    for right in ("单位，职工", "基数（元）", "10:30 截止", "title: 单位", "（元）", "第 2 步，共 5 步"):
        assert not HALF_WIDTH.search(right), right


@pytest.mark.parametrize("file", TEMPLATES, ids=named)
def test_a_template_is_punctuated_in_full_width(file):
    text = re.sub(r"\{#.*?#\}|yesno:\"[^\"]*\"", "", file.read_text("utf-8"))
    assert HALF_WIDTH.findall(text) == []


@pytest.mark.parametrize("file", DATA, ids=named)
def test_a_regions_words_are_punctuated_in_full_width(file):
    for text in sayings(yaml.safe_load(file.read_text("utf-8"))):
        assert not HALF_WIDTH.search(text), text


def bare(sheet: Path) -> str:
    """A stylesheet without its comments."""
    return re.sub(r"/\*.*?\*/", "", sheet.read_text("utf-8"), flags=re.S)


def nested_rules(css: str) -> list[str]:
    """Selectors that stand inside another style rule: what Chromium 109 drops without a word."""
    found, open_rules = [], []
    for head, brace in re.findall(r"([^{};]*)([{};])", css):
        if brace == "{":
            is_style = not head.strip().startswith("@")
            if open_rules and open_rules[-1]:
                found.append(head.strip())
            open_rules.append(is_style)
        elif brace == "}":
            open_rules.pop()
    assert open_rules == []
    return found


def test_the_lint_sees_a_rule_inside_a_rule():
    assert nested_rules("@layer a { .b { color: red; &:hover { color: blue } } }") == ["&:hover"]
    assert nested_rules("@layer a { @media print { .b { color: red } .c { color: blue } } }") == []


@pytest.mark.parametrize("sheet", SHEETS, ids=named)
def test_a_stylesheet_stays_under_the_floor_and_in_its_layer(sheet):
    css = bare(sheet)
    newer = (
        r"color-mix|light-dark|oklch|text-wrap|@starting-style|@scope|:popover|\[popover|anchor-name|field-sizing|dvh"
    )
    assert not re.search(newer, css)
    assert nested_rules(css) == []
    outside = re.sub(r"@layer [\w, ]+;", "", css).strip()
    assert re.fullmatch(r"(@layer \w+ \{.*\}\s*)+", outside, flags=re.S)


def test_no_page_brings_its_own_style_or_script():
    for file in TEMPLATES:
        assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script>|hx-on|hx-vals=.js:", file.read_text("utf-8")), file


def test_the_large_letters_are_a_class_of_the_page_and_only_its_frame_asks_for_them():
    """So a page is looked at once and takes each mode in turn (tests/journeys/test_accessibility.py)."""
    modes = re.compile(r"\b(elder|contrast)\b|shell\.tiles")
    asking = {file.name for file in TEMPLATES if modes.search(file.read_text("utf-8"))}
    frame = {"base.html", "_files.html", "shell.html", "auth_shell.html", "_side.html", "_big_tiles.html"}
    assert asking - frame == {"account.html", "styleguide.html"}, "a page's own words for the mode: the account's"
    scripts = (file for file in (WEB / "static/shebao/js").glob("*.js") if "elder" in file.read_text("utf-8"))
    assert [file.name for file in scripts] == ["app.js"], "which keeps a message twice as long"


def tokens(*blocks: str) -> dict[str, str]:
    """The colours of the token file, replaced in turn by the named blocks of elder.css."""
    found = {}
    texts = [bare(WEB / "static/shebao/css/tokens.css")]
    elder = bare(WEB / "static/shebao/css/elder.css")
    for block in blocks:
        texts.append(re.search(rf"{re.escape(block)} \{{([^}}]*)\}}", elder)[1])
    for text in texts:
        found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})\b", text))
    return found


def lightness(code: str) -> float:
    digits = code.lstrip("#")
    digits = "".join(c * 2 for c in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2, 1 to 21."""
    high, low = sorted((lightness(one), lightness(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


TEXT_ON_GROUND = [
    *[(ink, ground) for ink in ("ink-900", "ink-700", "ink-500") for ground in ("surface", "surface-2", "bg")],
    ("ink-700", "fill"), ("ink-700", "fill-badge"), ("disabled-text", "surface"), ("primary-600", "surface"),
    ("primary-600", "bg"), ("primary-700", "primary-50"), ("primary-700", "primary-100"), ("ink-900", "primary-50"),
    *[(f"{kind}-700", f"{kind}-50") for kind in ("success", "warning", "danger")],
    *[(f"{kind}-700", "surface") for kind in ("success", "warning", "danger")],
    ("on-primary", "primary-600"),
]  # fmt: skip
THEMES = {"standard": (), "elder": (":root.elder",), "high contrast": (":root.elder", ":root.contrast")}


@pytest.mark.parametrize("theme", THEMES)
def test_text_has_enough_contrast_on_its_ground(theme):
    colours = tokens(*THEMES[theme])
    for text, ground in TEXT_ON_GROUND:
        enough = 7 if theme == "high contrast" else 4.5
        assert contrast(colours[text], colours[ground]) >= enough, (text, ground)


@pytest.mark.parametrize("theme", THEMES)
def test_borders_of_fields_and_marks_are_seen(theme):
    colours = tokens(*THEMES[theme])
    for mark in ("line-strong", "primary-600", "success-600", "warning-600", "danger-600", "primary-500"):
        assert contrast(colours[mark], colours["surface"]) >= 3, mark
    for name, code in colours.items():
        if name.startswith("scheme-"):
            assert contrast(code, colours["surface"]) >= 3, name
