"""Files in and out of a page: what a form brought, and a stored file as a download that no browser opens itself."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpResponse

from shebao.hall.errors import Refused
from shebao.hall.evidence.files import (
    FILE_LIMIT,
    MEDIA_TYPES,
    PICTURE_LIMIT,
    Upload,
    content_of,
    name_with_ending,
    thumbnail_of,
)
from shebao.hall.evidence.models import FileKind, StoredFile
from shebao.hall.operators.models import Operator
from shebao.hall.operators.throttle import may_try

from .employer.common import download

TAKES = {"accept": ".jpg,.jpeg,.png,.pdf", "data-limits": f"{FILE_LIMIT} {PICTURE_LIMIT}"}
"""What a field that takes papers tells the browser: the kinds, and the most bytes of a document and of a picture."""
TAKEN = f"图片（JPG、PNG，最大 {PICTURE_LIMIT // 1_000_000} MB）或 PDF（最大 {FILE_LIMIT // 1_000_000} MB）"
"""The same for whoever chooses."""
HOUR = timedelta(hours=1)


def uploads(request, name: str = "files") -> list[Upload]:
    """The files of one field; of one that is too large no more is read than shows that it is. Raises Refused."""
    if request.user.is_authenticated and name in request.FILES:
        count_sending(request.user, "papers", settings.SHEBAO_PAPERS_AN_HOUR)
    return [Upload(one.name or "", one.read(PICTURE_LIMIT + 1), one.size or 0) for one in request.FILES.getlist(name)]


def count_sending(operator: Operator, kind: str, limit: int) -> None:
    """Count what an employer, or a desk of the agency, sends in an hour. Raises Refused past the limit."""
    if not may_try(kind, str(operator.employer_id or f"desk {operator.pk}"), limit=limit, within=HOUR):
        text = f"一小时最多上传 {limit} 次，这一次没有收下。请稍后再传，或把几个文件合并成一个。"
        raise Refused("too_many_files", text, status=429)


def shown_image(stored: StoredFile) -> HttpResponse:
    """A stored picture for an <img> of ours; anything else is not shown (404), only saved."""
    if not stored.is_picture:
        raise StoredFile.DoesNotExist("only pictures are shown")
    return _private(_picture(content_of(stored), FileKind(stored.kind)))


def _picture(content: bytes, kind: FileKind) -> HttpResponse:
    """A picture that a browser shows in one of our pages."""
    return HttpResponse(content, content_type=MEDIA_TYPES[kind], headers={"Content-Disposition": "inline"})


def sent(stored: StoredFile) -> HttpResponse:
    """A stored file under its own name, to be saved and not to be shown or guessed at."""
    return _private(download(content_of(stored), name_with_ending(stored), MEDIA_TYPES[FileKind(stored.kind)]))


def sent_pdf(content: bytes, name: str) -> HttpResponse:
    """A paper that was made just now and is kept nowhere, to be saved."""
    return _private(download(content, name, MEDIA_TYPES[FileKind.PDF]))


def sent_small(stored: StoredFile) -> HttpResponse:
    """The small picture of an image, to be shown on our pages: it was drawn here, from the pixels alone."""
    return _private(_picture(thumbnail_of(stored), FileKind.JPEG))


def _private(response: HttpResponse) -> HttpResponse:
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
