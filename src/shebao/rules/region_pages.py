"""What a region's hall shows and says beyond its declarations: pages under the manual's names, queries,
and guides.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from shebao.rules import vocabulary as v
from shebao.rules.page_words import PAGES
from shebao.rules.query_words import MONTHS_ASKED, READ_MODELS
from shebao.rules.region_files import Folder, Listed, Mapped, Problems
from shebao.rules.region_take import Take, each
from shebao.rules.settling_words import settling

NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Page:
    """A row of the catalogue that is a page of the hall, by its name in this region; `page` says which.

    `states` and `operations` narrow a list of cases (none: all of them); `service` is the one whose papers are
    collected or whose sheet is downloaded; `guide` is the text that is shown; `may` are the roles it is for (none:
    whoever may declare).
    """

    key: str
    title: str
    page: str
    group: str
    under: str
    functions: tuple[str, ...]
    notes: tuple[str, ...]
    states: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    service: str = ""
    may: tuple[str, ...] = ()
    guide: str = ""


@dataclass(frozen=True)
class Paper:
    """A paper that a service asks for: `keep` is "upload", "keep" (by the employer) or "counter".

    `covers` is "each" (every declaration has its own) or "month" (one for all of the service in a month).
    """

    title: str
    keep: str
    required: bool
    covers: str = "each"


@dataclass(frozen=True)
class GuideStep:
    """One step or point of a guide; `page` or `service` is where it is done, "" where nowhere in the hall.

    `applies`: "always", or only where something is "reviewed" by the agency, or where all is "direct".
    """

    title: str
    text: str
    applies: str
    page: str
    service: str


@dataclass(frozen=True)
class Guide:
    """A text for clerks (办事指南): what to know or do, in order."""

    key: str
    title: str
    intro: str
    steps: tuple[GuideStep, ...]
    functions: tuple[str, ...]

    def steps_here(self, terms: Mapping[str, str], *, reviewed: bool) -> tuple[GuideStep, ...]:
        """The steps that hold where declarations are reviewed, or where all take effect at once.

        A step that bears the national name of its page bears the region's own, as the menu does; and what is said of
        settling follows the region's verb.
        """
        wanted = ("always", "reviewed" if reviewed else "direct")
        return tuple(_called_here(step, terms) for step in self.steps if step.applies in wanted)


def _called_here(step: GuideStep, terms: Mapping[str, str]) -> GuideStep:
    own = terms.get(f"menu.{step.page}", step.title)
    title = own if step.title == PAGES.get(step.page) else settling(terms, step.title)
    return replace(step, title=title, text=settling(terms, step.text))


@dataclass(frozen=True)
class Query:
    """A query by the name it bears in this region: `model` says what it reads, `under` the heading it stands below.

    `field` is the field of a form whose answers it lists; `note` is what the page says beside the model's own words;
    `scheme` is the insurance that a register of one scheme is about. `in_menu` gives it an entry of its own; `prints`
    are the papers that are printed from it; `labels` rename columns, `asks` the months that it asks for.
    """

    key: str
    title: str
    model: str
    under: str
    functions: tuple[str, ...]
    field: str
    note: str
    scheme: str
    in_menu: bool
    prints: tuple[str, ...]
    labels: Mapping[str, str]
    asks: Mapping[str, str]


def read_page(key: str, take: Take) -> Page:
    """A row of services.yaml with `opens: page`."""
    return Page(
        key,
        take.text("title"),
        take.word("page", PAGES),
        take.word("group", v.GROUPS),
        take.text("under", ""),
        take.texts("functions"),
        take.texts("notes"),
        take.texts("states", v.STATES),
        take.texts("operations", v.OPERATIONS),
        take.text("service", ""),
        take.texts("may", v.ROLES),
        take.text("guide", ""),
    )


def read_papers(take: Take, problems: Problems) -> tuple[Paper, ...]:
    """The papers that a service asks for, in order."""
    rows = take.raw("papers")
    found = []
    for index, row in enumerate(rows if isinstance(rows, Listed) else ()):
        one = Take(row, f"{take.name}.papers", rows.where(index), problems)
        keep, required = one.word("keep", v.KEEPS), one.flag("required", True)
        found.append(Paper(one.text("title"), keep, required, one.word("covers", v.COVERS, "each")))
        one.done()
    if rows is not None and not isinstance(rows, Listed):
        take.say("papers", "应是一个列表")
    return tuple(found)


def read_guides(folder: Folder, services: Container[str], problems: Problems) -> dict[str, Guide]:
    """guides.yaml: texts for clerks. A step from above may name a service that this region does not offer."""
    result: dict[str, Guide] = {}
    for key, content in folder.parts["guides"].items():
        if isinstance(content, Mapped) and content.get("open") is False and len(content) == 1:
            continue
        take = Take(content, key, folder.where("guides", key), problems)
        if take.broken:
            continue
        rows = take.raw("steps", needed=True)
        if rows is not None and not (isinstance(rows, Listed) and rows):
            take.say("steps", "应是不为空的列表")
        steps = []
        for index, row in enumerate(rows if isinstance(rows, Listed) else ()):
            one = Take(row, f"{key}.steps", rows.where(index), problems)
            if not one.broken:
                steps.append(_step(one, services, is_own=folder.is_own("guides", key)))
                one.done()
        result[key] = Guide(key, take.text("title"), take.text("intro", ""), tuple(steps), take.texts("functions"))
        take.done()
    return result


def _step(take: Take, services: Container[str], *, is_own: bool) -> GuideStep:
    page, service = take.word("page", PAGES, ""), take.text("service", "")
    if page and service:
        take.say("service", "page 和 service 只写一个")
    if service and service not in services:
        if is_own:
            take.say("service", f"没有网上可办的事项“{service}”")
        service = ""
    return GuideStep(
        take.text("title"), take.text("text"), take.word("applies", v.GUIDE_APPLIES, "always"), page, service
    )


def read_queries(folder: Folder, problems: Problems) -> dict[str, Query]:
    """queries.yaml: what can be looked up, in display order."""
    return {
        key: Query(
            key,
            take.text("title"),
            take.word("model", READ_MODELS),
            take.text("under", ""),
            take.texts("functions"),
            take.text("field", ""),
            take.text("note", ""),
            take.text("scheme", ""),
            take.flag("in_menu", False),
            take.texts("prints"),
            _renamed(take, "labels"),
            _renamed(take, "asks", MONTHS_ASKED),
        )
        for key, take in each(folder, "queries", problems)
    }


def _renamed(take: Take, name: str, words: Collection[str] = ()) -> Mapping[str, str]:
    """Other words for columns or conditions, by their keys."""
    written = take.raw(name)
    if written is None:
        return NOTHING
    inner = Take(written, f"{take.name}.{name}", take.content.where(name), take.problems)
    found = {key: inner.text(key) for key in inner.content}
    for key in found:
        if words and key not in words:
            inner.say(key, f"不认识“{key}”，可用：{'、'.join(words)}")
    return MappingProxyType(found)
