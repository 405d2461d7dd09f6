"""数据范围: a reviewer who is limited to some divisions has to do with their employers only, on every page."""

import pytest
from django.urls import reverse

from shebao.hall.audit.models import AuditEntry
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import save_declarations, submit_declarations
from shebao.hall.desk import operations as desk
from shebao.hall.desk.queries import desk_view, queue, queue_counts
from shebao.hall.desk.sampling import draw_sample
from shebao.hall.employers.models import Employer
from shebao.hall.employers.operations import assign_division
from shebao.hall.errors import Refused
from shebao.hall.operators.managing import limit_to_divisions
from shebao.hall.operators.models import Operator
from shebao.hall.roster.models import Employee
from shebao.hall.workbench.dossiers import find_people, person_dossier
from tests.factories import NOW, EmployerFactory, OperatorFactory, at, enrolled, synthetic_id, wage

HEPING, HEDONG = "120101", "120102"
pytestmark = pytest.mark.django_db


@pytest.fixture
def hall():
    """An employer in each of two divisions with a submitted case of the same person, and the agency's people."""
    with at(NOW):
        made = {"near": EmployerFactory(agency_division=HEPING), "far": EmployerFactory(agency_division=HEDONG)}
        for key in ("near", "far"):
            clerk = OperatorFactory(clerk=True, employer=made[key])
            people = [enrolled(made[key], name=f"{key}的人", number=synthetic_id(sequence=7 if key == "near" else 8))]
            cases = save_declarations(made[key].pk, "wage_declaration", [wage(one) for one in people], by=clerk)
            (made[f"{key}_case"],) = submit_declarations([one.pk for one in cases], by=clerk).submitted
            made[f"{key}_person"] = people[0].person
        made["reviewer"] = OperatorFactory(reviewer=True, divisions=[HEPING], name="李娜")
        made["whole"] = OperatorFactory(reviewer=True)
        made["security"] = OperatorFactory(security_admin=True)
        yield made


def test_the_desk_of_a_division_holds_its_cases_and_no_others(hall):
    limited, whole = hall["reviewer"], hall["whole"]
    assert [one.pk for one in queue(limited)] == [hall["near_case"].pk]
    assert (queue_counts(limited)["all"], queue_counts(whole)["all"]) == (1, 2)
    with pytest.raises(Declaration.DoesNotExist):
        desk.claim_cases([hall["far_case"].pk], by=limited)
    sample = draw_sample([hall["near_case"].pk, hall["far_case"].pk], by=limited)
    assert sample.chosen == [hall["near_case"].pk]


def test_nobody_hands_a_case_on_to_whom_it_does_not_concern(hall):
    case = hall["far_case"]
    colleagues = desk_view(hall["whole"], case).colleagues
    assert hall["reviewer"] not in colleagues
    assert hall["reviewer"] in desk_view(hall["whole"], hall["near_case"]).colleagues
    with pytest.raises(Refused, match="李娜不办理"):
        desk.transfer_case(case.pk, hall["reviewer"].pk, by=hall["whole"])


def test_people_are_found_where_an_employer_of_the_division_has_them(hall):
    limited = hall["reviewer"]
    number = hall["far_person"].id_number
    assert [one.pk for one in find_people(hall["near_person"].id_number, by=limited)] == [hall["near_person"].pk]
    assert list(find_people(number, by=limited)) == []
    with pytest.raises(Employee.DoesNotExist):
        person_dossier(limited, hall["far_person"].pk)
    Employee.objects.create(employer=hall["near"], person=hall["far_person"], name="far的人", person_number="7")
    found = {who: find_people(number, by=hall[who])[0].employers for who in ("reviewer", "whole")}
    assert found == {"reviewer": 1, "whole": 2}
    assert [job.employee.employer for job in person_dossier(limited, hall["far_person"].pk).jobs] == [hall["near"]]


def test_the_counter_enters_nothing_for_an_employer_of_another_division(hall):
    employee = hall["far"].employees.get()
    with pytest.raises(Employer.DoesNotExist):
        save_declarations(hall["far"].pk, "wage_declaration", [wage(employee)], by=hall["reviewer"])


@pytest.mark.parametrize("address", ["a_employer", "a_counter", "a_adjustments"])
def test_an_employer_of_another_division_is_not_there(hall, client, address):
    client.force_login(hall["reviewer"])
    assert client.get(reverse(address, args=[hall["near"].pk])).status_code == 200
    assert client.get(reverse(address, args=[hall["far"].pk])).status_code == 404
    listed = client.get(reverse("a_employers")).content.decode()
    assert hall["near"].name in listed and hall["far"].name not in listed


def test_an_employer_without_a_division_is_for_those_without_a_limit(hall):
    Employer.objects.filter(pk=hall["near"].pk).update(agency_division="")
    assert not Employer.objects.visible_to(hall["reviewer"]).exists()
    assert Employer.objects.visible_to(hall["whole"]).count() == 2


def test_the_security_administrator_limits_a_reviewer_and_that_is_on_record(hall, client):
    client.force_login(hall["security"])
    found = hall["whole"]
    page = f"/a/operators/{found.pk}/divisions"
    assert "和平区" in client.get(page).content.decode()
    assert client.post(page, {"division": [HEDONG, HEPING]}).status_code == 302
    found.refresh_from_db()
    assert found.divisions == [HEPING, HEDONG]
    entry = AuditEntry.objects.get(action="operator.divisions_changed")
    assert (entry.detail["was"], entry.detail["now"]) == ("全部", "和平区、河东区")
    assert client.post(page, {"division": ["999999"]}).status_code == 422
    assert client.post(page, {}).status_code == 302
    found.refresh_from_db()
    assert found.divisions == []


def test_only_a_reviewer_is_limited_and_only_by_who_manages_the_accounts(hall):
    admin = OperatorFactory(agency_admin=True)
    with pytest.raises(Refused, match="只有审核人员"):
        limit_to_divisions(admin.pk, [HEPING], by=hall["security"])
    with pytest.raises(Refused, match="权限"):
        limit_to_divisions(hall["whole"].pk, [HEPING], by=admin)
    elsewhere = OperatorFactory(reviewer=True, region="leshan")
    with pytest.raises(Operator.DoesNotExist):
        limit_to_divisions(elsewhere.pk, [HEPING], by=hall["security"])


def test_an_employer_is_given_to_a_division_by_who_has_the_whole_region(hall, client):
    near = hall["near"]
    with pytest.raises(Refused, match="管整个地区"):
        assign_division(near.pk, HEDONG, by=hall["reviewer"])
    client.force_login(hall["whole"])
    assert "设置经办区划" in client.get(f"/a/employers/{near.pk}").content.decode()
    client.post(f"/a/employers/{near.pk}/division", {"agency_division": "000000"})
    near.refresh_from_db()
    assert near.agency_division == HEPING
    client.post(f"/a/employers/{near.pk}/division", {"agency_division": HEDONG})
    near.refresh_from_db()
    assert near.agency_division == HEDONG
    entry = AuditEntry.objects.get(action="employer.division_assigned")
    assert (entry.detail["was"], entry.detail["now"]) == ("和平区", "河东区")
    client.force_login(hall["reviewer"])
    assert client.get(f"/a/employers/{near.pk}").status_code == 404
