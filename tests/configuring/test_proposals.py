"""Values, calendar, code lists: proposed by one, agreed to by another, and then only in the region's folder."""

import shutil
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from shebao import regions_home
from shebao.hall import regions
from shebao.hall.audit.models import AuditEntry
from shebao.hall.configuring.models import FolderProposal, ProposalState
from shebao.hall.configuring.operations import (
    activate_file,
    approve_file,
    decline_file,
    propose_file,
)
from shebao.hall.declarations.operations import approve_declarations, save_declarations, submit_declarations
from shebao.hall.errors import Conflict, Refused
from shebao.hall.sheets.templates import write_template
from shebao.regions_home import regions_roots
from shebao.rules.months import Month
from shebao.rules.proposals import current_text, merged, proposable, with_value, written
from shebao.rules.region import BadRegion
from tests.factories import NOW, OperatorFactory, at, enrolled, enrolment, synthetic_id

pytestmark = pytest.mark.django_db
WHY = "按年度文件调整下限"
JANUARY = Month(2027, 1)


@pytest.fixture(autouse=True)
def november():
    with at():
        yield


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    """The region's folder in a place of the installation's own, as an agency keeps it; beside it what it extends."""
    own, bundled = tmp_path / "own", tmp_path / "bundled"
    bundled.mkdir()
    for code in regions.region("tianjin").lineage:
        source = next(root / code for root in regions_roots() if (root / code).is_dir())
        if code == "tianjin":
            shutil.copytree(source, own / code)
        else:
            (bundled / code).symlink_to(source)
    monkeypatch.setenv("REGIONS_DIR", str(own))
    monkeypatch.setattr(regions_home, "_bundled", lambda: [bundled])
    regions.all_regions.cache_clear()
    yield own / "tianjin"
    monkeypatch.undo()
    regions.all_regions.cache_clear()


@pytest.fixture
def heads(db):
    return OperatorFactory(agency_admin=True, name="陈志远"), OperatorFactory(agency_admin=True, name="周敏")


def floor() -> str:
    return regions.region("tianjin").schemes["pension"].floor


def higher(number=600_000) -> str:
    """The pension's floor with one more value, as a file."""
    parameter = regions.region("tianjin").parameters[floor()]
    return written([with_value(parameter, JANUARY, NOW.date(), number, "津示例〔2026〕1 号", "illustrative")])


def in_force() -> int:
    return regions.region("tianjin").value(floor(), JANUARY, known_on=NOW.date()).value


def test_values_are_in_force_only_once_a_second_person_agreed_and_they_are_in_the_folder(own_folder, heads):
    one, other = heads
    before, file = in_force(), own_folder / "parameters.yaml"
    text = file.read_text("utf-8")
    made = propose_file(higher(), by=one, reason=WHY)
    assert (in_force(), file.read_text("utf-8")) == (before, text)
    with pytest.raises(Refused, match="不能自己审批"):
        approve_file(made.pk, by=one)
    with pytest.raises(Conflict, match="不能启用"):
        activate_file(made.pk, by=other)
    approve_file(made.pk, by=other, note="与文件一致")
    assert in_force() == before
    activate_file(made.pk, by=one)
    assert in_force() == 600_000
    assert "津示例〔2026〕1 号" in file.read_text("utf-8")
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert [line for line in file.read_text("utf-8").splitlines() if line.startswith("#")] == comments
    assert regions.region("tianjin").origin[f"parameters/{floor()}"].startswith("tianjin/parameters.yaml")
    assert FolderProposal.objects.get().state == ProposalState.ACTIVE
    actions = list(AuditEntry.objects.order_by("sequence").values_list("action", flat=True))
    assert actions == ["folder.proposed", "folder.approved", "folder.activated"]


def test_another_process_reads_the_folder_anew(own_folder, heads):
    one, other = heads
    made = propose_file(higher(), by=one, reason=WHY)
    approve_file(made.pk, by=other)
    stale = regions._loaded(regions._mark())
    activate_file(made.pk, by=one)
    regions._loaded(regions._mark())
    assert regions.all_regions()["tianjin"].fingerprint != stale["tianjin"].fingerprint


def test_the_second_person_is_another_in_the_database_too(own_folder, heads):
    made = propose_file(higher(), by=heads[0], reason=WHY)
    with pytest.raises(IntegrityError), transaction.atomic():
        FolderProposal.objects.filter(pk=made.pk).update(decided_by=heads[0], state=ProposalState.APPROVED)


