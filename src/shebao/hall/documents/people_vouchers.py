"""The voucher of a payment for chosen persons (缴费凭证): made once it is paid, and mailed to the employer."""

from django.db import transaction
from django.utils.timezone import make_naive

from shebao.rules.money import yuan
from shebao.rules.region import Region

from ..clock import today
from ..errors import Refused, permit
from ..mail.models import Mail
from ..payments.channels import way_title
from ..payments.models import Payment, PaymentState
from ..payments.people import PersonDue, people_of
from ..regions import region
from .amount_words import amount_in_words
from .issuing import issue_paper
from .models import Document
from .rendering import Paper

LAYOUT = "declaration_voucher"


def people_voucher_kind(spec: Region) -> str:
    """The region's name for the paper; "" where it has none."""
    return next((kind for kind, one in spec.documents.items() if one["stage"] == "people"), "")


def send_people_voucher(payment_id: int, *, by) -> tuple[Document, Mail | None]:
    """Make the voucher of a paid payment for people, and mail it where the payer wanted it; once, however often asked.

    Raises Refused before it is paid, and where the region has no such paper.
    """
    from ..mail.operations import mail_document  # mail sends papers: it stands above them

    payment = Payment.objects.visible_to(by).select_related("bill", "employer", "started_by").get(pk=payment_id)
    with transaction.atomic():
        made = issue_people_voucher(payment, by=by)
        letter = mail_document(made, payment.voucher_to, by=by)[0] if payment.voucher_to else None
    return made, letter


def issued_voucher(payment: Payment) -> Document | None:
    """The voucher that was made for a payment."""
    return Document.objects.filter(employer=payment.employer_id, asked=_asked(payment)).order_by("-pk").first()


def _asked(payment: Payment) -> str:
    return f"payment:{payment.number}"


def issue_people_voucher(payment: Payment, *, by) -> Document:
    """The voucher of a payment; the second time, the one that was issued."""
    permit(by, "print", "打印")
    if not payment.people or payment.state != PaymentState.SUCCEEDED:
        raise Refused("not_paid", "缴费成功之后才能生成缴费凭证。")
    if found := issued_voucher(payment):
        return found
    kind = people_voucher_kind(region(payment.employer.region))
    if not kind:
        raise Refused("no_such_document", "本地没有这种缴费凭证。", status=404)
    people = [one for one in people_of(payment.bill) if one.employee in set(payment.people)]
    return issue_paper(
        voucher_paper(payment, kind, people), employer=payment.employer, kind=kind, layout=LAYOUT,
        month=payment.bill.month, total_fen=payment.amount_fen, by=by, asked=_asked(payment),
    )  # fmt: skip


def voucher_paper(payment: Payment, kind: str, people: list[PersonDue]) -> Paper:
    """What the voucher says; number and code are still blank."""
    spec = region(payment.employer.region)
    document, employer = spec.documents[kind], payment.employer
    sums = [sum(one.employer_due for one in people), sum(one.employee_due for one in people), payment.amount_fen]
    money = [{"title": title, "align": "right", "width": 1.2} for title in ("缴费基数", "单位部分", "个人部分", "合计")]
    return {
        "title": document["title"],
        "letterhead": document["letterhead"],
        "subtitle": f"缴费月份 {payment.bill.month.label}",
        "number": "",
        "code": "",
        "made_on": today().isoformat(),
        "header": [
            [spec.term("employer_number"), employer.employer_number],
            ["单位名称", employer.name],
            [spec.term("credit_code"), employer.credit_code],
            ["缴费流水", payment.number],
            ["缴费方式", way_title(spec, payment.channel)],
            ["到账时间", f"{make_naive(payment.paid_at):%Y-%m-%d %H:%M}"],
        ],
        "columns": [
            {"title": "人数", "align": "center", "width": 0.8},
            {"title": "单位部分", "align": "right", "width": 1.2},
            {"title": "个人部分", "align": "right", "width": 1.2},
            {"title": "合计", "align": "right", "width": 1.2},
        ],
        "rows": [[str(len(people)), *map(yuan, sums)]],
        "total": [],
        "amount_words": amount_in_words(payment.amount_fen),
        "people": {
            "title": "缴费人员",
            "columns": [
                {"title": "序号", "align": "center", "width": 0.5},
                {"title": "姓名", "width": 1.2, "keep": True},
                {"title": spec.term("person_number"), "width": 1.2, "keep": True},
                *money,
            ],
            "rows": [
                [str(place), one.name, one.person_number, yuan(one.base), yuan(one.employer_due),
                 yuan(one.employee_due), yuan(one.total)]
                for place, one in enumerate(people, 1)
            ],
            "total": ["", "合计", f"{len(people)} 人", "", *map(yuan, sums)],
        },
        "notes": [str(note) for note in document["notes"]],
        "signatures": list(document["signatures"]),
        "seals": [f"{document['letterhead']}（章）"],
        "illustrative": sorted(payment.bill.illustrative),
    }  # fmt: skip
