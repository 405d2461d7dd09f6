"""The parts of the catalogue that have no form: pages that show something, and the papers that services ask for."""

from __future__ import annotations

from shebao.rules import vocabulary as v
from shebao.rules.region_files import Listed, Problems
from shebao.rules.region_model import Page, Paper
from shebao.rules.region_take import Take


def read_page(key: str, take: Take) -> Page:
    """An entry of services.yaml that shows a page."""
    return Page(
        key,
        take.text("title"),
        take.word("page", v.PAGES),
        take.texts("states", v.STATES),
        take.texts("operations", v.OPERATIONS),
        take.text("service", ""),
        take.word("group", v.GROUPS),
        take.text("under", ""),
        take.texts("may", v.ROLES),
        take.texts("functions"),
        take.texts("notes"),
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
