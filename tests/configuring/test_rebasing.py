"""Several change one code list: what each changed stands; where two truths threaten, the page says what to do."""

import pytest

from shebao.hall import regions
from shebao.hall.configuring.models import FolderProposal, ProposalState
from shebao.hall.configuring.operations import activate_file, approve_file, propose_file
from shebao.hall.errors import Conflict
from shebao.rules.code_text import retired
from tests.configuring.test_proposals import (
    DAYS,
    NEW_REASON,
    REASONS,
    WHY,
    heads,
    higher,
    in_folder,
    in_force,
    november,
    own_folder,
    reasons,
)

__all__ = ["heads", "november", "own_folder"]
pytestmark = pytest.mark.django_db
OTHER_REASON = '  - {code: "08", title: 印章看不清}\n'


def reason(code: str):
    return regions.region("tianjin").codes["return_reasons"].get(code)


def proposed(text: str, by, file=REASONS) -> FolderProposal:
    return propose_file(text, by=by, reason=WHY, file=file)


def page_of(client, found, by) -> str:
    client.force_login(by)
    return client.get(f"/a/configuration/proposals/{found.pk}").content.decode()


def test_proposals_of_other_codes_of_one_list_are_all_put_into_force_one_after_the_other(own_folder, heads, client):
    one, other = heads
    made = [proposed(reasons(more), one) for more in (NEW_REASON, OTHER_REASON)] + [
        proposed(retired(reasons(""), "04"), one)
    ]
    for found in made:
        page = page_of(client, found, other)
        assert "重新提出" not in page and page.count("<td data-label") == 2, "its own difference and no other"
        client.post(f"/a/configuration/proposals/{found.pk}/approve", {"seen": regions.region("tianjin").fingerprint})
        activate_file(found.pk, by=one)
    assert (reason("07").title, reason("08").title) == ("合同照片看不清", "印章看不清")
    assert reason("04").is_retired
    assert set(FolderProposal.objects.values_list("state", flat=True)) == {ProposalState.ACTIVE}
    assert "别处的改动都保留" not in page_of(client, made[-1], other)
    found = FolderProposal.objects.get(pk=made[1].pk)
    assert "合同照片看不清" in found.text
    assert [row["title"] for row in found.changed] == ["代码 08"], "what was agreed to stays told"


def test_what_was_agreed_to_before_another_came_into_force_needs_nobody_again(own_folder, heads):
    one, other = heads
    first, second = (proposed(reasons(more), one) for more in (NEW_REASON, OTHER_REASON))
    for found in (first, second):
        approve_file(found.pk, by=other)
    for found in (first, second):
        activate_file(found.pk, by=one)
    assert reason("07") and reason("08")


def test_another_file_that_changed_makes_nothing_stale(own_folder, heads):
    one, other = heads
    values, days = proposed(higher(), one, "parameters.yaml"), proposed(DAYS, one, "calendar.yaml")
    for found in (values, days):
        approve_file(found.pk, by=other)
        activate_file(found.pk, by=one)
    assert in_force() == 600_000


def test_who_opened_the_page_before_the_folder_changed_reads_it_again_before_agreeing(own_folder, heads):
    one, other = heads
    found, seen = proposed(reasons(OTHER_REASON), one), regions.region("tianjin").fingerprint
    in_folder(reasons(), REASONS, one, other)
    with pytest.raises(Conflict, match="请看过现在的现行和拟定"):
        approve_file(found.pk, by=other, seen=seen)
    assert FolderProposal.objects.get(pk=found.pk).state == ProposalState.PROPOSED
    approve_file(found.pk, by=other, seen=regions.region("tianjin").fingerprint)


def test_a_code_that_both_changed_is_named_and_proposed_again_with_all_else_filled_in(own_folder, heads, client):
    one, other = heads
    here = reasons("")
    mine = proposed(here.replace("缺少证明材料", "缺证明") + OTHER_REASON, one)
    in_folder(here.replace("缺少证明材料", "没有证明材料"), REASONS, one, other)
    for deed in (lambda: approve_file(mine.pk, by=other), lambda: activate_file(mine.pk, by=other)):
        with pytest.raises(Conflict, match="别人也改了代码 04|不能启用"):
            deed()
    page = page_of(client, mine, other)
    assert "别人也改了代码 04" in page and ">同意<" not in page and "缺证明" in page
    again = f"/a/configuration/propose?file={REASONS}&again={mine.pk}"
    assert f'href="{again.replace("&", "&amp;")}"' in page
    client.force_login(one)
    filled = client.get(again).content.decode()
    assert "原来提出的改动" in filled and "缺证明" in filled and WHY in filled
    text = filled.split("<textarea")[1].split(">", 1)[1].split("</textarea>")[0]
    assert "没有证明材料" in text and "印章看不清" in text and "缺证明}" not in text
    assert client.get(f"/a/configuration/propose?file=calendar.yaml&again={mine.pk}").status_code == 404


def test_what_somebody_else_did_already_is_not_done_again(own_folder, heads, client):
    one, other = heads
    mine = proposed(reasons(), one)
    in_folder(reasons(), REASONS, one, other)
    assert "不用再改" in page_of(client, mine, other)
    with pytest.raises(Conflict, match="不用再改"):
        approve_file(mine.pk, by=other)


def test_a_value_that_others_changed_meanwhile_is_proposed_again_with_what_was_written(own_folder, heads, client):
    one, other = heads
    mine = proposed(higher(610_000), one, "parameters.yaml")
    in_folder(higher(), "parameters.yaml", one, other)
    assert "请按现行内容重新提出" in page_of(client, mine, other)
    client.force_login(one)
    filled = client.get(f"/a/configuration/propose?file=parameters.yaml&again={mine.pk}").content.decode()
    assert "6100" in filled and "6,100.00 元" in filled


def test_a_proposal_of_before_its_beginning_was_kept_is_proposed_again(own_folder, heads):
    one, other = heads
    mine = proposed(reasons(OTHER_REASON), one)
    FolderProposal.objects.filter(pk=mine.pk).update(made_from="")
    in_folder(reasons(), REASONS, one, other)
    with pytest.raises(Conflict, match="请按现行内容重新提出"):
        approve_file(mine.pk, by=other)


def test_what_is_downloaded_is_what_it_comes_to_now(own_folder, heads, client):
    one, other = heads
    mine = proposed(reasons(OTHER_REASON), one)
    in_folder(reasons(), REASONS, one, other)
    client.force_login(one)
    text = client.get(f"/a/configuration/proposals/{mine.pk}/file").content.decode()
    assert "印章看不清" in text and "合同照片看不清" in text
