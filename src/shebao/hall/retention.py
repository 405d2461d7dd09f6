"""What is kept only so long (保存期限): `pii.yaml` says how many days; here is what each of its names removes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q, QuerySet
from django_tasks_db.models import DBTaskResult

from . import clock
from .audit.models import AuditHead, SpentKey
from .audit.operations import record
from .declarations.models import FormDraft
from .evidence.files import forget
from .evidence.models import StoredFile
from .operators.models import Attempt
from .personal_data import retention_days
from .phone_uploads.models import PhoneUpload
from .registration.join_states import DECIDED, JoinState
from .registration.models import Activation, JoinRequest, Registration, RegistrationPaper
from .registration.states import State
from .sheets.models import Batch, BatchState
from .sign_in.models import OpenSession, SentCode

AT_ONCE = 500
"""How many rows one transaction removes: nobody waits long for the database."""
UNUSED_BATCHES = (BatchState.DISCARDED, BatchState.UNDONE, BatchState.UNREADABLE)


@dataclass(frozen=True)
class Overdue:
    """What is past its time: the name in `pii.yaml`, the words, the days, and how many rows there are."""

    name: str
    title: str
    days: int
    count: int


def _drafts(before: datetime) -> QuerySet:
    return FormDraft.objects.filter(saved_at__lt=before)


def _batches(before: datetime) -> QuerySet:
    return Batch.objects.filter(state__in=UNUSED_BATCHES, created_at__lt=before).exclude(file_content={})


def _registration_drafts(before: datetime) -> QuerySet:
    return Registration.objects.filter(state=State.DRAFT, touched_at__lt=before)


def _refused_papers(before: datetime) -> QuerySet:
    return RegistrationPaper.objects.filter(registration__state=State.REJECTED, registration__decided_at__lt=before)


def _join_drafts(before: datetime) -> QuerySet:
    return JoinRequest.objects.filter(state=JoinState.DRAFT, started_at__lt=before)


def _join_requests(before: datetime) -> QuerySet:
    ran_out = Q(state=JoinState.SUBMITTED, until__lt=before)  # where no chore came by to say so
    return JoinRequest.objects.filter(Q(state__in=DECIDED, ended_at__lt=before) | ran_out)


def _spent_keys(before: datetime) -> QuerySet:
    return SpentKey.objects.filter(at__lt=before)


def _attempts(before: datetime) -> QuerySet:
    return Attempt.objects.filter(at__lt=before)


def _sign_in_failures(before: datetime) -> QuerySet:
    return AccessAttempt.objects.filter(attempt_time__lt=before)


def _sign_in_log(before: datetime) -> QuerySet:
    return AccessLog.objects.filter(attempt_time__lt=before)


def _failure_log(before: datetime) -> QuerySet:
    return AccessFailureLog.objects.filter(attempt_time__lt=before)


def _sessions(before: datetime) -> QuerySet:
    return Session.objects.filter(expire_date__lt=before)


def _jobs(before: datetime) -> QuerySet:
    return DBTaskResult.objects.filter(finished_at__lt=before)


def _activations(before: datetime) -> QuerySet:
    return Activation.objects.filter(until__lt=before)


def _sent_codes(before: datetime) -> QuerySet:
    return SentCode.objects.filter(until__lt=before)


def _phone_uploads(before: datetime) -> QuerySet:
    return PhoneUpload.objects.filter(until__lt=before)


def _sign_ins(before: datetime) -> QuerySet:
    return OpenSession.objects.filter(Q(ended_at__lt=before) | Q(seen_at__lt=before))


def _forget_batch(rows: list[Batch]) -> None:
    """The batch stays as a line of the list; what the sheet said is gone."""
    for batch in rows:
        batch.rows.all().delete()
        Batch.objects.filter(pk=batch.pk).update(file_content={}, columns=[])


def _forget_papers(rows: list[RegistrationPaper]) -> None:
    for paper in rows:
        stored: StoredFile = paper.stored
        paper.delete()
        if not RegistrationPaper.objects.filter(stored=stored).exists():
            forget(stored)


def _forget_registrations(rows: list[Registration]) -> None:
    for draft in rows:
        _forget_papers(list(draft.papers.select_related("stored")))
        record("registration.forgotten", draft, by=None)
        draft.delete()


def _delete(rows: list) -> None:
    if rows:
        type(rows[0])._default_manager.filter(pk__in=[row.pk for row in rows]).delete()


#: name in pii.yaml → (what is past its time, how it is removed)
FORGETTING: dict[str, tuple[Callable[[datetime], QuerySet], Callable[[list], None]]] = {
    "form_drafts": (_drafts, _delete),
    "unused_batches": (_batches, _forget_batch),
    "registration_drafts": (_registration_drafts, _forget_registrations),
    "refused_registration_papers": (_refused_papers, _forget_papers),
    "join_drafts": (_join_drafts, _delete),
    "join_requests": (_join_requests, _delete),
    "spent_keys": (_spent_keys, _delete),
    "attempts": (_attempts, _delete),
    "sign_in_failures": (_sign_in_failures, _delete),
    "sign_in_failure_log": (_failure_log, _delete),
    "sign_in_log": (_sign_in_log, _delete),
    "sessions": (_sessions, _delete),
    "jobs": (_jobs, _delete),
    "activations": (_activations, _delete),
    "sent_codes": (_sent_codes, _delete),
    "sign_ins": (_sign_ins, _delete),
    "phone_uploads": (_phone_uploads, _delete),
}


def overdue() -> list[Overdue]:
    """What is past its time now; nothing is changed."""
    now = clock.now()
    return [
        Overdue(name, title, days, FORGETTING[name][0](now - timedelta(days=days)).count())
        for name, (title, days) in retention_days().items()
    ]


def forget_what_is_over(*, by) -> dict[str, int]:
    """Remove what is past its time, part by part, each with its record; returns how many rows of each name went."""
    now = clock.now()
    done = {}
    for name, (_, days) in retention_days().items():
        found, remove = FORGETTING[name]
        rows, count, last = found(now - timedelta(days=days)).order_by("pk"), 0, None
        # Every row is taken once, in order: one that its removal does not take away is met again tomorrow, not forever.
        while part := _forget_part(rows.filter(pk__gt=last) if last is not None else rows, remove, name, by):
            count, last = count + len(part), part[-1]
        if count:
            done[name] = count
    return done


@transaction.atomic
def _forget_part(rows: QuerySet, remove: Callable[[list], None], name: str, by) -> list:
    """Remove the first rows; returns their primary keys."""
    part = list(rows[:AT_ONCE])
    keys = [row.pk for row in part]
    if part:
        remove(part)
        head = AuditHead.objects.get_or_create(pk=1)[0]
        record("retention.forgotten", head, by=by, kind=name, count=len(part))
    return keys
