"""The import pages: what is refused and why, the grid's answers, the wait for a job."""

import json
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from shebao.hall import clock
from shebao.hall.declarations.models import Declaration
from shebao.hall.sheets import operations
from shebao.hall.sheets.models import Batch, BatchState
from tests.factories import NOW, OperatorFactory, at
from tests.sheets.test_batches import row, sheet, upload

from .declared import ENROL, signed_in, text_of


@pytest.fixture(autouse=True)
def november(db):
    with at():
        yield


@pytest.fixture
def clerk(client):
    return signed_in(client)


@pytest.fixture
def batch(clerk):
    return upload(clerk, row(1), row(2, 申报工资="3000"))


def address(batch, what=""):
    return f"/e/import/{batch.pk}/{what}"


def posted(client, batch, number, changes, version=1):
    edits = json.dumps([{"number": number, "version": version, "changes": changes}])
    return client.post(address(batch, "rows/"), {"edits": edits}, headers={"Accept": "application/json"})


def test_without_a_file_the_page_says_what_is_missing(client, clerk):
    response = client.post("/e/import/", {"service": ENROL})
    assert response.status_code == 422
    assert "请选择要上传的表格文件" in text_of(response)


def test_a_file_that_cannot_be_read_is_refused_in_words_and_nothing_is_written(client, clerk):
    file = SimpleUploadedFile("图片.xlsx", b"\x89PNG\r\n\x1a\n")
    response = client.post("/e/import/", {"service": ENROL, "file": file})
    assert response.status_code == 422
    assert "不是能读取的表格文件" in text_of(response)
    assert not Batch.objects.exists()


def test_the_same_file_twice_names_who_uploaded_it(client, clerk, batch):
    file = SimpleUploadedFile("x.csv", sheet(row(1), row(2, 申报工资="3000")))
    assert clerk.name in text_of(client.post("/e/import/", {"service": ENROL, "file": file}))


def test_a_change_answers_with_the_fragments_that_changed(client, batch):
    answer = posted(client, batch, 3, {"declared_wage": "8000"}).json()
    assert list(answer["rows"]) == ["3"]
    assert 'data-state="passed"' in answer["rows"]["3"]
    assert answer["left"] == 0


def test_a_row_changed_meanwhile_is_a_409_with_the_name_and_the_newest_content(client, clerk, batch):
    colleague = OperatorFactory(clerk=True, employer=clerk.employer, name="李四海")
    operations.edit_rows(batch.pk, [operations.RowEdit(3, 1, {"declared_wage": "9000"})], by=colleague)
    response = posted(client, batch, 3, {"declared_wage": "7000"})
    assert response.status_code == 409
    assert "李四海" in response.json()["message"]
    assert 'data-text="9000"' in response.json()["rows"]["3"]
    assert "李四海也在改这个批次" in response.json()["other_editor"]


@pytest.mark.parametrize(
    "edits",
    [
        "", "{", "[1]", '[{"number": 2}]', '[{"number": 2, "version": 1, "changes": ["name"]}]',
        '[{"number": 2, "version": 1, "changes": {"declared_wage": 8000}}]',
        '[{"number": 1e9, "version": 1, "changes": {}}]',
        '[{"number": 99999999999999999999, "version": 1, "changes": {}}]',
        r'[{"number": 2, "version": 1, "changes": {"name": "\ud800"}}]',
        r'[{"number": 2, "version": 1, "changes": {"name": "\u0000"}}]',
    ],
)  # fmt: skip
def test_edits_that_make_no_sense_are_a_bad_request(client, batch, edits):
    assert client.post(address(batch, "rows/"), {"edits": edits}).status_code == 400


def test_a_refused_act_on_a_group_comes_back_as_words(client, batch):
    fields = {"act": "confirm", "code": "wage_limits", "reason": " "}
    response = client.post(address(batch, "group/"), fields, headers={"Accept": "application/json"})
    assert response.status_code == 422
    assert "请写明确认的理由" in response.json()["message"]


def test_no_reason_is_given_in_the_clerks_name_and_one_that_is_chosen_serves_all_rows(client, clerk):
    batch = upload(clerk, row(1, 申报工资="3000"), row(2, 申报工资="3100"))
    page = text_of(client.get(address(batch)))
    asked = re.search(r'<input type="text" name="reason"[^>]*>', page)[0]
    assert "value=" not in asked and "required" in asked and 'list="reasons"' in asked
    assert '<datalist id="reasons"><option value="已与劳动合同核对">' in page and "data-reason" not in page
    confirming = {"act": "confirm", "code": "wage_limits", "reason": ""}
    assert "还有 <b>0 行错误</b>要改，2 行需要确认" in text_of(
        client.post(address(batch, "group/"), confirming, follow=True)
    )
    client.post(address(batch, "group/"), confirming | {"reason": "已与工资表核对"})
    assert [one.confirmed for one in batch.rows.all()] == [{"wage_limits": "已与工资表核对"}] * 2


