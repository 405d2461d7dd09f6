"""New values: proposed by one, agreed to by another, and then only in the region's folder."""

import shutil
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from shebao.hall import regions
from shebao.hall.audit.models import AuditEntry
from shebao.hall.configuring.models import ProposalState, ValuesProposal
from shebao.hall.configuring.operations import (
    activate_values,
    approve_values,
    decline_values,
    merged,
    propose_values,
)
from shebao.hall.errors import Conflict, Refused
from shebao.regions_home import regions_roots
from shebao.rules.months import Month
from shebao.rules.proposals import with_value, written
from shebao.rules.region import BadRegion
from tests.factories import NOW, OperatorFactory, at

pytestmark = pytest.mark.django_db
WHY = "按年度文件调整下限"
JANUARY = Month(2027, 1)


@pytest.fixture(autouse=True)
def november():
    with at():
        yield


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    """The region's folder in a place of the installation's own, as an agency keeps it."""
    source = next(root / "tianjin" for root in regions_roots() if (root / "tianjin").is_dir())
    shutil.copytree(source, tmp_path / "tianjin")
    monkeypatch.setenv("REGIONS_DIR", str(tmp_path))
    regions.all_regions.cache_clear()
    yield tmp_path / "tianjin"
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
    made = propose_values(higher(), by=one, reason=WHY)
    assert (in_force(), file.read_text("utf-8")) == (before, text)
    with pytest.raises(Refused, match="不能自己审批"):
        approve_values(made.pk, by=one)
    with pytest.raises(Conflict, match="不能启用"):
        activate_values(made.pk, by=other)
    approve_values(made.pk, by=other, note="与文件一致")
    assert in_force() == before
    activate_values(made.pk, by=one)
    assert in_force() == 600_000
    assert "津示例〔2026〕1 号" in file.read_text("utf-8")
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert [line for line in file.read_text("utf-8").splitlines() if line.startswith("#")] == comments
    assert regions.region("tianjin").origin[f"parameters/{floor()}"].startswith("tianjin/parameters.yaml")
    assert ValuesProposal.objects.get().state == ProposalState.ACTIVE
    actions = list(AuditEntry.objects.order_by("sequence").values_list("action", flat=True))
    assert actions == ["values.proposed", "values.approved", "values.activated"]


def test_another_process_reads_the_folder_anew(own_folder, heads):
    one, other = heads
    made = propose_values(higher(), by=one, reason=WHY)
    approve_values(made.pk, by=other)
    stale = regions._loaded(regions._mark())
    activate_values(made.pk, by=one)
    regions._loaded(regions._mark())
    assert regions.all_regions()["tianjin"].fingerprint != stale["tianjin"].fingerprint


def test_the_second_person_is_another_in_the_database_too(own_folder, heads):
    made = propose_values(higher(), by=heads[0], reason=WHY)
    with pytest.raises(IntegrityError), transaction.atomic():
        ValuesProposal.objects.filter(pk=made.pk).update(decided_by=heads[0], state=ProposalState.APPROVED)


def test_a_wrong_file_is_told_by_its_lines_and_nothing_is_proposed(own_folder, heads):
    with pytest.raises(BadRegion):
        propose_values(higher().replace("unit: yuan", "unit: 两"), by=heads[0], reason=WHY)
    with pytest.raises(Refused, match="依据和原因"):
        propose_values(higher(), by=heads[0], reason="改")
    with pytest.raises(Refused, match="完全相同"):
        propose_values(written([regions.region("tianjin").parameters[floor()]]), by=heads[0], reason=WHY)
    with pytest.raises(Refused, match="权限"):
        propose_values(higher(), by=OperatorFactory(reviewer=True), reason=WHY)
    assert not ValuesProposal.objects.exists()


def test_what_was_proposed_for_another_state_of_the_folder_is_proposed_again(own_folder, heads):
    one, other = heads
    first, second = propose_values(higher(), by=one, reason=WHY), propose_values(higher(610_000), by=one, reason=WHY)
    for made in (first, second):
        approve_values(made.pk, by=other)
    activate_values(first.pk, by=other)
    with pytest.raises(Conflict, match="重新提出"):
        activate_values(second.pk, by=other)
    assert in_force() == 600_000


def test_a_folder_that_ships_with_the_program_is_not_written_to(heads):
    one, other = heads
    made = propose_values(higher(), by=one, reason=WHY)
    approve_values(made.pk, by=other)
    with pytest.raises(Refused, match="随程序安装"):
        activate_values(made.pk, by=one)
    made.refresh_from_db()
    assert made.state == ProposalState.APPROVED


def test_not_agreeing_needs_a_reason_and_another_region_sees_nothing(own_folder, heads):
    made = propose_values(higher(), by=heads[0], reason=WHY)
    with pytest.raises(ValuesProposal.DoesNotExist):
        approve_values(made.pk, by=OperatorFactory(agency_admin=True, region="leshan"))
    with pytest.raises(Refused, match="不同意的原因"):
        decline_values(made.pk, by=heads[1], note="")
    decline_values(made.pk, by=heads[1], note="没有文件")
    with pytest.raises(Conflict):
        approve_values(made.pk, by=heads[1])


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
    assert ValuesProposal.objects.get().state == ProposalState.PROPOSED
    client.force_login(other)
    client.post(f"{page}/approve", {"note": "同意"})
    client.post(f"{page}/activate")
    assert ValuesProposal.objects.get().state == ProposalState.ACTIVE
    assert "已写入地区文件夹" in client.get(page).content.decode()
    assert client.get(f"{page}/parameters.yaml").status_code == 200
    assert Path(own_folder / "parameters.yaml").stat().st_mode & 0o777 == 0o644
    client.force_login(OperatorFactory(reviewer=True))
    assert client.get(page).status_code == 403
