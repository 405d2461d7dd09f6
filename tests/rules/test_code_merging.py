"""Two people change one code list: what each changed stands, what both changed is told, and nothing else moves."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from shebao.rules.code_merging import laid_together
from shebao.rules.code_text import retired

from .test_code_text import HEAD, ROWS, rows

BASE = HEAD + "".join(shape % f"0{n}" for n, shape in enumerate(ROWS)) + "# 尾\n"
NEW = '  - {code: "%s", title: 新的} # 新注\n'


def codes(text: str) -> list[str]:
    return [one["code"] for one in rows(text)]


@settings(max_examples=60)
@given(st.sets(st.integers(0, len(ROWS) - 1)), st.sets(st.integers(0, len(ROWS) - 1)))
def test_what_two_people_retire_is_all_retired_and_every_comment_stays(mine, theirs):
    proposed, now = BASE, BASE
    for n in mine:
        proposed = retired(proposed, f"0{n}")
    for n in theirs:
        now = retired(now, f"0{n}")
    found = laid_together(BASE, proposed, now)
    assert found.is_whole and found.clashes == ()
    assert rows(found.text) == [
        one | ({"retired": True} if n in mine | theirs else {}) for n, one in enumerate(rows(BASE))
    ]
    assert [note for note in ("# 头", "# 尾", "# 旁注") if note not in found.text] == []
    if not mine:
        assert found.text == now


def test_a_new_code_stands_where_it_was_put_and_one_beside_it_too():
    proposed, now = BASE.replace("# 尾\n", NEW % "10" + "# 尾\n"), BASE.replace("# 尾\n", NEW % "20" + "# 尾\n")
    found = laid_together(BASE, proposed, now)
    assert found.is_whole and codes(found.text) == [*codes(BASE), "10", "20"]
    first = laid_together(BASE, BASE.replace(HEAD, HEAD + NEW % "10"), now)
    assert first.is_whole and codes(first.text) == ["10", *codes(BASE), "20"]


def test_the_same_done_twice_is_done_once():
    again = retired(BASE, "03")
    found = laid_together(BASE, again, again)
    assert (found.is_whole, found.text) == (True, again)


def test_a_code_that_both_changed_otherwise_is_told_and_stands_as_it_counts():
    proposed = retired(BASE, "01").replace('code: "00", title: 甲', 'code: "00", title: 乙')
    now = BASE.replace('code: "00", title: 甲', 'code: "00", title: 丙')
    found = laid_together(BASE, proposed, now)
    assert (found.is_whole, found.clashes) == (False, ("00",))
    assert rows(found.text)[0]["title"] == "丙" and rows(found.text)[1]["retired"] is True
    both = laid_together(BASE, BASE + NEW % "10", BASE + (NEW % "10").replace("新的", "别的"))
    assert (both.is_whole, both.clashes) == (False, ("10",))


@pytest.mark.parametrize(
    "proposed",
    [
        HEAD + ROWS[0] % "01" + ROWS[0] % "00",  # another order
        HEAD + ROWS[0] % "00",  # one taken out
        HEAD + ROWS[0] % "00" + ROWS[0] % "01" + ROWS[0] % "01",  # one twice
    ],
)
def test_nobody_guesses_what_another_order_or_a_missing_code_means(proposed):
    base = HEAD + ROWS[0] % "00" + ROWS[0] % "01"
    now = base + NEW % "20"
    assert laid_together(base, proposed, now) == laid_together(base, proposed, now)
    assert (laid_together(base, proposed, now).is_whole, laid_together(base, proposed, now).text) == (False, now)


def test_another_title_of_the_list_is_nobodys_row():
    now = BASE + NEW % "20"
    assert not laid_together(BASE, BASE.replace("title: 表", "title: 新表"), now).is_whole


@settings(max_examples=60)
@given(st.sampled_from(ROWS), st.sampled_from(ROWS), st.sampled_from([0, 2, 4]))
def test_rows_typed_in_any_two_manners_are_laid_together_rightly_or_not_at_all(one, another, deeper):
    def file(shape):
        return HEAD + "".join(shape % code for code in ("00", "01"))

    theirs = retired(file(another), "00")
    if deeper:
        theirs = theirs.replace("\n ", "\n" + " " * (deeper + 1))
    try:
        yaml.safe_load(theirs)
    except yaml.YAMLError:
        return
    found = laid_together(file(one), file(one) + NEW % "10", theirs)
    expected = {row["code"]: row for row in rows(theirs)}
    told = {row["code"]: row for row in rows(found.text)}
    assert told == (expected | {"10": {"code": "10", "title": "新的"}} if found.is_whole else expected)
