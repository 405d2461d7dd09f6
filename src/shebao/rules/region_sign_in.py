"""How the people of a region sign in (登录): by which name, with which second factor, by which certificate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shebao.rules import vocabulary as v
from shebao.rules.region_files import Folder, Problems
from shebao.rules.region_take import Take, each
from shebao.rules.sign_in_words import SIGN_IN_PARTS, SIGNS


@dataclass(frozen=True)
class SignIn:
    """`digits`: the length of the employer numbers that are chosen at sign-in, 0 where accounts alone are typed.

    `required_for`: roles that must have a second factor. `questions`: for forgotten passwords, none where the region
    does not keep them. `has_certificate`: people sign in by certificate; `signs`: whether a submission is signed.
    """

    digits: int = 0
    required_for: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    has_certificate: bool = False
    signs: str = "never"


def read_sign_in(folder: Folder, problems: Problems) -> SignIn:
    """sign_in.yaml; where it is absent people sign in by account and password, with a second factor if they like."""
    found: dict[str, Any] = {}
    for key, take in each(folder, "sign_in", problems):
        if key in _READERS:
            found |= _READERS[key](take)
        else:
            take.say("", f"不认识的键，可用：{'、'.join(SIGN_IN_PARTS)}")
            take.taken |= set(take.content)
    return SignIn(**found)


def _questions(take: Take) -> dict[str, Any]:
    questions = take.texts("questions")
    if not questions:
        take.say("questions", "至少写一个问题")
    return {"questions": questions}


_READERS: Mapping[str, Callable[[Take], dict[str, Any]]] = {
    "employer_number": lambda take: {"digits": take.whole("digits")},
    "second_factor": lambda take: {"required_for": take.texts("required_for", v.ROLES)},
    "security_question": _questions,
    "certificate": lambda take: {"has_certificate": True, "signs": take.word("signs", SIGNS, "never")},
}
