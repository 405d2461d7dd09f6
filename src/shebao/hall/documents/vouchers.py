"""The voucher of declarations (申报凭证): chosen persons of a month and a kind of business, on one paper."""

from collections.abc import Iterable, Sequence

from django.db.models import QuerySet
from django.utils.timezone import make_naive

from shebao.rules.identity import masked
from shebao.rules.money import yuan
from shebao.rules.months import Month
from shebao.rules.region import Region

from ..clock import today
from ..declarations.models import Declaration
from ..declarations.queries import before_after
from ..declarations.states import State
from ..employers.models import Employer
from ..errors import Refused, permit
from ..regions import region
from ..services.scene import chunks
from ..sign_in.models import SignedSubmission
from ..sign_in.submissions import verify_submission
from .amount_words import amount_in_words
from .issuing import issue_paper
from .models import Document
from .rendering import Paper, PeopleTable
from .withheld import permit_wages

LAYOUT = "declaration_voucher"
VOUCHED = (State.SUBMITTED, State.APPROVED)
"""What was submitted, or took effect: only that has been declared."""
MOST = 500


def voucher_kind(spec: Region) -> str:
    """The region's name for the paper; "" where it has none."""
    return next((kind for kind, one in spec.documents.items() if one["stage"] == "chosen"), "")


def vouched(actor, month: Month, service: str = "") -> QuerySet[Declaration]:
    """The actor's declarations of a month that a voucher can tell of, of one kind of business or of all.

    A question about a bill declares nothing.
    """
    questions = [key for key, one in region(actor.region).services.items() if not one.is_listed]
    rows = Declaration.objects.visible_to(actor).filter(state__in=VOUCHED, month=month)
    rows = rows.filter(service=service) if service else rows.exclude(service__in=questions)
    return rows.select_related("employer", "declared_by").order_by("service", "subject_name", "pk")


def issue_voucher(employer_id: int, pks: list[int], *, by) -> Document:
    """Make the voucher of these declarations of one month; the same one again as long as it says the same.

    Raises Refused for none or too many of them, for one that is not submitted and for several months; DoesNotExist
    for one that is not the actor's to see.
    """
    permit(by, "print", "打印")
    employer = Employer.objects.visible_to(by).get(pk=employer_id)
    kind = voucher_kind(region(employer.region))
    if not kind:
        raise Refused("no_such_document", "本地没有申报凭证。", status=404)
    permit_wages(kind, by=by)
    chosen = _chosen(employer, pks, by)
    paper = voucher_paper(employer, kind, chosen)
    return issue_paper(
        paper, employer=employer, kind=kind, layout=LAYOUT, month=chosen[0].month, total_fen=sum(map(_wage, chosen)),
        by=by,
    )  # fmt: skip


def _chosen(employer: Employer, pks: list[int], by) -> list[Declaration]:
    if not pks:
        raise Refused("nobody_chosen", "还没有选择人员，请先勾选。")
    if len(set(pks)) > MOST:
        raise Refused("too_many", f"一张凭证最多列 {MOST} 笔，请分几次生成。")
    found = []
    for part in chunks(pks):
        rows = Declaration.objects.visible_to(by).filter(employer=employer, pk__in=part)
        found += rows.select_related("employer", "employee__person")
    if len(found) != len(set(pks)):
        raise Declaration.DoesNotExist("a chosen declaration is not there")
    if early := [one.subject_name for one in found if one.state not in VOUCHED]:
        raise Refused("not_submitted", f"{'、'.join(early[:5])}的申报还没有提交，不能生成凭证。")
    if len({one.month for one in found}) > 1:
        raise Refused("several_months", "一张凭证只列一个月的申报，请按申报月份分别生成。")
    return sorted(found, key=lambda one: (one.service, one.subject_name, one.pk))


def _wage(declaration: Declaration) -> int:
    """The wage that a declaration tells, in fen; 0 where it tells none."""
    names = [one.id for one in declaration.form.fields if one.feeds == "declared_wage"]
    return sum(int(declaration.answers.get(name) or 0) for name in names)


