"""Tables that are taken along: marked with who took them, and on record."""

from collections.abc import Iterable, Sequence

from django.http import HttpResponse

from shebao.hall import clock
from shebao.hall.audit.looks import note_export, watermark
from shebao.hall.sheets.writing import Column, write_table

from .employer.common import download


def taken(request, title: str, line: str, columns: Sequence[Column], rows: Iterable, name: str) -> HttpResponse:
    """The table as a workbook to download; who, when and for whom stands in its header and in its properties."""
    data = write_table(title, line, columns, rows, mark=watermark(request.user, clock.local_now()))
    note_export(request.user.employer or request.user, title, by=request.user)
    return download(data, name)
