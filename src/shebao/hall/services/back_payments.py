"""Back payments (补缴) by declaration: months before the current one become charges, or are taken back before that."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from django.db.models import Q, QuerySet

from shebao.rules.forms import facts_of
from shebao.rules.months import Month, months_between, months_in_words
from shebao.rules.region import Region

from ..bulk import insert_rows, update_rows
from ..clock import today
from ..errors import Conflict
from ..prepared import prepared
from ..regions import region
from ..roster.models import Spell
from ..roster.queries import covering
from ..settlement.back_fees import Borne, late_fee_of_line, services_apart, waiting_late_fees
from ..settlement.back_payments import charging_lines, is_billed
from ..settlement.models import BackPayment
from ..settlement.own_bills import assess_apart, assess_late_fees_apart
from .personal_changes import locked_employees
from .questions import assessments
from .scene import chunks
from .wages import is_charged


def make_back_payments(declarations: list, *, by) -> None:
    """Keep every month of every scheme that each declaration pays back (补缴生效), for the bill that will take it.

    The schemes are those in which the person is insured now, as far as the service pays them back. Raises Conflict
    where somebody was faster: the person left, or a month was charged or declared meanwhile.
    """
    here, spec, now = region(declarations[0].region), declarations[0].spec, Month.of(today())
    wages = facts_of_wages(declarations)
    employees = locked_employees(declarations)
    insured = insured_schemes(employees, now)
    rows = []
    for declaration in declarations:
        employee = employees[declaration.employee_id]
        schemes = chosen_schemes(here, spec, insured.get(employee.pk, {}))
        if not schemes:
            raise Conflict("not_enrolled", f"{declaration.subject_name}已不在本单位参保，不能补缴，请刷新后再看。")
        rows += [
            BackPayment(
                employee_id=employee.pk,
                person_id=employee.person_id,
                region=declaration.region,
                scheme=scheme,
                month=month,
                values_month=spec.back_paying.month_of_values(month, now),
                declared_wage=wages[declaration.pk],
                is_exclusive=insured[employee.pk][scheme],
                is_on_request=spec.back_paying.bill == "on_request",
                declared_in_id=declaration.pk,
            )
            for month in months_of(declaration)
            for scheme in schemes
        ]
    _none_charged_since(declarations[0].employer_id, rows)
    insert_rows(rows)
    if spec.back_paying.bill == "own":
        kept = BackPayment.objects.filter(declared_in__in=[d.pk for d in declarations])
        assess_apart(declarations[0].employer_id, kept.order_by("month", "pk"), spec.key, by=by)


def facts_of_wages(declarations: list) -> dict[int, int]:
    """The declared wage in fen by declaration."""
    form = region(declarations[0].region).forms[declarations[0].spec.form]
    return {d.pk: facts_of(form, d.answers)["declared_wage"] for d in declarations}


def months_of(declaration) -> list[Month]:
    """The months that a declaration is about."""
    return months_between(declaration.first_month, Month.parse(declaration.answers["last_month"]))


def insured_schemes(employees: Iterable[int], month: Month) -> dict[int, dict[str, bool]]:
    """Employee → scheme → whether it is exclusive, of who is insured in that month or later."""
    found: dict[int, dict[str, bool]] = defaultdict(dict)
    for part in chunks(employees):
        for employee, scheme, is_exclusive in _insured(month, part):
            found[employee][scheme] = is_exclusive
    return found


@prepared
def _insured(month: Month, employees: list[int]) -> QuerySet:
    rows = Spell.objects.filter(Q(last_month__isnull=True) | Q(last_month__gte=month), employee__in=employees)
    return rows.filter(is_voided=False).values_list("employee", "scheme", "is_exclusive")


def chosen_schemes(here: Region, spec, insured: Collection[str]) -> list[str]:
    """Of the schemes in which a person is insured, those that the service pays back, in the region's order."""
    only = spec.back_paying.schemes
    return [scheme.key for scheme in here.open_schemes if scheme.key in insured and (not only or scheme.key in only)]


def _none_charged_since(employer_id: int, rows: list[BackPayment]) -> None:
    """The last look before these months are kept: since the checks a bill may have charged one, or the agency assessed
    it provisionally, and then it charges whom it insures when it is declared after all.
    """
    wanted = {(row.person_id, row.scheme, row.month): row for row in rows}
    ours = {row.employee_id for row in rows}
    for part in chunks(row.person_id for row in rows):
        lines = charging_lines().filter(
            Q(is_exclusive=True) | Q(employee__in=ours), person__in=part,
            month__gte=min(row.month for row in rows), month__lte=max(row.month for row in rows),
        )  # fmt: skip
        for key in lines.values_list("person", "scheme", "month"):
            if key in wanted:
                who = wanted[key].employee.name
                raise Conflict("already_charged", f"{who}的 {key[2]} 刚刚已经核定缴费，不能重复补缴，请刷新后再看。")
    assessed = {month for month, _, basis in assessments(employer_id) if basis}
    for month in sorted({row.month for row in rows} & assessed):
        insured = Spell.objects.filter(covering(month), employee__employer=employer_id)
        for person, scheme in insured.values_list("person", "scheme"):
            if row := wanted.get((person, scheme, month)):
                text = f"{row.employee.name}的 {month} 已经暂核定，由补办申报结清，不能补缴。"
                raise Conflict("assessed_since", text)


