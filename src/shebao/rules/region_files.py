"""Region folders as text: strict YAML in which every value remembers its file and line.

Stricter than YAML: no duplicate keys, no floats (a number with a point is an exact Decimal), no anchors, no
tags, no guessing (yes, on, 012 and 1e3 stay text). Layering has one rule: the nearest folder that mentions
a key owns that key whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"-?(0|[1-9]\d*)", re.ASCII)
_DECIMAL = re.compile(r"-?\d+\.\d+", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_SUSPECT = re.compile(r"-?\d[\d_]*(\.\d*)?[eE][+-]?\d+|[-+]?\.(inf|nan)|[-+]?\.\d+|\d+\.", re.IGNORECASE | re.ASCII)

_MARKS = re.compile(r"[&*!]")

KEYED_FILES = (
    *("terms", "parameters", "schemes", "services", "settlements", "documents", "statements"),
    *("queries", "calendar", "guides", "collection", "registration", "sign_in", "agency"),
)
FOLDERS = ("blocks", "forms", "codes", "sheets")
DEEPEST = 3
DEEPEST_KEY = 20
LONGEST_NUMBER = 40


class Mapped(dict[str, Any]):
    """A mapping that knows where each of its keys stands."""

    def __init__(self, place: str, line: int) -> None:
        super().__init__()
        self.place, self.line = place, line
        self.lines: dict[str, int] = {}

    def where(self, key: str | None = None) -> str:
        """ "file:line" of a key, or of the mapping itself."""
        return f"{self.place}:{self.lines.get(key or '', self.line)}"


class Listed(list[Any]):
    """A list that knows where each of its items stands."""

    def __init__(self, place: str, line: int) -> None:
        super().__init__()
        self.place, self.line = place, line
        self.lines: list[int] = []

    def where(self, index: int | None = None) -> str:
        """ "file:line" of an item, or of the list itself."""
        return f"{self.place}:{self.line if index is None else self.lines[index]}"


@dataclass
class Problems:
    """Mistakes in the order they were found, each once."""

    found: list[str] = field(default_factory=list)

    def add(self, where: str, key: str, sentence: str) -> None:
        """Note a mistake at "file:line" about a key."""
        line = f"{where}: {key}: {sentence}" if key else f"{where}: {sentence}"
        if line not in self.found:
            self.found.append(line)


@dataclass
class Folder:
    """The layered text of a region: per file the keys, each owned whole by the nearest folder."""

    code: str
    head: Mapped
    lineage: tuple[str, ...]
    parts: dict[str, dict[str, Any]]
    owners: dict[str, Mapped]
    cases: list[Mapped]
    fingerprint: str
    terms_of_oldest: frozenset[str]

    def where(self, part: str, key: str) -> str:
        """ "file:line" of a key of a part."""
        owner = self.owners.get(f"{part}/{key}")
        return owner.where(key) if owner is not None else f"{self.code}/{part}.yaml:1"

    def is_own(self, part: str, key: str) -> bool:
        """Whether the key is written in this very folder, not in one that it extends."""
        return self.where(part, key).startswith(f"{self.code}/")


def read_yaml(text: str, place: str, problems: Problems) -> Any:
    """The content of a text that somebody typed; mistakes are noted and what could be read is returned."""
    try:
        node: Any = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as bad:
        line = int(getattr(bad.problem_mark, "line", 0)) + 1
        problems.add(f"{place}:{line}", "", f"不是有效的 YAML：{bad.problem}")
        return None
    except yaml.YAMLError as bad:
        problems.add(f"{place}:1", "", f"不是有效的 YAML：{bad}")
        return None
    if node is None:
        return Mapped(place, 1)
    events: Any = yaml.parse(text, Loader=_LOADER) if _MARKS.search(text) else ()
    is_plain = True
    for event in events:
        if getattr(event, "anchor", None) or getattr(event, "tag", None):
            where = f"{place}:{event.start_mark.line + 1}"
            problems.add(where, "", "不使用锚点、引用或类型标记，请把内容写全")
            is_plain = False
    # A few lines that refer to each other are a thousand million when they are written out, or have no end.
    return _build(node, place, problems) if is_plain else None


@lru_cache(maxsize=1024)
def _once(text: str, place: str) -> tuple[Any, Problems]:
    """What one file says, and its mistakes: a baseline is read again for every region that extends it.

    What it says is shared by those regions, who read it and never change it.
    """
    problems = Problems()
    return read_yaml(text, place, problems), problems


forget_files = _once.cache_clear


def _build(node: Any, place: str, problems: Problems, depth: int = 0) -> Any:
    line = node.start_mark.line + 1
    if depth > DEEPEST_KEY:
        problems.add(f"{place}:{line}", "", f"一层套一层，超过了 {DEEPEST_KEY} 层")
        return None
    if isinstance(node, yaml.MappingNode):
        mapped = Mapped(place, line)
        for key_node, value_node in node.value:
            key, key_line = str(key_node.value), key_node.start_mark.line + 1
            if key in mapped:
                problems.add(f"{place}:{key_line}", key, f"重复的键，第 {mapped.lines[key]} 行已写过")
                continue
            mapped[key] = _build(value_node, place, problems, depth + 1)
            mapped.lines[key] = key_line
        return mapped
    if isinstance(node, yaml.SequenceNode):
        listed = Listed(place, line)
        for item in node.value:
            listed.append(_build(item, place, problems, depth + 1))
            listed.lines.append(item.start_mark.line + 1)
        return listed
    return _scalar(node, f"{place}:{line}", problems)


def _scalar(node: Any, where: str, problems: Problems) -> Any:
    text = str(node.value)
    if node.style in ("'", '"', "|", ">"):
        return text
    if text in ("", "~", "null"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if len(text) > LONGEST_NUMBER and (_INTEGER.fullmatch(text) or _DECIMAL.fullmatch(text)):
        problems.add(where, text[:LONGEST_NUMBER], "数字太长")
        return None
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return Decimal(text)
    if _SUSPECT.fullmatch(text):
        problems.add(where, text, "数字请写成普通小数，不用指数，也不省略小数点前后的数字")
        return None
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            problems.add(where, text, "没有这一天")
            return None
    return text


def read_folder(code: str, roots: Sequence[Path], problems: Problems) -> Folder | None:
    """Lay a region's files over those of the regions it extends; None where there is no such folder."""
    chain = _lineage(code, roots, problems)
    if not chain:
        return None
    parts: dict[str, dict[str, Any]] = {name: {} for name in (*KEYED_FILES, *FOLDERS)}
    owners: dict[str, Mapped] = {}
    cases: list[Mapped] = []
    head = Mapped(f"{code}/region.yaml", 1)
    seal = sha256()
    oldest: frozenset[str] = frozenset()
    for path in chain:
        for file in sorted(path.rglob("*.yaml")):
            place = f"{path.name}/{file.relative_to(path).as_posix()}"
            text = _text(file, place, problems)
            if file.parent.name != "cases":
                seal.update(f"{place}\0{text}\0".encode())
            content, mistakes = _once(text, place)
            problems.found += [one for one in mistakes.found if one not in problems.found]
            if file.parent.name == "cases" and file.parent.parent == path:
                cases += _cases(content, place, problems)
            elif place == f"{path.name}/region.yaml":
                head = _heir(head, content)
            else:
                lay(parts, owners, content, place, problems)
        oldest = oldest or frozenset(parts["terms"])
    lineage = tuple(path.name for path in reversed(chain))
    return Folder(code, head, lineage, parts, owners, cases, seal.hexdigest()[:12], oldest)


