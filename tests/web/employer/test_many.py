"""One change for many ticked people: the arithmetic, the check, whose people they are."""

import pytest

from shebao.hall.declarations.models import Declaration
from shebao.hall.roster.models import DeclaredWage, Employee
from tests.factories import at, enrolled

from .declared import WAGE, signed_in, text_of

URL = f"/e/declare/{WAGE}/many/"


@pytest.fixture(autouse=True)
def november(db):
    with at():
        yield


def two_people(clerk) -> list[Employee]:
    return [
        enrolled(clerk.employer, name="甲一", wage_fen=800_005, sequence=901),
        enrolled(clerk.employer, name="甲二", wage_fen=900_000, sequence=902),
    ]


def asked(people, step="check", mode="percent", wage="5", **more) -> dict:
    chosen = [person.pk for person in people]
    return {"chosen": chosen, "step": step, "mode": mode, "declared_wage": wage, "first_month": "2026-11"} | more


@pytest.mark.parametrize(
    ("mode", "typed", "shown"),
    [
        ("percent", "5", "8,400.05"),
        ("percent", "-3.5", "7,720.05"),
        ("add", "-0.05", "8,000.00"),
        ("amount", "8600", "8,600.00"),
    ],
)
def test_the_new_wage_is_exact_to_the_fen(client, mode, typed, shown):
    people = two_people(signed_in(client))
    text = text_of(client.post(URL, asked(people, mode=mode, wage=typed), follow=True))
    assert "8,000.05" in text
    assert shown in text
    assert not Declaration.objects.filter(service=WAGE).exists()


@pytest.mark.parametrize(
    ("mode", "typed"),
    [("percent", "NaN"), ("percent", "1e9"), ("percent", "1e99999999"), ("add", "-99999"), ("amount", "abc")],
)
def test_a_change_that_makes_no_wage_is_refused_and_stays_in_its_field(client, mode, typed):
    people = two_people(signed_in(client))
    response = client.post(URL, asked(people, mode=mode, wage=typed), follow=True)
    assert response.status_code == 422
    assert f'value="{typed}"' in text_of(response)
    assert not Declaration.objects.filter(service=WAGE).exists()


def test_only_the_people_left_ticked_are_declared(client):
    people = two_people(signed_in(client))
    response = client.post(URL, asked(people[:1], step="save"))
    assert response.status_code == 302
    assert [d.employee_id for d in Declaration.objects.filter(service=WAGE)] == [people[0].pk]
    assert DeclaredWage.objects.filter(employee=people[0]).count() == 1


def test_people_of_another_employer_are_not_there(client):
    theirs = two_people(signed_in(client))
    signed_in(client)
    response = client.post(URL, asked(theirs, step="save"))
    assert response.url == "/e/roster/"
    assert not Declaration.objects.filter(service=WAGE).exists()


def test_going_back_from_the_check_finds_what_was_typed_as_it_was_typed(client):
    people = two_people(signed_in(client))
    check = client.post(URL, asked(people, mode="percent", wage="-3.5"))
    assert "7,720.05" in text_of(client.get(check.url))
    text = text_of(client.get(check.url.replace("step=check", "step=set")))
    assert 'value="-3.5"' in text
    assert 'value="percent" checked' in text
    assert "7720" not in str(dict(client.session))
