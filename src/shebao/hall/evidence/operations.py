"""What an employer does with papers: add, replace, remove, take back; for a declaration or for a whole month."""

from django.db import transaction

from shebao.rules.months import Month
from shebao.rules.region import Service

from .. import clock
from ..audit.operations import record
from ..declarations.models import Declaration
from ..declarations.pipe import locked
from ..declarations.states import State
from ..employers.locking import locked_employer
from ..employers.models import Employer
from ..errors import Conflict, Refused, permit_service
from ..regions import region
from .files import Upload, fitted, turned_upload, written
from .models import EmployerPaper, Evidence, StoredFile
from .queries import is_open_for_papers

MOST = 10
"""How many files one paper may have."""
DECIDED = (State.SUBMITTED, State.APPROVED, State.REJECTED)


def add_evidence(declaration_id: int, title: str, uploads: list[Upload], *, by, via: str = "") -> list[Evidence]:
    """Add files to one paper of a declaration that is not submitted (上传材料); all of them, or none.

    Pictures are made to fit first: that takes a moment, in which nobody waits for the database. `via`: what the
    record says of the way they came.
    """
    return _add_evidence(declaration_id, title, [fitted(one) for one in uploads], by, via)


@transaction.atomic
def _add_evidence(declaration_id: int, title: str, uploads: list[Upload], by, via: str) -> list[Evidence]:
    declaration = _changeable(declaration_id, by)
    place = {"declaration": declaration, "employer": declaration.employer, "service": declaration.service}
    return _add(place, declaration.spec, title, "each", uploads, by, via)


def add_monthly_evidence(
    employer_id: int, service_key: str, title: str, uploads: list[Upload], *, by, via: str = ""
) -> list[Evidence]:
    """Add files to a paper that all declarations of a service share in this month (申报材料上传), made to fit."""
    return _add_monthly(employer_id, service_key, title, [fitted(one) for one in uploads], by, via)


@transaction.atomic
def _add_monthly(employer_id: int, service_key: str, title: str, uploads: list[Upload], by, via: str) -> list:
    employer = locked_employer(employer_id, by=by)
    service = _service(employer, service_key)
    permit_service(by, service)
    place = {"employer": employer, "service": service_key, "month": Month.of(clock.today())}
    return _add(place, service, title, "month", uploads, by, via)


def _service(employer: Employer, key: str) -> Service:
    try:
        return region(employer.region).services[key]
    except KeyError:
        raise Refused("unknown_service", "没有开通这个事项，请从菜单重新进入。", status=404) from None


def _changeable(declaration_id: int, by) -> Declaration:
    (declaration,) = locked([declaration_id], by=by)
    permit_service(by, declaration.spec)
    if not is_open_for_papers(declaration):
        text = f"这笔申报现在是“{declaration.state_label}”，材料不能再改。要改请先撤回。"
        raise Conflict("wrong_state", text)
    return declaration


def _add(place: dict, service: Service, title: str, covers: str, uploads: list[Upload], by, via: str) -> list[Evidence]:
    refuse_unasked(service, title, covers)
    if not uploads:
        raise Refused("no_file", f"请先选择“{title}”的文件，再上传。")
    _room(place, title, len(uploads))
    with written(uploads, place["employer"], by=by, at=clock.now()) as files:
        for one in files:
            one.save()
        return _attach(place, title, files, by, via)


def refuse_unasked(service: Service, title: str, covers: str) -> None:
    """Refuse a paper that the service does not ask for, of each declaration or of the month."""
    if not any(paper.title == title and paper.covers == covers for paper in service.uploads):
        raise Refused("no_such_paper", f"“{service.title}”不收这种材料，请刷新页面后再试。", status=404)


def _room(place: dict, title: str, more: int) -> None:
    there = Evidence.objects.filter(**place, title=title, removed_at=None).count()
    if there + more > MOST:
        left = MOST - there
        text = f"“{title}”最多 {MOST} 个文件，还能再传 {left} 个。多页材料可以合并成一个 PDF。"
        raise Refused("too_many_files", text)


