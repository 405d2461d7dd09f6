"""What the agency writes and publishes, and what its readers confirm."""

from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from .. import clock
from ..audit.operations import record
from ..errors import Conflict, Refused, permit
from ..evidence.files import Upload, written
from ..regions import region
from .models import Announcement, AnnouncementCode, AnnouncementFile, AnnouncementState, Audience, Kind, Reading

MOST_FILES = 10
CODE_LISTS = {Audience.ACCOUNT_KIND: "account_kinds", Audience.INDUSTRY_CLASS: "industry_classes"}


@dataclass(frozen=True)
class Words:
    """An announcement as it was typed. `from_at` None: from now on; `codes` are the kinds of employers it is for."""

    kind: str
    title: str
    text: str
    from_at: datetime | None = None
    until_at: datetime | None = None
    audience: str = Audience.ALL
    codes: list[str] = field(default_factory=list)
    must_confirm: bool = False


@transaction.atomic
def write_announcement(words: Words, *, by) -> Announcement:
    """Keep an announcement as a draft (起草); nobody outside the agency sees it. Raises Refused (field named)."""
    permit(by, "publish_notices", "发布公告")
    made = Announcement(region=by.region, written_by=by)
    _fill(made, words, by)
    record("notice.written", made, by=by, kind=made.kind)
    return made


@transaction.atomic
def change_announcement(pk: int, words: Words, *, by, version: int, seen: str = "") -> Announcement:
    """Change an announcement (修改). Of what is published it is a new version: its readers read it again.

    `version` is the one the writer saw, `seen` the `edition` of it: also a draft, and whom it is for, change under one
    version. Raises Conflict when somebody changed it since.
    """
    made = _locked(pk, by)
    if made.version != version or (seen and seen != made.edition):
        raise Conflict("changed_meanwhile", "这一条刚被别人改过，您的修改没有保存，请看过最新内容再改。")
    if made.state == AnnouncementState.PUBLISHED and (made.title, made.text) != (words.title, words.text):
        made.version += 1
    _fill(made, words, by)
    record("notice.changed", made, by=by, kind=made.kind, revision=made.version)
    return made


def _fill(made: Announcement, words: Words, by) -> None:
    lists = region(by.region).codes
    codes = sorted(set(words.codes)) if words.audience else []
    if words.audience and words.audience not in CODE_LISTS:
        raise Refused("no_audience", "请从列表中选择发给哪些单位。", field="audience")
    if words.audience and not codes:
        raise Refused("no_audience", "请勾选发给哪几类单位，或选择“所有单位”。", field="codes")
    if words.audience and any(lists[CODE_LISTS[Audience(words.audience)]].get(code) is None for code in codes):
        raise Refused("no_audience", "请勾选列表中的单位种类。", field="codes")
    made.kind, made.title, made.text = words.kind, words.title.strip(), words.text.replace("\r\n", "\n").strip()
    made.from_at, made.until_at = words.from_at or made.from_at or clock.now(), words.until_at
    made.audience, made.must_confirm, made.changed_at = words.audience, words.must_confirm, clock.now()
    if words.kind not in Kind.values:
        raise Refused("no_kind", "请选择公告、通知或政策。", field="kind")
    try:
        made.full_clean()
    except ValidationError as problems:
        name, texts = next(iter(problems.message_dict.items()))
        label = {"title": "标题", "text": "正文", "until_at": "失效时间"}.get(name, "")
        said = f"请检查“{label}”：{''.join(texts)}" if label else "".join(texts)
        raise Refused("notice_invalid", said, field="until_at" if name == "__all__" else name) from None
    made.save()
    made.codes.all().delete()
    AnnouncementCode.objects.bulk_create(AnnouncementCode(announcement=made, code=code) for code in codes)


