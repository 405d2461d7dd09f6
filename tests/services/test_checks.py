from dataclasses import replace
from datetime import date, datetime

import pytest
from django.utils import timezone

from shebao.hall.declarations.operations import save_declarations
from shebao.hall.declarations.preview import preview, previews
from shebao.hall.payments.models import Payment
from shebao.hall.regions import region
from shebao.hall.services.registry import missing_names
from shebao.rules.months import Month
from tests.factories import (
    EmployerFactory,
    OperatorFactory,
    cessation,
    enrolled,
    enrolment,
    settled,
    synthetic_id,
    unpaid_bill,
    wage,
)
from tests.settlement.hall import unguarded_writing

ENROL, CEASE, WAGE = "employee_enrolment", "employee_cessation", "wage_declaration"
IDENTITY = "sensitive_employee_change"


def found(by, service, raw):
    """code → (level, message) of the findings about one row."""
    return {p.code: (p.level, p.message) for p in preview(by.employer, service, raw, by=by).problems}


def test_a_wrong_check_digit_says_which_place(clerk):
    number = synthetic_id()
    wrong = number[:-1] + ("1" if number[-1] != "1" else "2")
    level, message = found(clerk, ENROL, enrolment(id_number=wrong))["id_number_valid"]
    assert level == "error" and number[-1] in message


def test_a_second_declaration_names_the_first(clerk):
    save_declarations(clerk.employer_id, ENROL, [enrolment()], by=clerk)
    level, message = found(clerk, ENROL, enrolment())["already_declared"]
    assert level == "error" and clerk.name in message and "王示例" in message


def test_the_same_person_twice_in_a_batch_is_found_on_both_rows(clerk):
    rows = [enrolment(1), enrolment(2, name="孙示例"), enrolment(1, name="王试例")]
    answers = previews(clerk.employer, ENROL, rows, by=clerk, confirmed=[{}] * 3)
    assert [any(p.code == "already_declared" for p in a.problems) for a in answers] == [True, False, True]


def test_somebody_insured_here_is_not_enrolled_again(clerk):
    employee = enrolled(clerk.employer)
    raw = enrolment(id_number=employee.person.id_number)
    assert found(clerk, ENROL, raw)["already_enrolled"][0] == "error"


def test_insured_elsewhere_is_said_without_saying_where(clerk):
    other = EmployerFactory(name="另一家示例公司")
    employee = enrolled(other, name="王示例")
    findings = found(clerk, ENROL, enrolment(id_number=employee.person.id_number))
    level, message = findings["enrolled_elsewhere"]
    assert level == "confirm" and "该人员当前在其他单位参保" in message
    assert other.name not in str(findings) and set(findings) == {"enrolled_elsewhere"}


def test_insured_in_another_region_is_insured_elsewhere_too(clerk):
    employee = enrolled(EmployerFactory(region="guiyang"))
    findings = found(clerk, ENROL, enrolment(id_number=employee.person.id_number))
    assert "该人员当前在其他单位参保" in findings["enrolled_elsewhere"][1]


def test_where_it_takes_effect_at_once_insured_elsewhere_is_an_error(direct_clerk):
    employee = enrolled(EmployerFactory(direct=True))
    raw = enrolment(id_number=employee.person.id_number)
    assert found(direct_clerk, ENROL, raw)["enrolled_elsewhere"][0] == "error"


@pytest.mark.parametrize(
    ("born", "level"), [(date(2010, 12, 1), "error"), (date(2010, 11, 30), None), (date(1964, 1, 1), "hint")]
)
def test_age_is_counted_in_the_month_of_enrolment(clerk, born, level):
    findings = found(clerk, ENROL, enrolment(id_number=synthetic_id(born=born)))
    assert findings.get("age_limits", (None,))[0] == level


