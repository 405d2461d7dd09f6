"""statements.yaml: papers of a span of months or of persons; a national layout over a source, in a region's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from types import MappingProxyType

from shebao.rules import statement_words as w
from shebao.rules.region_files import Folder, Mapped, Problems
from shebao.rules.region_take import Take


@dataclass(frozen=True)
class Statement:
    """A paper that is not of one bill. `menu` is the entry that leads to it, `title` what stands on the paper;
    `letterhead` is whose it is, where it says so itself: without one it is of whoever the region's other papers are.

    `button` is what prints it; `each` says whether a paper is of the employer or of one person; `labels` rename
    columns; `paid_only` leaves out what has not been paid, `schemes` all but these. `person` is what else the head says
    of the one person, `blanks` what it leaves to be filled in by hand, because the employer's side cannot know it.
    """

    key: str
    title: str
    menu: str
    under: str
    letterhead: str
    source: str
    layout: str
    each: str
    columns: tuple[str, ...]
    labels: Mapping[str, str]
    wording: str
    notes: tuple[str, ...]
    signatures: tuple[str, ...]
    functions: tuple[str, ...]
    paid_only: bool
    schemes: tuple[str, ...]
    button: str
    person: tuple[str, ...]
    blanks: tuple[str, ...]

    @property
    def is_blank(self) -> bool:
        """Whether it is a form to be filled in by hand: nobody issues it."""
        return self.source == "blank"

    @property
    def asks(self) -> tuple[str, ...]:
        """The questions of its page."""
        return w.SOURCES[self.source].asks

    def label(self, column: str) -> str:
        """The title of a column here."""
        return self.labels.get(column, w.STATEMENT_COLUMNS[column].title)


def read_statements(folder: Folder, problems: Problems) -> dict[str, Statement]:
    """Every statement of the region, in the order of the file."""
    result: dict[str, Statement] = {}
    for key, content in folder.parts["statements"].items():
        if isinstance(content, Mapped) and content.get("open") is False:
            continue
        take = Take(content, key, folder.where("statements", key), problems)
        if not take.broken:
            result[key] = _statement(key, take)
            take.done()
    return result


def _statement(key: str, take: Take) -> Statement:
    title = take.text("title")
    source = take.word("source", w.SOURCES)
    known = w.SOURCES.get(source)
    each = take.word("each", w.EACH, "employer")
    if known and each == "person" and "people" not in known.asks:
        take.say("each", f"“{source}”不按人员查询，不能每人一份")
    columns = take.texts("columns", known.columns if known else w.STATEMENT_COLUMNS)
    if not columns and not take.broken:
        take.say("columns", "至少要有一栏")
    wording = take.text("wording", "")
    for _, name, _, _ in Formatter().parse(wording):
        if name is not None and name not in w.WORDING:
            take.say("wording", f"不认识“{{{name}}}”，可用：{'、'.join(w.WORDING)}")
    return Statement(
        key,
        title,
        take.text("menu", title),
        take.text("under", ""),
        take.text("letterhead", ""),
        source,
        take.word("layout", w.STATEMENT_LAYOUTS, "statement"),
        each,
        columns,
        _labels(take),
        wording,
        take.texts("notes"),
        take.texts("signatures"),
        take.texts("functions"),
        take.flag("paid_only", False),
        take.texts("schemes"),
        take.text("button", "打印"),
        _of_person(take, each),
        take.texts("blanks"),
    )


def _of_person(take: Take, each: str) -> tuple[str, ...]:
    person = take.texts("person", w.OF_PERSON)
    if person and each != "person":
        take.say("person", "每人一份（each: person）的单据才能写")
    return person


def _labels(take: Take) -> Mapping[str, str]:
    written = take.raw("labels")
    if written is None:
        return MappingProxyType({})
    inner = Take(written, f"{take.name}.labels", take.content.where("labels"), take.problems)
    labels = {key: inner.text(key) for key in inner.content}
    for key in labels:
        if key not in w.STATEMENT_COLUMNS:
            inner.say(key, "没有这一栏")
    return MappingProxyType(labels)
