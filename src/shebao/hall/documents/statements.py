"""Statements (报表): papers of a span of months or of persons, as a region's statements.yaml arranges them."""

from collections.abc import Sequence
from datetime import date, datetime

from django.utils import timezone

from shebao.rules.money import yuan
from shebao.rules.months import Month
from shebao.rules.region import Region, Statement
from shebao.rules.statement_words import OF_PERSON, SOURCES, STATEMENT_COLUMNS

from ..clock import today
from ..employers.models import Employer
from ..errors import Refused, permit
from ..regions import region
from ..roster.models import Employee
from .amount_words import amount_in_words
from .arranging import by_hand
from .issuing import issue_paper
from .models import Document
from .money_rows import Asked, Row
from .rendering import Column, Paper, PaperNotRendered, render
from .sources import READERS
from .withheld import permit_wages

MOST_ROWS = 5_000
"""A paper of more lines is some two hundred pages; nobody reads it, and the compiler takes a minute and a gigabyte.

Each line is 2.4 KB in the file, four fifths of it the tags that let a screen reader tell its cells: 12 MB at most."""
BLANK = "＿" * 8
"""A line to write on."""
ALIGNED = {"count": "center", "month": "center", "date": "center", "moment": "center", "money": "right"}


def asked_for(
    employer_id: int, key: str, *, by, first: Month | None = None, last: Month | None = None, people: Sequence[int] = ()
) -> tuple[Statement, Asked]:
    """A statement of the employer's region and the question put to it. Raises Refused where there is none."""
    employer = Employer.objects.visible_to(by).get(pk=employer_id)
    spec = region(employer.region)
    statement = spec.statements.get(key)
    if statement is None:
        raise Refused("no_such_document", "本地没有这种单据。", status=404)
    permit_wages(key, by=by)
    current = Month.of(today())
    first = first or (current if "month" in statement.asks else employer.first_month)
    known = Employee.objects.visible_to(by).filter(employer=employer, pk__in=people).values_list("pk", flat=True)
    if len(set(people)) != len(known):
        raise Refused("no_such_person", "选中的人员不在本单位花名册中，请重新选择。", status=404)
    if statement.each == "person" and len(known) != 1:
        raise Refused("choose_a_person", f"{statement.title}每人一份，请选择人员。")
    last = last or current
    if "month" in statement.asks:
        first = last
    return statement, Asked(by, employer, first, last, tuple(sorted(known)))


def rows_of(statement: Statement, asked: Asked) -> list[Row]:
    """What the statement says, row by row, as plain values; numbered."""
    rows = READERS[statement.source](asked)
    if statement.paid_only:
        rows = [row for row in rows if row.get("paid_mark", "实缴") == "实缴"]
    if statement.schemes:
        rows = [row for row in rows if row.get("scheme_key") in statement.schemes]
    return [row | {"number": number} for number, row in enumerate(rows, 1)]


def cells_of(statement: Statement, row: Row) -> list[str]:
    """A row as text, column by column."""
    return [shown(column, row.get(column)) for column in statement.columns]


def shown(column: str, value) -> str:
    """A value of a column as text."""
    if value is None or value == "":
        return ""
    kind = STATEMENT_COLUMNS[column].kind
    if kind == "money":
        return yuan(value)
    if kind == "moment" and isinstance(value, datetime):
        return f"{timezone.make_naive(value):%Y-%m-%d %H:%M}"
    return value.isoformat() if isinstance(value, date) else str(value)


def totals_of(statement: Statement, rows: Sequence[Row]) -> dict[str, int]:
    """The sums in fen of the columns that may be added up."""
    summed = SOURCES[statement.source].totals
    return {key: sum(row.get(key) or 0 for row in rows) for key in statement.columns if key in summed}


def total_fen_of(statement: Statement, rows: Sequence[Row]) -> int:
    """The amount that the paper is checked by: its last sum, 0 where it has none."""
    return ([0, *totals_of(statement, rows).values()])[-1]


def issue_statement(
    employer_id: int, key: str, *, by, first: Month | None = None, last: Month | None = None, people: Sequence[int] = ()
) -> Document:
    """Issue a statement; asked again the same day for the same facts, return the one that was issued.

    Raises Refused without the permission, for an unknown statement or person, and where it would say nothing.
    """
    statement, asked = asked_for(employer_id, key, by=by, first=first, last=last, people=people)
    if statement.is_blank:
        raise Refused("blank_form", f"{statement.title}是空白表格，打印后填写，不开具编号。")
    rows = rows_of(statement, asked)
    if not rows:
        raise Refused("nothing_to_print", nothing_words(statement, asked))
    if len(rows) > MOST_ROWS:
        raise Refused("too_much", too_many_words(len(rows)))
    person = Employee.objects.visible_to(by).get(pk=asked.people[0]) if statement.each == "person" else None
    return issue_paper(
        paper_of_statement(statement, asked, rows, person),
        employer=asked.employer,
        employee=person,
        kind=key,
        layout=statement.layout,
        month=asked.last,
        total_fen=total_fen_of(statement, rows),
        by=by,
        asked=_question(asked),
        as_of_day=True,
    )


def too_many_words(rows: int) -> str:
    """Why so many rows are no paper, and what to do; "" where they are not too many."""
    if rows <= MOST_ROWS:
        return ""
    return f"共 {rows} 行，一份单据最多 {MOST_ROWS} 行，没有开具。请缩小月份或人员范围后打印，或在账单页导出电子表格。"