def _lineage(code: str, roots: Sequence[Path], problems: Problems) -> list[Path]:
    """Folders from the oldest ancestor down to the region itself."""
    chain: list[Path] = []
    wanted, asked_by = code, f"{code}/region.yaml:1"
    while wanted:
        path = next((r / wanted for r in roots if (r / wanted / "region.yaml").is_file()), None)
        if path is None:
            problems.add(asked_by, "extends" if chain else "", f"没有找到地区文件夹“{wanted}”")
            return []
        if path in chain:
            problems.add(asked_by, "extends", f"“{wanted}”引用了自己")
            return []
        chain.insert(0, path)
        if len(chain) > DEEPEST:
            problems.add(asked_by, "extends", f"层级超过 {DEEPEST} 层")
            return []
        place = f"{wanted}/region.yaml"
        head, _ = _once(_text(path / "region.yaml", place, problems), place)
        following = head.get("extends") if isinstance(head, Mapped) else None
        asked_by = f"{wanted}/region.yaml:{head.lines['extends']}" if following else asked_by
        wanted = str(following) if following else ""
    return chain


def _text(file: Path, place: str, problems: Problems) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError:
        problems.add(f"{place}:1", "", "文件不是 UTF-8 编码")
        return ""


def _cases(content: Any, place: str, problems: Problems) -> Iterator[Mapped]:
    if not isinstance(content, Listed):
        problems.add(f"{place}:1", "", "算例文件应是一个列表，每项一个算例")
        return
    for index, one in enumerate(content):
        if isinstance(one, Mapped):
            yield one
        else:
            problems.add(content.where(index), "", "算例应是键值对")


def _heir(older: Mapped, content: Any) -> Mapped:
    """region.yaml: the youngest words win, but a folder opens by its own or an inherited `opened_on`."""
    if not isinstance(content, Mapped):
        return older
    heir = Mapped(content.place, content.line)
    heir.update({key: older[key] for key in ("opened_on", "checked_until") if key in older} | content)
    heir.lines = content.lines
    return heir


def lay(parts: dict[str, dict[str, Any]], owners: dict[str, Mapped], content: Any, place: str, p: Problems) -> None:
    """Lay what a file says over what those above it say; `place` is "region/file"."""
    _, *inner = place.split("/")
    name = inner[-1].removesuffix(".yaml")
    if len(inner) == 2 and inner[0] in FOLDERS:
        whole = Mapped(place, 1)
        whole[name] = content
        parts[inner[0]][name], owners[f"{inner[0]}/{name}"] = content, whole
    elif len(inner) != 1 or name not in KEYED_FILES:
        p.add(f"{place}:1", "", "不认识的文件，可用的文件见 docs/vocabulary.md")
    elif not isinstance(content, Mapped):
        p.add(f"{place}:1", "", "文件应由键值对组成")
    else:
        for key, value in content.items():
            parts[name].pop(key, None)  # the owner's order is the order in which pages show its keys
            parts[name][key], owners[f"{name}/{key}"] = value, content
