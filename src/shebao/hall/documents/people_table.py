"""The people of a bill on its paper: a line for each, with what the region's paper says of them."""

from collections.abc import Callable, Mapping, Sequence

from shebao.rules.money import yuan
from shebao.rules.region import Region
from shebao.rules.vocabulary import PAPER_PEOPLE

from ..roster.models import Person
from ..settlement.models import Bill
from ..settlement.queries import PersonRow, SchemeSum, bill_people
from .rendering import Column, PeopleTable

PEOPLE = ("number", "person_number", "name", "wage", "schemes", "total_due")
"""What a paper that lists people says where its region does not say it otherwise."""
MONEY: Mapping[str, Callable[[PersonRow], int]] = {
    "wage": lambda one: one.declared_wage,
    "employer_due": lambda one: one.employer_due,
    "employee_due": lambda one: one.employee_due,
    "total_due": lambda one: one.total,
}
MOST_PEOPLE = 4_000
"""Of more people a paper lists none and says so: with some fifteen columns it would be 12 MB and a gigabyte to make."""
WIDTHS = {"number": 0.5, "person_number": 1.4, "name": 1.0, "id_number": 1.9}


def left_out(people: int) -> list[str]:
    """What a paper says instead of listing more people than one holds; nothing where it lists them."""
    if people <= MOST_PEOPLE:
        return []
    return [f"人员明细共 {people} 人，一份单据最多列 {MOST_PEOPLE} 人，没有列出；请在账单页导出电子表格。"]


def people_table(
    spec: Region, bill: Bill, rows: list[SchemeSum], more: Mapping[str, list[SchemeSum]], keys: Sequence[str]
) -> PeopleTable:
    """The people by scheme; of earlier months one pair of columns for each kind that the bill has any of."""
    kinds = [word for word, sums in more.items() if sums]
    groups = [row.short or row.title for row in rows] + kinds
    people = bill_people(bill)
    numbers: dict[int, str] = {}
    if "id_number" in keys:
        persons = Person.objects.filter(pk__in=[one.employee.person_id for one in people])
        numbers = dict(persons.values_list("pk", "id_number"))
    columns: list[Column] = []
    for key in keys:
        columns += _pairs(groups) if key == "schemes" else [_column(spec, key)]
    body = []
    for place, one in enumerate(people, 1):
        texts = {
            "number": str(place),
            "person_number": one.employee.person_number,
            "name": one.employee.name,
            "id_number": numbers.get(one.employee.person_id, ""),
        }
        cells: list[str] = []
        for key in keys:
            cells += (
                _dues(one, rows, kinds) if key == "schemes" else [texts[key] if key in texts else yuan(MONEY[key](one))]
            )
        body.append(cells)
    sums = [(row.employer_due, row.employee_due) for row in rows]
    sums += [
        (sum(row.employer_due for row in more[word]), sum(row.employee_due for row in more[word])) for word in kinds
    ]
    total = _total(keys, people, [yuan(fen) for pair in sums for fen in pair])
    return {"title": "人员明细", "columns": columns, "rows": body, "total": total}


def _pairs(groups: list[str]) -> list[Column]:
    return [
        {"title": part, "align": "right", "width": 1.0, "group": name} for name in groups for part in ("单位", "个人")
    ]


def _column(spec: Region, key: str) -> Column:
    if key in MONEY:
        return {"title": PAPER_PEOPLE[key], "align": "right", "width": 1.2}
    if key == "number":
        return {"title": PAPER_PEOPLE[key], "align": "center", "width": WIDTHS[key]}
    title = spec.term("person_number") if key == "person_number" else PAPER_PEOPLE[key]
    return {"title": title, "width": WIDTHS[key], "keep": True}


def _dues(person: PersonRow, rows: list[SchemeSum], kinds: list[str]) -> list[str]:
    cells: list[str] = []
    for row in rows:
        line = person.schemes.get(row.scheme)
        cells += [yuan(line.employer_due), yuan(line.employee_due)] if line else ["", ""]
    for word in kinds:
        cells += [yuan(fen) for fen in person.sums(word)] if word in person.earlier else ["", ""]
    return cells


def _total(keys: Sequence[str], people: list[PersonRow], sums: list[str]) -> list[str]:
    """Only what is due may be added up: the wages of a month are no sum of the paper."""
    words, cells = iter(("合计", f"{len(people)} 人")), []
    for key in keys:
        if key == "schemes":
            cells += sums
        elif key in MONEY:
            cells.append("" if key == "wage" else yuan(sum(MONEY[key](one) for one in people)))
        else:
            cells.append("" if key == "number" else next(words, ""))
    return cells
