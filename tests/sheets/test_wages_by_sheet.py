"""The wages of many people by sheet (人员工资申报批量导入): in a direct region they hold once confirmed."""

from django.test import TestCase

from shebao.hall.regions import region
from shebao.hall.roster.models import DeclaredWage
from shebao.hall.sheets import operations, queries
from tests.factories import enrolled
from tests.people import direct_clerk, november  # noqa: F401 - fixtures


def test_a_sheet_of_wages_sets_the_wage_of_each_person(direct_clerk):  # noqa: F811
    people = [enrolled(direct_clerk.employer, name=f"李示例{n}", sequence=n) for n in (1, 2)]
    here = region(direct_clerk.region)
    labels = {field.id: field.label for field in here.forms["wage_declaration"].fields}
    columns = ["id_number", "name", "first_month", "declared_wage"]
    lines = [",".join(labels[column] for column in columns)]
    lines += [f"{one.person.id_number},{one.name},2026-11,{9000 + n}" for n, one in enumerate(people)]
    with TestCase.captureOnCommitCallbacks(execute=True):
        batch = operations.receive_sheet(
            direct_clerk.employer_id, "wage_declaration", "工资.csv", "\n".join(lines).encode(), by=direct_clerk
        ).batch
    assert queries.counts(batch)["passed"] == 2
    operations.confirm_batch(batch.pk, by=direct_clerk)
    latest = {
        one: DeclaredWage.objects.filter(employee=one, is_voided=False).latest("first_month").amount_fen
        for one in people
    }
    assert latest == {people[0]: 900_000, people[1]: 900_100}
