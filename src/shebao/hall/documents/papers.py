"""What a paper says: from a bill and the region's words to the data that `rendering` prints."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

from django.utils import timezone

from shebao.rules.back_fees import percent
from shebao.rules.money import yuan
from shebao.rules.settling_words import settling
from shebao.rules.vocabulary import COLUMNS

from ..regions import region
from ..settlement.models import Bill
from ..settlement.queries import (
    SchemeSum,
    bill_earlier,
    bill_summary,
)
from .amount_words import amount_in_words
from .figures import Figures, figures_of
from .people_table import PEOPLE, left_out, people_table
from .receipts import arrivals_of, paid_header, payments_table
from .rendering import LAYOUTS, Column, Paper


def _base(fen: int) -> str:
    """A base; a fixed amount and what is of earlier months has none."""
    return yuan(fen) if fen else "—"


CELLS: Mapping[str, Callable[[SchemeSum], str]] = {
    "scheme": lambda row: row.title,
    "head_count": lambda row: str(row.head_count) if row.head_count else "—",
    "wage_sum": lambda row: yuan(row.wage_sum),
    "employer_base": lambda row: _base(row.base_sum if row.employer_rate or row.employer_due else 0),
    "employee_base": lambda row: _base(row.base_sum if row.employee_rate or row.employee_due else 0),
    "employer_rate": lambda row: row.employer_rate or ("按人" if row.employer_due else "—"),
    "employee_rate": lambda row: row.employee_rate or ("按人" if row.employee_due else "—"),
    "employer_due": lambda row: yuan(row.employer_due),
    "employee_due": lambda row: yuan(row.employee_due),
    "basis_due": lambda row: yuan(row.basis_due),
    "late_fee": lambda row: yuan(row.late_fee),
    "credit_used": lambda row: yuan(row.credit_used),
    "total_due": lambda row: yuan(row.total + row.late_fee - row.credit_used),
}
NOT_KEPT = {"retired_count"}
"""Columns of official papers of which the hall keeps no data: whoever retires leaves its roster. Nothing is said there;
a note tells who fills them in."""
SUMMED = {
    "basis_due": lambda rows: sum(row.basis_due for row in rows),
    "employer_due": lambda rows: sum(row.employer_due for row in rows),
    "employee_due": lambda rows: sum(row.employee_due for row in rows),
    "late_fee": lambda rows: sum(row.late_fee for row in rows),
    "credit_used": lambda rows: sum(row.credit_used for row in rows),
    "total_due": lambda rows: sum(row.total + row.late_fee - row.credit_used for row in rows),
}
PAID = {"employer_due": "单位实缴", "employee_due": "个人实缴", "total_due": "合计实缴"}
"""What a receipt calls its amounts: it exists only once all that is due was paid."""
OF_PEOPLE = {"head_count", "retired_count", "wage_sum"} | {
    f"{part}_{what}" for part in ("employer", "employee") for what in ("base", "rate")
}
"""Columns about people and their wages."""
LISTING = "declaration_assessment"
"""The layout of papers that list the people of a bill."""
NATIONAL_LAYOUT = {"notice": "payment_notice", "assessment": "collection_assessment", "receipt": "receipt"}


def layout_of(kind: str, spec: Mapping) -> str:
    """The national layout of a region's paper: the one with people where it lists them, its own where there is one by
    that name, else its family's.
    """
    if spec["people"]:
        return LISTING
    return kind if kind in LAYOUTS else NATIONAL_LAYOUT[str(spec["layout"])]


def paper_of(bill: Bill, kind: str, *, number: str, code: str, made_on: str, figures: Figures | None = None) -> Paper:
    """The data of one paper of a bill; `made_on` is an ISO date, `figures` are those of that day."""
    figures = figures or figures_of(bill, date.fromisoformat(made_on))
    spec = region(bill.employer.region)
    document = spec.documents[kind]
    regular = bill_summary(bill)
    more = bill_earlier(bill)
    rows = _with_collected([*regular, *(row for sums in more.values() for row in sums)], figures)
    keys = _columns(document, bill)
    factor = _factor(bill)
    people = document["people"] or (PEOPLE if layout_of(kind, document) == LISTING else ())
    unlisted = left_out(bill.head_count) if people else []
    is_receipt, is_notice = document["layout"] == "receipt", document["layout"] == "notice"
    arrivals = arrivals_of(bill) if is_receipt else []
    money = paid_header(arrivals) if is_receipt else [_pay_until(bill), *(_paid(figures) if is_notice else [])]
    titles = PAID if is_receipt else {"basis_due": f"{bill.basis_month} 应缴"}
    paper: Paper = {
        "title": document["title"],
        "letterhead": document["letterhead"],
        "subtitle": f"费款所属期 {bill.month.label}{f'（{bill.word}）' if bill.is_provisional else ''}",
        "number": number,
        "code": code,
        "made_on": made_on,
        "header": [*_header(spec, bill, factor), *money],
        "columns": [_column(key, titles) for key in keys],
        "rows": [["" if key in NOT_KEPT else CELLS[key](row) for key in keys] for row in rows],
        "total": _total(keys, rows, bill),
        "amount_words": amount_in_words(figures.total),
        "people": people_table(spec, bill, regular, more, people) if people and not unlisted else None,
        "notes": [*_provisional_notes(bill, factor), *map(str, document["notes"]), *_notes_of(keys), *unlisted],
        "signatures": list(document["signatures"]),
        "seals": [f"{name}（章）" for name in _sealed_by(spec, document)],
        "illustrative": list(bill.illustrative),
    }
    return paper | {"payments": payments_table(arrivals)} if arrivals else paper


def _paid(figures: Figures) -> list[list[str]]:
    """What a notice says of money that came in before it was made: nothing where none did."""
    return [["已缴金额", yuan(figures.paid)], ["尚应缴", yuan(figures.left)]] if figures.paid else []


def _with_collected(rows: list[SchemeSum], figures: Figures) -> list[SchemeSum]:
    """The rows with what each scheme was fined and offset, on the first row of the scheme."""
    seen: set[str] = set()
    found = []
    for row in rows:
        is_first = row.scheme not in seen
        seen.add(row.scheme)
        fee, credit = figures.fees.get(row.scheme, 0), figures.credits.get(row.scheme, 0)
        found.append(replace(row, late_fee=fee, credit_used=credit) if is_first else row)
    return found


def _columns(document: Mapping, bill: Bill) -> list[str]:
    """The columns of a paper. A month that was not declared is nobody's: what it is a multiple of takes their place."""
    keys = [str(key) for key in document["columns"]]
    if not bill.is_provisional:
        return keys
    kept = [key for key in keys if key not in OF_PEOPLE]
    if document["layout"] != "receipt":  # what was received needs no reckoning
        kept.insert(kept.index("scheme") + 1, "basis_due")
    return kept