@pytest.mark.parametrize(
    ("month", "level"),
    [("2026-12", "error"), ("2026-11", None), ("2026-10", "confirm"), ("2026-08", "confirm"), ("2026-07", "error")],
)
def test_months_in_reach(clerk, month, level):
    findings = found(clerk, ENROL, enrolment(enrolment_month=month, contract_from="2026-01-01"))
    assert findings.get("month_window", (None,))[0] == level


def test_a_settled_month_points_to_back_payment(clerk):
    settled(clerk.employer, Month(2026, 10), clerk)
    raw = enrolment(enrolment_month="2026-10", contract_from="2026-01-01")
    level, message = found(clerk, ENROL, raw)["month_window"]
    assert level == "error" and "请在参保后办理“核定基数补缴”" in message
    assert "month_window" not in found(clerk, ENROL, enrolment())


def test_a_closed_window_says_since_when(clerk, monkeypatch):
    here = region(clerk.region)
    calendar = replace(here.calendar, declare_until=9, shift="none")
    monkeypatch.setattr("shebao.hall.declarations.preview.region", lambda code: replace(here, calendar=calendar))
    level, message = found(clerk, ENROL, enrolment())["month_window"]
    assert level == "error" and "已于 11 月 09 日" in message
    assert "2026 年 12 月的业务从 12 月 01 日起可以申报" in message


@pytest.mark.parametrize(
    ("month", "level"), [("2026-11", "error"), ("2026-12", None), ("2027-01", "error"), ("2026-10", "error")]
)
def test_where_the_next_month_is_taken_ahead_a_closed_month_is_over(clerk, monkeypatch, month, level):
    here = region(clerk.region)
    calendar = replace(here.calendar, declare_until=9, shift="none", after_close="next_month")
    monkeypatch.setattr("shebao.hall.declarations.preview.region", lambda code: replace(here, calendar=calendar))
    findings = found(clerk, ENROL, enrolment(enrolment_month=month, contract_from="2026-01-01"))
    assert findings.get("month_window", (None,))[0] == level


@pytest.mark.parametrize(
    ("household", "kind", "fitting"),
    [
        ("外国人", "01", ("本地非农业户口", "外国人护照")),
        ("40", "", ("本地非农业户口", "外国人永久居留身份证")),
        ("11", "07", ("户口性质请选外国人；", "证件类型请选居民身份证。")),
        ("本地农业", "08", ("户口性质请选华侨、外国人；", "证件类型请选居民身份证。")),
        ("外地居民", "04", ("户口性质请选香港居民；", "证件类型请选居民身份证。")),
        ("香港", "06", ("户口性质请选台湾居民；", "港澳台居民居住证")),
        ("外国人", "16", ("户口性质请选香港居民、澳门居民、台湾居民；", "外国人护照")),
        ("外国人", "07", None), ("11", "01", None), ("澳门", "16", None), ("台湾", "06", None), ("华侨", "08", None),
        ("31", "01", None), ("11", "99", None), ("外国人", "02", None),
    ],
)  # fmt: skip
def test_a_household_is_one_of_those_whom_the_document_is_given_to(clerk, household, kind, fitting):
    areas, numbers = {"07": "990101", "16": "810000"}, {"04": "H12345678", "06": "12345678", "08": "E12345678"}
    number = numbers.get(kind) or synthetic_id(area=areas.get(kind, "120101"))
    findings = found(clerk, ENROL, enrolment(id_number=number, id_kind=kind, household=household))
    assert ("household_fits" in findings) is bool(fitting)
    if fitting:
        level, message = findings["household_fits"]
        assert level == "error" and all(words in message for words in fitting), message


def test_a_document_that_is_changed_fits_the_household_on_the_roster(clerk):
    city = OperatorFactory(clerk=True, employer=EmployerFactory(region="shenzhen"))
    somebody = enrolled(city.employer, household="521")
    raw = {"id_number": somebody.person.id_number, "name": somebody.name, "note": "更正"}
    changed = raw | {"new_id_kind": "04", "new_id_number": "H12345678"}
    assert "请选香港居民" in found(city, IDENTITY, changed)["household_fits"][1]
    assert "household_fits" not in found(city, IDENTITY, changed | {"household": "31"})
    assert "household_fits" not in found(city, IDENTITY, raw | {"phone": "13800138000"})


