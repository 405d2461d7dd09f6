"""Papers on the pages: uploaded, downloaded by those whose they are, asked for at the desk; results by kind."""

from urllib.parse import unquote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import reject_declaration, save_declarations, submit_declarations
from shebao.hall.declarations.states import State
from shebao.hall.evidence.models import EmployerPaper, Evidence
from tests.factories import EmployerFactory, OperatorFactory, at, enrolled, enrolment
from tests.papers import JPEG, PDF, upload_papers

from .declared import CEASE, ENROL, text_of

IDENTITY = "sensitive_employee_change"
CARD = "员工身份证件"


@pytest.fixture(autouse=True)
def november(db):
    with at():
        yield


def clerk_of(client, code):
    clerk = OperatorFactory(clerk=True, employer=EmployerFactory(region=code))
    client.force_login(clerk)
    return clerk


def reviewer_of(code):
    return OperatorFactory(reviewer=True, region=code)


def change(clerk):
    employee = enrolled(clerk.employer)
    answers = {"id_number": employee.person.id_number, "name": employee.name, "new_name": "李改名", "note": "更正"}
    return save_declarations(clerk.employer_id, IDENTITY, [answers], by=clerk)[0]


def file(name="身份证 正面.jpg", content=JPEG):
    return SimpleUploadedFile(name, content)


def test_a_saved_declaration_leads_to_its_papers_and_says_what_is_missing(client):
    clerk = clerk_of(client, "shenzhen")
    employee = enrolled(clerk.employer)
    typed = {"id_number": employee.person.id_number, "name": employee.name, "new_name": "李改名", "note": "更正"}
    page = text_of(client.post(f"/e/declare/{IDENTITY}/", typed, follow=True))
    assert "还缺员工身份证件、变更事项的证明材料" in page
    basket = text_of(client.get("/e/basket/"))
    assert "缺材料：员工身份证件、变更事项的证明材料" in basket
    assert "2 笔" not in basket
    pk = Declaration.objects.get().pk
    page = text_of(
        client.post(f"/e/cases/{pk}/papers/", {"title": CARD, "files": [file(), file("反面.pdf", PDF)]}, follow=True)
    )
    assert "已上传 2 个文件" in page
    assert "身份证 正面.jpg" in page
    refused = client.post(f"/e/cases/{pk}/papers/", {"title": CARD, "files": [file("木马.jpg", b"MZ")]})
    assert refused.status_code == 422
    assert "不是 JPG、PNG 或 PDF 文件" in text_of(refused)
    assert "请先选择" in text_of(client.post(f"/e/cases/{pk}/papers/", {"title": CARD}))


def test_a_file_is_downloaded_by_its_own_people_only_and_opened_by_no_browser(client):
    clerk = clerk_of(client, "shenzhen")
    one = change(clerk)
    client.post(f"/e/cases/{one.pk}/papers/", {"title": CARD, "files": [file('身份证"正面.jpg')]})
    evidence = Evidence.objects.get()
    answer = client.get(f"/e/evidence/{evidence.pk}/")
    assert answer.content == JPEG
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
    assert unquote(answer["Content-Disposition"]).endswith("身份证正面.jpg")
    reviewer = reviewer_of("shenzhen")
    client.force_login(reviewer)
    assert client.get(f"/a/evidence/{evidence.pk}").status_code == 404
    upload_papers(one, clerk)
    submit_declarations([one.pk], by=clerk)
    assert client.get(f"/a/evidence/{evidence.pk}").content == JPEG
    assert "身份证正面.jpg" in text_of(client.get(f"/a/cases/{one.pk}"))
    client.force_login(reviewer_of("tianjin"))
    assert client.get(f"/a/evidence/{evidence.pk}").status_code == 404
    clerk_of(client, "shenzhen")
    assert client.get(f"/e/evidence/{evidence.pk}/").status_code == 404
    assert client.post(f"/e/evidence/{evidence.pk}/remove/").status_code == 404
    assert client.get(f"/e/cases/{one.pk}/papers/").status_code == 404


def test_a_marked_paper_is_told_beside_it_and_what_came_after_is_told_to_the_reviewer(client):
    clerk, reviewer = clerk_of(client, "shenzhen"), reviewer_of("shenzhen")
    one = change(clerk)
    upload_papers(one, clerk)
    submit_declarations([one.pk], by=clerk)
    client.force_login(reviewer)
    marks = {f"flag_paper:{CARD}": "1", f"reason_paper:{CARD}": "反面也要"}
    client.post(f"/a/cases/{one.pk}/return", marks)
    client.force_login(clerk)
    assert "审核意见：反面也要" in text_of(client.get(f"/e/cases/{one.pk}/papers/"))
    assert "员工身份证件——反面也要" in text_of(client.get(f"/e/cases/{one.pk}/"))
    with at(one.declared_at.replace(tzinfo=None, hour=15)):
        client.post(f"/e/cases/{one.pk}/papers/", {"title": CARD, "files": [file("反面.jpg")]})
        submit_declarations([one.pk], by=clerk)
    client.force_login(reviewer)
    assert "新上传" in text_of(client.get(f"/a/cases/{one.pk}"))


def test_what_a_removed_file_was_comes_back_by_the_toast(client):
    clerk = clerk_of(client, "shenzhen")
    one = change(clerk)
    client.post(f"/e/cases/{one.pk}/papers/", {"title": CARD, "files": [file()]})
    pk = Evidence.objects.get().pk
    page = text_of(client.post(f"/e/evidence/{pk}/remove/", follow=True))
    assert f"/e/evidence/{pk}/restore/" in page
    assert "已恢复" in text_of(client.post(f"/e/evidence/{pk}/restore/", follow=True))
    page = text_of(client.post(f"/e/evidence/{pk}/replace/", {"files": [file("新.pdf", PDF)]}, follow=True))
    assert "新.pdf" in page
    assert client.post(f"/e/evidence/{pk}/burn/").status_code == 404