def voucher_paper(employer: Employer, kind: str, chosen: list[Declaration]) -> Paper:
    """What the voucher says; number and code are still blank."""
    spec = region(employer.region)
    document = spec.documents[kind]
    total = sum(map(_wage, chosen))
    by_service = {key: [one for one in chosen if one.service == key] for key in {one.service for one in chosen}}
    rows = [
        [spec.services[key].title, str(len(some)), yuan(sum(map(_wage, some)))]
        for key, some in sorted(by_service.items())
    ]
    return {
        "title": document["title"],
        "letterhead": document["letterhead"],
        "subtitle": f"申报月份 {chosen[0].month.label}",
        "number": "",
        "code": "",
        "made_on": today().isoformat(),
        "header": [
            [spec.term("employer_number"), employer.employer_number],
            ["单位名称", employer.name],
            [spec.term("credit_code"), employer.credit_code],
            ["申报月份", str(chosen[0].month)],
            ["笔数", f"{len(chosen)} 笔"],
            ["经办人", "、".join(dict.fromkeys(_clerks(chosen)))],
        ],
        "columns": [
            {"title": "申报类型", "width": 2.0},
            {"title": "笔数", "align": "center", "width": 0.8},
            {"title": f"{spec.term('declared_wage')}合计", "align": "right", "width": 1.3},
        ],
        "rows": rows,
        "total": ["合计", str(len(chosen)), yuan(total)],
        "amount_words": amount_in_words(total),
        "people": _people(spec, chosen),
        "notes": [*(str(note) for note in document["notes"]), *_signatures(chosen)],
        "signatures": list(document["signatures"]),
        "seals": [f"{spec.term('employer')}（章）"],
        "illustrative": [],
    }


def _signatures(chosen: Sequence[Declaration]) -> list[str]:
    """What was signed when it was submitted (数字签名), and whether it held as the paper was made.

    By whom, when, with which certificate, over what.
    """
    rows = SignedSubmission.objects.filter(declarations__in=[one.pk for one in chosen])
    rows = rows.select_related("operator", "certificate").order_by("pk").distinct()
    return [
        f"数字签名：{one.operator.name} {make_naive(one.signed_at):%Y-%m-%d %H:%M:%S}，"
        f"证书 {one.certificate.holder}，颁发者 {one.certificate.issuer}，序列号 {one.certificate.serial}，"
        f"内容摘要 {one.digest[:32]}；{_held(one, chosen)}"
        for one in rows
    ]


def _held(made: SignedSubmission, chosen: Sequence[Declaration]) -> str:
    """Whether what was signed is still as it was: the same words as on the page of a case."""
    found = [finding.text for finding in verify_submission(made, only=chosen)]
    return f"生成时核验不符：{''.join(found)}" if found else "生成时核验有效，内容与签名时一致。"


def _clerks(chosen: Iterable[Declaration]) -> list[str]:
    return [one.declared_by.name for one in chosen]


def _people(spec: Region, chosen: list[Declaration]) -> PeopleTable:
    return {
        "title": "申报明细",
        "columns": [
            {"title": "序号", "align": "center", "width": 0.4},
            {"title": "姓名", "width": 0.9, "keep": True},
            {"title": spec.terms.get("id_number", "证件号码"), "width": 1.5, "keep": True},
            {"title": "申报类型", "width": 1.1},
            {"title": "申报内容", "width": 3.0},
            {"title": "办件号", "width": 1.1, "keep": True},
            {"title": "状态", "align": "center", "width": 0.7},
            {"title": "申报时间", "width": 1.2, "keep": True},
        ],
        "rows": [
            [
                str(index),
                one.subject_name,
                masked(str(one.answers.get("id_number") or "")),
                one.spec.title,
                before_after(one),
                one.case_number or "",
                one.state_label,
                f"{make_naive(one.submitted_at):%Y-%m-%d %H:%M}" if one.submitted_at else "",
            ]
            for index, one in enumerate(chosen, 1)
        ],
    }
