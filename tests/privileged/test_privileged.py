"""特权查询: a named person asks, another agrees, for a while, and the employer reads of every look."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from shebao.hall.audit.models import AuditEntry
from shebao.hall.errors import Conflict, Refused
from shebao.hall.operators.models import Operator
from shebao.hall.operators.operations import open_emergency
from shebao.hall.privileged import operations
from shebao.hall.privileged.models import NamedOperator, PrivilegedLook, PrivilegedQuery, QueryState
from shebao.hall.workbench.dossiers import SEARCHES, employer_dossier, find_people, person_dossier
from tests.factories import NOW, EmployerFactory, OperatorFactory, at, enrolled

pytestmark = pytest.mark.django_db
WHY = "法院协助调查，需要完整资料"


@pytest.fixture
def head(clerk):
    return OperatorFactory(agency_admin=True, name="陈志远")


@pytest.fixture
def security(clerk):
    return OperatorFactory(security_admin=True)


@pytest.fixture
def asker(reviewer, security):
    operations.name_operator(reviewer.pk, by=security)
    return reviewer


def ask(asker, employer, **changes) -> PrivilegedQuery:
    given = {"scope": "employer", "number": employer.employer_number, "reason": WHY} | changes
    return operations.ask_privileged(given.pop("scope"), given.pop("number"), by=asker, **given)


def test_only_who_is_named_by_the_security_administrator_may_ask(clerk, reviewer, head, security):
    with pytest.raises(Refused, match="指定的操作员"):
        ask(reviewer, clerk.employer)
    for nobody in (head, reviewer, clerk):
        with pytest.raises(Refused, match="权限"):
            operations.name_operator(reviewer.pk, by=nobody)
    for stranger in (
        security,
        clerk,
        OperatorFactory(audit_admin=True),
        OperatorFactory(reviewer=True, region="leshan"),
    ):
        with pytest.raises(Operator.DoesNotExist):
            operations.name_operator(stranger.pk, by=security)
    operations.name_operator(reviewer.pk, by=security)
    with pytest.raises(Conflict):
        operations.name_operator(reviewer.pk, by=security)
    assert ask(reviewer, clerk.employer).state == QueryState.ASKED
    with pytest.raises(Refused, match="指定的操作员"):
        ask(clerk, clerk.employer)


def test_in_an_emergency_too_nobody_names_themselves(head):
    open_emergency(head.username, "安全管理员离岗，急需协查", 30)
    with pytest.raises(Refused, match="不能指定自己"):
        operations.name_operator(head.pk, by=Operator.objects.get(pk=head.pk))


def test_being_named_is_the_permission_and_ends_with_it(reviewer, head, security):
    def may(operator) -> bool:
        return Operator.objects.get(pk=operator.pk).may("query_with_privilege")

    assert (may(reviewer), may(head), may(security)) == (False, False, False)
    operations.name_operator(reviewer.pk, by=security)
    assert may(reviewer)
    operations.unname_operator(reviewer.pk, by=security)
    assert not may(reviewer)
    with pytest.raises(NamedOperator.DoesNotExist):
        operations.unname_operator(reviewer.pk, by=security)


def test_a_query_needs_a_reason_and_somebody_it_is_about(asker, clerk):
    for changes, said in (
        ({"reason": "查"}, "为什么"),
        ({"number": "没有"}, "没有这个编号"),
        ({"scope": "person", "number": "990101199001011234"}, "没有这个证件号码"),
        ({"scope": "all"}, "请选择"),
    ):
        with pytest.raises(Refused, match=said):
            ask(asker, clerk.employer, **changes)
    elsewhere = EmployerFactory(region="leshan")
    with pytest.raises(Refused, match="本地区没有"):
        ask(asker, elsewhere)


def test_all_that_a_question_lacks_is_said_at_once_to_whom_may_ask(client, asker, head):
    client.force_login(asker)
    page = client.post("/a/privileged/", {"number": " "})
    text = page.content.decode()
    assert page.status_code == 422 and "有 3 处需要修改" in text and not PrivilegedQuery.objects.exists()
    for said in ("请选择查一个单位还是一个人。", "请填写单位编号、信用代码", "请写明为什么查"):
        assert said in text
    client.force_login(head)
    assert client.post("/a/privileged/", {"number": " "}).status_code == 403


def test_two_people_are_two_people_in_the_database_too(asker, head, clerk, security):
    operations.name_operator(head.pk, by=security)
    own = ask(head, clerk.employer)
    with pytest.raises(Refused, match="不能批准自己"):
        operations.approve_privileged(own.pk, by=head, minutes=30)
    with pytest.raises(IntegrityError), transaction.atomic():
        PrivilegedQuery.objects.filter(pk=own.pk).update(decided_by=head)
    with pytest.raises(IntegrityError), transaction.atomic():
        NamedOperator.objects.create(region="tianjin", operator=head, named_by=head, named_at=own.asked_at)
    with pytest.raises(PrivilegedQuery.DoesNotExist):
        operations.approve_privileged(own.pk, by=asker, minutes=30)
    other = ask(asker, clerk.employer)
    with pytest.raises(Refused, match="不能批准自己"):
        operations.approve_privileged(other.pk, by=asker, minutes=30)


def test_it_can_be_looked_at_only_by_who_asked_and_only_for_a_while(asker, head, clerk, security):
    query = ask(asker, clerk.employer)
    with pytest.raises(Refused, match="没有批准"):
        operations.look(query.pk, "资料", by=asker)
    with pytest.raises(Refused, match="分钟"):
        operations.approve_privileged(query.pk, by=head, minutes=0)
    operations.approve_privileged(query.pk, by=head, minutes=30, note="同意")
    with pytest.raises(Conflict):
        operations.decline_privileged(query.pk, by=head, note="改主意")
    with pytest.raises(PrivilegedQuery.DoesNotExist):
        operations.look(query.pk, "资料", by=head)
    operations.look(query.pk, "资料", by=asker)
    with at(NOW + timedelta(minutes=31)), pytest.raises(Refused, match="期限已过"):
        operations.look(query.pk, "资料", by=asker)
    operations.unname_operator(asker.pk, by=security)
    with pytest.raises(Refused):
        operations.look(query.pk, "资料", by=asker)


def test_every_employer_concerned_reads_of_every_look_and_nobody_else_does(asker, head, clerk):
    here, there = clerk.employer, EmployerFactory()
    employee = enrolled(here)
    query = ask(asker, here, scope="person", number=employee.person.id_number)
    operations.approve_privileged(query.pk, by=head, minutes=10)
    for _ in range(2):
        operations.look(query.pk, "资料", by=asker)
    assert PrivilegedLook.objects.visible_to(clerk).count() == 2
    assert PrivilegedLook.objects.visible_to(OperatorFactory(clerk=True, employer=there)).count() == 0
    looked = AuditEntry.objects.filter(action="privileged.looked", employer=here)
    assert looked.count() == 2
    assert employee.person.id_number not in str(list(AuditEntry.objects.values_list("detail", flat=True)))


def test_the_employers_record_of_looks_says_why_who_asked_and_who_agreed_in_every_region(client, asker, head, clerk):
    made = ask(asker, clerk.employer, basis="协查函 12 号")
    operations.approve_privileged(made.pk, by=head, minutes=10)
    operations.look(made.pk, "登记资料", by=asker)
    other = EmployerFactory(region=clerk.employer.region)
    for employer, is_told in ((clerk.employer, True), (other, False)):
        client.force_login(OperatorFactory(admin=True, employer=employer))
        page = client.get("/looks/").content.decode()
        told = f"{WHY}；依据：协查函 12 号；申请人：{asker.name}；批准：{head.name}"
        assert (told in page) == is_told
        assert 'href="/e/privileged/"' in page
        assert (WHY in client.get("/e/privileged/").content.decode()) == is_told


def test_a_declined_query_says_why_and_shows_nothing(asker, head, clerk):
    query = ask(asker, clerk.employer)
    with pytest.raises(Refused, match="不批准的原因"):
        operations.decline_privileged(query.pk, by=head, note="")
    operations.decline_privileged(query.pk, by=head, note="没有文书")
    with pytest.raises(Refused):
        operations.look(query.pk, "资料", by=asker)
    assert not PrivilegedLook.objects.exists()


def test_people_are_found_by_whole_numbers_only_and_so_many_times_an_hour(clerk, reviewer):
    employee = enrolled(clerk.employer, name="李示例")
    number = employee.person.id_number
    for asked, found in ((number, 1), (number[:10], 0), (number[-6:], 0), ("李示例", 1), ("李示", 0),
                         (employee.person_number, 1)):  # fmt: skip
        assert len(find_people(asked, by=reviewer)) == found, asked
    assert len(find_people(number, by=OperatorFactory(reviewer=True, region="leshan"))) == 0
    for _ in range(SEARCHES - 6):
        find_people("张三", by=reviewer)
    with pytest.raises(Refused, match="最多查"):
        find_people("张三", by=reviewer)
    assert AuditEntry.objects.filter(action="person.searched").count() == SEARCHES + 1


def test_a_dossier_is_of_ones_own_region(clerk, reviewer, django_assert_max_num_queries):
    for n in range(5):
        enrolled(clerk.employer, sequence=n + 1)
    employee = enrolled(clerk.employer)
    with django_assert_max_num_queries(14):
        whole = employer_dossier(reviewer, clerk.employer_id)
    assert whole.employer == clerk.employer and clerk in whole.operators
    assert len(person_dossier(reviewer, employee.person_id).jobs) == 1
    stranger = Operator(role="reviewer", region="leshan", is_active=True)
    with pytest.raises(type(employee).DoesNotExist):
        person_dossier(stranger, employee.person_id)
