"""One row of a code list is changed in its text, whatever way it was typed, and nothing else is."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from shebao.regions_home import regions_roots
from shebao.rules.code_text import restored, retired

# Each is how somebody may type a row; %s is its code.
ROWS = (
    '  - {code: "%s", title: 甲}\n',
    '  - {code: "%s", title: 甲, aliases: ["a, b", c], note: "有 retired: true 的话" } # 旁注\n',
    '  - {"title": "甲", "code": "%s"}\n',
    '  - code: "%s"\n    title: 甲\n',
    "  - title: 甲   # 旁注\n    code: '%s'   # 代码旁注\n\n    # 上注\n    aliases:\n      - 乙\n",
    '  -\n    code: "%s"\n    title: 甲\n    note: |\n      retired: true\n      两行\n\n',
    '  - {code: "%s",\n     # 上注\n     title: 甲}\n',
)
BY_HAND = (
    ('  - {retired: true, code: "%s", title: 甲}\n', '  - {code: "%s", title: 甲}\n'),
    ('  - {code: "%s", title: 甲, retired: true} # 旁注\n', '  - {code: "%s", title: 甲} # 旁注\n'),
    ('  - {code: "%s", # 旁注\n     retired: true,\n     title: 甲}\n', '  - {code: "%s", # 旁注\n     title: 甲}\n'),
    ('  - code: "%s"\n    title: 甲\n    retired: true\n', '  - code: "%s"\n    title: 甲\n'),
    ('  - retired: true\n    code: "%s"\n    title: 甲\n', '  - retired: false\n    code: "%s"\n    title: 甲\n'),
    (
        '  - code: "%s"\n    title: 甲\n    retired: true # 2026 年\n',
        '  - code: "%s"\n    title: 甲\n    retired: false # 2026 年\n',
    ),
)
HEAD = "# 头\ntitle: 表\nitems:\n"


def rows(text: str) -> list[dict]:
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))["items"]


@settings(max_examples=40)
@given(st.lists(st.sampled_from(ROWS), min_size=1, max_size=4), st.data())
def test_only_the_row_of_the_code_is_changed_and_brought_back_to_the_letter(shapes, data):
    text = HEAD + "".join(shape % f"0{n}" for n, shape in enumerate(shapes)) + "# 尾\n"
    at = data.draw(st.integers(0, len(shapes) - 1))
    before, parts = rows(text), [shape % f"0{n}" for n, shape in enumerate(shapes)]
    changed = retired(text, f"0{at}")
    assert rows(changed) == [one | {"retired": True} if n == at else one for n, one in enumerate(before)]
    assert changed.startswith(HEAD + "".join(parts[:at])) and changed.endswith("".join([*parts[at + 1 :], "# 尾\n"]))
    assert [line for line in text.splitlines() if line.strip() and "{" not in line and line not in changed] == []
    assert (retired(changed, f"0{at}"), restored(changed, f"0{at}")) == (changed, text)


@pytest.mark.parametrize(("typed", "expected"), BY_HAND)
def test_what_somebody_typed_by_hand_is_taken_out_or_where_a_comment_stands_beside_it_written_false(typed, expected):
    around = (HEAD + ROWS[0] % "01", ROWS[3] % "03")
    found = restored((typed % "02").join(around), "02")
    assert found == (expected % "02").join(around) and not rows(found)[1].get("retired")


def test_a_code_that_is_not_there_a_mark_at_the_beginning_and_a_last_line_without_an_end_are_no_mistake():
    text = "\ufeff" + HEAD + '  - title: 甲\n    code: "01"'
    assert (retired(text, "02"), restored(text, "01")) == (text, text)
    assert retired(text, "01") == f"{text}\n    retired: true" and restored(retired(text, "01"), "01") == text
    assert retired(HEAD + "  - {code: 1, retired: false}", "1") == HEAD + "  - {code: 1, retired: true}"


def test_every_row_of_every_list_that_ships_is_retired_and_restored():
    files = sorted(regions_roots()[-1].glob("*/codes/*.yaml"))
    assert len(files) > 30
    for text in (file.read_text("utf-8") for file in files):
        for row in (before := rows(text))[:1] + before[-1:]:
            changed = retired(text, row["code"])
            assert rows(changed) == [one | {"retired": True} if one == row else one for one in before]
            assert restored(changed, row["code"]) == text
