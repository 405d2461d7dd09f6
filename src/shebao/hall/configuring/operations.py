"""New values: proposed by one, agreed to by another, written into the region's folder; there is no second truth."""

import os
import re
import tempfile
from pathlib import Path

from django.db import transaction

from shebao.regions_home import own_roots, regions_roots
from shebao.rules.proposals import changes, load_proposed
from shebao.rules.region import BadRegion, Region

from .. import clock
from ..audit.operations import record
from ..errors import Conflict, Refused, permit
from ..regions import CHANGED, all_regions, region
from .models import ProposalState, ValuesProposal

SHORTEST = 5


@transaction.atomic
def propose_values(text: str, *, by, reason: str) -> ValuesProposal:
    """Propose new values of the actor's region (提出修改). Nothing changes by it.

    Raises BadRegion with every mistake of the text; Refused without a reason, or where nothing would change.
    """
    permit(by, "configure", "提出数值修改")
    if len(reason.strip()) < SHORTEST:
        raise Refused("reason_missing", "请写明依据和原因，审批的人要看。", field="reason")
    here = region(by.region)
    if not changes(here, load_proposed(here, regions_roots(), text)):
        raise Refused("nothing_changed", "写的数值与现行的完全相同。", field="yaml")
    made = ValuesProposal.objects.create(
        region=by.region, text=text, reason=reason.strip()[:200], fingerprint=here.fingerprint, proposed_by=by,
        proposed_at=clock.now(),
    )  # fmt: skip
    record("values.proposed", made, by=by)
    return made


@transaction.atomic
def approve_values(pk: int, *, by, note: str = "") -> ValuesProposal:
    """Agree to new values (同意): another person than who proposed them. `activate_values` puts them into force."""
    found = _decidable(pk, by)
    _as_it_was(found)
    _decide(found, by, ProposalState.APPROVED, note)
    record("values.approved", found, by=by)
    return found


@transaction.atomic
def decline_values(pk: int, *, by, note: str) -> ValuesProposal:
    """Do not agree, with the reason."""
    found = _decidable(pk, by)
    if not note.strip():
        raise Refused("reason_missing", "请写明不同意的原因。", field="note")
    _decide(found, by, ProposalState.DECLINED, note)
    record("values.declined", found, by=by)
    return found


def _decidable(pk: int, by) -> ValuesProposal:
    permit(by, "configure", "审批数值修改")
    found = ValuesProposal.objects.visible_to(by).select_for_update(of=("self",)).get(pk=pk)
    if found.proposed_by_id == by.pk:
        raise Refused("own_proposal", "提出的人不能自己审批，请由另一位管理员审批。", status=403)
    if found.state != ProposalState.PROPOSED:
        raise Conflict("decided_already", f"这个方案现在是“{found.get_state_display()}”，不能再审批。")
    return found


def _decide(found: ValuesProposal, by, state: str, note: str) -> None:
    deed = {"state": state, "decided_by": by, "decided_at": clock.now(), "note": note.strip()[:200]}
    if not ValuesProposal.objects.filter(pk=found.pk, state=ProposalState.PROPOSED).update(**deed):
        raise Conflict("decided_already", "这个方案刚被别人审批过。")
    for name, value in deed.items():
        setattr(found, name, value)


def _as_it_was(found: ValuesProposal) -> None:
    """What was proposed for one state of the folder means something else for another."""
    if region(found.region).fingerprint != found.fingerprint:
        text = "提出以后地区文件夹改过，方案可能对不上。请按现行数值重新提出。"
        raise Conflict("region_changed", text)


@transaction.atomic
def activate_values(pk: int, *, by) -> ValuesProposal:
    """Write agreed values into the region's own folder, for every process of the installation (启用).

    Raises Refused where the folder ships with the program or cannot be written: then the file is for whoever keeps
    the folder; Conflict where it was changed since.
    """
    permit(by, "configure", "启用数值修改")
    found = ValuesProposal.objects.visible_to(by).select_for_update(of=("self",)).get(pk=pk)
    if found.state != ProposalState.APPROVED:
        raise Conflict("not_approved", f"这个方案现在是“{found.get_state_display()}”，不能启用。")
    _as_it_was(found)
    file = _own_file(region(found.region))
    before = file.read_text("utf-8") if file.is_file() else None
    rows = ValuesProposal.objects.filter(pk=pk, state=ProposalState.APPROVED)
    rows.update(state=ProposalState.ACTIVE, active_at=clock.now())
    found.refresh_from_db()
    record("values.activated", found, by=by)
    _write(file, merged(before or "", found.text))
    try:
        _reread()
        all_regions()
    except BadRegion as bad:
        # The whole of the folder is proved again as it now stands; what does not hold is taken back.
        file.unlink() if before is None else _write(file, before)
        _reread()
        raise Refused("does_not_hold", f"写入后整个方案通不过检查，已恢复原样：{bad.problems[0]}") from None
    return found


def _own_file(here: Region) -> Path:
    for root in own_roots():
        folder = root / here.code
        if (folder / "region.yaml").is_file():
            if os.access(folder, os.W_OK):
                return folder / "parameters.yaml"
            raise Refused("folder_read_only", f"地区文件夹 {here.code} 不能写入，请下载方案，交给管文件夹的人。")
    text = "这个地区的文件夹随程序安装，不能在页面上改。请下载方案，交给管地区文件夹的人（REGIONS_DIR）。"
    raise Refused("folder_is_bundled", text)


def merged(own: str, proposed: str) -> str:
    """The folder's parameters.yaml with the proposed keys in the place of its own; all else, comments too, stays.

    A key is its line at the margin and what is indented below it.
    """
    blocks, news = _blocks(own), {key: text for key, text in _blocks(proposed) if key}
    kept = [news.pop(key, text) if key else text for key, text in blocks]
    return "".join(part if part.endswith("\n") else f"{part}\n" for part in [*kept, *news.values()] if part)


def _blocks(text: str) -> list[tuple[str, str]]:
    """(key, its lines) in order; comments and empty lines at the margin before a key are blocks without one."""
    blocks: list[tuple[str, str]] = []
    for line in text.replace("\r\n", "\n").splitlines(keepends=True):
        found = re.match(r"([^\s#][^:\n]*):", line)
        if found:
            blocks.append((found[1].strip("\"'"), line))
        elif blocks and blocks[-1][0] and (line.startswith((" ", "\t")) or not line.strip()):
            blocks[-1] = (blocks[-1][0], blocks[-1][1] + line)
        else:
            blocks.append(("", line))
    return blocks


def _write(file: Path, text: str) -> None:
    """All of it or nothing: a reader meanwhile has the old file."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, delete=False, suffix=".new") as new:
        new.write(text)
        new.flush()
        os.fsync(new.fileno())
    Path(new.name).chmod(0o644)
    Path(new.name).replace(file)


def _reread() -> None:
    """Every process looks at the age of this mark before it trusts what it has read."""
    for root in own_roots():
        (root / CHANGED).write_text(clock.now().isoformat(), "utf-8")
    all_regions.cache_clear()
