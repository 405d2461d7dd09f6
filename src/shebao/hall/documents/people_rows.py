"""What statements about people read: rows of plain values (fen, months) from the lines and the insured months."""

from collections import defaultdict

from shebao.rules.months import Month
from shebao.rules.region import Region

from ..payments.paid_lines import PAID, paid_lines
from ..roster.changes import CAME, RosterChange, roster_changes_in
from ..roster.models import Employee, Spell
from ..roster.queries import covering, wages_in
from ..settlement.models import CHARGING, BillLine
from .money_rows import Asked, Row, day, schemes_in_order, short_titles

PENSION = "pension"


def of_person_lines(asked: Asked) -> list[Row]:
    """A row for each line: person by person, month by month."""
    spec, lines = asked.spec, asked.lines()
    paid = paid_lines(list(lines.order_by().values_list("bill", flat=True).distinct()))
    order = {key: at for at, key in enumerate(spec.schemes)}
    found = sorted(
        lines.select_related("employee__person"),
        key=lambda one: (
            *(one.employee.name_pinyin, one.employee_id, str(one.month), order.get(one.scheme, len(order)), one.pk),
        ),
    )
    return [
        _person(line.employee)
        | {
            "month": line.month,
            "booking_month": line.booking_month,
            "scheme": spec.scheme_title(line.scheme),
            "scheme_key": line.scheme,
            "line_kind": line.get_kind_display(),
            "wage": line.declared_wage,
            "base": line.contribution_base or None,  # a fixed amount has no base
            "employer_due": line.employer_due,
            "employee_due": line.employee_due,
            "total_due": line.employer_due + line.employee_due,
            "paid_mark": paid.mark(line),
            "paid_on": day(paid.paid_at(line)),
            "line": line,
        }
        for line in found
    ]


def _charges(rows: list[Row]) -> list[Row]:
    """Of these rows of persons the charges in force with their adjustments: what was given back (退费) is charged no
    more, and a late fee or interest is no contribution.
    """
    lines = {row["line"].pk: row["line"] for row in rows}
    behind = [(row, _charge_of(row["line"], lines)) for row in rows]
    return [row for row, charge in behind if charge.kind in CHARGING and not charge.is_given_back]


def _charge_of(line: BillLine, lines: dict[int, BillLine]) -> BillLine:
    """The charge that a line corrects, however often it was corrected: all of them are for one person and month."""
    while line.adjusts_id in lines:
        line = lines[line.adjusts_id]
    return line


def _months(charges: list[Row]) -> set[Month]:
    """The months that these charges are for; an adjustment only corrects one."""
    return {row["month"] for row in charges if row["line"].kind in CHARGING}


def _paid(charges: list[Row]) -> list[Row]:
    return [row for row in charges if row["paid_mark"] == PAID]


def of_person_sums(asked: Asked) -> list[Row]:
    """A row for each person: the first and the last month, how many, and the sums."""
    people: dict[int, list[Row]] = defaultdict(list)
    for row in _charges(of_person_lines(asked)):
        people[row["line"].employee_id].append(row)
    return [_summed(asked.spec, rows) for rows in people.values()]


def _summed(spec: Region, charges: list[Row]) -> Row:
    months = _months(charges)
    return _person(charges[0]["line"].employee) | {
        "first_month": min(months, key=str),
        "last_month": max(months, key=str),
        "months": len(months),
        "schemes": short_titles(spec, {row["line"].scheme for row in charges}),
        **{key: sum(row[key] for row in charges) for key in ("employer_due", "employee_due", "total_due")},
        "paid": sum(row["total_due"] for row in _paid(charges)),
    }


def of_person_schemes(asked: Asked) -> list[Row]:
    """A row for each person and scheme: since when insured, until when, how many months were paid."""
    spells: dict[tuple[int, str], list[Spell]] = defaultdict(list)
    people = _people(asked)
    for spell in Spell.objects.filter(employee__in=people, is_voided=False).order_by("first_month"):
        spells[spell.employee_id, spell.scheme].append(spell)
    lines: dict[tuple[int, str], list[Row]] = defaultdict(list)
    for row in _paid(_charges(of_person_lines(asked))):
        lines[row["line"].employee_id, row["line"].scheme].append(row)
    rows = []
    for person in people:
        for scheme in schemes_in_order(asked.spec, {key[1] for key in spells if key[0] == person.pk}):
            rows.append(
                _person(person)
                | {"scheme": asked.spec.scheme_title(scheme), "scheme_key": scheme}
                | _insured(spells[person.pk, scheme], lines[person.pk, scheme], asked.last)
            )
    return rows


