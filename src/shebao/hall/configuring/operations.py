"""A file of the region's folder: proposed by one, agreed to by another, written there; there is no second truth."""

import os
import re
import tempfile
from pathlib import Path

from django.db import transaction

from shebao.regions_home import own_roots, regions_roots
from shebao.rules.cases import broken_cases
from shebao.rules.proposal_rows import Row, rows_of
from shebao.rules.proposals import VALUES, changes, current_text, load_proposed, proposable, rewritten, text_with
from shebao.rules.region import BadRegion, Region

from .. import clock
from ..audit.operations import record
from ..errors import Conflict, Refused, permit
from ..regions import CHANGED, all_regions, region
from .models import FolderProposal, ProposalState
from .rebasing import Stand, stand_of
from .relied_on import relied_on

SHORTEST = 5
PLACE = re.compile(r"^[^:]+:\d+: (?![\w.-]+: )")
"""The file and line of a mistake that names no key: what follows is said in words."""


@transaction.atomic
def propose_file(text: str, *, by, reason: str, file: str = VALUES) -> FolderProposal:
    """Propose what a file of the actor's region is to say (提出修改). Nothing changes by it.

    Raises BadRegion with every mistake of the text, every case that no longer comes out and all that relies on what
    would go; Refused without a reason, or where nothing would change.
    """
    permit(by, "configure", "提出地区方案修改")
    if len(reason.strip()) < SHORTEST:
        raise Refused("reason_missing", f"请写明依据和原因，至少 {SHORTEST} 个字，审批的人要看。", field="reason")
    here = region(by.region)
    if file not in proposable(here):
        raise Refused("unknown_file", "这个文件不能在页面上改，请交给管地区文件夹的人。", field="yaml")
    proposed = proved(here, text, file)
    if not (changes(here, proposed) if file == VALUES else rewritten(here, regions_roots(), text, file)):
        raise Refused("nothing_changed", "写的内容与现行的完全相同。", field="yaml")
    changed = rows_of(here, proposed, regions_roots(), text, file, clock.today())
    made = FolderProposal.objects.create(
        region=by.region, file=file, text=text, made_from=current_text(here, regions_roots(), file), changed=changed,
        reason=reason.strip()[:200], fingerprint=here.fingerprint, proposed_by=by, proposed_at=clock.now(),
    )  # fmt: skip
    record("folder.proposed", made, by=by, file=file)
    return made


def proved(here: Region, text: str, file: str) -> Region:
    """The region with the file in its folder: all that `shebao region check` asks, and nothing taken that is relied on.

    Raises BadRegion with every mistake; a whole sentence about another file than the proposed one without its place.
    """
    try:
        proposed = load_proposed(here, regions_roots(), text, file)
    except BadRegion as bad:
        own = f"{here.code}/{file}:"
        raise BadRegion([one if one.startswith(own) else PLACE.sub("", one) for one in bad.problems]) from None
    if wrong := [*broken_cases(proposed, regions_roots()), *relied_on(here, proposed)]:
        raise BadRegion(wrong)
    return proposed


@transaction.atomic
def approve_file(pk: int, *, by, note: str = "", seen: str = "") -> FolderProposal:
    """Agree to a proposed file (同意): another person than who proposed them. `activate_file` puts it into force.

    `seen` is the fingerprint of the folder whose differences they read. What was laid upon another folder meanwhile is
    kept as it was agreed to. Raises Conflict where the folder changed since they read.
    """
    found = _decidable(pk, by)
    here, stand = _as_it_stands(found)
    if seen and seen != here.fingerprint:
        raise Conflict("changed_since_seen", "打开这一页以后地区文件夹又改过。请看过现在的现行和拟定，再同意。")
    if stand.is_moved:
        _keep(found, stand, _rows(here, stand.text, found.file))
    _decide(found, by, ProposalState.APPROVED, note)
    record("folder.approved", found, by=by, file=found.file)
    return found


@transaction.atomic
def decline_file(pk: int, *, by, note: str) -> FolderProposal:
    """Do not agree, with the reason."""
    found = _decidable(pk, by)
    if not note.strip():
        raise Refused("reason_missing", "请写明不同意的原因。", field="note")
    _decide(found, by, ProposalState.DECLINED, note)
    record("folder.declined", found, by=by, file=found.file)
    return found


def _decidable(pk: int, by) -> FolderProposal:
    permit(by, "configure", "审批地区方案修改")
    found = FolderProposal.objects.visible_to(by).select_for_update(of=("self",)).get(pk=pk)
    if found.proposed_by_id == by.pk:
        raise Refused("own_proposal", "提出的人不能自己审批，请由另一位管理员审批。", status=403)
    if found.state != ProposalState.PROPOSED:
        raise Conflict("decided_already", f"这个方案现在是“{found.get_state_display()}”，不能再审批。")
    return found