def test_whom_the_regions_list_leaves_out_is_asked_for_nothing_that_fits(clerk):
    city = OperatorFactory(clerk=True, employer=EmployerFactory(region="jinan"))
    foreign = enrolment(household="本地", id_kind="08", id_number="E12345678", household_address="示例路 1 号")
    assert "household_fits" not in found(city, ENROL, foreign)
    compatriot = foreign | {"id_kind": "04", "id_number": "H12345678"}
    assert "请选港澳台人员" in found(city, ENROL, compatriot)["household_fits"][1]


@pytest.mark.parametrize(("amount", "word"), [("3000", "低于"), ("8000", None), ("90000", "高于")])
def test_wages_outside_the_limits_show_limit_and_source(clerk, amount, word):
    findings = found(clerk, ENROL, enrolment(declared_wage=amount))
    if word is None:
        assert "wage_limits" not in findings
    else:
        level, message = findings["wage_limits"]
        assert level == "confirm" and word in message and "示例值" in message


def test_a_contract_after_the_month_is_an_error(clerk):
    assert found(clerk, ENROL, enrolment(contract_from="2026-12-01"))["contract_before_month"][0] == "error"


def test_a_namesake_is_pointed_out(clerk):
    enrolled(clerk.employer, name="王示例", sequence=77)
    assert found(clerk, ENROL, enrolment())["same_name"][0] == "hint"


def test_only_somebody_insured_here_can_leave(clerk):
    stranger = enrolled(EmployerFactory(), sequence=5)
    assert found(clerk, CEASE, cessation(stranger))["not_enrolled"][0] == "error"
    own = enrolled(clerk.employer)
    assert "not_enrolled" not in found(clerk, CEASE, cessation(own))
    assert found(clerk, WAGE, wage(own, name="别的名字"))["not_enrolled"][0] == "error"


def test_nobody_leaves_in_the_month_they_came(clerk):
    employee = enrolled(clerk.employer, since=Month(2026, 11))
    assert "2026-12" in found(clerk, CEASE, cessation(employee))["not_enrolled"][1]


def test_a_reason_that_needs_papers_says_so(clerk):
    employee = enrolled(clerk.employer)
    assert found(clerk, CEASE, cessation(employee, reason="6401"))["reason_evidence"][0] == "hint"


def overdue(clerk):
    """An employee and the bill of September that nobody paid."""
    employee = enrolled(clerk.employer)
    assessment = settled(clerk.employer, Month(2026, 9), clerk)
    return unpaid_bill(employee, assessment, datetime(2026, 9, 28)), employee  # noqa: DTZ001


def test_nobody_leaves_with_an_overdue_bill(clerk):
    _, employee = overdue(clerk)
    level, message = found(clerk, CEASE, cessation(employee))["has_arrears"]
    assert level == "error" and "2026-09" in message


def test_whom_the_bill_is_paid_for_may_leave_though_others_are_overdue(clerk):
    bill, employee = overdue(clerk)
    with unguarded_writing():
        Payment.objects.create(
            employer=bill.employer, bill=bill, number="P1", channel="bank", amount_fen=100, people=[employee.pk + 1],
            state="succeeded", started_by=clerk, started_at=timezone.now(), paid_at=timezone.now(),
        )  # fmt: skip
    assert "has_arrears" in found(clerk, CEASE, cessation(employee)), "somebody else was paid for"
    with unguarded_writing():
        Payment.objects.update(people=[employee.pk])
    assert "has_arrears" not in found(clerk, CEASE, cessation(employee))


def test_a_check_that_nobody_wrote_stops_the_start(clerk):
    here = region(clerk.region)
    assert missing_names([here]) == []
    service = replace(here.services[ENROL], checks=("no_such_check",), operation="no_such_operation")
    assert len(missing_names([replace(here, services={ENROL: service})])) == 2
