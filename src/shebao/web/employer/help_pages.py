"""The help that a manual lists (帮助): blank forms to print, sheets to download, guides to read, print and keep."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse

from shebao.hall.documents.guides import issue_guide
from shebao.hall.errors import Refused
from shebao.rules.statement_words import STATEMENT_COLUMNS

from ..access import refusal
from ..public.guides import shown_guide
from .common import crumbs, here, word
from .importing import templates_of


def blank_forms(request, spec):
    """The region's application forms on paper (打印申请表): a button for each."""
    forms = [one for one in here(request).statements.values() if one.is_blank]
    rows = [{"form": one, "columns": [_title(one, key) for key in one.columns]} for one in forms]
    return render(request, "employer/blank_forms.html", _about(spec) | {"rows": rows})


def _title(statement, key: str) -> str:
    return statement.labels.get(key, STATEMENT_COLUMNS[key].title)


def sheet_templates(request, spec):
    """The templates of everything that can be sent by spreadsheet (批量上传文件模板)."""
    services = [one for one in here(request).services.values() if one.is_about_person]
    rows = [templates_of(request, one) | {"upload": _upload_url(one.key)} for one in services]
    return render(request, "employer/sheet_downloads.html", _about(spec) | {"rows": rows, "words": ""})


def roster_sheet(request, spec):
    """The sheet of one service with everybody insured in it (在册人员)."""
    service = here(request).services[spec.service]
    found = templates_of(request, service)
    row = {"title": found["title"], "asking": found["asking"], "upload": _upload_url(service.key)}
    words = f"一行一人，已填好在保人员和现工资；改好以后在“{word(request, 'menu.import', '批量导入')}”里上传"
    return render(request, "employer/sheet_downloads.html", _about(spec) | {"rows": [row], "words": words})


def guide(request, spec):
    """One guide of the region; a POST makes the paper of it, to be printed or kept as a file."""
    region = here(request)
    if request.method == "POST":
        _may(request, "print")
        try:
            document = issue_guide(request.user.employer_id, spec.guide, by=request.user)
        except Refused as no:
            messages.error(request, no.message)
            return redirect("e_page", spec.key)
        return redirect("e_document" if "print" in request.POST else "e_document_download", document.pk)
    shown = shown_guide(region.guides[spec.guide], region, is_at_home=True)
    context = _about(spec) | {"guide": shown, "may_print": request.user.may("print")}
    return render(request, "employer/guide.html", context)


def _about(spec) -> dict:
    return {"title": spec.title, "crumbs": crumbs(spec.title), "notes": spec.notes}


def _may(request, permission: str) -> None:
    if not request.user.may(permission):
        raise refusal(request.user, permission)


def _upload_url(service: str) -> str:
    return f"{reverse('e_import')}?service={service}"