def _insured(spells: list[Spell], paid: list[Row], now: Month) -> Row:
    is_live = any(one.last_month is None or one.last_month >= now for one in spells)
    return {
        "first_month": spells[0].first_month,
        "last_month": None if is_live else max((one.last_month for one in spells), key=str),
        "months": len(_months(paid)),
        "base": paid[-1]["base"] if paid else 0,  # of the last month, as it was corrected last
        "employer_paid": sum(row["employer_due"] for row in paid),
        "employee_paid": sum(row["employee_due"] for row in paid),
        "paid": sum(row["total_due"] for row in paid),
        "status": "在保" if is_live else "已停保",
    }


def of_pension_account(asked: Asked) -> list[Row]:
    """A row for each year of one person's own pension contributions that have been paid."""
    years: dict[int, list[Row]] = defaultdict(list)
    for row in _paid(_charges(of_person_lines(asked))):
        if row["line"].scheme == PENSION:
            years[row["month"].year].append(row)
    rows, opening = [], 0
    for year in sorted(years):
        principal = sum(row["employee_due"] for row in years[year])
        rows.append(
            {
                "year": year,
                "months": len(_months(years[year])),
                "base": sum({row["month"]: row["base"] or 0 for row in years[year]}.values()),  # of a month, the last
                "opening": opening,
                "principal": principal,
                "closing": opening + principal,
            }
        )
        opening += principal
    return rows


def of_changes(asked: Asked) -> list[Row]:
    """Who came and who went in a month: one row for a person, direction and reason, increases first."""
    month = asked.last
    spells = Spell.objects.visible_to(asked.by).filter(employee__employer=asked.employer)
    joined = "employee__person", "opened_by__declared_by", "closed_by__declared_by"
    wages = wages_in(asked.employer, month)
    return [
        _change(asked.spec, one) | {"wage": wages.get(one.employee.pk)}
        for one in roster_changes_in(spells.select_related(*joined), asked.spec, month, month)
    ]


def _change(spec: Region, one: RosterChange) -> Row:
    spell = one.spells[0]
    declaration = spell.opened_by if one.change == CAME else spell.closed_by
    review = "" if declaration is None else "即时生效" if declaration.is_direct else "已审核"
    return _person(one.employee) | {
        "schemes": short_titles(spec, {each.scheme for each in one.spells}),
        "change": one.change,
        "reason": one.reason,
        "changed_in": one.month,
        "review": review,
        "operator": declaration.declared_by.name if declaration else "",
        "done_at": declaration.decided_at if declaration else None,
    }


def of_roster(asked: Asked) -> list[Row]:
    """Everybody insured in the month (花名册)."""
    spells: dict[int, list[Spell]] = defaultdict(list)
    live = Spell.objects.visible_to(asked.by).filter(covering(asked.last), employee__employer=asked.employer)
    for spell in live.order_by("first_month"):
        spells[spell.employee_id].append(spell)
    wages = wages_in(asked.employer, asked.last)
    people = Employee.objects.filter(pk__in=spells).select_related("person").order_by("name_pinyin", "pk")
    return [
        _person(one)
        | {
            "first_month": spells[one.pk][0].first_month,
            "schemes": short_titles(asked.spec, {spell.scheme for spell in spells[one.pk]}),
            "wage": wages.get(one.pk),
        }
        for one in people
    ]


def _people(asked: Asked) -> list[Employee]:
    rows = Employee.objects.visible_to(asked.by).filter(employer=asked.employer)
    if asked.people:
        rows = rows.filter(pk__in=asked.people)
    return list(rows.select_related("person").order_by("name_pinyin", "pk"))


def _person(employee: Employee) -> Row:
    return {
        "person_number": employee.person_number,
        "name": employee.name,
        "id_number": employee.person.id_number,
        "department": employee.department,
    }
