"""What the pages about 补差 show, to the employer and to the agency alike."""

from django.core.paginator import Paginator

from shebao.hall.settlement.adjusted_months import Adjustments
from shebao.hall.settlement.adjusting import Difference
from shebao.rules.region import Region
from shebao.rules.vocabulary import SHARES

from .explained import step_rows

PAGE = 50


def adjustments_context(request, spec: Region, found: Adjustments) -> dict:
    """The differences that wait for a bill, share by share with both derivations, and those billed before."""
    page = Paginator(found.waiting.differences, PAGE).get_page(request.GET.get("page"))
    page.object_list = [row for one in page.object_list for row in _rows(spec, one)]
    return {
        "month": found.month,
        "months": found.months,
        "total": found.total,
        "trouble": found.waiting.trouble,
        "page": page,
        "why": _why(spec, found, request.GET.get("why", "")),
        "billed": found.billed,
    }


def _rows(spec: Region, one: Difference) -> list[dict]:
    scheme = spec.schemes[one.line.scheme].title
    return [
        {
            "line": one.line,
            "key": f"{one.line.pk}-{share}",
            "scheme": scheme,
            "share": words,
            "before": one.before[share],
            "after": one.after[share],
            "amount": one.after[share] - one.before[share],
            "kind": one.kind.label,
        }
        for share, words in SHARES.items()
        if one.after[share] != one.before[share]
    ]


def _why(spec: Region, found: Adjustments, key: str) -> dict | None:
    """Both derivations of the amount that was pointed at; None for anything else."""
    pk, _, share = key.partition("-")
    one = next((one for one in found.waiting.differences if str(one.line.pk) == pk), None)
    if one is None or share not in SHARES:
        return None
    scheme = spec.schemes[one.line.scheme].title
    title = f"{one.line.employee.name} · {scheme} · {SHARES[share]}补差 · {one.line.month}"
    return {"title": title, "amount": one.after[share] - one.before[share], "steps": step_rows(one.steps(share))}