def test_a_wrong_file_is_told_by_its_lines_and_nothing_is_proposed(own_folder, heads):
    with pytest.raises(BadRegion):
        propose_file(higher().replace("unit: yuan", "unit: 两"), by=heads[0], reason=WHY)
    with pytest.raises(Refused, match="依据和原因"):
        propose_file(higher(), by=heads[0], reason="改")
    with pytest.raises(Refused, match="完全相同"):
        propose_file(written([regions.region("tianjin").parameters[floor()]]), by=heads[0], reason=WHY)
    with pytest.raises(Refused, match="权限"):
        propose_file(higher(), by=OperatorFactory(reviewer=True), reason=WHY)
    assert not FolderProposal.objects.exists()


def test_what_was_proposed_for_another_state_of_the_folder_is_proposed_again(own_folder, heads):
    one, other = heads
    first, second = propose_file(higher(), by=one, reason=WHY), propose_file(higher(610_000), by=one, reason=WHY)
    for made in (first, second):
        approve_file(made.pk, by=other)
    activate_file(first.pk, by=other)
    with pytest.raises(Conflict, match="重新提出"):
        activate_file(second.pk, by=other)
    assert in_force() == 600_000


def test_a_folder_that_ships_with_the_program_is_not_written_to(heads):
    one, other = heads
    made = propose_file(higher(), by=one, reason=WHY)
    approve_file(made.pk, by=other)
    with pytest.raises(Refused, match="随程序安装"):
        activate_file(made.pk, by=one)
    made.refresh_from_db()
    assert made.state == ProposalState.APPROVED


def test_not_agreeing_needs_a_reason_and_another_region_sees_nothing(own_folder, heads):
    made = propose_file(higher(), by=heads[0], reason=WHY)
    with pytest.raises(FolderProposal.DoesNotExist):
        approve_file(made.pk, by=OperatorFactory(agency_admin=True, region="leshan"))
    with pytest.raises(Refused, match="不同意的原因"):
        decline_file(made.pk, by=heads[1], note="")
    decline_file(made.pk, by=heads[1], note="没有文件")
    with pytest.raises(Conflict):
        approve_file(made.pk, by=heads[1])


def test_only_the_proposed_keys_of_the_file_are_replaced():
    own = "# 头\na:\n  x: 1\n\n# 说明 b\nb:\n  y: 2\n"
    assert merged(own, "b:\n  y: 3\n") == "# 头\na:\n  x: 1\n\n# 说明 b\nb:\n  y: 3\n"
    assert merged(own, "c:\n  z: 1") == own + "c:\n  z: 1\n"
    assert merged("", "c:\n  z: 1\n") == "c:\n  z: 1\n"


@given(st.lists(st.sampled_from("abcd"), unique=True), st.lists(st.sampled_from("cdef"), unique=True, min_size=1))
def test_merging_keeps_every_other_key_and_has_each_once(own, news):
    import yaml

    before = "".join(f"# {key}\n{key}:\n  v: 1\n" for key in own)
    after = yaml.safe_load(merged(before, "".join(f"{key}:\n  v: 2\n" for key in news)))
    assert after == {key: {"v": 1} for key in own} | {key: {"v": 2} for key in news}


def test_the_pages_lead_from_the_sandbox_to_the_folder(own_folder, heads, client):
    one, other = heads
    client.force_login(one)
    assert "事项和审核" in client.get("/a/configuration/").content.decode()
    wrong = client.post("/a/configuration/propose", {"yaml": "x: 1", "reason": WHY})
    assert wrong.status_code == 422
    page = client.post("/a/configuration/propose", {"yaml": higher(), "reason": WHY}).url
    assert "6,000.00" in client.get(page).content.decode()
    client.post(f"{page}/approve")
    assert FolderProposal.objects.get().state == ProposalState.PROPOSED
    client.force_login(other)
    client.post(f"{page}/approve", {"note": "同意"})
    client.post(f"{page}/activate")
    assert FolderProposal.objects.get().state == ProposalState.ACTIVE
    assert "已写入地区文件夹" in client.get(page).content.decode()
    assert client.get(f"{page}/file").status_code == 200
    assert Path(own_folder / "parameters.yaml").stat().st_mode & 0o777 == 0o644
    client.force_login(OperatorFactory(reviewer=True))
    assert client.get(page).status_code == 403