def _attach(place: dict, title: str, files: list[StoredFile], by, via: str = "") -> list[Evidence]:
    """Link files to a paper; a file that is there already, byte for byte, is not added again."""
    there = Evidence.objects.filter(**place, title=title, removed_at=None).select_related("stored")
    known = {one.stored.digest for one in there}
    new = [one for one in files if one.digest not in known]
    if not new:
        raise Refused("already_uploaded", f"“{files[0].name}”已经在“{title}”里，没有重复添加。")
    made = [Evidence.objects.create(**place, title=title, stored=one, added_by=by, added_at=clock.now()) for one in new]
    said = {"via": via} if via else {}
    for one in made:
        said |= {"service": one.service, "declaration": one.declaration_id, "stored": one.stored_id}
        record("evidence.added", one, by=by, **said)
    return made


@transaction.atomic
def attach_paper(declaration_id: int, title: str, employer_paper_id: int, *, by) -> Evidence:
    """Use one of the employer's own papers for a declaration, without uploading it again."""
    declaration = _changeable(declaration_id, by)
    refuse_unasked(declaration.spec, title, "each")
    kept = EmployerPaper.objects.visible_to(by).filter(removed_at=None).select_related("stored")
    paper = kept.get(pk=employer_paper_id, employer=declaration.employer)
    place = {"declaration": declaration, "employer": declaration.employer, "service": declaration.service}
    _room(place, title, 1)
    return _attach(place, title, [paper.stored], by)[0]


def replace_evidence(pk: int, upload: Upload, *, by) -> Evidence:
    """Put another file in the place of one (替换), made to fit."""
    return _replace(pk, fitted(upload), by)


def turn_evidence(pk: int, *, by) -> Evidence:
    """Turn a picture by a quarter, clockwise (转 90°): another file in its place, its small picture with it."""
    one = Evidence.objects.visible_to(by).select_related("stored").get(pk=pk, removed_at=None)
    return _replace(pk, turned_upload(one.stored), by)


@transaction.atomic
def _replace(pk: int, upload: Upload, by) -> Evidence:
    old = remove_evidence(pk, by=by)
    place = {"employer": old.employer, "service": old.service, "declaration": old.declaration, "month": old.month}
    with written([upload], old.employer, by=by, at=clock.now()) as files:
        files[0].save()
        return _attach(place, old.title, files, by)[0]


@transaction.atomic
def remove_evidence(pk: int, *, by) -> Evidence:
    """Take a file away (移除); it can be brought back. What a reviewer has seen of a month stays."""
    one = _mine(pk, by)
    if one.removed_at is None:
        one.removed_at = clock.now()
        one.save(update_fields=["removed_at"])
        record(
            "evidence.removed", one, by=by, service=one.service, declaration=one.declaration_id, stored=one.stored_id
        )
    return one


@transaction.atomic
def restore_evidence(pk: int, *, by) -> Evidence:
    """Bring a removed file back."""
    one = _mine(pk, by)
    if one.removed_at is not None:
        place = {"employer": one.employer, "service": one.service, "declaration": one.declaration, "month": one.month}
        _room(place, one.title, 1)
        one.removed_at = None
        one.save(update_fields=["removed_at"])
        record(
            "evidence.restored", one, by=by, service=one.service, declaration=one.declaration_id, stored=one.stored_id
        )
    return one


def _mine(pk: int, by) -> Evidence:
    one = Evidence.objects.visible_to(by).select_related("employer", "declaration", "stored").get(pk=pk)
    if one.declaration_id:
        _changeable(one.declaration_id, by)
        return one
    locked_employer(one.employer_id, by=by)
    permit_service(by, _service(one.employer, one.service))
    sent = Declaration.objects.filter(employer=one.employer, service=one.service, state__in=DECIDED)
    if sent.filter(month=one.month, submitted_at__gte=one.added_at).exists():
        raise Conflict("wrong_state", "已有申报带着这份材料提交，不能再移除或替换；可以补充新的文件。")
    return one


def copy_evidence(source: Declaration, target: Declaration, *, by) -> None:
    """Give a copied declaration the files of the one it was made from; the caller's transaction holds both."""
    titles = {paper.title for paper in target.spec.uploads}
    place = {"declaration": target, "employer": target.employer, "service": target.service}
    for one in Evidence.objects.filter(declaration=source, removed_at=None).select_related("stored"):
        if one.title in titles:
            _attach(place, one.title, [one.stored], by)
