"""Every automatic check that any region names: the clerk meets it on the form and in the sheet before submission, and
the agency by the same code and words: an error at submission, a reason or a hint on the desk.
"""

import csv
import html
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pytest
from django.test import TestCase

from shebao.hall import clock
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import approve_declarations, save_declarations, submit_declarations
from shebao.hall.declarations.preview import preview
from shebao.hall.regions import all_regions, region
from shebao.hall.roster.models import Spell
from shebao.hall.services.registry import CHECKS
from shebao.hall.sheets.operations import confirm_group, receive_sheet
from shebao.rules.forms import when_confirmed
from shebao.rules.months import Month
from tests.factories import (
    MONTH,
    NOW,
    EmployerFactory,
    OperatorFactory,
    cessation,
    enrolled,
    enrolment,
    labour_registered,
    settled,
    synthetic_id,
    unpaid_bill,
    wage,
)  # fmt: skip
from tests.papers import upload_papers

ENROL, CEASE, WAGE = "employee_enrolment", "employee_cessation", "wage_declaration"
REASON = "已与本人核对"


@dataclass(frozen=True)
class Finding:
    """A check, where it is found, how severe it is there, and what makes it speak: `asked` gives what is typed.

    `is_again`: the same row can be a draft that is submitted. `code`: where it is not the name of the check.
    """

    check: str
    region: str
    service: str
    level: str
    asked: Callable
    is_again: bool = True
    code: str = ""

    @property
    def told(self) -> str:
        return self.code or self.check


def known(by, **traits):
    return enrolled(by.employer, household="521" if by.region == "shenzhen" else "11", **traits)


def about(employee, **more) -> dict:
    return {"id_number": employee.person.id_number, "name": employee.name} | more


def declared_already(by):
    save_declarations(by.employer_id, ENROL, [enrolment()], by=by)
    return enrolment(declared_wage="9000")


def retired(by):
    gone = enrolled(EmployerFactory(region=by.region), name="王示例")
    code = next(c.code for c in region(by.region).codes["cessation_reasons"].items if c.national == "6308")
    Spell.objects.update(last_month=Month(2026, 3), end_reason=code)
    return enrolment(id_number=gone.person.id_number)


def insured_elsewhere(by):
    other = enrolled(EmployerFactory(region=by.region), name="王示例")
    return enrolment(id_number=other.person.id_number)


def with_arrears(by):
    employee = known(by)
    assessment = settled(by.employer, Month(2026, 9), by)
    unpaid_bill(employee, assessment, NOW.replace(month=9, day=28))
    return cessation(employee)


def hire(sequence=1, **changes):
    return {
        "id_kind": "07", "id_number": synthetic_id(sequence=sequence), "name": "王示例", "employment_kind": "41",
        "contract_from": "2026-11-02", "work": "装配工",
    } | changes  # fmt: skip


def on_file(by, **changes):
    names = ("name", "credit_code", "legal_representative", "bank_name")
    return {name: getattr(by.employer, name) for name in names} | {"bank_account": ""} | changes


def account(**changes):
    return {"clerk_name": "周示例", "phone": "13900000001", "account": "new.clerk", "role": "clerk"} | changes


def handed_over(by):
    OperatorFactory(admin=True, employer=by.employer, username="old-admin")
    return account(replaced="old-admin", note="原专管员离职")


def confirmed_before(by):
    save_declarations(by.employer_id, "employer_confirmation", [{"note": ""}], by=by)
    return {"note": "再看一遍"}


def deposit(**changes):
    return {"deposit_year": "2026", "deposit_sum": "2360", "deposit_reason": "年度缴纳", "note": ""} | changes


def deposited(by):
    (made,) = save_declarations(by.employer_id, "wage_guarantee", [deposit()], by=by)
    upload_papers(made, by)
    submit_declarations([made.pk], by=by)
    approve_declarations([made.pk], by=OperatorFactory(reviewer=True, region=by.region))
    return deposit(note="追加")


def project(**changes):
    return {
        "project_number": "XM2026-01", "project_name": "示例大桥", "contract_sum": "1234567.85",
        "first_on": "2026-10-15", "last_on": "2027-05-31",
    } | changes  # fmt: skip