def test_what_a_role_may_not_declare_is_neither_in_the_menu_nor_reachable(client):
    clerk = clerk_of(client, "shenzhen")
    client.force_login(OperatorFactory(admin=True, employer=clerk.employer))
    assert f"/e/declare/{IDENTITY}/" not in text_of(client.get("/e/cases/"))
    refused = client.get(f"/e/declare/{IDENTITY}/")
    assert refused.status_code == 403
    assert "由专管员办理" in text_of(refused)
    assert "批量上传重要信息变更" not in text_of(client.get("/e/import/"))
    client.force_login(clerk)
    assert f"/e/declare/{IDENTITY}/" in text_of(client.get("/e/cases/"))


def test_ca_2_a_refused_case_is_deleted_under_the_manuals_word_and_declared_anew(client):
    clerk, reviewer = clerk_of(client, "certificate_city"), reviewer_of("certificate_city")
    client.post(f"/e/declare/{ENROL}/", enrolment())
    (one,) = Declaration.objects.all()
    assert "信息提交" in text_of(client.get("/e/basket/"))
    client.post("/e/basket/submit/", {"chosen": one.pk, "declared": "1", "plain": "1"})
    assert "审核中" in text_of(client.get("/e/cases/"))
    client.force_login(reviewer)
    desk = text_of(client.get(f"/a/cases/{one.pk}"))
    assert "审核不通过：标出问题" in desk and "退回单位修改" not in desk
    client.post(f"/a/cases/{one.pk}/reject", {"flag_declared_wage": "1", "reason_declared_wage": "与合同不符"})
    client.force_login(clerk)
    page = text_of(client.get("/e/pages/refused_declaration/"))
    assert "王示例" in page and "业务删除" in page
    case = text_of(client.get(f"/e/cases/{one.pk}/"))
    assert "业务删除</button>" in case and "与合同不符" in case and "复制为新申报" in case
    toast = text_of(client.post(f"/e/cases/{one.pk}/delete/", follow=True))
    assert f"/e/basket/restore/?ids={one.pk}" in toast
    assert "王示例" not in text_of(client.get("/e/pages/refused_declaration/"))
    client.post(f"/e/declare/{ENROL}/", enrolment(declared_wage="9000"))
    assert Declaration.objects.filter(state=State.DRAFT).count() == 1


def test_sz_10_declared_data_is_found_changed_deleted_and_brought_back(client):
    clerk = clerk_of(client, "shenzhen")
    one = change(clerk)
    page = text_of(client.get("/e/cases/?q=李示例"))
    assert "申报数据管理" in page and "李示例" in page
    assert "修改</a>" in text_of(client.get(f"/e/cases/{one.pk}/"))
    client.post(f"/e/cases/{one.pk}/delete/")
    assert text_of(client.get("/e/cases/?state=deleted")).count("李示例") >= 1
    client.post(f"/e/cases/{one.pk}/restore/")
    upload_papers(one, clerk)
    submit_declarations([one.pk], by=clerk)
    client.post(f"/e/cases/{one.pk}/withdraw/")
    assert Declaration.objects.get().state == State.DRAFT


def test_results_are_listed_by_kind_under_the_names_of_the_manual(client):
    clerk, reviewer = clerk_of(client, "shenzhen"), reviewer_of("shenzhen")
    one = change(clerk)
    upload_papers(one, clerk)
    submit_declarations([one.pk], by=clerk)
    reject_declaration(one.pk, by=reviewer, note="材料不符")
    client.post(f"/e/declare/{CEASE}/", {"id_number": enrolment(3)["id_number"]})
    menu = text_of(client.get("/e/pages/declarations_failed/"))
    for name in ("申报成功数据", "申报失败数据", "单位信息变更办理结果", "员工信息变更办理结果"):
        assert name in menu
    assert "李示例" in menu and "材料不符" in menu
    assert "李示例" not in text_of(client.get("/e/pages/declarations_succeeded/")).split("<main", 1)[1]
    assert "李示例" in text_of(client.get("/e/pages/employee_change_results/"))
    assert "李示例" not in text_of(client.get("/e/pages/employer_change_results/")).split("<main", 1)[1]
    assert client.get("/e/pages/nothing/").status_code == 404


def test_an_employers_own_paper_is_nobody_elses(client):
    clerk = clerk_of(client, "general_hall")
    client.post("/e/pages/employer_papers/", {"title": "企业营业执照", "files": [file("执照.pdf", PDF)]})
    paper = EmployerPaper.objects.get()
    assert client.get(f"/e/own-papers/{paper.pk}/").content == PDF
    clerk_of(client, "general_hall")
    assert client.get(f"/e/own-papers/{paper.pk}/").status_code == 404
    assert client.post(f"/e/own-papers/{paper.pk}/edit/", {"title": "x", "version": 1}).status_code == 404
    assert client.post("/e/own-papers/remove/", {"chosen": paper.pk}).status_code == 404
    assert EmployerPaper.objects.get().title == "企业营业执照"
    client.force_login(clerk)
    again = client.post("/e/pages/employer_papers/", {"title": "企业营业执照", "files": [file()]})
    assert again.status_code == 422 and 'value="企业营业执照"' in text_of(again)