def form_of(employer_id: int, key: str, *, by) -> tuple[Statement, bytes]:
    """A form to be filled in by hand, as PDF; nobody issues it, so it has no number, no code and no agency's seal.

    Raises Refused without the permission, for what is no such form, and where the compiler fails.
    """
    permit(by, "print", "打印")
    statement, asked = asked_for(employer_id, key, by=by)
    if not statement.is_blank:
        raise Refused("no_such_document", "本地没有这张空白表格。", status=404)
    paper = paper_of_statement(statement, asked, rows_of(statement, asked), None)
    try:
        return statement, render(statement.layout, dict(by_hand(paper)), verify_url="")
    except PaperNotRendered as no:
        raise Refused("paper_not_made", "表格没有排成，请稍后重试。", status=503) from no


def nothing_words(statement: Statement, asked: Asked) -> str:
    """Why there is nothing to print, and what to do."""
    if "month" in statement.asks:
        return f"{asked.last.label}没有人员增减，没有可打印的内容，请换一个月份。"
    if "span" in statement.asks:
        paid = "已缴清的" if statement.paid_only else ""
        return f"{asked.first} 至 {asked.last} 没有{paid}缴费记录，没有可打印的内容，请换一段年月。"
    return "没有可打印的内容：所选人员还没有参保或缴费记录。"


def _question(asked: Asked) -> str:
    people = "+".join(map(str, asked.people[:20])) + (f"…{len(asked.people)}" if len(asked.people) > 20 else "")
    return f"{asked.first}/{asked.last}/{people}"[:200]


def paper_of_statement(statement: Statement, asked: Asked, rows: Sequence[Row], person: Employee | None) -> Paper:
    """The data of the paper; its number and code are given when it is issued."""
    sums = totals_of(statement, rows)
    total = total_fen_of(statement, rows)
    letterhead = statement.letterhead or asked.spec.letterhead
    return {
        "title": statement.title,
        "letterhead": letterhead,
        "subtitle": _subtitle(statement, asked),
        "number": "",
        "code": "",
        "made_on": today().isoformat(),
        "header": _header(statement, asked, person),
        "columns": [_column(statement, key) for key in statement.columns],
        "rows": [cells_of(statement, row) for row in rows],
        "total": _total_row(statement, sums, len(rows)),
        "amount_words": amount_in_words(total) if statement.layout == "certificate" and total > 0 else "",
        "people": None,
        "notes": list(statement.notes),
        "signatures": list(statement.signatures),
        "seals": [f"{asked.spec.term('employer') if statement.is_blank else letterhead}（章）"],
        "illustrative": sorted(_illustrative(asked)) if sums else [],
        "wording": statement.wording.format_map(_words(asked, rows, sums, person)) if statement.wording else "",
    }


def _subtitle(statement: Statement, asked: Asked) -> str:
    if "month" in statement.asks:
        return asked.last.label
    if "span" in statement.asks:
        return f"费款所属期 {asked.first} 至 {asked.last}"
    return ""


def _header(statement: Statement, asked: Asked, person: Employee | None) -> list[list[str]]:
    spec, employer = asked.spec, asked.employer
    pairs = [
        [spec.term("employer_number"), employer.employer_number],
        ["单位名称", employer.name],
        [spec.term("credit_code"), employer.credit_code],
    ]
    if person:
        pairs += [
            ["姓名", person.name],
            ["证件号码", person.person.id_number],
            [spec.term("person_number"), person.person_number],
            *([OF_PERSON[key], _of_person(spec, key, person)] for key in statement.person),
        ]
    pairs += [[label, BLANK] for label in statement.blanks]
    return pairs if statement.is_blank else [*pairs, ["打印日期", today().isoformat()]]


def _of_person(spec: Region, key: str, person: Employee) -> str:
    """What the head says of a person: a code in the region's words, or a line to write on where none is on record."""
    code, codes = {"sex": (person.person.sex, "sexes"), "household": (person.household, "household_kinds")}[key]
    return spec.codes[codes].title_of(code) if code else BLANK


def _column(statement: Statement, key: str) -> Column:
    column = STATEMENT_COLUMNS[key]
    made: Column = {"title": statement.label(key), "width": column.width, "align": ALIGNED.get(column.kind, "left")}
    if column.kind != "text":
        made["keep"] = True
    return made


def _total_row(statement: Statement, sums: dict[str, int], count: int) -> list[str]:
    if not sums:
        return []
    cells = [yuan(sums[key]) if key in sums else "" for key in statement.columns]
    cells[0] = cells[0] or "合计"
    if len(cells) > 1 and not cells[1] and "name" in statement.columns:
        cells[1] = f"{count} 行"
    return cells


def _words(asked: Asked, rows: Sequence[Row], sums: dict[str, int], person: Employee | None) -> dict[str, str]:
    employer = asked.employer
    months = [row[key] for row in rows for key in ("month", "first_month", "last_month") if row.get(key)]
    statuses = {row.get("status") for row in rows}
    return {
        "employer_name": employer.name,
        "employer_number": employer.employer_number,
        "credit_code": employer.credit_code,
        "name": person.name if person else "",
        "id_number": person.person.id_number if person else "",
        "person_number": person.person_number if person else "",
        "first_month": min(months, key=str).label if months else asked.first.label,
        "last_month": max(months, key=str).label if months else asked.last.label,
        "rows": str(len(rows)),
        "paid": yuan(sums.get("paid", 0)),
        "status": "现在参保" if "在保" in statuses else "现已停保",
    }


def _illustrative(asked: Asked) -> set[str]:
    """Whatever is without a source in the bills that the paper draws on."""
    found: set[str] = set()
    for titles in asked.bills().values_list("illustrative", flat=True):
        found |= set(titles)
    return found