DAYS = 'days:\n  "2026-11-21": work\n'
REASONS = "codes/return_reasons.yaml"
NEW_REASON = '  - {code: "07", title: 合同照片看不清}\n'


def reasons(more=NEW_REASON) -> str:
    return current_text(regions.region("tianjin"), regions_roots(), REASONS) + more


def refused(text: str, file: str, by) -> str:
    with pytest.raises(BadRegion) as bad:
        propose_file(text, by=by, reason=WHY, file=file)
    return "\n".join(bad.value.problems)


def in_folder(text: str, file: str, one, other) -> FolderProposal:
    made = propose_file(text, by=one, reason=WHY, file=file)
    approve_file(made.pk, by=other)
    return activate_file(made.pk, by=one)


def test_a_day_and_a_reason_go_the_same_way_and_only_what_is_new_comes_into_the_folder(own_folder, heads):
    whole = current_text(regions.region("tianjin"), regions_roots(), "calendar.yaml")
    in_folder(whole + DAYS, "calendar.yaml", *heads)
    assert (own_folder / "calendar.yaml").read_text("utf-8") == DAYS, "what is above stays there"
    assert regions.region("tianjin").calendar.is_working_day(date(2026, 11, 21))
    in_folder(reasons(), REASONS, *heads)
    assert regions.region("tianjin").codes["return_reasons"].title_of("07") == "合同照片看不清"
    assert (own_folder / REASONS).read_text("utf-8") == reasons("")
    told = AuditEntry.objects.order_by("sequence").values_list("action", "detail__file")
    assert list(told)[-1] == ("folder.activated", REASONS)


def test_what_months_cases_and_registers_rely_on_stays(heads):
    one, _ = heads
    without = reasons("").replace('  - {code: "04", title: 缺少证明材料}\n', "")
    assert (
        "退回原因：代码 04（缺少证明材料）不能去掉，花名册、办件和单据里可能用着它；不再使用的，请写 retired: true"
        in refused(without, REASONS, one)
    )
    kinds = "codes/cessation_reasons.yaml"
    leaving = current_text(regions.region("tianjin"), regions_roots(), kinds)
    assert "性质、转移、全国代码不能改" in refused(leaving.replace("kind: suspend", "kind: terminate", 1), kinds, one)
    assert "2026-11-09 已经过去" in refused('days:\n  "2026-11-09": rest\n', "calendar.yaml", one)
    month = '  "{}": {{declare_until: {}, pay_until: {}, source: 甲, status: illustrative}}\n'
    over = refused("months:\n" + month.format("2026-10", "2026-10-20", "2026-11-28"), "calendar.yaml", one)
    assert "2026 年 10 月的申报已于 2026-10-31 23:59 截止，不能改成 2026-10-20" in over
    assert "2026 年 10 月的缴费已于 2026-10-31 23:59 截止，不能改成 2026-11-28" in over
    early = refused("months:\n" + month.format("2026-11", "2026-11-05", "2026-11-30"), "calendar.yaml", one)
    assert early == "2026 年 11 月的申报截止不能改到已经过去的 2026-11-05 23:59"
    every = "payment: {until_day: 25, source: 甲, status: illustrative}\n"
    assert "2026-10 写 declare_until: 2026-10-31 pay_until: 2026-10-31" in refused(every, "calendar.yaml", one)
    kept = "".join(month.format(f"2026-{n:02}", f"2026-{n:02}-{last}", f"2026-{n:02}-{last}")
                   for n, last in ((8, 31), (9, 30), (10, 31)))  # fmt: skip
    declare = "declaration: {from_day: 1, until_day: 20, shift: none, source: 甲, status: illustrative}\n"
    assert propose_file(f"{every}{declare}months:\n{kept}", by=one, reason=WHY, file="calendar.yaml").pk


