"""A password that is refused is refused in Chinese, whichever rule it breaks and wherever it is set."""

import re

import pytest
from django.contrib.auth.password_validation import get_default_password_validators, validate_password
from django.core.exceptions import ValidationError
from django.test import Client

from shebao.hall.operators.models import Role
from shebao.hall.registration.activation import make_activation

from ..web.conftest import PASSWORD, make_operator
from .conftest import signed_in

ENGLISH = re.compile(r"[A-Za-z]+ +[A-Za-z]+")
TOO_SHORT = "密码太短，至少 10 个字符。"
REFUSED = {
    "UserAttributeSimilarityValidator": "Weiming-Hubei-77",
    "LongEnough": "aB1-x",
    "CommonPasswordValidator": "qwertyuiop",
    "NumericPasswordValidator": "73920164825",
    "NothingUsual": "Admin888-999",
}


def is_chinese(text: str) -> bool:
    return bool(re.search("[\u4e00-\u9fff]", text)) and not ENGLISH.search(text)


@pytest.mark.parametrize("rule", get_default_password_validators(), ids=lambda rule: type(rule).__name__)
def test_every_rule_for_passwords_refuses_and_explains_itself_in_chinese(rule, employer):
    somebody = make_operator("weiming-hubei-7", Role.CLERK, employer)
    with pytest.raises(ValidationError) as no:
        rule.validate(REFUSED[type(rule).__name__], somebody)
    for text in (*no.value.messages, str(rule.get_help_text())):
        assert is_chinese(text), text


def test_several_reasons_at_once_are_all_in_chinese(clerk):
    for password in REFUSED.values():
        with pytest.raises(ValidationError) as no:
            validate_password(password[:9], clerk)
        assert TOO_SHORT in no.value.messages
        assert all(is_chinese(text) for text in no.value.messages), no.value.messages


def test_the_page_for_a_new_password_says_in_chinese_that_it_is_too_short(clerk):
    text = signed_in().post("/password", {"current": PASSWORD, "new": "aB1-x"}).content.decode()
    assert TOO_SHORT in text
    assert "too short" not in text


def test_the_page_of_an_activation_link_says_in_chinese_that_it_is_too_short(clerk):
    token, _ = make_activation(clerk, by=clerk)
    guest = Client()
    guest.get(f"/activate/{token}")
    text = guest.post("/activate", {"new": "aB1-x"}).content.decode()
    assert TOO_SHORT in text
    assert "too short" not in text