def worker(sequence=1, **changes):
    return {
        "id_kind": "07", "id_number": synthetic_id(sequence=sequence), "name": "示例工", "project": "XM2026-01",
        "work": "钢筋工", "enrolment_month": "2026-11",
    } | changes  # fmt: skip


def worker_of(by, employee=None, **changes):
    (made,) = save_declarations(by.employer_id, "project_registration", [project()], by=by)
    submit_declarations([made.pk], by=by)
    approve_declarations([made.pk], by=OperatorFactory(reviewer=True, region=by.region))
    return worker(**({"id_number": employee.person.id_number, "name": employee.name} if employee else {}) | changes)


def anothers_code(by):
    return on_file(by, credit_code=EmployerFactory(region=by.region).credit_code)


def back(employee, first="2026-08", last="2026-09", **more):
    return about(employee, first_month=first, last_month=last, declared_wage="8000", **more)


def all_schemes_off(by):
    employee = known(by, facts={"enrolment_kind": "11", "medical_tier": "1"})
    names = [f.id for f in region(by.region).forms["insurance_change"].fields if f.scheme]
    return about(employee, first_month="2026-12") | dict.fromkeys(names, "0")


def another_birthday(by):
    return about(known(by), new_id_number=synthetic_id(sequence=7), new_born_on="1991-01-01", note="更正")


