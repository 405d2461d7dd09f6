"""The pages of 规则沙盘: the form, its mistakes, the result, the file to take along."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from shebao.hall.operators.models import Operator
from shebao.hall.settlement import sandbox
from shebao.hall.settlement.models import SandboxRun
from tests.settlement.hall import NOVEMBER, OCTOBER, hire, make_clerk, make_employer, on_day, settle

from .employer.money import text_of

pytestmark = pytest.mark.django_db
FLOOR = {"since": "2027-01", "source": "", "value.base_floor": "8,000", "yaml": ""}


@pytest.fixture
def pages(client):
    employer = make_employer("shanghai", number="310001")
    hire(employer, [300_000, 1_000_000])
    settle(employer, make_clerk(employer), OCTOBER)
    client.force_login(Operator.objects.create(username="sh", name="管理", role="agency_admin", region="shanghai"))
    with on_day(NOVEMBER):
        yield client


def test_values_are_written_tried_and_taken_along(pages):
    form = text_of(pages.get("/a/sandbox/"))
    assert "缴费基数下限" in form and "7,546.00 元" in form and "按类别分档" in form
    answer = pages.post("/a/sandbox/", FLOOR, follow=True)
    text = text_of(answer)
    for words in ("8,000.00 元", "2027-01", "测试单位310001", "+108.96", "没有保存任何数值"):
        assert words in text
    run = SandboxRun.objects.get()
    file = pages.get(f"/a/sandbox/{run.pk}/parameters.yaml")
    assert "attachment" in file["Content-Disposition"]
    written = file.content.decode()
    assert 'from: "2022-07"' in written and "value: 8000" in written and "status: illustrative" in written
    assert f"/a/sandbox/{run.pk}" in text_of(pages.get("/a/sandbox/"))


def test_a_document_makes_the_value_verified(pages):
    pages.post("/a/sandbox/", FLOOR | {"source": "沪人社规〔2027〕1号"})
    last = SandboxRun.objects.get().proposal.rpartition("- from")[2]
    assert "沪人社规〔2027〕1号" in last and "status: verified" in last


def test_a_rate_is_typed_in_per_cent(pages):
    pages.post("/a/sandbox/", {"since": "2026-10", "value.medical.employer_rate": "9.25%"})
    assert "value: 0.0925\n" in SandboxRun.objects.get().proposal


def test_the_values_in_force_can_be_fetched_edited_and_sent_back(pages):
    current = pages.get("/a/sandbox/parameters.yaml").content.decode()
    assert "injury.employer_rate" in current
    edited = current.replace("value: 7546\n", "value: 7600\n", 1)
    file = SimpleUploadedFile("parameters.yaml", edited.encode())
    text = text_of(pages.post("/a/sandbox/", {"since": "2027-01", "file": file}, follow=True))
    assert "7,600.00 元" in text and "+12.96" in text


@pytest.mark.parametrize(
    ("said", "sentences"),
    [
        ({}, ["还没有写新数值"]),
        ({"value.base_floor": "八千", "value.medical.employer_rate": "x", "since": "不是月份"},
         ["缴费基数下限：", "医疗保险（含生育）单位费率：", "请按 2026-11 的样式填写"]),
        ({"value.base_floor": "99999999"}, ["下限高于上限"]),
        ({"value.medical.employer_rate": "NaN"}, ["不是普通数字"]),
        ({"value.medical.employer_rate": "1e999999"}, ["不是普通数字"]),
        ({"value.medical.employer_rate": "1e-99999999"}, ["不是普通数字"]),
        ({"yaml": f"甲: {'9' * 5_000}"}, ["数字太长"]),
        ({"value.base_floor": "8000", "yaml": "base_floor: 1"}, ["只用一种"]),
        ({"yaml": "base_floor:\n  title: 甲\n  unit: yuan\n  values:\n    - {from: 1}\n"}, ["parameters.yaml:5"]),
        ({"yaml": "甲: 1"}, ["parameters.yaml:1: 甲: 本地区没有这个参数"]),
    ],
)  # fmt: skip
def test_every_mistake_is_said_at_once_and_what_was_typed_stays(pages, said, sentences):
    answer = pages.post("/a/sandbox/", {"since": "2026-07", "yaml": ""} | said)
    assert answer.status_code == 422
    text = text_of(answer)
    for sentence in [*sentences, *(value for value in said.values() if ":" not in value)]:
        assert sentence in text
    assert not SandboxRun.objects.exists()


def test_the_box_with_the_mistake_is_marked_and_the_others_are_not(pages):
    text = text_of(pages.post("/a/sandbox/", {"since": "2027-01", "value.base_floor": "八千"}))
    assert text.count('aria-invalid="true"') == 1
    assert 'href="#id_value.base_floor"' in text


@pytest.mark.parametrize(("content", "sentence"), [(b"\xff\xfe\x00", "不是 UTF-8"), (b"#" * 200_001, "超过 200 KB")])
def test_a_file_that_cannot_be_read_is_named(pages, content, sentence):
    answer = pages.post("/a/sandbox/", {"since": "2027-01", "file": SimpleUploadedFile("p.yaml", content)})
    assert answer.status_code == 422 and sentence in text_of(answer)


def test_a_run_in_the_background_says_how_far_it_is_and_why_it_stopped(pages, monkeypatch):
    monkeypatch.setattr(sandbox, "AT_ONCE", 0)
    monkeypatch.setattr(sandbox, "run_in_background", lambda *ids: None)
    page = text_of(pages.post("/a/sandbox/", FLOOR, follow=True))
    run = SandboxRun.objects.get()
    assert "0 / 1 个单位" in page and f"/a/sandbox/{run.pk}/progress" in page
    assert pages.get(f"/a/sandbox/{run.pk}/progress").json()["done"] == 0
    SandboxRun.objects.update(failure="按拟定的数值不能计算：缺一档。")
    assert pages.get(f"/a/sandbox/{run.pk}/progress").json() == {}
    assert "缺一档" in text_of(pages.get(f"/a/sandbox/{run.pk}"))


def test_nobody_else_opens_the_sandbox_or_anothers_run(pages, client):
    pages.post("/a/sandbox/", FLOOR)
    run = SandboxRun.objects.get()
    for username, role, status in (("r", "reviewer", 403), ("b", "agency_admin", 404)):
        client.force_login(Operator.objects.create(username=username, name="某", role=role, region="shanghai"))
        for tail in ("", "/progress", "/parameters.yaml"):
            assert client.get(f"/a/sandbox/{run.pk}{tail}").status_code == status
        menu = text_of(client.get("/a/employers/"))
        assert ("规则沙盘" in menu) == (role == "agency_admin")
    client.force_login(make_clerk(make_employer("shanghai", number="310002")))
    assert client.get("/a/sandbox/").status_code == 404
