"""The digest of what a deed left behind (内容摘要): the columns of its object, as the deed had them in hand.

Keyed, because among them are numbers of people that could be guessed. What an object was like before a deed is told by
the record before it about the same object (docs/decisions/0026).
"""

import json
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import sha256

from django.db import models

from ..crypto import blind_index
from .models import AuditHead


def content_digest(subject: models.Model) -> str:
    """The digest of an object's row; "" of the system itself. What was left in the database is not in it."""
    if isinstance(subject, AuditHead):
        return ""
    left = subject.get_deferred_fields()
    row = {name: getattr(subject, name) for name in _columns(subject._meta.model) if name not in left}
    return blind_index("audit_content", f"{subject._meta.label} {_WRITE(row)}")


@lru_cache(maxsize=256)
def _columns(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(sorted(field.attname for field in model._meta.concrete_fields))


def _plain(value: object) -> str:
    """A value that JSON has no word for: the same text, from whichever database and in whichever zone it was read."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return sha256(value).hexdigest()
    return str(value)


_WRITE = json.JSONEncoder(sort_keys=True, ensure_ascii=False, default=_plain).encode
