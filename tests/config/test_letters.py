"""A body in letters that no page of ours sends is turned away before a page is asked."""

import pytest

from shebao.config import rsgi


@pytest.mark.parametrize(
    "kind", ["", "application/json", "multipart/form-data; boundary=x; charset=UTF-8", "x; charset=utf8"]
)
def test_what_browsers_and_the_bank_send_is_read(kind):
    rsgi._expect_letters(kind)


@pytest.mark.parametrize("kind", ["utf-7", "unicode_escape", "hex", "idna", "gb18030", "nothing"])
def test_other_letters_are_turned_away(kind):
    with pytest.raises(rsgi.Turned):
        rsgi._expect_letters(f"multipart/form-data; boundary=x; charset={kind}")


def test_a_type_that_cannot_be_read_is_turned_away():
    with pytest.raises(rsgi.Turned):
        rsgi._expect_letters("text/plain; charset*=nothing''x")
