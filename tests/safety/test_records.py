"""No deed without its record: where the record cannot be written, nothing happens (reliability B15)."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shebao.hall.audit import operations
from shebao.hall.audit.looks import note_look
from shebao.hall.audit.models import AuditEntry
from shebao.hall.audit.operations import broken_links, record
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import save_declarations, submit_declarations
from shebao.hall.declarations.queries import whole_case
from shebao.hall.employers.models import Department
from shebao.hall.evidence.files import Upload
from shebao.hall.evidence.files import written as files_written
from shebao.hall.evidence.models import Evidence
from shebao.hall.operators.models import Operator
from shebao.hall.roster.unmasking import reveal_id_number
from shebao.hall.sheets.prefilled import roster_template
from tests.factories import NOW, EmployerFactory, OperatorFactory, at, enrolled, enrolment, hired, wage
from tests.papers import PDF
from tests.safety.recording import written

PASSWORD = "right-Password-1"


@pytest.fixture
def world(db):
    with at(NOW):
        admin = OperatorFactory(admin=True)
        admin.set_password(PASSWORD)
        admin.save()
        yield admin, OperatorFactory(security_admin=True), OperatorFactory(reviewer=True)


def signed_in(operator) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(operator)
    return client


DEEDS = {
    "a new operator": (0, "/operators/new", {"username": "neu", "name": "新人", "role": "clerk"}, Operator),
    "a new department": (0, "/e/employer/departments/", {"name": "研发部"}, Department),
    "a declaration": (0, "/e/declare/employee_enrolment/", {**enrolment(7), "intent": "save"}, Declaration),
    "an officer": (1, "/operators/new", {"username": "sys", "name": "系统", "role": "system_admin"}, Operator),
    "an entry at the counter": (2, "/a/pre-entries/", {"id_number": "990101199005170075", "name": "王示例"}, None),
}


@pytest.mark.parametrize("name", DEEDS)
def test_a_deed_whose_record_fails_does_not_happen(world, name, monkeypatch):
    who, address, answers, model = DEEDS[name]
    client = signed_in(world[who])
    count = model.objects.count() if model else 0

    def broken(*_, **__):
        raise DatabaseError("the table of records is full")

    monkeypatch.setattr(operations, "insert_rows", broken)
    answer = client.post(address, answers)
    text = answer.content.decode()
    assert answer.status_code >= 400, "the address does nothing"
    if answer.status_code == 500:
        assert "错误编号" in text and "Traceback" not in text and "DatabaseError" not in text
    assert (model.objects.count() if model else 0) == count
    assert not AuditEntry.objects.exists()


def test_a_whole_number_is_not_shown_when_the_look_cannot_be_recorded(world, monkeypatch):
    employee = hired(world[0].employer)
    client = signed_in(world[0])

    def broken(*_, **__):
        raise DatabaseError("full")

    monkeypatch.setattr(operations, "insert_rows", broken)
    answers = {"reason": "核对本人证件", "password": PASSWORD}
    answer = client.post(f"/e/roster/{employee.pk}/reveal/", answers)
    assert answer.status_code == 500 and employee.person.id_number not in answer.content.decode()


def test_what_is_rolled_back_leaves_no_record(world, monkeypatch):
    """A refused deed writes neither rows nor a record of them."""
    client = signed_in(world[0])
    with written(monkeypatch) as seen:
        assert client.post("/operators/new", {"username": "", "name": "", "role": "clerk"}).status_code == 422
    assert not seen.deeds and not AuditEntry.objects.filter(action="operator.created").exists()


def test_a_deed_that_is_rolled_back_after_its_record_leaves_neither_record_nor_gap(world, monkeypatch):
    admin = world[0]
    client = signed_in(admin)
    address, answers = "/e/employer/departments/", {"name": "研发部"}

    def written_and_then(*made):
        insert(*made)
        raise DatabaseError("the connection is lost after the record was written")

    insert = operations.insert_rows
    with monkeypatch.context() as late:
        late.setattr(operations, "insert_rows", written_and_then)
        assert client.post(address, answers).status_code == 500
    assert not AuditEntry.objects.exists() and not Department.objects.exists()
    assert client.post(address, answers).status_code == 302
    assert AuditEntry.objects.get().sequence == 1 and list(broken_links()) == []


def test_the_agencys_looks_are_shown_to_the_employer_with_the_reason(world):
    admin, _, reviewer = world
    other = EmployerFactory()
    desk = signed_in(reviewer)
    assert desk.get(f"/a/employers/{admin.employer_id}").status_code == 200
    assert desk.get(f"/a/employers/{other.pk}").status_code == 200
    text = signed_in(admin).get("/looks/").content.decode()
    assert "共 1 条" in text and reviewer.name in text and "查看单位资料和账单" in text
    assert signed_in(OperatorFactory(clerk=True, employer=admin.employer)).get("/looks/").status_code == 403


def test_looks_at_one_thing_that_follow_one_another_soon_are_one_line_and_stay_single_records(world):
    admin, _, reviewer = world
    other = OperatorFactory(reviewer=True, region=reviewer.region, name="李娜")
    for seconds, who in ((0, reviewer), (20, reviewer), (30, other), (40, reviewer), (700, reviewer)):
        with at(NOW + timedelta(seconds=seconds)):
            note_look(admin.employer, "查看单位资料和账单", by=who, employer=admin.employer)
    with at(NOW + timedelta(seconds=710)):
        note_look(admin.employer, "核对账单", by=reviewer, employer=admin.employer)
    mine = signed_in(admin)
    text = mine.get("/looks/").content.decode()
    assert "共 6 条记录，本页 6 条合并为 4 行" in text
    assert text.count("等 3 次") == 1 and text.count("等 ") == 1
    assert text.count("查看单位资料和账单</span>") == 3 and text.count("核对账单</span>") == 1
    with CaptureQueriesContext(connection) as few:
        mine.get("/looks/")
    for _ in range(30):  # all at one moment
        note_look(admin.employer, "核对账单", by=reviewer, employer=admin.employer)
    with CaptureQueriesContext(connection) as many:
        assert "共 36 条记录，本页 36 条合并为 4 行" in mine.get("/looks/").content.decode()
    assert len(many) == len(few)


def test_a_clerks_look_at_a_persons_page_is_one_record_however_it_is_asked_for(world):
    admin = world[0]
    clerk = OperatorFactory(clerk=True, name="王敏", employer=admin.employer)
    person, client = hired(admin.employer), signed_in(clerk)
    address = f"/e/roster/{person.pk}/"
    looks = AuditEntry.objects.filter(action="data.looked_at")
    assert client.get("/e/roster/").status_code == 200
    assert not looks.exists()
    assert client.get(address, headers={"HX-Request": "true"}).status_code == 200
    entry = looks.get()
    assert client.get(address).status_code == 200
    assert looks.count() == 2
    assert (entry.actor, entry.subject, entry.employer) == (clerk, f"employee:{person.pk}", admin.employer)
    assert entry.detail == {"reason": "查看职工资料"}
    assert list(broken_links()) == []


def test_the_administrator_tells_the_looks_of_the_agency_from_those_of_the_own_people(world):
    admin, _, reviewer = world
    clerk = OperatorFactory(clerk=True, name="王敏", employer=admin.employer)
    person = hired(admin.employer)
    signed_in(clerk).get(f"/e/roster/{person.pk}/")
    assert signed_in(reviewer).get(f"/a/people/{person.person_id}").status_code == 200
    mine = signed_in(admin)
    page = {who: mine.get(f"/looks/?who={who}").content.decode() for who in ("", "own", "agency")}
    assert "共 2 条" in page[""] and "共 1 条" in page["own"] and "共 1 条" in page["agency"]
    assert "王敏" in page["own"] and "查看职工资料" in page["own"] and "查看参保人" in page["agency"]


def test_whole_numbers_and_what_was_taken_along_are_among_the_looks_in_words(world):
    admin, _, reviewer = world
    clerk = OperatorFactory(clerk=True, name="王敏", employer=admin.employer)
    person = enrolled(admin.employer)
    reveal_id_number(person.pk, "核对本人证件", by=clerk)
    (case,) = save_declarations(admin.employer_id, "employee_enrolment", [enrolment(3)], by=clerk)
    submit_declarations([case.pk], by=clerk)
    whole_case(reviewer, case.pk, "电话核实")
    roster_template(admin.employer_id, "wage_declaration", by=clerk, reason="报盘")
    assert signed_in(clerk).get("/e/roster/export/?status=all").status_code == 200
    assert (
        signed_in(clerk).post("/e/statements/roster_list/print/", {"month": "2026-11"}, follow=True).status_code == 200
    )
    mine = signed_in(admin)
    own, agency = (mine.get(f"/looks/?who={who}").content.decode() for who in ("own", "agency"))
    for words in ("查看完整号码", "核对本人证件", "下载在册人员模板", "报盘", "导出数据", "花名册", "下载单据", "编号"):
        assert words in own, words
    assert "共 1 条" in agency and "电话核实" in agency and reviewer.name in agency


def test_a_persons_page_is_not_shown_when_the_look_cannot_be_recorded(world, monkeypatch):
    person = hired(world[0].employer)

    def broken(*_, **__):
        raise DatabaseError("full")

    monkeypatch.setattr(operations, "insert_rows", broken)
    answer = signed_in(world[0]).get(f"/e/roster/{person.pk}/")
    assert answer.status_code == 500 and person.name not in answer.content.decode()


def test_a_clerks_look_at_a_case_a_paper_and_a_query_about_people_are_each_one_record(world):
    admin = world[0]
    clerk = OperatorFactory(clerk=True, name="王敏", employer=admin.employer)
    person, client = enrolled(admin.employer), signed_in(clerk)
    (case,) = save_declarations(admin.employer_id, "wage_declaration", [wage(person)], by=clerk)
    with files_written([Upload("合同.pdf", PDF)], admin.employer, by=clerk, at=case.declared_at) as (stored,):
        stored.save()
    paper = Evidence.objects.create(
        employer=admin.employer, service=case.service, title="合同", declaration=case, stored=stored, added_by=clerk,
        added_at=case.declared_at,
    )  # fmt: skip
    addresses = {
        f"/e/cases/{case.pk}/": ("data.looked_at", f"declaration:{case.pk}", f"查看办件 {case.pk}"),
        f"/e/evidence/{paper.pk}/": ("evidence.looked_at", f"evidence:{paper.pk}", "下载材料：合同"),
        "/e/queries/employee_file/": ("data.looked_at", f"employer:{admin.employer_id}", "查询："),
    }
    for address, (action, subject, reason) in addresses.items():
        before = set(AuditEntry.objects.values_list("pk", flat=True))
        assert client.get(address).status_code == 200, address
        entry = AuditEntry.objects.exclude(pk__in=before).get()
        assert (entry.action, entry.subject, entry.actor) == (action, subject, clerk)
        assert entry.detail["reason"].startswith(reason)
    text = signed_in(admin).get("/looks/?who=own").content.decode()
    assert "共 3 条" in text and "下载材料：合同" in text


def test_a_foreign_object_and_a_missing_right_are_on_record_without_what_was_typed(world):
    admin, _, reviewer = world
    stranger = hired(EmployerFactory())
    client = signed_in(admin)
    assert client.get(f"/e/roster/{stranger.pk}/").status_code == 404
    clerk = OperatorFactory(clerk=True, employer=admin.employer)
    assert signed_in(clerk).get("/operators/").status_code == 403
    rows = AuditEntry.objects.filter(action="access.refused").order_by("sequence")
    assert [(row.actor, row.detail) for row in rows] == [
        (admin, {"kind": "e_employee", "state": "404"}), (clerk, {"kind": "operators", "state": "403"}),
    ]  # fmt: skip
    assert list(broken_links()) == []


def test_a_sign_in_and_its_record_are_one_transaction(world, monkeypatch):
    with written(monkeypatch) as seen:
        assert Client().post("/login", {"username": world[0].username, "password": PASSWORD}).status_code == 302
    assert [one.action for one in seen.records] == ["operator.signed_in"]
    assert "operators_operator" in seen.deeds and not seen.unrecorded and not seen.wrong


def test_what_the_agency_does_to_an_employer_is_in_the_employers_own_log(world):
    with transaction.atomic():
        record("employer.account_classified", world[0].employer, by=world[2])
    assert AuditEntry.objects.visible_to(world[0]).filter(action="employer.account_classified").count() == 1


def test_sign_ins_and_failed_ones_are_on_record_without_what_was_typed(world):
    admin = world[0]
    client = Client()
    client.post("/login", {"username": admin.username, "password": "wrong-990101199005170075"})
    client.post("/login", {"username": "990101199005170075", "password": "x"})
    client.post("/login", {"username": admin.username, "password": PASSWORD})
    failed = AuditEntry.objects.filter(action="operator.sign_in_failed")
    assert failed.count() == 2 and failed.filter(employer=admin.employer).count() == 1
    assert AuditEntry.objects.filter(action="operator.signed_in", actor=admin).count() == 1
    told = str(list(AuditEntry.objects.values_list("detail", "subject", "actor_label")))
    assert "990101199005170075" not in told


def test_an_export_is_on_record_and_marked_with_who_took_it(world):
    import io

    import openpyxl

    admin = world[0]
    hired(admin.employer)
    answer = signed_in(admin).get("/e/roster/export/?status=all")
    assert answer.status_code == 200
    entry = AuditEntry.objects.get(action="data.exported")
    assert entry.actor == admin and entry.request
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    for said in (sheet.oddHeader.right.text, sheet["A2"].value):
        assert admin.employer.name in said and admin.username in said and "2026-11-10" in said
        assert said.endswith(f"编号 {entry.request}")