FINDINGS = [
    Finding("id_number_valid", "tianjin", ENROL, "error", lambda by: enrolment(id_number=synthetic_id()[:17])),
    Finding("household_fits", "tianjin", ENROL, "error",
            lambda by: enrolment(id_kind="01", id_number=synthetic_id(area="120101"))),
    Finding("already_declared", "tianjin", ENROL, "error", declared_already, is_again=False),
    Finding("already_enrolled", "tianjin", ENROL, "error", lambda by: enrolment(id_number=known(by).person.id_number)),
    Finding("ended_for_good", "tianjin", ENROL, "confirm", retired),
    Finding("enrolled_elsewhere", "tianjin", ENROL, "confirm", insured_elsewhere),
    Finding("enrolled_elsewhere", "leshan", ENROL, "error", insured_elsewhere, is_again=False),
    Finding("age_limits", "tianjin", ENROL, "hint", lambda by: enrolment(id_number=synthetic_id(date(1964, 1, 1)))),
    Finding("age_limits", "tianjin", ENROL, "error", lambda by: enrolment(id_number=synthetic_id(date(2012, 1, 1)))),
    Finding("month_window", "tianjin", ENROL, "confirm",
            lambda by: enrolment(enrolment_month="2026-10", contract_from="2026-01-01")),
    Finding("month_window", "tianjin", ENROL, "error", lambda by: enrolment(enrolment_month="2026-12")),
    Finding("wage_limits", "tianjin", WAGE, "confirm", lambda by: wage(known(by), "98000")),
    Finding("contract_before_month", "tianjin", ENROL, "error", lambda by: enrolment(contract_from="2026-12-01")),
    Finding("same_name", "tianjin", ENROL, "hint", lambda by: known(by, name="王示例", sequence=77) and enrolment()),
    Finding("pre_entered", "tianjin", ENROL, "error", lambda by: enrolment(household="12")),
    Finding("labour_day", "tianjin", ENROL, "error", lambda by: enrolment(labour_registered_on="2026-11-20")),
    Finding("not_enrolled", "tianjin", CEASE, "error", lambda by: cessation(enrolled(EmployerFactory(), sequence=5))),
    Finding("reason_evidence", "tianjin", CEASE, "hint", lambda by: cessation(known(by), reason="6401")),
    Finding("has_arrears", "tianjin", CEASE, "error", with_arrears),
    Finding("once_a_year", "yunnan", WAGE, "error", lambda by: wage(known(by), "8000")),
    Finding("something_changed", "lijiang", "sensitive_employer_change", "error", on_file),
    Finding("credit_code_free", "lijiang", "sensitive_employer_change", "error", anothers_code),
    Finding("nothing_changed", "general_hall", "employee_change", "error", lambda by: about(known(by))),
    Finding("contract_dates", "general_hall", "employee_change", "error",
            lambda by: about(known(by), contract_from="2026-05-01", contract_until="2026-04-01")),
    Finding("new_identity", "shenzhen", "sensitive_employee_change", "error", another_birthday),
    Finding("scheme_changes", "shenzhen", "insurance_change", "error", all_schemes_off),
    Finding("enrolled_first", "guiyang", "back_payment", "error",
            lambda by: back(enrolled(EmployerFactory(region="guiyang"), sequence=5))),
    Finding("back_payment_months", "guiyang", "back_payment", "error",
            lambda by: back(known(by, since=MONTH), last="2026-11")),
    Finding("back_payments_waiting", "guiyang", "back_payment_withdrawal", "error",
            lambda by: about(known(by, since=MONTH), first_month="2026-08", last_month="2026-09")),
    Finding("late_fees_waiting", "shanghai", "special_late_fees", "error",
            lambda by: about(known(by), first_month="2026-08", last_month="2026-09")),
    Finding("refundable_months", "guiyang", "leaver_refund", "error",
            lambda by: about(known(by), first_month="2026-10", last_month="2026-10", note="离职未减员")),
    Finding("correctable_months", "guiyang", "wage_correction", "error",
            lambda by: about(known(by), first_month="2026-10", last_month="2026-10", declared_wage="9", note="错报")),
    Finding("yearly_cover", "leshan", "supplementary_medical_declaration", "error",
            lambda by: about(known(by), cover_year="2020", pay_by="转账")),
    Finding("account_free", "lijiang", "clerk_registration", "error", lambda by: account(account=by.username)),
    Finding("administrator_left", "lijiang", "clerk_change", "hint", handed_over),
    Finding("confirmed_today", "shanghai", "employer_confirmation", "error", confirmed_before),
    Finding("deposit_request", "shenzhen", "wage_guarantee", "error", lambda by: deposit(deposit_sum="0")),
    Finding("deposit_request", "shenzhen", "wage_guarantee", "confirm", deposited),
    Finding("labour_not_yet", "wage_hall", "labour_registration", "error",
            lambda by: labour_registered(by.employer, number=synthetic_id(sequence=1)) and hire()),
    Finding("labour_registered", "wage_hall", ENROL, "error", lambda by: enrolment()),
    Finding("labour_open", "wage_hall", "labour_deregistration", "error",
            lambda by: about(known(by), ended_on="2026-11-05", reason="6301", last_day="2026-11-05")),
    Finding("labour_ended", "wage_hall", CEASE, "error", lambda by: cessation(working(by))),
    Finding("project_known", "yunnan", "project_registration", "error", lambda by: project(last_on="2026-10-01")),
    Finding("project_known", "yunnan", "project_registration", "hint", lambda by: project(), code="project_cost"),
    Finding("project_open", "yunnan", "project_worker_enrolment", "error", lambda by: worker()),
    Finding("project_worker_not_yet", "yunnan", "project_worker_enrolment", "error",
            lambda by: worker_of(by, known(by))),
]  # fmt: skip


def working(by):
    employee = known(by)
    employee.labour_registrations.create(region=by.region, first_on=date(2026, 1, 1))
    return employee


def test_no_region_names_a_check_that_is_not_tried_here():
    named = {name for one in all_regions().values() for service in one.services.values() for name in service.checks}
    assert named == {one.check for one in FINDINGS} == set(CHECKS)


@pytest.fixture(params=FINDINGS, ids=lambda one: f"{one.check}-{one.region}-{one.level}")
def finding(request):
    return request.param


@pytest.fixture
def by(finding):
    employer = EmployerFactory(region=finding.region, address="旧路 1 号")
    return OperatorFactory(clerk=True, employer=employer)


@pytest.fixture
def raw(finding, by):
    return finding.asked(by)


