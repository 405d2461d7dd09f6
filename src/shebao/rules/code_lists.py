"""Code lists: what a choice may be, and what people write when they mean it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches


@dataclass(frozen=True)
class Code:
    """One entry of a code list; `national` is the code of the national list, `kind` groups change reasons,
    `is_transfer` tells that the person comes from or goes to another employer or place, `is_retired` (停用) that
    nobody may choose it any more, while whatever has it keeps its title. `whose` are the people whom a document is
    given to or a household belongs to, none where nothing is said. `waits_for` is whom a case waits for that is held
    for this reason: "employer" reads the reason and what is written to it, "" leaves both inside the agency.
    """

    code: str
    title: str
    national: str
    aliases: tuple[str, ...] = ()
    note: str = ""
    kind: str = ""
    needs_evidence: bool = False
    is_transfer: bool = False
    is_retired: bool = False
    whose: tuple[str, ...] = ()
    waits_for: str = ""

    @property
    def label(self) -> str:
        """The title as a list shows it in which a retired code still stands."""
        return f"{self.title}（已停用）" if self.is_retired else self.title


def _tidy(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().replace(" ", "").casefold()


@dataclass(frozen=True)
class CodeList:
    """A list of codes in display order."""

    key: str
    title: str
    items: tuple[Code, ...]
    _index: Mapping[str, str] = field(repr=False, compare=False)

    @classmethod
    def of(cls, key: str, title: str, items: tuple[Code, ...]) -> CodeList:
        """A list with its look-up table; where two share a name, one in use wins, and of those the earlier.

        A code is always itself: what is kept as a code must never be read as a successor that has it as an alias.
        """
        index = {_tidy(item.code): item.code for item in items}
        for item in sorted(items, key=lambda one: one.is_retired):
            for name in (item.title, f"{item.code}|{item.title}", *item.aliases):
                index.setdefault(_tidy(name), item.code)
        return cls(key, title, items, index)

    @property
    def offered(self) -> tuple[Code, ...]:
        """What may be chosen: all that is not retired."""
        return tuple(item for item in self.items if not item.is_retired)

    def choices(self, kept: str = "") -> list[tuple[str, str]]:
        """(code, label) of what is offered, and of the code that is there already, in display order."""
        return [(item.code, item.label) for item in self.items if not item.is_retired or item.code == kept]

    def get(self, code: str) -> Code | None:
        """The entry with exactly this code."""
        return next((item for item in self.items if item.code == code), None)

    def title_of(self, code: str) -> str:
        """The Chinese title of a code; the code itself where the list does not know it."""
        item = self.get(code)
        return item.title if item else code

    def find(self, text: str) -> str | None:
        """The code meant by a code, a title, "code|title", "code title" or an alias, in any width."""
        tidy = _tidy(str(text))
        head = _tidy(str(text).replace("｜", "|").split("|")[0])
        return self._index.get(tidy) or self._index.get(head) or self._find_joined(tidy)

    def _find_joined(self, tidy: str) -> str | None:
        return next((i.code for i in self.items if tidy in (_tidy(i.code + i.title), _tidy(i.title + i.code))), None)

    def nearest(self, text: str) -> str | None:
        """The title that looks most like the text, for a suggestion; None where nothing is near."""
        tidy = _tidy(str(text))
        names = {_tidy(n): i.title for i in reversed(self.offered) for n in (i.title, *i.aliases)}
        close = get_close_matches(tidy, list(names), n=1, cutoff=1 / 2)
        if close:
            return names[close[0]]
        return next((title for name, title in names.items() if tidy and (tidy in name or name in tidy)), None)
