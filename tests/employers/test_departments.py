"""Departments: the employer's own list, and the people who carry its names."""

import pytest

from shebao.hall.employers import operations, queries
from shebao.hall.employers.models import Department
from shebao.hall.errors import Refused
from shebao.hall.roster.queries import departments as in_filter
from tests.factories import EmployerFactory, OperatorFactory, enrolled


@pytest.fixture
def three(clerk):
    return [operations.add_department(clerk.employer_id, name, by=clerk) for name in ("生产部", "财务部", "销售部")]


def named(actor) -> list[tuple[str, int]]:
    return [(row.name, row.count) for row in queries.departments(actor)]


def test_the_list_counts_its_people_and_ends_with_names_that_are_not_in_it(clerk, three):
    enrolled(clerk.employer, department="财务部")
    enrolled(clerk.employer, department="仓库", sequence=901)
    assert named(clerk) == [("生产部", 0), ("财务部", 1), ("销售部", 0), ("仓库", 1)]
    assert in_filter(clerk) == ["生产部", "财务部", "销售部", "仓库"]


def test_renaming_renames_the_department_of_its_people(clerk, three):
    one = enrolled(clerk.employer, department="财务部")
    operations.rename_department(three[1].pk, " 财务  中心 ", by=clerk)
    one.refresh_from_db()
    assert one.department == "财务 中心" and ("财务 中心", 1) in named(clerk)


def test_merging_moves_the_people_and_removes_the_department(clerk, three):
    one = enrolled(clerk.employer, department="财务部")
    operations.merge_department(three[1].pk, three[0].pk, by=clerk)
    one.refresh_from_db()
    assert one.department == "生产部" and named(clerk) == [("生产部", 1), ("销售部", 0)]
    with pytest.raises(Refused, match="它自己"):
        operations.merge_department(three[0].pk, three[0].pk, by=clerk)


def test_a_department_with_people_is_not_deleted_and_an_empty_one_is(clerk, three):
    enrolled(clerk.employer, department="财务部")
    with pytest.raises(Refused, match="1 人"):
        operations.delete_department(three[1].pk, by=clerk)
    operations.delete_department(three[2].pk, by=clerk)
    assert named(clerk) == [("生产部", 0), ("财务部", 1)]


def test_moving_swaps_neighbours_and_stops_at_the_ends(clerk, three):
    operations.move_department(three[2].pk, up=True, by=clerk)
    operations.move_department(three[0].pk, up=True, by=clerk)
    assert [name for name, _ in named(clerk)] == ["生产部", "销售部", "财务部"]


@pytest.mark.parametrize(("name", "said"), [(" ", "请填写"), ("长" * 61, "最多 60"), ("财务部", "已有名为")])
def test_a_name_that_cannot_be_is_refused_in_words(clerk, three, name, said):
    with pytest.raises(Refused, match=said):
        operations.add_department(clerk.employer_id, name, by=clerk)
    with pytest.raises(Refused, match=said):
        operations.rename_department(three[0].pk, name, by=clerk)
    assert Department.objects.count() == 3


def test_another_employers_department_is_not_there_and_a_reviewer_may_not(clerk, three, reviewer):
    stranger = OperatorFactory(clerk=True, employer=EmployerFactory())
    foreign = operations.add_department(stranger.employer_id, "财务部", by=stranger)
    for deed in (
        lambda: operations.rename_department(three[0].pk, "别的", by=stranger),
        lambda: operations.delete_department(three[0].pk, by=stranger),
        lambda: operations.merge_department(three[0].pk, foreign.pk, by=clerk),
    ):
        with pytest.raises(Department.DoesNotExist):
            deed()
    with pytest.raises(Refused):
        operations.rename_department(three[0].pk, "别的", by=reviewer)
