"""The catalogue of what works: function ids of the manuals, with their region, title, address and journey."""

from functools import lru_cache
from pathlib import Path

from django.urls import reverse

from shebao.hall.regions import all_regions
from shebao.rules.once import read_once

from .places import address_of_row

# Functions that belong to the hall rather than to one service, document or settlement of a region.
# id → (title key of the region's terms, url name)
HALL_FUNCTIONS = {
    "TJ-5": ("menu.basket", "e_basket"),
    "LS-2": ("menu.roster", "e_roster"),
    "YN-9": ("menu.basket", "e_basket"),
    "LF-5": ("menu.queries", "e_queries"),
    "SH-10": ("menu.queries", "e_queries"),
    "SZ-10": ("menu.cases", "e_cases"),
    "WT-8": ("case.copy", "e_cases"),
}
SHEET_FUNCTIONS = {"LS-9", "LS-11", "LF-3", "JN-4", "SZ-9"}


def _paper(kind: str, document) -> tuple[str, str]:
    """What a paper is called in the menu, and where it is printed: a page of its own, or among all."""
    if document["menu"]:
        return document["menu"], reverse("e_documents_of", args=[kind])
    return document["title"], reverse("e_documents")


@lru_cache(maxsize=1)
def walked_by() -> dict[str, str]:
    """Function id → the test that walks it as its user would; docs/functions.md says the same, and is compared."""
    written = read_once((Path(__file__).parent / "journeys.yaml").read_text("utf-8"))
    return {id: test for test, ids in written.items() for id in ids}


def working_functions() -> list[dict[str, str]]:
    """Every function that a person can do now, sorted by id. Each names the browser journey that walks it."""
    rows = []
    for region in all_regions().values():
        found: dict[str, tuple[str, str]] = {}
        for service in region.services.values():
            for id in service.functions:
                sheet = id in SHEET_FUNCTIONS
                address = (
                    f"{reverse('e_import')}?service={service.key}"
                    if sheet
                    else reverse("e_declare", args=[service.key])
                )
                found[id] = (getattr(service, "batch_title", "") or service.title if sheet else service.title, address)
        for settlement in region.settlements.values():
            for id in settlement.functions:
                found[id] = (settlement.title, reverse("e_settle"))
        for query in region.queries.values():
            for id in query.functions:
                found.setdefault(id, (query.title, reverse("e_query", args=[query.key])))
        for way in region.collection.ways.values():
            found |= dict.fromkeys(way.functions, (region.terms.get("menu.pay", way.title), reverse("e_pay")))
        if region.void:
            found |= dict.fromkeys(region.void.functions, (region.void.title, reverse("e_voids")))
        for kind, document in region.documents.items():
            for id in document.get("functions", ()):
                found.setdefault(id, _paper(kind, document))
        for page in region.pages.values():
            for id in page.functions:
                found.setdefault(id, (page.title, address_of_row(page, region)))
        for guide in region.guides.values():
            for id in guide.functions:
                found.setdefault(id, (guide.title, f"{reverse('guides_of', args=[region.code])}#{guide.key}"))
        for statement in region.statements.values():
            for id in statement.functions:
                found.setdefault(id, (statement.menu, reverse("e_statement", args=[statement.key])))
        prefixes = {id.split("-")[0] for id in found}
        for id, (term, name) in HALL_FUNCTIONS.items():
            if id.split("-")[0] in prefixes:
                found.setdefault(id, (region.term(term), reverse(name)))
        for id, (title, address) in found.items():
            row = {"id": id, "region": region.code, "title": title, "address": address}
            rows.append(row | {"journey": walked_by().get(id, "")})
    return sorted(rows, key=lambda row: (row["id"].split("-")[0], int(row["id"].split("-")[1])))
