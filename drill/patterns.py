"""Every regular expression that the program uses, and texts that would be slow for one that is not linear."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src/shebao"
USES = {"compile", "match", "fullmatch", "search", "sub", "subn", "findall", "split", "finditer"}
AT_BEGINNING = {"match", "fullmatch"}
MADE_WHEN_USED = {
    "rules/identity.py": "list(TRAVEL_PERMITS.values()) + [r'[A-Z0-9()]{4,24}']",
    "web/entering.py": "[sign for sign, _ in (*BROWSERS, *SYSTEMS)]",
    "cli/__init__.py": "[pattern for pattern, _ in SAYINGS]",
    "web/only_allowed.py": "[one.pattern for one in (LINK, FORM, BUTTON)]",
    "web/searching.py": "[f'({before})(?:{written})(?=[&\"\\'#]|$)' for before in ('=', '(?<=[?&;])q=') "
                        "for written in ('990101199005170075', '%E5%91%A8%E5%B9%B3')]",
}  # fmt: skip
"""Patterns that stand in a variable: file → how to get all of them, said in names of that module."""
COMMON = [
    "a",
    "1",
    " ",
    "中",
    "-",
    ".",
    "1 ",
    "a-",
    "1.",
    "((",
    "0,",
    "\t",
    "张·",
    "A1",
    "/*",
    "=",
    "年1月",
    "\n",
    "%E5",
]


@dataclass(frozen=True, order=True)
class Written:
    """One regular expression, where it stands, and whether it is only tried at the beginning of a text."""

    text: str
    place: str
    flags: int = 0
    is_at_beginning: bool = False


@cache
def patterns() -> frozenset[Written]:
    """All of them. Raises LookupError for one in a variable that `MADE_WHEN_USED` does not know."""
    return frozenset(one for file in sorted(SOURCE.rglob("*.py")) for one in _of(file))


def _of(file: Path) -> Iterator[Written]:
    name = str(file.relative_to(SOURCE))
    tree = ast.parse(file.read_text("utf-8"))
    calls = [node for node in ast.walk(tree) if _uses(node)]
    if not calls:
        return
    names = _Names(file)
    for call in calls:
        place, how = f"{name}:{call.lineno}", call.func.attr
        try:
            found = [_value(call.args[0], names)]
        except NameError:
            if name not in MADE_WHEN_USED:
                raise LookupError(f"{place}: a regular expression in a variable") from None
            found = _value(ast.parse(MADE_WHEN_USED[name], mode="eval").body, names)
        flags = _flags(call, names)
        for text in found:
            yield Written(text, place, flags, how in AT_BEGINNING or _only_begins(tree, call))


def _uses(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
        return False
    return node.func.attr in USES and getattr(node.func.value, "id", "") == "re"


class _Names(dict):
    """What the names in a file stand for; its module is asked only where a pattern is no plain text."""

    def __init__(self, file: Path):
        super().__init__(re=re)
        self.parts = file.relative_to(SOURCE.parent).with_suffix("").parts

    def __missing__(self, name: str):
        module = importlib.import_module(".".join(self.parts).removesuffix(".__init__"))
        if name not in vars(module):
            raise KeyError(name)
        return vars(module)[name]


def _value(node: ast.AST, names: _Names):
    return eval(compile(ast.Expression(node), "pattern", "eval"), {}, names)  # noqa: S307 - our own source


def _flags(call: ast.Call, names: _Names) -> int:
    given = [word.value for word in call.keywords if word.arg == "flags"]
    if call.func.attr == "compile":
        given += call.args[1:2]
    elif call.func.attr in ("match", "fullmatch", "search", "findall", "finditer"):
        given += call.args[2:3]
    return int(_value(given[0], names)) if given else 0


def _only_begins(tree: ast.AST, call: ast.Call) -> bool:
    """Whether a compiled pattern has a name of its file alone (`_X`), and is only matched under it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and node.value is call and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            uses = [one for one in ast.walk(tree) if isinstance(one, ast.Name) and one.id == name]
            owned = {
                id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Attribute) and one.attr in AT_BEGINNING
            }
            return name.startswith("_") and all(id(one) in owned for one in uses if isinstance(one.ctx, ast.Load))
    return False


def hostile_texts(pattern: str, length: int, *, pairs: bool = True) -> Iterator[str]:
    """Texts of `length` characters: what the pattern repeats, again and again, and then something that does not fit."""
    signs, words = _signs(pattern), re.findall(r"[^\\\[\](){}.*+?|^$]{2,}", pattern)
    both = [f"{one}{other}" for one in signs[:6] for other in signs[:6]] if pairs else []
    parts = dict.fromkeys([*COMMON, *signs, *both, *words[:8], "".join(words), *(f"{word}>" for word in words[:2])])
    parts.pop("", None)
    for part in parts:
        for end in ("!", "\x00") if pairs else ("!",):
            yield (part * (length // len(part) + 1))[: length - 1] + end


def _signs(pattern: str) -> list[str]:
    """A character for everything that the pattern names: its letters, and one of each of its classes."""
    letters = re.sub(r"\\[a-zA-Z]|\(\?[^)>]*[>)]|[\\^$.|?*+()\[\]{}]", " ", pattern)
    kinds = {"\\d": "7", "\\s": " ", "\\w": "x", "\\S": "y", "\\D": "z", "\\W": ";", ".": "q", "a-z": "m", "A-Z": "M"}
    found = [sign for kind, sign in kinds.items() if kind in pattern]
    return list(dict.fromkeys(found + [letter for letter in letters if not letter.isspace()]))[:12]
