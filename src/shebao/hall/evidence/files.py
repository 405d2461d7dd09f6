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
from .thumbnails import made_to_fit, thumbnail, turned

FILE_LIMIT = 5_000_000  # bytes, of what is kept
PICTURE_LIMIT = 20_000_000
"""Of a picture as it comes, before it is made to fit: no telephone's photo is larger."""
NAME_LENGTH = 100
ENDINGS = {FileKind.JPEG: ".jpg", FileKind.PNG: ".png", FileKind.PDF: ".pdf"}
MEDIA_TYPES = {FileKind.JPEG: "image/jpeg", FileKind.PNG: "image/png", FileKind.PDF: "application/pdf"}
BEGINNINGS = {
    FileKind.JPEG: b"\xff\xd8\xff",
    FileKind.PNG: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    FileKind.PDF: b"%PDF-",
}
ENDS = {FileKind.JPEG: b"\xff\xd9", FileKind.PNG: b"IEND", FileKind.PDF: b"%%EOF"}
PICTURES = (FileKind.JPEG, FileKind.PNG)
SMALL = ".small"
"""What follows the name of a file in the name of its small picture."""
TAIL = 2048  # how near its end a whole file says that it ends


@dataclass(frozen=True)
class Upload:
    """A file as it came: the name its owner gave it, and its bytes; of a file that is too large only the first.

    `size`: how many bytes it had, where not all of them were read. `is_fitted`: a picture was made to fit already.
    """

    name: str
    content: bytes
    size: int = 0
    is_fitted: bool = False


def kind_of(upload: Upload) -> FileKind:
    """What the content is, whatever the name says. Raises Refused: empty, too large, something else, or cut short."""
    return _kind(upload, FILE_LIMIT, FILE_LIMIT)


def _kind(upload: Upload, most_of_a_picture: int | None, most_of_a_pdf: int | None) -> FileKind:
    content, name = upload.content, tidy_name(upload.name)
    if not content:
        raise Refused("empty_file", f"“{name}”是空文件，请重新选择。")
    begun = [kind for kind, begins in BEGINNINGS.items() if content.startswith(begins)]
    most = most_of_a_picture if begun and begun[0] in PICTURES else most_of_a_pdf
    if most is not None and (bytes_there := max(upload.size, len(content))) > most:
        size, told = f"{bytes_there / 1_000_000:.1f}", f"{'每张图片' if most > FILE_LIMIT else '每个文件'}最大"
        raise Refused("file_too_large", f"“{name}”有 {size} MB，{told} {most // 1_000_000} MB。请压缩或分页后再传。")
    if not begun:
        raise Refused("file_kind", f"“{name}”不是 JPG、PNG 或 PDF 文件。请拍照、扫描，或另存为 PDF 后再传。")
    if ENDS[begun[0]] not in content[-TAIL:]:
        raise Refused("file_cut_short", f"“{name}”不完整，可能没有传完或已损坏。请重新选择原文件。")
    return begun[0]


def fitted(upload: Upload) -> Upload:
    """A picture, upright, no larger than a page needs and without what the camera wrote; anything else as it came.

    What it is and how large it may be is judged of what came, before anything of it is read: a picture may be larger
    then than what is kept. Raises Refused.
    """
    if upload.is_fitted or _kind(upload, PICTURE_LIMIT, FILE_LIMIT) not in PICTURES:
        return upload
    drawn = made_to_fit(upload.content)
    return Upload(upload.name, drawn if drawn and len(drawn) <= FILE_LIMIT else upload.content, is_fitted=True)


def turned_upload(stored: StoredFile) -> Upload:
    """What a stored picture is when it is turned by a quarter, clockwise. Raises Refused where that cannot be done."""
    drawn = turned(content_of(stored)) if stored.is_picture else None
    if drawn is None or len(drawn) > FILE_LIMIT:
        raise Refused("not_turned", f"“{stored.name}”转不了。请在手机或电脑上转好，再替换。")
    return Upload(stored.name, drawn, is_fitted=True)


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
def written(uploads: list[Upload], employer, *, by, at, most: int | None = FILE_LIMIT):
    """Write the files and give their unsaved StoredFiles; when the block fails, the files are gone again.

    `most`: bytes of one file; None for what the hall made itself, which no limit of uploads is for.
    """
    made = []
    try:
        for upload in uploads:
            made.append(_write(upload, employer, by, at, most))
        yield made
    except BaseException:
        for one in made:
            _remove(one.place)
        raise


def _write(upload: Upload, employer, by, at, most: int | None) -> StoredFile:
    kind, place = _kind(upload, most, most), secrets.token_hex(20)
    path = _path(place)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = employer.pk if employer else REGISTER
    _write_sealed(path, seal(upload.content, key))
    small = thumbnail(upload.content) if kind in PICTURES else None
    if small:
        _write_sealed(_small(place), seal(small.picture, key))
    return StoredFile(
        employer=employer,
        name=tidy_name(upload.name),
        kind=kind,
        size=len(upload.content),
        digest=hashlib.sha256(upload.content).hexdigest(),
        place=place,
        has_thumbnail=bool(small),
        is_unclear=bool(small and small.is_unclear),
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
