"""An employer with its people, and the agency's, for the tests of pages."""

from contextlib import suppress

import pytest
from django.test import Client
from django.urls import Resolver404

from shebao.hall.employers.models import Employer
from shebao.hall.operators.models import Operator, Role
from shebao.rules.months import Month
from tests.safety.recording import TYPING, written

PASSWORD = "right-Password-1"


@pytest.fixture
def employer(db):
    return make_employer("1")


@pytest.fixture
def clerk(employer):
    return make_operator("clerk", Role.CLERK, employer)


@pytest.fixture
def employer_admin(employer):
    return make_operator("boss", Role.EMPLOYER_ADMIN, employer)


@pytest.fixture
def reviewer(db):
    return make_operator("reviewer", Role.REVIEWER)


@pytest.fixture
def agency_admin(db):
    return make_operator("agency", Role.AGENCY_ADMIN)


@pytest.fixture
def security_admin(db):
    return make_operator("security", Role.SECURITY_ADMIN)


def make_employer(number: str, region: str = "tianjin") -> Employer:
    return Employer.objects.create(
        region=region,
        employer_number=f"0000000{number}",
        credit_code=f"9112000000000000{number}X"[:18],
        name=f"第{number}机械厂",
        industry_class="1",
        float_grade="0",
        legal_representative="赵一",
        first_month=Month(2020, 1),
    )


def make_operator(username, role, employer=None, region="tianjin", **more) -> Operator:
    operator = Operator(
        username=username,
        name=f"{username}某",
        role=role,
        employer=employer,
        region=employer.region if employer else region,
        **more,
    )
    operator.set_password(PASSWORD)
    operator.save()
    return operator


def name_of(answer) -> str:
    """The name of the address that answered; empty where there is none (it is looked up only when asked for)."""
    with suppress(Resolver404):
        return answer.resolver_match.url_name or ""
    return ""


@pytest.fixture(autouse=True)
def every_change_is_on_record(request, monkeypatch):
    """Whatever a test of pages sends: where a table of business changes, one record is written for each deed on each
    object, in the transaction of the deed.
    """
    if "db" not in request.fixturenames:
        return
    original = Client.request

    def watched(client, **asked):
        with written(monkeypatch) as seen:
            answer = original(client, **asked)
        if answer.status_code >= 400:
            return answer  # refused; and an address that is none has no place that could be asked for
        name = name_of(answer)
        if (lost := seen.unrecorded - TYPING.get(name, set())) or seen.wrong:
            raise AssertionError(f"{name} changed {sorted(lost)} without a record; {seen.wrong}")
        return answer

    monkeypatch.setattr(Client, "request", watched)
