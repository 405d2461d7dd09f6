"""The plan of what is paid by the year (缴费计划): everybody covered for a year, as one paper of the employer."""

from collections.abc import Sequence

from shebao.rules.money import yuan
from shebao.rules.region import Region, parameters_of

from ..clock import today
from ..declarations.queries import current_month
from ..employers.models import Employer
from ..errors import Refused
from ..regions import region
from ..supplements.models import YearlyCover
from ..supplements.queries import covers_of_year
from .amount_words import amount_in_words
from .issuing import issue_paper
from .models import Document
from .rendering import Column, Paper, PeopleTable

LAYOUT = "yearly_plan"


def plan_kind(spec: Region) -> str:
    """The region's name for the paper; "" where it has none."""
    return next((kind for kind, one in spec.documents.items() if one["stage"] == "declared"), "")


def issue_plan(employer_id: int, year: int, *, by) -> Document:
    """Issue the plan of a year (打印缴费计划); the same one again as long as it says the same.

    Raises Refused where the region has no such paper or nobody is covered.
    """
    employer = Employer.objects.visible_to(by).get(pk=employer_id)
    spec = region(employer.region)
    kind = plan_kind(spec)
    covers = list(covers_of_year(by, year).filter(employee__employer=employer))
    if not kind or not covers:
        raise Refused("no_plan", f"{year} 年度还没有人员申报，没有缴费计划可以打印。", status=404)
    paper = plan_paper(employer, year, covers)
    return issue_paper(
        paper, employer=employer, kind=kind, layout=LAYOUT, month=current_month(spec),
        total_fen=sum(cover.amount_fen for cover in covers), by=by, asked=f"{kind}:{year}",
    )  # fmt: skip


def plan_paper(employer: Employer, year: int, covers: Sequence[YearlyCover]) -> Paper:
    """What the plan of a year says; number and code are still blank."""
    spec = region(employer.region)
    document, ways = spec.documents[plan_kind(spec)], spec.codes["cover_payments"]
    by_way = {code.code: [one for one in covers if one.pay_by == code.code] for code in ways.items}
    total = sum(cover.amount_fen for cover in covers)
    rows = [
        [ways.title_of(code), f"{len(some)}", yuan(sum(one.amount_fen for one in some)), _charged(some)]
        for code, some in by_way.items()
        if some
    ]
    return {
        "title": document["title"],
        "letterhead": document["letterhead"],
        "subtitle": f"{year} 年度",
        "number": "",
        "code": "",
        "made_on": today().isoformat(),
        "header": [
            [spec.term("employer_number"), employer.employer_number],
            ["单位名称", employer.name],
            ["缴费年度", str(year)],
            ["险种", spec.schemes[covers[0].scheme].title],
            ["人数", f"{len(covers)} 人"],
        ],
        "columns": [
            {"title": "缴费方式", "width": 1.2},
            {"title": "人数", "align": "center", "width": 0.8},
            {"title": "金额（元）", "align": "right", "width": 1.2},
            {"title": "怎样缴纳", "width": 2.4},
        ],
        "rows": rows,
        "total": ["合计", str(len(covers)), yuan(total), ""],
        "amount_words": amount_in_words(total),
        "people": _people(spec, covers, total),
        "notes": [str(note) for note in document["notes"]],
        "signatures": list(document["signatures"]),
        "seals": [f"{name}（章）" for name in (spec.term("employer"), document["letterhead"])],
        "illustrative": _illustrative(spec, covers[0].scheme),
    }


def _charged(covers: Sequence[YearlyCover]) -> str:
    months = sorted({cover.charged_in for cover in covers if cover.charged_in})
    return f"列入 {'、'.join(str(month) for month in months)} 的账单" if months else "从本人个人账户中扣"


def _people(spec: Region, covers: Sequence[YearlyCover], total: int) -> PeopleTable:
    columns: list[Column] = [
        {"title": "序号", "align": "center", "width": 0.5},
        {"title": spec.term("person_number"), "width": 1.3, "keep": True},
        {"title": "姓名", "width": 1.1, "keep": True},
        {"title": "缴费方式", "width": 1.1},
        {"title": "列入账单", "align": "center", "width": 1.0},
        {"title": "金额（元）", "align": "right", "width": 1.1},
    ]
    ways = spec.codes["cover_payments"]
    rows = [
        [
            str(number),
            cover.employee.person_number,
            cover.employee.name,
            ways.title_of(cover.pay_by),
            str(cover.charged_in or "—"),
            yuan(cover.amount_fen),
        ]
        for number, cover in enumerate(covers, 1)
    ]
    return {
        "title": "人员明细",
        "columns": columns,
        "rows": rows,
        "total": ["", "合计", f"{len(covers)} 人", "", "", yuan(total)],
    }


def _illustrative(spec: Region, scheme: str) -> list[str]:
    titles = {spec.parameters[name].title for name in parameters_of(spec.schemes[scheme])}
    return [title for title in spec.illustrative(current_month(spec), today()) if title in titles]
