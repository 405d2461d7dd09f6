"""Passwords that nobody has to guess at: usual words, runs of the keyboard, and any number that others know."""

import re

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError

USUAL = (
    *("administrator", "admin", "root", "guest", "user", "test", "login", "master", "system", "super", "manager"),
    *("password", "passwd", "pass", "welcome", "letmein", "iloveyou", "woaini", "hello", "dragon", "monkey"),
    *("qwertyuiop", "qwerty", "qwer", "qwe", "asdfghjkl", "asdfgh", "asdf", "asd", "zxcvbnm", "zxcvbn", "zxcv", "zxc"),
    *("abcdefgh", "abcdef", "abcde", "abcd", "abc", "qazwsx", "qaz", "wsx", "edc", "shebao", "rensheju", "hr", "sb"),
    *("社会保险", "社保", "人社局", "人社", "公司", "单位", "管理员", "密码", "用户"),
)
WRITTEN_FOR = {"@": "a", "0": "o", "$": "s", "3": "e", "!": "i", "1": "i"}
_IN_A_WORD = re.compile(r"(?<=[^\W\d_])[@0$3!1](?=[^\W\d_$@])|@|\$")
FEWEST, FEWEST_KINDS = 4, 3
"""So many letters or characters have to be left, and so many different ones, when usual words and digits are out."""
TOO_USUAL = (
    "密码不能只是账号、姓名、常见的词、键盘上相邻的键、号码或它们的拼接（如 Admin888、qwer1234、单位编号）："
    "请再加几个不相干的字。"
)


class LongEnough(password_validation.MinimumLengthValidator):
    """Django's own least length, in words of ours: its sentence changed in 5.2, and its Chinese catalogue did not."""

    def get_error_message(self) -> str:
        """What is said of a shorter password."""
        return f"密码太短，至少 {self.min_length} 个字符。"

    def get_help_text(self) -> str:
        """What Django shows where it lists rules."""
        return f"密码至少 {self.min_length} 个字符。"


class NothingUsual:
    """Digits do not count: last digits of an id number or of the employer's number are known to others."""

    def validate(self, password: str, user=None) -> None:
        """Raise ValidationError for a password of which little is left but the user's names, usual words and digits."""
        typed = password.casefold()
        own = (str(getattr(user, name, None) or "").casefold() for name in ("username", "name"))
        known = sorted(filter(None, ("".join(filter(str.isalpha, one)) for one in own)), key=len, reverse=True)
        for text in (typed, _IN_A_WORD.sub(lambda sign: WRITTEN_FOR[sign[0]], typed)):
            left = _without((*known, *USUAL), "".join(letter for letter in text if letter.isalpha()))
            if len(left) < FEWEST or len(set(left)) < FEWEST_KINDS:
                raise ValidationError(TOO_USUAL, code="password_too_usual")

    def get_help_text(self) -> str:
        """What Django shows where it lists rules."""
        return TOO_USUAL


def _without(words: tuple[str, ...], letters: str) -> str:
    for word in words:
        letters = letters.replace(word, " ")
    return letters.replace(" ", "")