@pytest.fixture
def spoken(finding, by, raw):
    """The finding as the checks say it."""
    found = preview(by.employer, finding.service, raw, by=by).problems
    said = [p for p in found if p.code == finding.told and p.level == finding.level]
    assert said, [(p.code, p.level, p.message) for p in found]
    return said[0]


def page_of(answer) -> str:
    return html.unescape(answer.content.decode())


def test_the_form_says_it_while_it_is_typed_and_when_it_is_saved(client, finding, by, raw, spoken):
    client.force_login(by)
    address = f"/e/declare/{finding.service}/"
    assert spoken.message in page_of(client.post(f"{address}preview/", raw))
    before = Declaration.objects.count()
    answer = client.post(address, raw)
    if finding.level == "hint":
        assert answer.status_code == 302
    else:
        assert answer.status_code == 422 and Declaration.objects.count() == before
        assert spoken.message in page_of(answer)
    if finding.level == "confirm":
        assert f'name="ok_{finding.told}"' in page_of(answer)


def test_the_sheet_says_it_in_the_same_words_as_severely(finding, by, raw, spoken):
    here = region(by.region)
    service = here.services[finding.service]
    if not service.is_about_person:
        pytest.skip("what is about the employer itself has no sheet")
    labels = {field.id: field.label for field in here.forms[service.form].fields}
    names = [name for name in raw if name in labels]
    text = io.StringIO()
    csv.writer(text).writerows([[labels[name] for name in names], [raw[name] for name in names]])
    with TestCase.captureOnCommitCallbacks(execute=True):
        batch = receive_sheet(by.employer_id, finding.service, "一行.csv", text.getvalue().encode(), by=by).batch
    row = batch.rows.get()
    kept = [(p["code"], p["field"], p["level"], p["message"]) for p in row.problems]
    assert (spoken.code, spoken.field, spoken.level, spoken.message) in kept
    assert row.state == {"error": "error", "confirm": "confirm", "hint": "passed"}[finding.level]
    if finding.level == "confirm":
        confirm_group(batch.pk, finding.told, REASON, by=by)
        row.refresh_from_db()
        assert row.confirmed[finding.told] == REASON and row.state == "passed"


def draft(finding, by, raw) -> Declaration:
    """The row as a draft, as one that was right when it was saved and is not any more."""
    one = preview(by.employer, finding.service, raw, by=by)
    wrong = {p.field: raw[p.field] for p in one.problems if p.field in raw and p.field not in one.values}
    return Declaration.objects.create(
        employer=by.employer, region=by.region, service=finding.service, declared_by=by, declared_at=clock.now(),
        month=MONTH, first_month=one.first_month or MONTH, answers=one.values | wrong, employee=one.known,
        subject_name=one.subject or "示例", subject_digest=one.digest,
    )  # fmt: skip


def test_an_error_stops_it_on_its_way_to_the_agency_in_the_same_words(finding, by, raw, spoken):
    waits = region(by.region).services[finding.service].waits
    if finding.level != "error" or not finding.is_again or not waits:
        pytest.skip("not an error of something that is submitted: saving refused it")
    one = draft(finding, by, raw)
    upload_papers(one, by)
    done = submit_declarations([one.pk], by=by)
    assert not done.submitted
    assert spoken.message.rstrip("。") in done.refused[0][1]


def test_what_is_confirmed_or_pointed_out_is_on_the_desk_with_its_reason(client, finding, by, raw, spoken):
    if finding.level == "error" or not region(by.region).services[finding.service].waits:
        pytest.skip("an error never comes so far")
    confirmed = {p.code: REASON for p in preview(by.employer, finding.service, raw, by=by).problems}
    (one,) = save_declarations(by.employer_id, finding.service, [raw], by=by, confirmed=[confirmed])
    upload_papers(one, by)
    assert submit_declarations([one.pk], by=by).submitted
    client.force_login(OperatorFactory(reviewer=True, region=by.region))
    desk = page_of(client.get(f"/a/cases/{one.pk}"))
    if finding.level == "confirm":
        assert f"单位说明：{REASON}" in desk and when_confirmed(spoken.message) in desk
        assert "写明理由" not in desk
    else:
        assert spoken.message in desk
