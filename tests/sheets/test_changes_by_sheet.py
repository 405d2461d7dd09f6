"""Changes by sheet (批量上传参保险种变更、员工信息变更): a column for each scheme, blank where nothing changes."""

from django.test import TestCase

from shebao.hall.regions import region
from shebao.hall.roster.models import Employee, Spell
from shebao.hall.sheets import operations, queries
from shebao.rules.months import Month
from tests.factories import EmployerFactory, OperatorFactory, enrolled
from tests.people import november  # noqa: F401 - a fixture

CITY = "shenzhen"


def clerk_with_people():
    clerk = OperatorFactory(clerk=True, employer=EmployerFactory(region=CITY))
    facts = {"enrolment_kind": "11", "medical_tier": "1"}
    people = [enrolled(clerk.employer, name=f"李示例{n}", sequence=n, household="521", facts=facts) for n in (1, 2, 3)]
    return clerk, people


def received(clerk, service: str, lines: list[str]):
    with TestCase.captureOnCommitCallbacks(execute=True):
        data = "\n".join(lines).encode("gb18030")
        return operations.receive_sheet(clerk.employer_id, service, "变更.csv", data, by=clerk).batch


def test_a_sheet_adds_and_stops_schemes_of_each_person(db):
    clerk, people = clerk_with_people()
    assert region(CITY).sheets["insurance_change"].service == "insurance_change"
    lines = ["姓名,身份证号码,变更年月,生育保险,失业保险,医疗缴费档次"]
    cells = ["2026-12,是,,", "2026-11,参加,,职工二档", "2026-12,,,"]
    lines += [f"{one.name},{one.person.id_number},{rest}" for one, rest in zip(people, cells, strict=True)]
    batch = received(clerk, "insurance_change", lines)
    counts = queries.counts(batch)
    assert counts["passed"] == 2
    operations.confirm_batch(batch.pk, by=clerk, good_rows_only=True)
    opened = Spell.objects.filter(scheme="maternity").order_by("employee")
    assert [spell.first_month for spell in opened] == [Month(2026, 12), Month(2026, 11)]
    tiers = [one.facts["medical_tier"] for one in Employee.objects.order_by("pk")]
    assert tiers == ["1", "2", "1"]


def test_a_sheet_changes_the_data_of_each_person_and_tells_who_has_no_change(db):
    clerk, people = clerk_with_people()
    lines = ["员工姓名,身份证,手机,所在部门,家庭地址"]
    cells = ["13900139000,质检部,", ",,示例路 1 号", ",,"]
    lines += [f"{one.name},{one.person.id_number},{rest}" for one, rest in zip(people, cells, strict=True)]
    batch = received(clerk, "employee_change", lines)
    assert queries.counts(batch)["passed"] == 2
    operations.confirm_batch(batch.pk, by=clerk, good_rows_only=True)
    found = Employee.objects.order_by("pk")
    assert [(one.phone, one.department, one.details.get("address", "")) for one in found] == [
        ("13900139000", "质检部", ""),
        ("", "", "示例路 1 号"),
        ("", "", ""),
    ]
