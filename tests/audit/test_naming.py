"""The record calls things what those who work with them call them."""

import pytest
from django.apps import apps

from shebao.hall.audit.naming import NAMES, names_of
from shebao.hall.employers.models import Department
from shebao.web.operators.audit_words import SUBJECTS
from tests.factories import EmployerFactory, OperatorFactory, enrolled

pytestmark = pytest.mark.django_db


def test_every_kind_that_has_a_name_is_there_with_the_column_that_names_it():
    assert names_of(f"{kind}:987654321" for kind in NAMES) == {}
    assert [kind for kind, (label, _) in NAMES.items() if apps.get_model(label)._meta.model_name != kind] == []
    assert set(NAMES) <= set(SUBJECTS)


def test_things_are_named_by_number_or_name_people_by_number_and_what_is_gone_by_none(django_assert_num_queries):
    clerk = OperatorFactory(clerk=True, employer=EmployerFactory())
    person = enrolled(clerk.employer)
    made = [Department.objects.create(employer=clerk.employer, name=name, rank=rank)
            for rank, name in enumerate(("生产部", "财务部"))]  # fmt: skip
    subjects = {
        f"operator:{clerk.pk}": clerk.username,
        f"employer:{clerk.employer_id}": clerk.employer.name,
        f"employee:{person.pk}": person.person_number,
        **{f"department:{one.pk}": one.name for one in made},
    }
    with django_assert_num_queries(4):
        assert names_of([*subjects, "department:987654321", "audithead:1", "bill:", "nothing"]) == subjects
