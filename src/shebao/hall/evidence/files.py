"""Files on disk: what they are by their content, where they lie, and that only this installation can read them."""

import hashlib
import os
import re
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction

from ..crypto import REGISTER, seal, unseal
from ..errors import Refused
from .models import FileKind, StoredFile
from .thumbnails import set_upright, thumbnail

FILE_LIMIT = 5_000_000  # bytes
NAME_LENGTH = 100
ENDINGS = {FileKind.JPEG: ".jpg", FileKind.PNG: ".png", FileKind.PDF: ".pdf"}
MEDIA_TYPES = {FileKind.JPEG: "image/jpeg", FileKind.PNG: "image/png", FileKind.PDF: "application/pdf"}
SMALL = ".small"
"""What follows the name of a file in the name of its small picture."""
TAIL = 2048  # how near its end a whole file says that it ends


@dataclass(frozen=True)
class Upload:
    """A file as it came: the name its owner gave it, and its bytes; of a file that is too large only the first.

    `size`: how many bytes it had, where not all of them were read.
    """

    name: str
    content: bytes
    size: int = 0


def kind_of(upload: Upload) -> FileKind:
    """What the content is, whatever the name says. Raises Refused: empty, too large, something else, or cut short."""
    content, name = upload.content, tidy_name(upload.name)
    if not content:
        raise Refused("empty_file", f"“{name}”是空文件，请重新选择。")
    if (bytes_there := max(upload.size, len(content))) > FILE_LIMIT:
        size = f"{bytes_there / 1_000_000:.1f}"
        raise Refused("file_too_large", f"“{name}”有 {size} MB，每个文件最大 5 MB。请压缩或分页后再传。")
    tail = content[-TAIL:]
    whole = {
        FileKind.JPEG: (content.startswith(b"\xff\xd8\xff"), b"\xff\xd9" in tail),
        FileKind.PNG: (content.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), b"IEND" in tail),
        FileKind.PDF: (content.startswith(b"%PDF-"), b"%%EOF" in tail),
    }
    for kind, (begins, ends) in whole.items():
        if begins and not ends:
            raise Refused("file_cut_short", f"“{name}”不完整，可能没有传完或已损坏。请重新选择原文件。")
        if begins:
            return kind
    raise Refused("file_kind", f"“{name}”不是 JPG、PNG 或 PDF 文件。请拍照、扫描，或另存为 PDF 后再传。")


def photo_upright(upload: Upload) -> Upload:
    """A photo, upright, no larger than a page needs and without what the camera wrote; anything else as it came.

    What it is and how large it may be is judged of what came, before anything of it is read. Raises Refused.
    """
    if kind_of(upload) != FileKind.JPEG:
        return upload
    drawn = set_upright(upload.content)
    return Upload(upload.name, drawn) if drawn and len(drawn) <= FILE_LIMIT else upload


def tidy_name(name: str) -> str:
    """The name without folders, control characters and what no file system takes; never empty."""
    last = re.split(r"[\\/]", name)[-1]
    last = re.sub(r'[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069<>:"|?*]', "", last).strip(" .")
    stem, dot, ending = last.rpartition(".")
    if dot and len(ending) <= 5:
        return f"{stem[: NAME_LENGTH - 6] or '文件'}.{ending}"
    return last[:NAME_LENGTH] or "文件"


def name_with_ending(stored: StoredFile) -> str:
    """The name to download by; its ending tells what the content is."""
    ending = ENDINGS[FileKind(stored.kind)]
    same = (".jpg", ".jpeg") if ending == ".jpg" else (ending,)
    return stored.name if stored.name.lower().endswith(same) else f"{stored.name}{ending}"


@contextmanager
def written(uploads: list[Upload], employer, *, by, at):
    """Write the files and give their unsaved StoredFiles; when the block fails, the files are gone again."""
    made = []
    try:
        for upload in uploads:
            made.append(_write(upload, employer, by, at))
        yield made
    except BaseException:
        for one in made:
            _remove(one.place)
        raise


def _write(upload: Upload, employer, by, at) -> StoredFile:
    kind, place = kind_of(upload), secrets.token_hex(20)
    path = _path(place)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = employer.pk if employer else REGISTER
    _write_sealed(path, seal(upload.content, key))
    small = thumbnail(upload.content) if kind != FileKind.PDF else None
    if small:
        _write_sealed(_small(place), seal(small, key))
    return StoredFile(
        employer=employer,
        name=tidy_name(upload.name),
        kind=kind,
        size=len(upload.content),
        digest=hashlib.sha256(upload.content).hexdigest(),
        place=place,
        has_thumbnail=bool(small),
        stored_by=by,
        stored_at=at,
    )


def _write_sealed(path: Path, sealed: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        target.write(sealed)
        target.flush()
        os.fsync(target.fileno())


def forget(stored: StoredFile) -> None:
    """Remove a file that nothing refers to any more, row and bytes; the bytes only once that is certain."""
    place = stored.place
    stored.delete()
    transaction.on_commit(lambda: _remove(place))


def _remove(place: str) -> None:
    for path in (_path(place), _small(place)):
        path.unlink(missing_ok=True)


def content_of(stored: StoredFile) -> bytes:
    """The bytes as they were uploaded. Raises Refused when the file is lost or was changed on disk."""
    try:
        content = unseal(_path(stored.place).read_bytes())
    except (OSError, ValueError):
        content = None
    if content is None or hashlib.sha256(content).hexdigest() != stored.digest:
        text = f"“{stored.name}”读不出来，可能已从磁盘丢失或损坏，请联系系统管理员。"
        raise Refused("file_lost", text, status=500)
    return content


def thumbnail_of(stored: StoredFile) -> bytes:
    """The small picture of an image, a JPEG. Raises StoredFile.DoesNotExist when there is none."""
    try:
        return unseal(_small(stored.place).read_bytes())
    except (OSError, ValueError):
        raise StoredFile.DoesNotExist("no thumbnail") from None


def _small(place: str) -> Path:
    return _path(place + SMALL)


def _path(place: str) -> Path:
    return Path(settings.SHEBAO_FILES_DIR) / place[:2] / place
