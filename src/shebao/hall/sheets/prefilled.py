"""The roster as a template (在册人员模板): everybody insured, with what the roster knows filled in."""

from shebao.rules.months import Month
from shebao.rules.region import Form, Region, Service

from ..audit.looks import watermark
from ..clock import local_now, today
from ..declarations.queries import first_open_month
from ..employers.models import Employer
from ..errors import Refused
from ..regions import region
from ..roster.models import Employee
from ..roster.queries import roster, wages_in
from ..roster.unmasking import note_sheet
from ..services.registry import OPERATIONS
from ..services.sides import known_answers
from .holding import may_declare
from .layouts import UNREAD, Layout, form_layout
from .templates import write_template


def roster_template(employer_id: int, service: str, *, by, reason: str, layout: Layout | None = None) -> bytes:
    """The sheet of a service with a row for everybody insured: whole identity numbers, therefore on record with a
    reason, limited by the hour, and marked with who took it along.

    Raises Refused for a service about people who are not on the roster yet, and as `note_sheet` does.
    """
    may_declare(by)
    employer = Employer.objects.visible_to(by).get(pk=employer_id)
    here = region(employer.region)
    spec = here.services.get(service)
    if spec is None or not OPERATIONS[spec.operation].is_about_known:
        raise Refused("not_about_known", "这个事项不是在册人员的变动，没有在册名单可以下载。", status=404)
    form = here.forms[spec.form]
    people = list(roster(by, {"status": "insured"}))
    note_sheet(employer, reason, by=by, service=service, heads=len(people))
    rows, mark = _rows(here, spec, form, people, by), watermark(by, local_now())
    return write_template(here, spec, form, prefill=rows, layout=layout or form_layout(form), mark=mark)


def _beside(person_number: str, employer: Employer, wage: int | None) -> dict[str, object]:
    """What published columns tell that no form asks, by the names that such columns bear."""
    told = {
        ("个人编号", "个人ID", "电脑号"): person_number,
        ("单位编号", "单位ID"): employer.employer_number,
        ("单位名称",): employer.name,
        ("原工资", "现工资"): wage,
    }
    return {f"{UNREAD}{name}": value for names, value in told.items() for name in names}


def _rows(here: Region, spec: Service, form: Form, people: list[Employee], by) -> list[dict]:
    if not people:
        return []
    employer, first = people[0].employer, first_open_month(by)
    wages = wages_in(employer, max(first, Month.of(today())))
    months = {field.id: str(first) for field in form.fields if field.kind == "month"}
    rows = []
    for one in people:
        wage = wages.get(one.pk)
        known = {"id_number": one.person.id_number, "id_kind": one.person.id_kind, "name": one.name}
        beside = _beside(one.person_number, employer, wage)
        rows.append(beside | months | known_answers(spec, form, one, wage) | known)
    return rows
