"""Test objects by trait. All people and numbers are made up: area 990101 belongs to nobody."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime

import factory
from django.db import transaction
from django.utils import timezone

from shebao.hall import clock
from shebao.hall.crypto import blind_index
from shebao.hall.employers.models import Employer
from shebao.hall.operators.models import Operator, Role
from shebao.hall.regions import region
from shebao.hall.roster.models import DeclaredWage, Employee, LabourRegistration, Person, Spell
from shebao.hall.roster.names import pinyin_key
from shebao.hall.roster.queries import wages_in
from shebao.hall.settlement.evidences import keep_evidence
from shebao.hall.settlement.ledger import book_assessed
from shebao.hall.settlement.models import Assessment, Bill, BillLine
from shebao.rules.evidence import Evidence
from shebao.rules.identity import check_id_number, credit_check_character, id_check_digit
from shebao.rules.months import Month

NOW = datetime(2026, 11, 10, 10, 0)  # noqa: DTZ001 - naive local time, inside the window of November
MONTH = Month(2026, 11)
JANUARY = Month(2026, 1)
REVIEWED, DIRECT = "tianjin", "leshan"


@contextmanager
def at(moment=NOW):
    """The hall believes it is `moment`."""
    with clock.pretending(moment):
        yield


@contextmanager
def region_saying(code: str, part: str, **changes):
    """The region as if its folder said these things in one part of it (sign_in, registration, calendar …)."""
    here = region(code)
    kept = getattr(here, part)
    object.__setattr__(here, part, replace(kept, **changes))
    try:
        yield
    finally:
        object.__setattr__(here, part, kept)


NOBODYS, CITIZENS = "990101", "119901"
"""Divisions that there are not: of a foreigner's number, and of a citizen's."""


def synthetic_id(born=date(1990, 5, 17), sequence=1, area=NOBODYS) -> str:
    """A number with a right check digit that belongs to nobody; the kind that starts with 9 is 07."""
    first = f"{area}{born:%Y%m%d}{sequence % 1000:03d}"
    return first + id_check_digit(first)


class EmployerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Employer

    class Params:
        direct = factory.Trait(region=DIRECT)

    region = REVIEWED
    employer_number = factory.Sequence(lambda n: f"{100000 + n}")
    credit_code = factory.Sequence(lambda n: _credit_code(n))
    name = factory.Sequence(lambda n: f"示例制造{n}有限公司")
    industry_class = "2"
    float_grade = "100"
    legal_representative = "示例人"
    first_month = Month(2025, 1)


def _credit_code(n: int) -> str:
    first = f"91990101MA{n:07d}"
    return first + credit_check_character(first)


class OperatorFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Operator

    class Params:
        clerk = factory.Trait(role=Role.CLERK)
        admin = factory.Trait(role=Role.EMPLOYER_ADMIN)
        reviewer = factory.Trait(role=Role.REVIEWER, employer=None, region=REVIEWED)
        agency_admin = factory.Trait(role=Role.AGENCY_ADMIN, employer=None, region=REVIEWED)
        system_admin = factory.Trait(role=Role.SYSTEM_ADMIN, employer=None, region=REVIEWED)
        security_admin = factory.Trait(role=Role.SECURITY_ADMIN, employer=None, region=REVIEWED)
        audit_admin = factory.Trait(role=Role.AUDIT_ADMIN, employer=None, region=REVIEWED)

    username = factory.Sequence(lambda n: f"operator{n}")
    name = factory.Sequence(lambda n: f"经办{n}")
    role = Role.CLERK
    employer = factory.SubFactory(EmployerFactory)
    region = factory.LazyAttribute(lambda o: o.employer.region)


def hired(employer, *, name="王示例", number="", **columns):
    """An employee who is on the roster and not insured."""
    number = number or synthetic_id()
    known = check_id_number(number)
    person, _ = Person.objects.get_or_create(
        id_digest=blind_index("person", known.number),
        defaults={
            "id_kind": known.kind,
            "id_number": known.number,
            "name": name,
            "sex": known.sex,
            "born_on": known.born_on,
        },
    )
    values = {"household": "11", "employment_kind": "41", "position": "2", "facts": {"enrolment_kind": "11"}}
    values |= columns
    return Employee.objects.create(
        employer=employer,
        person=person,
        name=name,
        name_pinyin=pinyin_key(name),
        person_number=f"{person.pk:010d}",
        **values,
    )


def labour_registered(employer, *, first_on=date(2026, 11, 1), **who):
    """An employee whose employment is registered, before any insurance; the person of `enrolment()`."""
    employee = hired(employer, **who)
    LabourRegistration.objects.create(employee=employee, region=employer.region, first_on=first_on)
    return employee


def enrolled(employer, *, name="李示例", number="", wage_fen=800_000, since=JANUARY, sequence=900, **columns):
    """An employee insured in the schemes of a full-time worker, with a declared wage; a citizen if with a household."""
    number = number or synthetic_id(sequence=sequence, area=CITIZENS if "household" in columns else NOBODYS)
    employee = hired(employer, name=name, number=number, **columns)
    person = employee.person
    schemes = ["pension", "medical", "unemployment", "injury"]
    Spell.objects.bulk_create(
        Spell(employee=employee, person=person, region=employer.region, scheme=s, first_month=since) for s in schemes
    )
    DeclaredWage.objects.create(
        employee=employee, first_month=since, amount_fen=wage_fen, declared_at=timezone.make_aware(NOW)
    )
    return employee


def settled(employer, month, by):
    """The month is assessed, in no scheme; without a bill, which is enough for the checks."""
    return Assessment.objects.create(
        monthly_schemes=[],
        employer=employer, month=month, kind="with_changes", number=f"A{employer.pk}{month}", fingerprint="0" * 12,
        known_on=NOW.date(), made_by=by, made_at=timezone.make_aware(NOW),
    )  # fmt: skip


def fixed_share(code, month, fen) -> Evidence:
    """The evidence of a pension of which an employer pays so much, whatever the wage."""
    value = {
        "parameter": "made_up", "title": "定额", "value": fen, "from": str(month), "known": NOW.date().isoformat(),
        "source": "测试", "status": "illustrative",
    }  # fmt: skip
    nothing = ("base_rounding", "floor", "ceiling", "rate", "tier", "plus", "key", "key_title", "multiplier")
    return Evidence(
        dict.fromkeys(nothing) | {
            "region": code, "region_title": "测试", "fingerprint": "0" * 12, "month": str(month),
            "known_on": value["known"], "scheme": "pension", "scheme_title": "养老保险", "base_term": "缴费工资",
            "has_base": False, "rounding": "fen_half_up", "months": "each", "share": "employer",
            "share_title": "单位部分", "fixed": value,
        }
    )  # fmt: skip


@transaction.atomic  # no bill is committed without its booking
def unpaid_bill(employee, assessment, pay_until, fen=100):
    """A bill of one regular line of the employee's, booked and not paid."""
    employer, month = employee.employer, assessment.month
    bill = Bill.objects.create(
        assessment=assessment, employer=employer, month=month, number=f"B{assessment.pk}", employer_due=fen,
        employee_due=0, total_due=fen, head_count=1, pay_until=timezone.make_aware(pay_until),
        last_month=month,
    )  # fmt: skip
    (why,) = keep_evidence([fixed_share(employer.region, month, fen)])
    wage = wages_in(employer, month).get(employee.pk, 0)
    BillLine.objects.create(
        bill=bill, employee=employee, person=employee.person, scheme="pension", region=employer.region, month=month,
        booking_month=month, declared_wage=wage, contribution_base=0, employer_due=fen, employee_due=0,
        employer_evidence_id=why,
    )  # fmt: skip
    book_assessed(bill, {(month, "pension", "employer"): fen})
    return bill