@transaction.atomic
def publish_announcement(pk: int, *, by, seen: str = "") -> Announcement:
    """Publish (发布): its readers see it from the day it says on. `seen` is the edition that was previewed.

    Raises Conflict where it is out already, or somebody changed it since.
    """
    made = _locked(pk, by)
    if seen and seen != made.edition:
        raise Conflict("changed_meanwhile", "这一条在您预览以后被别人改过，没有发布，请看过最新内容再发布。")
    if made.state == AnnouncementState.PUBLISHED:
        raise Conflict("published_already", "已经发布，没有重复发布。")
    if made.until_at and made.until_at <= clock.now():
        raise Refused("ended_already", "失效时间已过，请先修改失效时间再发布。", field="until_at")
    made.state, made.published_at = AnnouncementState.PUBLISHED, clock.now()
    made.save(update_fields=["state", "published_at"])
    record("notice.published", made, by=by, kind=made.kind, revision=made.version)
    return made


@transaction.atomic
def withdraw_announcement(pk: int, *, by) -> Announcement:
    """Take a published announcement down (撤下); it stays on file and can be published again."""
    made = _locked(pk, by)
    if made.state != AnnouncementState.PUBLISHED:
        raise Conflict("not_published", "这一条没有发布，不用撤下。")
    made.state = AnnouncementState.WITHDRAWN
    made.save(update_fields=["state"])
    record("notice.withdrawn", made, by=by, kind=made.kind)
    return made


@transaction.atomic
def attach_files(pk: int, uploads: list[Upload], *, by) -> list[AnnouncementFile]:
    """Add files (附件): pictures and PDF, told by their content. All of them, or none."""
    made = _locked(pk, by)
    if not uploads:
        raise Refused("no_file", "请先选择附件。", field="files")
    there = made.files.filter(removed_at=None).count()
    if there + len(uploads) > MOST_FILES:
        raise Refused("too_many_files", f"最多 {MOST_FILES} 个附件，还能再传 {MOST_FILES - there} 个。", field="files")
    with written(uploads, None, by=by, at=clock.now()) as files:
        for one in files:
            one.save()
        rows = [AnnouncementFile.objects.create(announcement=made, stored=one) for one in files]
        for one in rows:
            record("notice.file_added", made, by=by, stored=one.stored_id)
        return rows


@transaction.atomic
def remove_file(pk: int, file_id: int, *, by) -> None:
    """Take a file away."""
    made = _locked(pk, by)
    one = made.files.filter(removed_at=None).get(pk=file_id)
    one.removed_at = clock.now()
    one.save(update_fields=["removed_at"])
    record("notice.file_removed", made, by=by, stored=one.stored_id)


def _locked(pk: int, by) -> Announcement:
    permit(by, "publish_notices", "发布公告")
    return Announcement.objects.visible_to(by).select_for_update(of=("self",)).get(pk=pk)


@transaction.atomic
def note_reading(pk: int, *, by) -> Reading | None:
    """Note that an employer's operator opened it; None for the agency's own people."""
    made = Announcement.objects.visible_to(by).get(pk=pk)
    if by.is_agency:
        return None
    row = {"announcement": made, "version": made.version, "operator": by}
    return Reading.objects.get_or_create(**row, defaults={"employer": by.employer, "read_at": clock.now()})[0]


@transaction.atomic
def confirm_reading(pk: int, *, by, version: int) -> Reading:
    """Confirm to have read the version that was shown (确认已阅). Raises Conflict when it was changed since."""
    made = Announcement.objects.visible_to(by).get(pk=pk)
    if by.is_agency or not made.must_confirm:
        raise Refused("nothing_to_confirm", "这一条不需要确认。")
    if made.version != version:
        raise Conflict("changed_meanwhile", "内容刚有修改，请看过最新内容再确认。")
    reading = note_reading(pk, by=by)
    if reading.confirmed_at is None:
        reading.confirmed_at = clock.now()
        reading.save(update_fields=["confirmed_at"])
        record("notice.confirmed", made, by=by, employer=by.employer, revision=made.version)
    return reading
