"""A guide as a paper (办事指南的打印件): the region's own steps, as they read on the day."""

from shebao.rules.months import Month

from ..clock import today
from ..employers.models import Employer
from ..errors import Refused
from ..regions import region
from .issuing import issue_paper
from .models import Document
from .rendering import Column, Paper

COLUMNS: list[Column] = [
    {"title": "序号", "width": 5, "align": "center"},
    {"title": "步骤", "width": 22},
    {"title": "说明", "width": 73},
]


def issue_guide(employer_id: int, key: str, *, by) -> Document:
    """Issue a guide of the employer's region; the same words on the same day are the same paper.

    Raises Refused without the permission, and for a guide that the region does not have.
    """
    employer = Employer.objects.visible_to(by).get(pk=employer_id)
    here = region(employer.region)
    guide = here.guides.get(key)
    if guide is None:
        raise Refused("no_such_document", "本地没有这篇办事指南。", status=404)
    steps = guide.steps_here(here.terms, reviewed=here.is_reviewed)
    paper: Paper = {
        "title": guide.title,
        "letterhead": here.term("agency"),
        "subtitle": here.title,
        "number": "",
        "code": "",
        "made_on": today().isoformat(),
        "header": [["咨询电话", here.term("agency_phone")], ["打印日期", today().isoformat()]],
        "columns": COLUMNS,
        "rows": [[str(number), step.title, step.text] for number, step in enumerate(steps, 1)],
        "total": [],
        "amount_words": "",
        "people": None,
        "notes": [guide.intro] if guide.intro else [],
        "signatures": [],
        "seals": [],
        "illustrative": [],
    }
    kind = f"guide_{key}"[:40]
    return issue_paper(
        paper, employer=employer, kind=kind, layout="statement", month=Month.of(today()), total_fen=0, by=by, asked=kind
    )