def enrolment(sequence=1, **changes) -> dict:
    """Raw answers of an enrolment, as typed; `sequence` makes another person.

    It is a foreigner, whose number can belong to nobody; where the household is said, somebody who has a household.
    """
    kind, area = ("01", CITIZENS) if "household" in changes else ("07", NOBODYS)
    return {
        "id_kind": kind,
        "id_number": synthetic_id(sequence=sequence, area=area),
        "name": "王示例",
        "enrolment_kind": "新参保",
        "household": "外国人",
        "employment_kind": "固定期限合同",
        "contract_from": "2026-11-01",
        "labour_registered_on": "2026-11-01",
        "position": "2",
        "department": "生产部",
        "phone": "",
        "supplementary_medical": "0",
        "enrolment_month": "2026-11",
        "declared_wage": "8000",
    } | changes


def cessation(employee, **changes) -> dict:
    """Raw answers of a cessation of an employee."""
    return {
        "id_number": employee.person.id_number, "name": employee.name, "cessation_month": "2026-11", "reason": "6301",
    } | changes  # fmt: skip


def wage(employee, amount="9000", **changes) -> dict:
    """Raw answers of a wage declaration of an employee."""
    return {
        "id_number": employee.person.id_number, "name": employee.name, "first_month": "2026-11",
        "declared_wage": amount,
    } | changes  # fmt: skip
