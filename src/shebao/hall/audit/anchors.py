"""The end of the audit chain, kept outside the database too: a tail cut off together with the head shows."""

import hmac
import os
from pathlib import Path

from django.conf import settings

from ..clock import now
from .models import AuditHead


def write_anchor() -> int:
    """Append the chain's end to the file of anchors (链尾存证) if it moved; returns its sequence (0: nothing to keep).

    A line is time, sequence, digest and their HMAC under the audit key. Raises OSError when the file cannot be written.
    """
    head, file = AuditHead.objects.filter(pk=1).first(), settings.SHEBAO_AUDIT_ANCHORS
    if head is None or not head.sequence or not file:
        return 0
    if anchors()[0].get(head.sequence) != head.digest:
        fields = f"{now().isoformat(timespec='seconds')} {head.sequence} {head.digest}"
        out = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(out, f"{fields} {_mac(fields)}\n".encode())
            os.fsync(out)
        finally:
            os.close(out)
    return head.sequence


def anchors() -> tuple[dict[int, str], list[int]]:
    """({sequence: digest} as written down, numbers of the lines that are not as they were written)."""
    file = Path(settings.SHEBAO_AUDIT_ANCHORS or os.devnull)
    kept: dict[int, str] = {}
    wrong = []
    lines = file.read_text("utf-8", "replace").splitlines() if file.exists() else []
    for number, line in enumerate(lines, 1):
        fields, _, mac = line.rpartition(" ")
        if hmac.compare_digest(_mac(fields).encode(), mac.encode()):
            _, sequence, digest = fields.split(" ")
            kept[int(sequence)] = digest
        else:
            wrong.append(number)
    return kept, wrong


def _mac(fields: str) -> str:
    return hmac.digest(bytes.fromhex(settings.SHEBAO_AUDIT_KEY), f"anchor {fields}".encode(), "sha256").hex()