def test_a_busy_batch_shows_its_progress_and_after_silence_offers_another_try(client, clerk, batch):
    Batch.objects.update(state=BatchState.CONFIRMING, busy_at=clock.now())
    assert client.get(address(batch, "progress/")).json()["title"] == "正在加入"
    assert "再试一次" not in text_of(client.get(address(batch)))
    with clock.pretending(NOW + timedelta(minutes=3)):
        assert "再试一次" in text_of(client.get(address(batch)))


def test_where_rows_take_effect_at_once_nothing_is_said_to_be_added(client, batch):
    batch.employer.region = "leshan"
    batch.employer.save()
    Batch.objects.update(state=BatchState.CONFIRMING, busy_at=clock.now())
    assert client.get(address(batch, "progress/")).json()["title"] == "正在办理"


def test_a_batch_that_waits_for_nothing_has_no_progress(client, batch):
    assert client.get(address(batch, "progress/")).json() == {}


def test_confirming_again_is_refused_and_adds_nothing(client, clerk):
    batch = upload(clerk, row(1))
    for _ in range(2):
        client.post(address(batch, "confirm/"))
    assert Declaration.objects.count() == 1


def test_who_goes_back_to_the_check_after_confirming_sees_what_came_of_it(client, clerk):
    batch = upload(clerk, row(1))
    assert client.get(address(batch, "review/")).status_code == 200
    client.post(address(batch, "confirm/"))
    response = client.get(address(batch, "review/"))
    assert (response.status_code, response["Location"]) == (302, address(batch))


@pytest.mark.parametrize(("at_once", "step", "done"), [(False, "核对并加入", "已加入"), (True, "核对并办理", "已生效")])
def test_rows_that_take_effect_at_once_are_not_called_added(client, monkeypatch, at_once, step, done):
    monkeypatch.setattr("shebao.web.employer.importing.waits", lambda *_: not at_once)
    monkeypatch.setattr("shebao.web.employer.import_rows.waits", lambda *_: not at_once)
    batch = upload(signed_in(client), row(1))
    assert step in text_of(client.get(address(batch, "review/")))
    client.post(address(batch, "confirm/"))
    text = text_of(client.get(address(batch)))
    assert f"{done} 1 行" in text and step in text
    assert done in text_of(client.get("/e/import/"))


def test_the_questions_of_the_repair_page_do_not_grow_with_its_rows(
    client, clerk, batch, django_assert_max_num_queries
):
    client.get(address(batch))
    many = upload(clerk, *(row(i) for i in range(10, 60)))
    with django_assert_max_num_queries(30):
        client.get(address(many))


def test_another_employers_batch_is_not_found(client, batch):
    signed_in(client)
    for what in ("", "progress/", "marked/", "review/"):
        assert client.get(address(batch, what)).status_code == 404
    assert posted(client, batch, 3, {"declared_wage": "1"}).status_code == 404


def test_a_doubled_person_is_settled_by_keeping_one_row_and_the_other_can_be_put_back(client, clerk):
    doubled = upload(clerk, row(1), row(1, 申报工资="9000"), row(2))
    page = text_of(client.get(address(doubled)))
    assert "保留第 2 行" in page and "保留第 3 行" in page and "移出本批" not in page
    client.post(address(doubled, "group/"), {"act": "keep", "numbers": "3"})
    assert dict(doubled.rows.values_list("number", "state")) == {2: "removed", 3: "passed", 4: "passed"}
    assert "已移出 1 行，可在“已移出”里放回。" in text_of(client.get(f"{address(doubled)}?tab=removed"))
    client.post(address(doubled, "group/"), {"act": "restore", "numbers": "2"})
    assert doubled.rows.get(number=2).state == "error"


def test_a_cell_shows_what_is_taken_and_says_what_the_file_held(client, clerk):
    page = client.get(address(upload(clerk, row(1, name="赵 示例")))).content.decode()
    assert 'title="原为：赵 示例"' in page
    assert 'data-text="赵示例"' in page
    assert "<s>赵 示例</s> → 赵示例" in page


def test_an_unknown_group_act_is_a_bad_request(client, batch):
    assert client.post(address(batch, "group/"), {"act": "burn"}).status_code == 400


def test_what_is_pasted_from_a_spreadsheet_is_read_like_a_file(client, clerk):
    pasted = sheet(row(1), row(2)).decode("utf-8-sig").replace(",", "\t")
    response = client.post("/e/import/", {"service": ENROL, "pasted": pasted}, follow=True)
    assert Batch.objects.get().rows_read == 3
    assert response.redirect_chain[0][0] == f"/e/import/{Batch.objects.get().pk}/"


def test_the_roster_and_the_published_order_can_be_downloaded_where_there_are_such(client, november):
    signed_in(client, direct=True)
    text = text_of(client.get("/e/import/"))
    url = "/e/import/template/wage_declaration/roster/"
    assert f'href="{url}"' in text and f'href="{url}?columns=published"' in text
    for address in (url, f"{url}?columns=published"):
        assert "查看原因" in text_of(client.get(address))
    assert client.get("/e/import/template/employee_enrolment/roster/").status_code == 404
    assert client.get("/e/import/template/employee_cessation/roster/?columns=published").status_code == 404
    assert client.get("/e/import/template/employee_cessation/", {"columns": "published"}).status_code == 404
