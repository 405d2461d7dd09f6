"""A proposal when its folder changed meanwhile: laid upon what counts now, or said plainly to be proposed again."""

from __future__ import annotations

from dataclasses import dataclass

from shebao.regions_home import regions_roots
from shebao.rules.code_merging import Together, laid_together
from shebao.rules.proposals import current_text

from ..errors import Conflict
from ..regions import region
from .models import FolderProposal

CHANGED = "提出以后地区文件夹改过，方案可能对不上。请按现行内容重新提出。"


@dataclass(frozen=True)
class Stand:
    """What a proposal comes to today. `text`: the whole file; `fingerprint`, `made_from`: of the folder below it.

    `is_moved`: the folder is not the one it was proposed for.
    """

    text: str
    made_from: str
    fingerprint: str
    is_moved: bool = False


def stand_of(found: FolderProposal) -> Stand:
    """The proposal as it would be put into the folder now.

    Raises Conflict where that cannot be known: another key of the same file, a code that somebody else changed as well.
    """
    here = region(found.region)
    if here.fingerprint == found.fingerprint:
        return Stand(found.text, found.made_from, found.fingerprint)
    now = current_text(here, regions_roots(), found.file)
    if now == found.made_from:  # only other files changed
        return Stand(found.text, now, here.fingerprint, is_moved=True)
    together = _together(found, now)
    if together is None or not together.is_whole:
        told = "、".join(together.clashes) if together else ""
        text = f"提出以后别人也改了代码 {told}，以谁为准要有人说。请重新提出。" if told else CHANGED
        raise Conflict("region_changed", text)
    if together.text == now:
        raise Conflict("in_force_already", "别人已经改成一样的了，现行内容就是这样，不用再改。")
    return Stand(together.text, now, here.fingerprint, is_moved=True)


def to_propose_again(found: FolderProposal) -> str:
    """The file to begin with, when it is proposed anew: what counts now with all of it that can be laid upon that.

    Of a file of keys what was proposed, for it says nothing of the keys that it does not name.
    """
    now = current_text(region(found.region), regions_roots(), found.file)
    if "/" not in found.file:
        return found.text
    together = _together(found, now)
    return together.text if together else now


def _together(found: FolderProposal, now: str) -> Together | None:
    """None where nothing is laid together: a file of keys, or one that was proposed before its beginning was kept."""
    if "/" not in found.file or not found.made_from:
        return None
    return laid_together(found.made_from, found.text, now)
