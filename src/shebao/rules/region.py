"""Load a region: `load_region(code, roots)` returns a frozen Region or raises BadRegion with every mistake
at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from shebao.rules import region_parts as parts
from shebao.rules.code_lists import Code, CodeList
from shebao.rules.months import Month
from shebao.rules.region_calendar import read_calendar
from shebao.rules.region_checks import check
from shebao.rules.region_collection import read_collection
from shebao.rules.region_files import Folder, Mapped, Problems, forget_files, read_folder
from shebao.rules.region_model import (
    BadRegion,
    Field,
    Form,
    NoTerm,
    NoValue,
    Parameter,
    Region,
    Scheme,
    Settlement,
    Share,
    Sheet,
    Value,
    parameters_of,
)
from shebao.rules.region_pages import Guide, GuideStep, Page, Paper, Query, read_guides, read_queries
from shebao.rules.region_registration import Registration, check_registration, read_registration
from shebao.rules.region_reviews import read_agency
from shebao.rules.region_services import Planned, Service, read_services
from shebao.rules.region_sign_in import read_sign_in
from shebao.rules.region_statements import Statement, read_statements
from shebao.rules.region_take import Take

__all__ = [
    "BadRegion",
    "Code",
    "CodeList",
    "Field",
    "Form",
    "Guide",
    "GuideStep",
    "NoTerm",
    "NoValue",
    "Page",
    "Paper",
    "Parameter",
    "Planned",
    "Region",
    "Scheme",
    "Service",
    "Query",
    "Registration",
    "Settlement",
    "Share",
    "Sheet",
    "Statement",
    "Value",
    "load_region",
    "load_regions",
    "parameters_of",
    "read_cases",
    "region_codes",
]


def load_region(code: str, roots: Sequence[Path], *, checked_until: Month | None = None) -> Region:
    """The region in the folder `code` of the first root that has it, laid over the regions it extends.

    `checked_until` overrides the folder's own last month for which every value must exist. Raises BadRegion.
    """
    problems = Problems()
    return finished(read_folder(code, roots, problems), problems, checked_until)


def region_codes(roots: Sequence[Path]) -> list[str]:
    """Codes of the folders that can be opened: those that say, or inherit, `opened_on`. Templates start
    with "_". One that cannot be read is among them, so that its mistakes are told instead of passed over.
    """
    return [code for code, _, _ in _open_folders(roots)]


def load_regions(roots: Sequence[Path]) -> dict[str, Region]:
    """Every region that can be opened; raises BadRegion with the mistakes of all of them."""
    regions: dict[str, Region] = {}
    mistakes: list[str] = []
    for code, folder, problems in _open_folders(roots):
        try:
            regions[code] = finished(folder, problems, None)
        except BadRegion as bad:
            mistakes += [p for p in bad.problems if p not in mistakes]
    forget_files()
    mistakes += _told_apart(regions)
    if mistakes:
        raise BadRegion(mistakes)
    return regions


def _told_apart(regions: Mapping[str, Region]) -> Iterator[str]:
    """A scheme has one key in all regions: by it the hall knows that nobody is insured or charged twice (I-9)."""
    keys: dict[str, tuple[str, str]] = {}
    codes: dict[str, tuple[str, str]] = {}
    for here, spec in regions.items():
        for scheme in spec.open_schemes:
            key, where = keys.setdefault(scheme.national_code, (scheme.key, here))
            if key != scheme.key:
                yield f"{here}: 险种 {scheme.key} 的全国代码 {scheme.national_code} 在 {where} 叫 {key}，各地须同名"
            code, where = codes.setdefault(scheme.key, (scheme.national_code, here))
            if code != scheme.national_code:
                yield f"{here}: 险种 {scheme.key} 的全国代码是 {scheme.national_code}，在 {where} 是 {code}，须是同一个"


def _open_folders(roots: Sequence[Path]) -> Iterator[tuple[str, Folder | None, Problems]]:
    """Every folder that can be opened, read once, with the mistakes found in reading."""
    seen: set[str] = set()
    for root in roots:
        for file in sorted(root.glob("*/region.yaml")):
            code = file.parent.name
            if code.startswith(("_", ".")) or code in seen:
                continue
            seen.add(code)
            problems = Problems()
            folder = read_folder(code, roots, problems)
            if folder is None or problems.found or "opened_on" in folder.head:
                yield code, folder, problems


def finished(folder: Folder | None, problems: Problems, checked_until: Month | None = None) -> Region:
    """The region in a folder that was read; raises BadRegion with every mistake."""
    region = _assemble(folder, problems, checked_until) if folder else None
    if problems.found or region is None:
        raise BadRegion(problems.found)
    return region


def read_cases(code: str, roots: Sequence[Path]) -> list[Mapped]:
    """The cases of a region's own folder and of those it extends, as written; raises BadRegion."""
    problems = Problems()
    folder = read_folder(code, roots, problems)
    if folder is None or problems.found:
        raise BadRegion(problems.found)
    return folder.cases


def _assemble(folder: Folder, problems: Problems, checked_until: Month | None) -> Region:
    head = Take(folder.head, "", folder.head.where(), problems)
    head.raw("extends"), head.text("note", "")
    title = head.text("title")
    opened_on = head.month("opened_on")
    until = head.month("checked_until", default=opened_on)
    terms = parts.read_terms(folder, problems)
    short = head.text("short_title", title)
    head.done()
    services, pages, planned = read_services(folder, problems)
    schemes = parts.read_schemes(folder, problems)
    # A sheet from above for a service that this region does not offer means nothing here; its own is a mistake.
    sheets = parts.read_sheets(folder, problems)
    sheets = {k: s for k, s in sheets.items() if s.service in services or folder.is_own("sheets", k)}
    region = Region(
        code=folder.code,
        title=title,
        short_title=short,
        fingerprint=folder.fingerprint,
        opened_on=opened_on,
        checked_until=checked_until or until,
        terms=terms,
        parameters=parts.read_parameters(folder, problems),
        schemes=schemes,
        services=services,
        forms=parts.read_forms(folder, terms, schemes, problems),
        codes=parts.read_codes(folder, problems),
        calendar=read_calendar(folder, problems),
        collection=read_collection(folder, problems),
        settlements=parts.read_settlements(folder, problems),
        documents=parts.read_documents(folder, problems),
        sheets=sheets,
        statements=read_statements(folder, problems),
        origin={key: owner.where(key.partition("/")[2]) for key, owner in folder.owners.items()},
        lineage=folder.lineage,
        planned=planned,
        queries=read_queries(folder, problems),
        pages=pages,
        guides=read_guides(folder, services, problems),
        registration=read_registration(folder, problems),
        sign_in=read_sign_in(folder, problems),
        agency=read_agency(folder, problems),
    )
    check(region, folder, problems)
    check_registration(region, folder, problems)
    return region
