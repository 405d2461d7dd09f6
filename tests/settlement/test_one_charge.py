"""I-9 in the whole system: a person is insured and charged once for a scheme and month, whatever regions there are."""

import pytest
from django.db import IntegrityError, transaction

from shebao.hall.errors import Refused
from shebao.hall.regions import all_regions
from shebao.hall.roster.models import Employee, Spell
from shebao.hall.settlement.ledger import check_ledger
from shebao.hall.settlement.models import BillLine
from shebao.rules.months import Month

from .hall import (
    NOVEMBER,
    hire,
    insured_at_both,
    make_clerk,
    make_employer,
    migrate_to_newest,
    settle,
    step_by_step,
    unguarded_writing,
)

BEFORE = [
    ("settlement", "0015_what_is_declared_to_be_paid_stays"),
    ("roster", "0006_the_spells_of_a_person_do_not_overlap"),
]
AFTER = [
    ("roster", "0007_a_person_is_insured_once_in_whatever_region"),
    ("settlement", "0016_a_person_is_charged_once_in_whatever_region"),
]


def two_regions():
    """Somebody at an employer of one region, somebody at one of another, each with a clerk."""
    first, second = make_employer("guiyang"), make_employer("tianjin", number="120002")
    (one,), (two,) = hire(first, [600_000]), hire(second, [600_000])
    return one, make_clerk(first), two, make_clerk(second)


def test_a_scheme_means_the_same_in_every_region():
    """What the constraints compare is the key: of one scheme there are no two keys, and of one key no two schemes."""
    pairs = {(key, scheme.national_code) for here in all_regions().values() for key, scheme in here.schemes.items()}
    assert len(pairs) == len({key for key, _ in pairs}) == len({code for _, code in pairs})


@pytest.mark.django_db
def test_nobody_is_insured_in_two_regions_at_once():
    one, _, two, _ = two_regions()
    Spell.objects.filter(employee=two).update(is_voided=True)
    Employee.objects.filter(pk=two.pk).update(person=one.person)
    spell = {"employee": two, "person": one.person, "region": "tianjin", "scheme": "pension", "first_month": NOVEMBER}
    for last_month in (None, NOVEMBER):
        with pytest.raises(IntegrityError), transaction.atomic():
            Spell.objects.create(**spell, last_month=last_month)
    Spell.objects.filter(employee=one).update(last_month=NOVEMBER.previous())
    Spell.objects.create(**spell)


@pytest.mark.django_db
def test_whom_another_region_charged_is_not_charged_again():
    one, clerk, two, other = two_regions()
    insured_at_both(one, two, last_month=NOVEMBER)
    settle(one.employer, clerk)
    with pytest.raises(Refused, match="已在其他单位核定"):
        settle(two.employer, other)
    assert BillLine.objects.live().filter(person=one.person, scheme="pension").count() == 1
    assert any(text.startswith("I-11") for text in check_ledger()), "and the two spells are seen"


@pytest.mark.django_db(transaction=True)
def test_a_hall_in_which_somebody_is_insured_in_two_regions_is_told_before_it_is_upgraded():
    one, _, two, _ = two_regions()
    try:
        step_by_step().migrate(BEFORE)
        with unguarded_writing():
            Employee.objects.filter(pk=two.pk).update(person=one.person)
            Spell.objects.filter(employee=two).update(person=one.person)
        with pytest.raises(ValueError, match=f"同时在两个地区参保.*{two.name} pension（tianjin、guiyang）"):
            step_by_step().migrate(AFTER)
        Spell.objects.filter(employee=two).update(first_month=Month(2027, 1))
        Spell.objects.filter(employee=one).update(last_month=Month(2026, 12))
    finally:
        Spell.objects.filter(employee=one).update(last_month=Month(2026, 12))
        Spell.objects.filter(employee=two).update(first_month=Month(2027, 1))
        migrate_to_newest()
    with pytest.raises(IntegrityError):
        Spell.objects.filter(employee=two).update(first_month=Month(2026, 12))