def test_a_code_is_retired_and_restored_by_two_people_and_what_has_it_is_shown_and_chosen_anew(
    own_folder, heads, client
):
    clerk = OperatorFactory(clerk=True)
    kept = enrolled(clerk.employer, employment_kind="43", number=synthetic_id(sequence=31))
    answers = [enrolment(n, employment_kind="43") for n in (1, 2)]
    draft, sent = save_declarations(clerk.employer_id, "employee_enrolment", answers, by=clerk)
    submit_declarations([sent.pk], by=clerk)
    kinds = "codes/employment_kinds.yaml"
    before = current_text(regions.region("tianjin"), regions_roots(), kinds)
    client.force_login(heads[0])
    press = f"/a/configuration/propose?file={kinds}&retire=43"
    assert f"{kinds}&amp;retire=43" in client.get("/a/configuration/").content.decode()
    unreasoned = client.post(press, {"reason": " "})
    assert (unreasoned.status_code, FolderProposal.objects.count()) == (422, 0)
    page, by_hand = client.post(press, {"reason": WHY}).url, before.replace('code: "43",', 'code: "43", retired: true,')
    made = FolderProposal.objects.get()
    assert (made.text, made.file) == (by_hand, kinds)
    client.force_login(heads[1])
    for shown in (unreasoned, client.get(page)):
        assert "停用：以前登记的照样显示" in shown.content.decode() and "限；停用；别名" in shown.content.decode()
    approve_file(made.pk, by=heads[1])
    activate_file(made.pk, by=heads[0])
    configured = client.get("/a/configuration/").content.decode()
    assert "已停用" in configured and f"{kinds}&amp;restore=43" in configured
    assert f"{kinds}&amp;retire=43" not in configured and "现在就是这样" in client.get(press).content.decode()
    (no,) = submit_declarations([draft.pk], by=clerk).refused
    assert "“43 以完成一定工作任务为期限”已停用，请改选其他一项" in no[1]
    reviewer = OperatorFactory(reviewer=True)
    assert approve_declarations([sent.pk], by=reviewer), "what was submitted before is decided as it was"
    here = regions.region("tianjin")
    form, service = here.forms["employee_enrolment"], here.services["employee_enrolment"]
    sheet = load_workbook(BytesIO(write_template(here, service, form)))
    assert not any("以完成一定工作任务" in str(cell) for tab in sheet for row in tab.values for cell in row)
    client.force_login(clerk)
    filters = client.get("/e/roster/").content.decode()
    assert "以完成一定工作任务为期限（已停用）" in filters and kept.name in filters
    offered = client.get("/e/declare/employee_enrolment/").content.decode()
    assert "以完成一定工作任务为期限" not in offered and "固定期限合同" in offered
    client.force_login(heads[0])
    client.post(press.replace("retire=", "restore="), {"reason": WHY})
    activate_file(approve_file(FolderProposal.objects.first().pk, by=heads[1]).pk, by=heads[1])
    assert (own_folder / kinds).read_text("utf-8") == before
    assert not regions.region("tianjin").codes["employment_kinds"].get("43").is_retired


def test_not_every_code_of_a_list_can_be_retired_nor_what_a_form_begins_with(heads, client):
    all_gone = reasons("").replace("{code:", "{retired: true, code:")
    assert "不能把全部代码都停用" in refused(all_gone, REASONS, heads[0])
    client.force_login(heads[0])
    press = "/a/configuration/propose?file=codes/employment_kinds.yaml&retire=41"
    asked, pressed = client.get(press), client.post(press, {"reason": WHY})
    assert (asked.status_code, pressed.status_code) == (200, 422)
    for told in (asked.content.decode(), pressed.content.decode()):
        assert "的“用工形式”默认填“41 " in told and 'name="reason"' not in told
        assert "请先另写一个默认值" in told and "forms/" not in told, "in words, without the file"
    assert client.post(press.replace("41", "no"), {"reason": WHY}).status_code == 404
    assert not FolderProposal.objects.exists()


def test_what_comes_too_late_is_not_agreed_to(heads):
    made = propose_file(DAYS, by=heads[0], reason=WHY, file="calendar.yaml")
    with at(NOW.replace(day=21)), pytest.raises(Refused, match="2026-11-21 已经过去"):
        approve_file(made.pk, by=heads[1])
    approve_file(made.pk, by=heads[1])
    with at(NOW.replace(day=21)), pytest.raises(Refused, match="2026-11-21 已经过去"):
        activate_file(made.pk, by=heads[1])


def test_a_case_that_no_longer_comes_out_is_told(heads):
    parameter = regions.region("tianjin").parameters[floor()]
    low = [replace(one, value=one.value - 100) for one in parameter.values]
    told = refused(written([replace(parameter, values=tuple(low))]), "parameters.yaml", heads[0])
    assert "tianjin/cases/monthly.yaml:" in told and "实得" in told