def _factor(bill: Bill) -> Mapping | None:
    """By what a month that was not declared was assessed: the value, and where it is written."""
    if not bill.is_provisional:
        return None
    return bill.provisional_lines.select_related("evidence").order_by("pk")[0].evidence.data["factor"]


def _provisional_notes(bill: Bill, factor: Mapping | None) -> list[str]:
    """What a paper of a month that was not declared says of it: by what it was assessed, and how it ends."""
    if factor is None:
        return []
    basis = f"{bill.basis_month.label}应缴额的 {percent(factor['value'])}"
    return [
        settling(
            region(bill.employer.region).terms,
            f"{bill.month.label}没有按时申报，按{basis}{bill.word}（{factor['source']}）；补办申报结算后多退少补。",
        )
    ]


def _notes_of(keys: list[str]) -> list[str]:
    """Which columns are left to be filled in."""
    left = "、".join(COLUMNS[key] for key in keys if key in NOT_KEPT)
    return [f"{left}由经办机构填写，网厅没有这项数据。"] if left else []


def _sealed_by(spec, document: Mapping) -> list[str]:
    """Both sides seal what is owed; what was received, only the receiver."""
    return (
        [document["letterhead"]] if document["layout"] == "receipt" else [spec.term("employer"), document["letterhead"]]
    )


def _header(spec, bill: Bill, factor: Mapping | None) -> list[list[str]]:
    employer = bill.employer
    heads = ["缴费人数", str(bill.head_count)]
    if factor is not None:
        heads = ["核定依据", f"{bill.basis_month} 应缴额 × {percent(factor['value'])}"]
    return [
        [spec.term("employer_number"), employer.employer_number],
        ["单位名称", employer.name],
        [spec.term("credit_code"), employer.credit_code],
        [spec.term("month"), str(bill.month)],
        ["账单号", bill.number],
        ["核定编号", bill.assessment.number],
        ["核定日期", f"{timezone.make_naive(bill.assessment.made_at):%Y-%m-%d}"],
        heads,
    ]


def _pay_until(bill: Bill) -> list[str]:
    return ["缴费截止", f"{timezone.make_naive(bill.pay_until):%Y-%m-%d %H:%M}"]


def _column(key: str, renamed: Mapping[str, str]) -> Column:
    if key == "scheme":
        return {"title": COLUMNS[key], "align": "left", "width": 2.2}
    if key.endswith(("_count", "_rate")):
        return {"title": COLUMNS[key], "align": "center", "width": 0.8, "keep": True}
    return {"title": renamed[key] if key in renamed else COLUMNS[key], "align": "right", "width": 1.3}


def _total(keys: list[str], rows: list[SchemeSum], bill: Bill) -> list[str]:
    """Only what may be added up is: a person is in several schemes, so heads and bases are not."""
    cells = [yuan(SUMMED[key](rows)) if key in SUMMED else "" for key in keys]
    return ["合计" if key == "scheme" else cell for key, cell in zip(keys, cells, strict=True)]
