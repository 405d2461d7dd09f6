"""Writing the audit record, and proving the chain."""

import hmac
import json
from collections.abc import Iterator
from datetime import UTC

from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.db import models, transaction
from django.db.models.functions import Cast

from ..bulk import insert_rows, maker
from ..clock import now
from ..crypto import decrypt
from ..patience import note_done
from .anchors import anchors
from .contents import content_digest
from .models import AuditEntry, AuditHead, Result
from .once import CHANGES_NOTHING, spend
from .origin import origin

FORM = 2
"""What the digest of a new entry is of: all its columns."""
RESULTS = {
    "access.refused": Result.REFUSED,
    "operator.sign_in_failed": Result.REFUSED,
    "payment.refused": Result.REFUSED,
    "payment.failed": Result.FAILED,
    "desk.failed": Result.FAILED,
}
"""What an action that did not succeed ended in; every other one is done."""
SINCE_FORM_2 = ("result", "address", "request", "content")
_HEAD = AuditHead._meta.db_table
_WRITE = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode


def record(action: str, subject: models.Model, *, by, employer=None, **detail) -> AuditEntry:
    """Record `action` on `subject` by `by` (None = the system), in the caller's transaction.

    `subject` is as the deed left it: the digest of its row goes into the record.
    Raises when called outside a transaction: a deed without its record must not be possible.
    `detail` holds no personal data: ids, codes, months and amounts (fen) only.
    """
    return record_many(action, [(subject, detail)], by=by, employer=employer)[0]


def record_many(action: str, subjects: list, *, by, employer=None) -> list[AuditEntry]:
    """Record one action on many subjects [(subject, detail), …] in a constant number of queries."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"{action}: an audit record belongs inside the transaction of its deed")
    if not subjects:
        return []
    sequence, digest = _locked_head()
    spend(action)
    entries, at, label = [], now(), f"{by.username}（{by.get_role_display()}）" if by else "系统"
    result, place = RESULTS.get(action, Result.DONE).value, origin()
    for subject, detail in subjects:
        entry = _entry(subject, by, employer)
        entry.action, entry.at, entry.actor_label, entry.detail = action, at, label, detail
        entry.form, entry.result, entry.address, entry.request = FORM, result, place.address, place.request
        entry.content = content_digest(subject)
        entry.sequence, entry.previous_digest = sequence + 1, digest
        entry.digest = entry_digest(entry)
        sequence, digest = entry.sequence, entry.digest
        entries.append(entry)
    insert_rows(entries)
    with transaction.get_connection().cursor() as cursor:
        cursor.execute(f"UPDATE {_HEAD} SET sequence = %s, digest = %s WHERE id = 1", [sequence, digest])
    if action not in CHANGES_NOTHING:
        transaction.on_commit(note_done)
    return entries


def _locked_head() -> tuple[int, str]:
    """The last sequence and digest. Every deed asks for them: to compose the two statements costs more than they do."""
    connection = transaction.get_connection()
    # On SQLite the transaction is IMMEDIATE and already holds the write lock.
    lock = " FOR UPDATE" if connection.features.has_select_for_update else ""
    with connection.cursor() as cursor:
        for _ in range(2):
            cursor.execute(f"SELECT sequence, digest FROM {_HEAD} WHERE id = 1{lock}")
            if found := cursor.fetchone():
                return found
            # The first record of the hall; of two that are written at once one waits here for the other's end.
            AuditHead.objects.bulk_create([AuditHead(pk=1)], ignore_conflicts=True)
    raise RuntimeError("the end of the chain of records is gone")


def _entry(subject: models.Model, by, employer) -> AuditEntry:
    owner = employer or _owner(subject) or getattr(by, "employer", None)
    return maker(AuditEntry)(
        subject=f"{subject._meta.model_name}:{subject.pk}",
        actor=by,
        employer=owner,
        region=owner.region if owner else getattr(by or subject, "region", "") or "",
    )


def _owner(subject: models.Model):
    """The employer whose log an object belongs in: its own, or the employer that it is."""
    return subject if subject._meta.label == "employers.Employer" else getattr(subject, "employer", None)


def entry_digest(entry: AuditEntry) -> str:
    """The chained digest of a record (64 hex digits)."""
    body = {
        "sequence": entry.sequence,
        "at": entry.at.astimezone(UTC).isoformat(),
        "action": entry.action,
        "subject": entry.subject,
        "actor": entry.actor_id,
        "actor_label": entry.actor_label,
        "employer": entry.employer_id,
        "region": entry.region,
        "detail": entry.detail,
    }
    if entry.form != 1:
        body["form"] = entry.form
    # An entry of before has none of these: one that somebody gave it later is no part of what was written.
    body |= {name: said for name in SINCE_FORM_2 if (said := getattr(entry, name)) or entry.form != 1}
    text = entry.previous_digest + _WRITE(body)
    return hmac.digest(bytes.fromhex(settings.SHEBAO_AUDIT_KEY), text.encode(), "sha256").hex()


def _opened(sealed: str) -> str:
    try:
        return decrypt(sealed) if sealed else ""
    except (InvalidTag, ValueError):
        return sealed  # not what was written, so its record is not either


def broken_links() -> Iterator[str]:
    """Walk the chain from its start and yield a sentence for every break (none = unbroken).

    What was written down outside the database must still be in it: see `anchors`.
    """
    digest, sequence = "", 0
    kept, wrong_lines = anchors()
    # An address that does not decrypt any more must not end the walk: it is read as it is stored.
    rows = AuditEntry.objects.annotate(sealed=Cast("address", models.TextField())).defer("address")
    for entry in rows.order_by("sequence").iterator(chunk_size=2000):
        entry.address = _opened(entry.sealed)
        if entry.sequence != sequence + 1:
            yield f"第 {sequence + 1} 条操作记录缺失，下一条是第 {entry.sequence} 条。"
        elif entry.previous_digest != digest:
            yield f"第 {entry.sequence} 条操作记录与前一条接不上。"
        if entry_digest(entry) != entry.digest:
            yield f"第 {entry.sequence} 条操作记录的内容被改动过。"
        if kept.get(entry.sequence, entry.digest) != entry.digest:
            yield f"第 {entry.sequence} 条操作记录与库外存证不符：存证之后被改写过。"
        digest, sequence = entry.digest, entry.sequence
    head = AuditHead.objects.filter(pk=1).first()
    if (head.sequence, head.digest) != (sequence, digest) if head else sequence:
        yield f"链尾记的是第 {head.sequence if head else 0} 条，实际最后是第 {sequence} 条：末尾被截断或伪造。"
    if kept and max(kept) > sequence:
        yield f"实际最后是第 {sequence} 条，库外存证却记到第 {max(kept)} 条：末尾被截断。"
    for number in wrong_lines:
        yield f"库外存证文件的第 {number} 行被改动过。"
