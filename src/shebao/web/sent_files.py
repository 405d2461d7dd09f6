"""Files in and out of a page: what a form brought, and a stored file as a download that no browser opens itself."""

from django.http import HttpResponse

from shebao.hall.evidence.files import (
    FILE_LIMIT,
    MEDIA_TYPES,
    Upload,
    content_of,
    name_with_ending,
    thumbnail_of,
)
from shebao.hall.evidence.models import FileKind, StoredFile

from .employer.common import download

ACCEPTED = ".jpg,.jpeg,.png,.pdf"


def uploads(request, name: str = "files") -> list[Upload]:
    """The files of one field; of one that is too large no more is read than shows that it is."""
    return [Upload(one.name or "", one.read(FILE_LIMIT + 1), one.size or 0) for one in request.FILES.getlist(name)]


def shown_image(stored: StoredFile) -> HttpResponse:
    """A stored picture for an <img> of ours; anything else is not shown (404), only saved."""
    if stored.kind not in (FileKind.JPEG, FileKind.PNG):
        raise StoredFile.DoesNotExist("only pictures are shown")
    return _private(_picture(content_of(stored), FileKind(stored.kind)))


def _picture(content: bytes, kind: FileKind) -> HttpResponse:
    """A picture that a browser shows in one of our pages."""
    return HttpResponse(content, content_type=MEDIA_TYPES[kind], headers={"Content-Disposition": "inline"})


def sent(stored: StoredFile) -> HttpResponse:
    """A stored file under its own name, to be saved and not to be shown or guessed at."""
    return _private(download(content_of(stored), name_with_ending(stored), MEDIA_TYPES[FileKind(stored.kind)]))


def sent_small(stored: StoredFile) -> HttpResponse:
    """The small picture of an image, to be shown on our pages: it was drawn here, from the pixels alone."""
    return _private(_picture(thumbnail_of(stored), FileKind.JPEG))


def _private(response: HttpResponse) -> HttpResponse:
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
