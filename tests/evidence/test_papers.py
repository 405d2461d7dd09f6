"""Papers of a declaration: whose they are, what they are, and that nothing is submitted without them."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from shebao.hall.audit.models import AuditEntry
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import (
    delete_declarations,
    return_declaration,
    save_declarations,
    submit_declarations,
    withdraw_declaration,
)
from shebao.hall.declarations.queries import case_view
from shebao.hall.declarations.states import State
from shebao.hall.errors import Conflict, Refused
from shebao.hall.evidence import operations
from shebao.hall.evidence.collection import (
    add_employer_paper,
    edit_employer_paper,
    remove_employer_papers,
    restore_employer_papers,
)
from shebao.hall.evidence.files import FILE_LIMIT, Upload, content_of, kind_of, name_with_ending, tidy_name
from shebao.hall.evidence.models import EmployerPaper, Evidence, StoredFile
from shebao.hall.evidence.queries import employer_papers, papers_of
from tests.factories import NOW, EmployerFactory, OperatorFactory, at, enrolled, wage
from tests.papers import JPEG, PDF, PNG, upload, upload_papers

IDENTITY = "sensitive_employee_change"
CARD, PROOF = "员工身份证件", "变更事项的证明材料"


@pytest.fixture
def writer():
    """A clerk where an important change needs two papers."""
    return OperatorFactory(clerk=True, employer=EmployerFactory(region="shenzhen"))


@pytest.fixture
def change(writer):
    """An important change of a person, saved and not submitted."""
    employee = enrolled(writer.employer)
    answers = {"id_number": employee.person.id_number, "name": employee.name, "new_name": "李改名", "note": "更正"}
    return save_declarations(writer.employer_id, IDENTITY, [answers], by=writer)[0]


@pytest.mark.parametrize(("content", "kind"), [(JPEG, "jpeg"), (PNG, "png"), (PDF, "pdf")])
def test_a_file_is_what_its_content_says(content, kind):
    assert kind_of(Upload("名字.docx", content)) == kind


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"<html><script>alert(1)</script></html>", "file_kind"),
        (b"PK\x03\x04 an office file", "file_kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "file_kind"),
        (PDF[:-8], "file_cut_short"),
        (JPEG[:-2], "file_cut_short"),
        (PDF + b" " * FILE_LIMIT, "file_too_large"),
    ],
)
def test_what_is_no_paper_is_refused_with_the_reason(content, code):
    with pytest.raises(Refused) as refusal:
        kind_of(Upload("合同.pdf", content))
    assert refusal.value.code == code
    assert "合同.pdf" in refusal.value.message


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\资料\\劳动合同.pdf", "劳动合同.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie x.pdf"),
        ("\u202efdp.exe", "fdp.exe"),
        ("...", "文件"),
        ("长" * 300 + ".pdf", "长" * 94 + ".pdf"),
    ],
)
def test_a_name_from_outside_is_only_a_name(given, kept):
    assert tidy_name(given) == kept


def test_nothing_is_submitted_without_its_papers_and_the_sentence_names_them(writer, change):
    result = submit_declarations([change.pk], by=writer)
    assert not result.submitted
    assert CARD in result.refused[0][1]
    assert PROOF in result.refused[0][1]
    operations.add_evidence(change.pk, CARD, [upload()], by=writer)
    result = submit_declarations([change.pk], by=writer)
    assert CARD not in result.refused[0][1]
    assert PROOF in result.refused[0][1]
    operations.add_evidence(change.pk, PROOF, [upload()], by=writer)
    assert submit_declarations([change.pk], by=writer).submitted


def test_several_files_of_one_paper_are_kept_unreadable_on_disk_under_names_nobody_guesses(writer, change, settings):
    made = operations.add_evidence(change.pk, CARD, [upload("正面.jpg", JPEG), upload("反面.png", PNG)], by=writer)
    assert [one.stored.kind for one in made] == ["jpeg", "png"]
    stored = made[0].stored
    on_disk = Path(settings.SHEBAO_FILES_DIR) / stored.place[:2] / stored.place
    assert JPEG not in on_disk.read_bytes()
    assert on_disk.stat().st_mode & 0o077 == 0
    assert content_of(stored) == JPEG
    assert stored.digest == hashlib.sha256(JPEG).hexdigest()
    deeds = AuditEntry.objects.filter(action="evidence.added")
    assert deeds.count() == 2
    assert "正面" not in str([entry.detail for entry in deeds])


def test_one_bad_file_leaves_no_trace_of_the_others(writer, change, settings, tmp_path):
    settings.SHEBAO_FILES_DIR = tmp_path  # other tests write into the common one meanwhile
    with pytest.raises(Refused):
        operations.add_evidence(change.pk, CARD, [upload(), upload("坏.pdf", b"nothing")], by=writer)
    assert not StoredFile.objects.exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_the_same_file_twice_is_one_file(writer, change):
    operations.add_evidence(change.pk, CARD, [upload("a.pdf"), upload("b.jpg", JPEG)], by=writer)
    with pytest.raises(Refused, match="没有重复添加"):
        operations.add_evidence(change.pk, CARD, [upload("a 副本.pdf")], by=writer)
    assert Evidence.objects.count() == 2
    assert StoredFile.objects.count() == 2


def test_a_paper_has_room_for_ten_files(writer, change):
    many = [upload(f"{n}.pdf", PDF.replace(b"1.4", b"1.%d" % n)) for n in range(9)]
    operations.add_evidence(change.pk, CARD, many, by=writer)
    with pytest.raises(Refused, match="还能再传 1 个"):
        operations.add_evidence(change.pk, CARD, [upload("x.jpg", JPEG), upload("y.png", PNG)], by=writer)


def test_a_file_is_replaced_removed_and_brought_back(writer, change):
    (first,) = operations.add_evidence(change.pk, CARD, [upload()], by=writer)
    second = operations.replace_evidence(first.pk, upload("新的.jpg", JPEG), by=writer)
    shown = papers_of([change])[change.pk][0].files
    assert shown == [second]
    operations.remove_evidence(second.pk, by=writer)
    assert papers_of([change])[change.pk][0].is_missing
    operations.restore_evidence(second.pk, by=writer)
    operations.restore_evidence(second.pk, by=writer)
    assert papers_of([change])[change.pk][0].files == [second]


def test_what_was_submitted_keeps_its_papers_until_it_is_withdrawn(writer, change):
    upload_papers(change, writer)
    submit_declarations([change.pk], by=writer)
    one = Evidence.objects.first()
    with pytest.raises(Conflict, match="请先撤回"):
        operations.remove_evidence(one.pk, by=writer)
    with pytest.raises(Conflict):
        operations.add_evidence(change.pk, CARD, [upload("x.jpg", JPEG)], by=writer)
    withdraw_declaration(change.pk, by=writer)
    operations.remove_evidence(one.pk, by=writer)


def test_a_returned_paper_that_is_replaced_is_a_repair(writer, change):
    reviewer = OperatorFactory(reviewer=True, region="shenzhen")
    upload_papers(change, writer)
    submit_declarations([change.pk], by=writer)
    return_declaration(change.pk, by=reviewer, marks={f"paper:{CARD}": "看不清"})
    assert Declaration.objects.get().marks == {f"paper:{CARD}": "看不清"}
    assert "还没有按审核意见修改" in submit_declarations([change.pk], by=writer).refused[0][1]
    old = Evidence.objects.get(title=CARD)
    with at(NOW + timedelta(hours=1)):
        operations.replace_evidence(old.pk, upload("清楚.jpg", JPEG), by=writer)
        (sent,) = submit_declarations([change.pk], by=writer).submitted
    view = next(one for one in case_view(reviewer, sent.pk).papers if one.paper.title == CARD)
    assert [one.pk for one in view.files] == list(view.new)


def test_nobody_else_reaches_a_file(writer, change):
    other, reviewer = OperatorFactory(clerk=True), OperatorFactory(reviewer=True, region="shenzhen")
    upload_papers(change, writer)
    assert not Evidence.objects.visible_to(other).exists()
    assert not Evidence.objects.visible_to(reviewer).exists()
    with pytest.raises(Declaration.DoesNotExist):
        operations.add_evidence(change.pk, CARD, [upload("x.jpg", JPEG)], by=other)
    with pytest.raises(Evidence.DoesNotExist):
        operations.remove_evidence(Evidence.objects.first().pk, by=other)
    submit_declarations([change.pk], by=writer)
    assert Evidence.objects.visible_to(reviewer).count() == 2
    assert not Evidence.objects.visible_to(OperatorFactory(reviewer=True)).exists()


def test_a_role_that_the_region_does_not_name_declares_nothing(writer):
    boss = OperatorFactory(admin=True, employer=writer.employer)
    employee = enrolled(writer.employer)
    answers = {"id_number": employee.person.id_number, "name": employee.name, "new_name": "李改名", "note": "更正"}
    with pytest.raises(Refused, match="由专管员办理"):
        save_declarations(boss.employer_id, IDENTITY, [answers], by=boss)
    saved = save_declarations(writer.employer_id, IDENTITY, [answers], by=writer)[0]
    with pytest.raises(Refused, match="由专管员办理"):
        operations.add_evidence(saved.pk, CARD, [upload()], by=boss)
    with pytest.raises(Refused, match="由专管员办理"):
        submit_declarations([saved.pk], by=boss)


def test_a_file_that_was_changed_on_disk_is_not_handed_out(writer, change, settings):
    (one,) = operations.add_evidence(change.pk, CARD, [upload()], by=writer)
    path = Path(settings.SHEBAO_FILES_DIR) / one.stored.place[:2] / one.stored.place
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(Refused, match="读不出来"):
        content_of(one.stored)


def test_the_name_of_a_download_ends_as_its_content_is():
    assert name_with_ending(StoredFile(name="照片.png", kind="jpeg")) == "照片.png.jpg"
    assert name_with_ending(StoredFile(name="照片.JPEG", kind="jpeg")) == "照片.JPEG"


def test_the_papers_of_a_month_are_uploaded_once_for_all_its_wages():
    clerk = OperatorFactory(clerk=True, employer=EmployerFactory(region="wage_hall"))
    people = [enrolled(clerk.employer, name=f"李示例{n}", sequence=n) for n in (901, 902)]
    saved = save_declarations(clerk.employer_id, "wage_declaration", [wage(one) for one in people], by=clerk)
    pks = [one.pk for one in saved]
    assert "职工工资申报表" in submit_declarations(pks, by=clerk).refused[1][1]
    with pytest.raises(Refused, match="不收这种材料"):
        operations.add_evidence(pks[0], "单位工资发放明细", [upload()], by=clerk)
    for title in ("职工工资申报表（盖章）", "单位工资发放明细"):
        (one,) = operations.add_monthly_evidence(clerk.employer_id, "wage_declaration", title, [upload()], by=clerk)
    operations.remove_evidence(one.pk, by=clerk)
    assert not submit_declarations(pks, by=clerk).submitted
    operations.restore_evidence(one.pk, by=clerk)
    assert len(submit_declarations(pks, by=clerk).submitted) == 2
    with pytest.raises(Conflict, match="不能再移除"):
        operations.remove_evidence(one.pk, by=clerk)


def test_papers_of_many_declarations_are_read_in_a_constant_number_of_queries(
    writer, change, django_assert_num_queries
):
    upload_papers(change, writer)
    with django_assert_num_queries(1):
        papers_of([change])
    other = enrolled(writer.employer, name="王示例", sequence=905)
    answers = {"id_number": other.person.id_number, "name": "王示例", "new_name": "王改名", "note": "更正"}
    more = save_declarations(writer.employer_id, IDENTITY, [answers], by=writer)
    with django_assert_num_queries(1):
        papers_of([change, *more])


def test_an_employers_own_paper_is_kept_edited_deleted_and_brought_back(writer):
    kept = add_employer_paper(writer.employer_id, " 营业执照 ", upload("执照.pdf"), by=writer)
    with pytest.raises(Refused, match="已有名为"):
        add_employer_paper(writer.employer_id, "营业执照", upload(), by=writer)
    edited = edit_employer_paper(kept.pk, "企业营业执照", upload("新.jpg", JPEG), by=writer, version=1)
    with pytest.raises(Conflict):
        edit_employer_paper(kept.pk, "别的", None, by=writer, version=1)
    assert content_of(edited.stored) == JPEG
    assert [one.pk for one in remove_employer_papers([kept.pk, kept.pk], by=writer)] == [kept.pk]
    assert not employer_papers(writer).exists()
    add_employer_paper(writer.employer_id, "企业营业执照", upload(), by=writer)
    with pytest.raises(Conflict, match="没有恢复"):
        restore_employer_papers([kept.pk], by=writer)
    with pytest.raises(EmployerPaper.DoesNotExist):
        remove_employer_papers([kept.pk], by=OperatorFactory(clerk=True))


def test_an_own_paper_serves_a_declaration_and_stays_with_it_when_it_is_deleted(writer, change):
    kept = add_employer_paper(writer.employer_id, "身份证件扫描", upload(), by=writer)
    operations.attach_paper(change.pk, CARD, kept.pk, by=writer)
    operations.add_evidence(change.pk, PROOF, [upload()], by=writer)
    remove_employer_papers([kept.pk], by=writer)
    assert submit_declarations([change.pk], by=writer).submitted
    foreign = OperatorFactory(clerk=True)
    theirs = add_employer_paper(foreign.employer_id, "执照", upload(), by=foreign)
    withdraw_declaration(change.pk, by=writer)
    with pytest.raises(EmployerPaper.DoesNotExist):
        operations.attach_paper(change.pk, CARD, theirs.pk, by=writer)


def test_a_deleted_draft_takes_no_papers(writer, change):
    delete_declarations([change.pk], by=writer)
    with pytest.raises(Conflict):
        operations.add_evidence(change.pk, CARD, [upload()], by=writer)
    assert Declaration.objects.get().state == State.DELETED
