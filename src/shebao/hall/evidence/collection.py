"""The employer's own papers (社保资料): kept once, renamed, replaced, removed and brought back."""

from django.db import IntegrityError, transaction

from .. import clock
from ..audit.operations import record
from ..employers.locking import locked_employer
from ..errors import Conflict, Refused, permit
from .files import Upload, fitted, written
from .models import EmployerPaper

LIMIT = 200
"""How many papers an employer may keep."""
TITLE_LENGTH = 60


def add_employer_paper(employer_id: int, title: str, upload: Upload, *, by) -> EmployerPaper:
    """Keep a paper of the employer under a title of its own (上传), a picture made to fit."""
    return _add(employer_id, title, fitted(upload), by)


@transaction.atomic
def _add(employer_id: int, title: str, upload: Upload, by) -> EmployerPaper:
    permit(by, "declare", "社保资料管理")
    employer = locked_employer(employer_id, by=by)
    title = _tidy(title)
    live = EmployerPaper.objects.filter(employer=employer, removed_at=None)
    if live.count() >= LIMIT:
        raise Refused("too_many_papers", f"最多保存 {LIMIT} 份资料，请先删除不用的。")
    _free(live, title)
    with written([upload], employer, by=by, at=clock.now()) as files:
        files[0].save()
        same = {"employer": employer, "stored": files[0], "changed_by": by, "changed_at": clock.now()}
        made = EmployerPaper.objects.create(title=title, **same)
        record("employer_paper.added", made, by=by, stored=files[0].pk)
        return made


def _tidy(title: str) -> str:
    title = " ".join(title.split())
    if not title:
        raise Refused("title_missing", "请填写资料名称。", field="title")
    if len(title) > TITLE_LENGTH:
        raise Refused("title_too_long", f"资料名称最多 {TITLE_LENGTH} 个字。", field="title")
    return title


def _free(live, title: str) -> None:
    if live.filter(title=title).exists():
        raise Refused("title_taken", f"已有名为“{title}”的资料，请换个名称，或替换原来的文件。", field="title")


def _locked(pk: int, by) -> EmployerPaper:
    permit(by, "declare", "社保资料管理")
    rows = EmployerPaper.objects.visible_to(by).select_for_update(of=("self",))
    return rows.select_related("employer", "stored").get(pk=pk)


def _present(pk: int, version: int, by) -> EmployerPaper:
    paper = _locked(pk, by)
    if paper.removed_at or paper.version != version:
        raise Conflict("paper_changed", f"“{paper.title}”刚被改过或删除，没有保存。请看过最新内容再改。")
    return paper


def _changed(paper: EmployerPaper, by) -> None:
    paper.changed_by, paper.changed_at = by, clock.now()
    paper.version += 1
    paper.save()


def edit_employer_paper(pk: int, title: str, upload: Upload | None, *, by, version: int) -> EmployerPaper:
    """Give a paper another title, another file, or both (编辑). Declarations keep the file they were sent with."""
    return _edit(pk, title, fitted(upload) if upload else None, by, version)


@transaction.atomic
def _edit(pk: int, title: str, upload: Upload | None, by, version: int) -> EmployerPaper:
    paper = _present(pk, version, by)
    title = _tidy(title)
    _free(EmployerPaper.objects.filter(employer=paper.employer, removed_at=None).exclude(pk=pk), title)
    paper.title = title
    if upload is None:
        _changed(paper, by)
        record("employer_paper.renamed", paper, by=by)
        return paper
    with written([upload], paper.employer, by=by, at=clock.now()) as files:
        files[0].save()
        paper.stored = files[0]
        _changed(paper, by)
        record("employer_paper.replaced", paper, by=by, stored=files[0].pk)
    return paper


@transaction.atomic
def remove_employer_papers(pks: list[int], *, by) -> list[EmployerPaper]:
    """Remove papers from the collection (删除); they can be brought back, and no declaration loses them."""
    papers = [paper for pk in dict.fromkeys(pks) if (paper := _locked(pk, by)).removed_at is None]
    for paper in papers:
        paper.removed_at = clock.now()
        _changed(paper, by)
        record("employer_paper.removed", paper, by=by)
    return papers


@transaction.atomic
def restore_employer_papers(pks: list[int], *, by) -> list[EmployerPaper]:
    """Bring removed papers back (恢复). Raises Conflict when another took the title meanwhile."""
    papers = [paper for pk in dict.fromkeys(pks) if (paper := _locked(pk, by)).removed_at]
    for paper in papers:
        paper.removed_at = None
        try:
            with transaction.atomic():
                _changed(paper, by)
        except IntegrityError as error:
            raise Conflict("title_taken", f"已有同名的“{paper.title}”，没有恢复。") from error
        record("employer_paper.restored", paper, by=by)
    return papers