@pytest.mark.parametrize(
    ("text", "file", "words"),
    [
        ("a: [1", "calendar.yaml", "tianjin/calendar.yaml:2: 不是有效的 YAML"),
        ("a: &a [1]\nb: [*a, *a]\n", "calendar.yaml", "tianjin/calendar.yaml:1: 不使用锚点"),
        ("a: " + "[" * 900 + "]" * 900, "calendar.yaml", "超过了 20 层"),
        ("days:\n" + "#\n" * 100_000, "calendar.yaml", "超过 200 KB"),
        ("base_floor: 1\n", "calendar.yaml", "tianjin/calendar.yaml:1: base_floor: 不认识的键"),
        (DAYS, REASONS, "tianjin/codes/return_reasons.yaml:1: return_reasons.items: 必须填写"),
        ("x" * 200_001, "parameters.yaml", "超过 200 KB"),
    ],
)
def test_what_is_no_such_file_is_told_by_file_and_line(heads, text, file, words):
    assert words in refused(text, file, heads[0])
    assert not FolderProposal.objects.exists()


def test_only_files_of_the_list_are_proposed_and_only_by_who_may(heads):
    here = regions.region("tianjin")
    assert {"calendar.yaml", "parameters.yaml", REASONS} <= set(proposable(here))
    for file in ("services.yaml", "codes/yes_no.yaml", "../leshan/parameters.yaml", "codes/nowhere.yaml"):
        with pytest.raises(Refused, match="不能在页面上改"):
            propose_file(DAYS, by=heads[0], reason=WHY, file=file)
    with pytest.raises(Refused, match="完全相同"):
        propose_file(reasons(""), by=heads[0], reason=WHY, file=REASONS)


def test_what_cannot_be_put_into_the_file_is_taken_back(own_folder, heads):
    (own_folder / "calendar.yaml").write_text("# 本地\n", "utf-8")
    regions.all_regions.cache_clear()
    with pytest.raises(Refused, match="“days”没有写进去"):
        in_folder('{days: {"2026-11-21": work}}\n', "calendar.yaml", *heads)
    assert (own_folder / "calendar.yaml").read_text("utf-8") == "# 本地\n"
    assert not regions.region("tianjin").calendar.is_working_day(date(2026, 11, 21))
    assert FolderProposal.objects.get().state == ProposalState.APPROVED


def test_the_page_shows_key_by_key_what_changes_and_what_it_does_not_do(heads, client):
    client.force_login(heads[0])
    address = "/a/configuration/propose?file=codes%2Freturn_reasons.yaml"
    assert "缺少证明材料" in client.get(address).content.decode()
    edited = reasons().replace("填写有误或不完整", "填写有误")
    wrong = client.post(address, {"yaml": edited.replace("title: 填写有误", "titel: 填写有误"), "reason": WHY})
    assert (wrong.status_code, "return_reasons.yaml:5" in wrong.content.decode()) == (422, True)
    page = client.post(address, {"yaml": edited, "reason": WHY}).url
    shown = client.get(page).content.decode()
    for words in ("代码 07", "合同照片看不清", "代码 03", "填写有误或不完整", "从此显示新名称"):
        assert words in shown
    assert client.get(f"{page}/file").headers["Content-Disposition"].endswith("return_reasons.yaml")
    assert client.get("/a/configuration/current?file=calendar.yaml").content.decode().startswith("# 申报窗口")
    assert client.get("/a/configuration/current?file=services.yaml").status_code == 404
    large = SimpleUploadedFile("calendar.yaml", b"#" * 300_000)
    told = client.post("/a/configuration/propose?file=calendar.yaml", {"file": large, "reason": WHY})
    assert "文件超过 200 KB，不像是 calendar.yaml" in told.content.decode()


def test_a_value_that_was_published_is_corrected_by_a_later_one_only(heads):
    parameter = regions.region("tianjin").parameters[floor()]
    fewer = replace(parameter, values=tuple(one for one in parameter.values if one.since.year != 2026))
    text = written([with_value(fewer, JANUARY, NOW.date(), 600_000, "甲", "illustrative")])
    told = refused(text, "parameters.yaml", heads[0])
    assert "2026-01 起、2025-12-30 公布的数值不能去掉或改动" in told