def _decide(found: FolderProposal, by, state: str, note: str) -> None:
    deed = {"state": state, "decided_by": by, "decided_at": clock.now(), "note": note.strip()[:200]}
    if not FolderProposal.objects.filter(pk=found.pk, state=ProposalState.PROPOSED).update(**deed):
        raise Conflict("decided_already", "这个方案刚被别人审批过。")
    for name, value in deed.items():
        setattr(found, name, value)


def _as_it_stands(found: FolderProposal) -> tuple[Region, Stand]:
    """What was proposed for one state of the folder may mean something else for another; and days go by meanwhile."""
    here, stand = region(found.region), stand_of(found)
    try:
        proved(here, stand.text, found.file)
    except BadRegion as bad:
        raise Refused("does_not_hold", f"现在通不过检查：{bad.problems[0]}") from None
    return here, stand


def _rows(here: Region, text: str, file: str) -> list[Row]:
    return rows_of(here, proved(here, text, file), regions_roots(), text, file, clock.today())


def _keep(found: FolderProposal, stand: Stand, rows: list[Row]) -> None:
    """The proposal is from now on what it comes to on the folder that counts now."""
    found.text, found.made_from, found.fingerprint, found.changed = stand.text, stand.made_from, stand.fingerprint, rows
    found.save(update_fields=["text", "made_from", "fingerprint", "changed"])


@transaction.atomic
def activate_file(pk: int, *, by) -> FolderProposal:
    """Write an agreed file into the region's own folder, for every process of the installation (启用).

    Raises Refused where the folder ships with the program or cannot be written: then the file is for whoever keeps
    the folder; Conflict where it was changed since.
    """
    permit(by, "configure", "启用地区方案修改")
    agreed = FolderProposal.objects.visible_to(by).filter(state=ProposalState.APPROVED).order_by("pk")
    list(agreed.select_for_update())  # who activates another file of this folder waits, and then finds it changed
    found = FolderProposal.objects.visible_to(by).get(pk=pk)
    if found.state != ProposalState.APPROVED:
        raise Conflict("not_approved", f"这个方案现在是“{found.get_state_display()}”，不能启用。")
    here, stand = _as_it_stands(found)
    if stand.is_moved:
        if (rows := _rows(here, stand.text, found.file)) != found.changed:
            raise Conflict("region_changed", "同意以后现行内容改过，改动与同意时看到的不同。请重新提出。")
        _keep(found, stand, rows)
    file = _own_file(here, found.file)
    before = file.read_text("utf-8") if file.is_file() else None
    keys = rewritten(here, regions_roots(), found.text, found.file)
    agreed.filter(pk=pk).update(state=ProposalState.ACTIVE, active_at=clock.now())
    found.refresh_from_db()
    record("folder.activated", found, by=by, file=found.file)
    _write(file, text_with(before or "", found.text, found.file, keys))
    try:
        _reread()
        _prove_folder(found)
    except BadRegion as bad:
        # The whole of the folder is proved again as it now stands; what does not hold is taken back.
        file.unlink() if before is None else _write(file, before)
        _reread()
        raise Refused("does_not_hold", f"写入后整个方案通不过检查，已恢复原样：{bad.problems[0]}") from None
    return found


def _prove_folder(found: FolderProposal) -> None:
    """It says what was agreed to, and so do the regions laid over it. Raises BadRegion."""
    every, roots = all_regions(), regions_roots()
    wrong = [text for one in every.values() if found.region in one.lineage for text in broken_cases(one, roots)]
    if left := rewritten(every[found.region], roots, found.text, found.file):
        wrong.append(f"{found.file}：“{'、'.join(left)}”没有写进去，请每个键都从行首写起")
    if wrong:
        raise BadRegion(wrong)


def why_shut(here: Region, file: str = VALUES) -> str:
    """Why nothing that is agreed to can be put into force from here; "" where the folder can be written to."""
    folder = _own_folder(here)
    if folder is None:
        return "本地区的设置随程序安装，页面上不能写入。"
    place = (folder / file).parent
    return "" if os.access(place if place.is_dir() else folder, os.W_OK) else "本地区的文件夹现在不能写入。"


def _own_folder(here: Region) -> Path | None:
    folders = (root / here.code for root in own_roots())
    return next((one for one in folders if (one / "region.yaml").is_file()), None)


def _own_file(here: Region, name: str) -> Path:
    folder, why = _own_folder(here), why_shut(here, name)
    if folder is None or why:
        raise Refused("folder_is_shut", f"{why}请下载方案，交给管理服务器的人写入。")
    file = folder / name
    file.parent.mkdir(exist_ok=True)
    return file


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