def undo_back_payments(declarations: list, *, by) -> None:
    """Void what the declarations pay back (撤销补缴). Raises Conflict when a bill has taken it or it was withdrawn."""
    rows: list[BackPayment] = []
    for part in chunks(d.pk for d in declarations):
        rows += locked(BackPayment.objects.filter(declared_in__in=part))
    if billed := next((row for row in rows if row.is_billed), None):
        text = f"{billed.employee.name} {billed.month} 的补缴已经计入账单，不能撤销。"
        raise Conflict("already_billed", text)
    if gone := next((row for row in rows if row.is_voided), None):
        raise Conflict("already_withdrawn", f"{gone.employee.name} {gone.month} 的补缴已经回退，不需要再撤销。")
    for row in rows:
        row.is_voided = True
    update_rows(rows, "is_voided")


def is_taken(declaration) -> bool:
    """Whether a bill in force has what a declaration pays back, corrects or asked to bill: it is not undone then."""
    if not declaration.spec.looks_back:
        return False
    if declaration.spec.corrects:
        return is_charged(declaration)
    if declaration.spec.operation in ("assess_back_payments", "assess_late_fees", "refund_leavers"):
        return True
    return BackPayment.objects.filter(is_billed(), declared_in=declaration).exists()


def locked(rows: QuerySet[BackPayment]) -> list[BackPayment]:
    """The rows, locked first and then asked whether a bill has them: a settlement under way decides before us."""
    keys = list(rows.select_for_update().values_list("pk", flat=True))
    found: list[BackPayment] = []
    for part in chunks(keys):
        found += seen(BackPayment.objects.filter(pk__in=part)).select_related("employee")
    return found


def withdraw_back_payments(declarations: list, *, by) -> None:
    """Void what waits for a bill in the months of each declaration (补缴回退生效).

    Raises Conflict when nothing waits there any more, or a bill has taken a part of it.
    """
    found = []
    for declaration, rows in _waiting_rows(declarations, "回退"):
        for row in rows:
            row.is_voided, row.withdrawn_in = True, declaration
        found += rows
    update_rows(found, "is_voided", "withdrawn_in")


def assess_back_payments(declarations: list, *, by) -> None:
    """Bill what waits in the months of each declaration, all on one bill of its own (补缴单独核定生效).

    Raises Conflict when nothing waits there any more, or a bill has taken a part of it.
    """
    keys = [row.pk for _, rows in _waiting_rows(declarations, "再次核定") for row in rows]
    rows = BackPayment.objects.filter(pk__in=keys).order_by("month", "pk")
    assess_apart(declarations[0].employer_id, rows, declarations[0].service, by=by)


def assess_late_fees(declarations: list, *, by) -> None:
    """Bill the late fees of the billed back payments in the months of each declaration (补缴滞纳金单独核定生效).

    Raises Conflict when nothing of somebody's is left to be billed.
    """
    employees = locked_employees(declarations)
    here = region(declarations[0].region)

    def found() -> list[Borne]:
        lines = list(waiting_late_fees(employees, services_apart(here)))
        due = []
        for declaration in declarations:
            months = set(months_of(declaration))
            own = [line for line in lines if line.employee_id == declaration.employee_id and line.month in months]
            borne = [one for line in own if (one := late_fee_of_line(line))]
            if not borne:
                text = f"{declaration.subject_name}没有待核定的补缴滞纳金，请刷新后再看。"
                raise Conflict("nothing_waits", text)
            due += borne
        return due

    assess_late_fees_apart(declarations[0].employer_id, found, declarations[0].service, by=by)


def keep_assessed(declarations: list, *, by) -> None:
    """A bill that was made is not taken back here (撤销补缴单独核定): always refused, in words."""
    names = "、".join(d.subject_name for d in declarations[:5])
    raise Conflict("already_billed", f"{names}的补缴已经生成账单，不能撤销。")


def _waiting_rows(declarations: list, word: str) -> Iterator[tuple[Any, list[BackPayment]]]:
    """Each declaration with the locked back payments that wait in its months."""
    by_employee = kept_back_payments(declarations[0].spec, (d.employee_id for d in declarations), locked)
    for declaration in declarations:
        months = set(months_of(declaration))
        rows = [row for row in by_employee[declaration.employee_id] if row.month in months]
        if billed := [row.month for row in rows if row.is_billed]:
            text = f"{declaration.subject_name} {months_in_words(billed)} 的补缴已经计入账单，不能{word}。"
            raise Conflict("already_billed", text)
        if not rows:
            raise Conflict("nothing_waits", f"{declaration.subject_name}没有待缴的补缴，请刷新后再看。")
        yield declaration, rows


def kept_back_payments(spec, employees: Iterable[int], read: Callable) -> dict[int, list[BackPayment]]:
    """By employee, the back payments in force of the schemes that a service may take back, each with `is_billed`.

    `read` is `seen` for a look and `locked` for a deed.
    """
    found: dict[int, list[BackPayment]] = defaultdict(list)
    for part in chunks(employees):
        rows = BackPayment.objects.filter(employee__in=part, is_voided=False)
        if spec.back_paying.schemes:
            rows = rows.filter(scheme__in=spec.back_paying.schemes)
        for row in read(rows):
            found[row.employee_id].append(row)
    return found


def seen(rows: QuerySet[BackPayment]) -> QuerySet[BackPayment]:
    """The rows with whether a bill has them, by month."""
    return rows.annotate(is_billed=is_billed()).order_by("month", "pk")


def undo_withdrawals(declarations: list, *, by) -> None:
    """Bring back what the declarations took back (撤销补缴回退).

    Raises Conflict where the months were declared again, charged or assessed provisionally since.
    """
    rows: list[BackPayment] = []
    for part in chunks(d.pk for d in declarations):
        rows += BackPayment.objects.filter(withdrawn_in__in=part).select_for_update()
    if rows:
        _none_charged_since(declarations[0].employer_id, rows)
    for row in rows:
        row.is_voided, row.withdrawn_in = False, None
    update_rows(rows, "is_voided", "withdrawn_in")
