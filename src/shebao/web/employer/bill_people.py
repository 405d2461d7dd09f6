"""The people of a bill (逐人): what each is charged by scheme and part, found, sorted, explained."""

from collections.abc import Mapping

from django.core.paginator import Paginator
from django.urls import reverse

from shebao.hall.settlement.models import Bill, BillLine
from shebao.hall.settlement.queries import (
    ADJUSTED,
    BACK_PAID,
    EARLIER,
    PersonRow,
    SchemeSum,
    bill_people,
    bill_summary,
    sorted_people,
)
from shebao.hall.settlement.resting_on import rules_of
from shebao.rules.vocabulary import SHARES

from ..explained import side_of, why_of
from .common import PAGE


def people_tab(request, found: Bill) -> dict:
    """Everybody by scheme and part; each amount leads to its explanation."""
    schemes = bill_summary(found)
    chosen = request.GET.get("scheme", "")
    shown = [row for row in schemes if row.scheme == chosen] or schemes
    chosen = chosen if len(shown) == 1 and shown[0].scheme == chosen else ""
    q = request.GET.get("q", "").strip()
    sort = request.GET.get("sort", "")
    page = Paginator(sorted_people(found, q, chosen, sort), PAGE).get_page(request.GET.get("page"))
    # one letter tells schemes apart where several stand side by side; a single one has room for its name
    names = {
        (row.scheme, share): f"{row.title if chosen else row.short}·" for row in shown for share in shares_charged(row)
    }
    keys = list(page.object_list)
    rows = {person.employee.pk: person for person in bill_people(found, keys)}
    page.object_list = [_person(found, rows[key], names, side_of(request.user)) for key in keys]
    has_bases = any(row.base_sum for row in shown)
    heads = [_head("wage", "申报工资", sort), *([_head("base", "缴费基数", sort)] if has_bases else [])]
    heads += [_head(f"{key}.{share}", f"{name}{SHARES[share][:2]}", sort) for (key, share), name in names.items()]
    return {
        "q": q,
        "scheme": chosen,
        "schemes": schemes,
        "page": page,
        "sort": sort,
        "sorts": _sorts(sort),
        "rules": rules_of(found),
        "name_head": _head("name", "姓名", sort),
        "number_head": _head("number", "个人编号", sort),
        "heads": heads,
        "has_bases": has_bases,
        "back_head": _head("back", BACK_PAID, sort),
        "adjusted_head": _head("adjusted", ADJUSTED, sort),
        "total_head": _head("total", "全部险种合计", sort),
    }


def shares_charged(row: SchemeSum) -> list[str]:
    """The parts of a scheme that the bill charges anybody; a column of the other would be empty on every page."""
    return [share for share in SHARES if getattr(row, f"{share}_rate") or getattr(row, f"{share}_due")]


def _sorts(sort: str) -> list[tuple[str, str]]:
    """The orders that a phone offers, where no head can be pressed; another one that is asked for stays."""
    offered = {"-total": "合计从高到低", "total": "合计从低到高", "-wage": "工资从高到低", "wage": "工资从低到高"}
    return [*offered.items(), *([(sort, "按所选的一栏")] if sort and sort not in offered else [])]


def _head(key: str, title: str, sort: str) -> dict:
    """The head of a column: how it is sorted now, and what pressing it asks for; amounts begin with the largest."""
    begins_high = key not in ("name", "number")
    high, low = f"-{key}", key
    now = {high: "descending", low: "ascending"}.get(sort, "")
    if not sort and key == "name":
        now = "ascending"
    turned = {"descending": low, "ascending": high}.get(now, high if begins_high else low)
    return {"title": title, "sorted": now, "asks": turned}


def _person(found: Bill, person: PersonRow, names: Mapping[tuple[str, str], str], side: str) -> dict:
    cells = []
    for (scheme, share), name in names.items():
        line = person.schemes.get(scheme)
        has_why = line is not None and getattr(line, f"{share}_evidence_id") is not None
        cells.append(
            {
                "label": f"{name}{SHARES[share]}",
                "amount": getattr(line, f"{share}_due") if has_why else None,
                "url": why_of(line, share, side) if has_why else "",
            }
        )
    shown = {"employee": person.employee, "wage": person.declared_wage, "cells": cells, "total": person.total}
    shown["url"] = reverse(f"{side}_explain_person", args=[found.pk, person.employee.pk])
    shown["bases"] = _bases(
        [person.schemes[one] for one in dict.fromkeys(key for key, _ in names) if one in person.schemes], side
    )
    more = {"adjusted": (ADJUSTED,), "back": tuple(EARLIER.values())}
    return shown | {name: sum(sum(person.sums(word)) for word in words) for name, words in more.items()}


def _bases(lines: list[BillLine], side: str) -> list[dict]:
    """The smallest and the largest base of these lines, each with where its limits and rounding are told."""
    told = {line.contribution_base: line for line in lines if line.contribution_base}
    return [
        {"amount": fen, "url": why_of(told[fen], "employer" if told[fen].employer_evidence_id else "employee", side)}
        for fen in sorted({min(told), max(told)} if told else ())
    ]
