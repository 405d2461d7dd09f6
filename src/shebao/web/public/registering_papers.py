"""The papers of a registration: from the desktop or by telephone, turned, taken away, and the one to print and sign."""

from datetime import timedelta

from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from shebao.hall.documents.blanks import paper_to_sign
from shebao.hall.documents.rendering import PaperNotRendered
from shebao.hall.errors import Refused
from shebao.hall.operators.throttle import may_try
from shebao.hall.phone_uploads.operations import ask_for_registration
from shebao.hall.phone_uploads.queries import code_for_registration
from shebao.hall.registration import operations, queries
from shebao.hall.registration.models import Registration, RegistrationPaper
from shebao.hall.registration.states import WITH_APPLICANT
from shebao.rules.region import Region

from ..access import public
from ..by_phone import count_codes, numbered, panel, part
from ..middleware import go
from ..sent_files import sent_pdf, sent_small, uploads
from .holding import held

UPLOADS, HOUR = 60, timedelta(hours=1)
"""How often an address may send files, or fetch papers, in an hour."""


def code_of(request, made: Registration) -> dict:
    """The code that the page of this registration shows."""
    return panel(request, code_for_registration(made.pk))


def ask_for_phone(request, made: Registration) -> int:
    """Make the code for the paper whose button was pressed; gives its number. Raises Refused."""
    papers, number = made.spec.papers, numbered(request.POST.get("phone", ""))
    if number is None or number >= len(papers):
        raise Refused("no_such_paper", "这里不收这种材料，请刷新页面后再试。", status=404)
    count_codes(request.META.get("REMOTE_ADDR", ""))
    ask_for_registration(made.pk, papers[number].title)
    return number


def paper_part(request, here: Region, made: Registration | None, step: int, at: int | None = None):
    """One paper with its files, as it is now; whoever holds no registration any more is sent on."""
    if made is None or made.state not in WITH_APPLICANT:
        return HttpResponseClientRedirect(request.path)
    context = {"region": here, "number": step, "papers": queries.papers_of(made)}
    return part(request, code_for_registration(made.pk), "registration/_paper_answer.html", lambda: context, at)


def count_upload(request) -> None:
    """Count what an address sends. Raises Refused past the limit."""
    if not may_try("register-upload", request.META.get("REMOTE_ADDR", ""), limit=UPLOADS, within=HOUR):
        raise Refused("too_often", "这个地址上传的次数过多，请一小时后再试。", status=429)


def replaced(request, made) -> list[tuple[str, str]]:
    """Put the files that were chosen to replace others in their place; what was refused: the paper, in words why."""
    said = []
    for one in made.papers.all():
        try:
            for file in uploads(request, f"swap_{one.pk}")[:1]:
                count_upload(request)
                operations.replace_paper(made.pk, one.pk, file)
        except Refused as no:
            said.append((one.title, no.message))
    return said


@public
@require_POST
def remove_paper(request, code, pk):
    """Take one file away."""
    return _changed(request, code, pk, operations.remove_paper)


@public
@require_POST
def turn_paper(request, code, pk):
    """Turn one picture by a quarter."""
    return _changed(request, code, pk, operations.turn_paper)


def _changed(request, code: str, pk: int, change):
    """Change one file, and show its paper again: alone to a script, so that what was chosen elsewhere stays."""
    here = operations.wizard_region(code)
    made = held(request, here)
    if made is None:
        return go(request, reverse("register_at", args=[code]))
    titles = [paper.title for paper in here.registration.papers]
    at = titles.index(made.papers.get(pk=pk).title)
    change(made.pk, pk)
    step = next(number for number, one in enumerate(here.registration.steps, 1) if one.kind == "papers")
    return paper_part(request, here, made, step, at=at) if request.htmx else redirect("register_step", code, step)


@public
@require_safe
def paper_small(request, code, pk):
    """The small picture of an image that this browser's applicant uploaded."""
    made = held(request, operations.wizard_region(code))
    if made is None:
        raise RegistrationPaper.DoesNotExist("no registration is held here")
    return sent_small(made.papers.select_related("stored").get(pk=pk).stored)


@public
@require_safe
def paper_text(request, code, number):
    """A paper to print, sign and send back (授权书), with what was filled in so far, as a PDF."""
    here = operations.wizard_region(code)
    papers, made = here.registration.papers, held(request, here)
    found = here.registration.template(papers[number].title) if number < len(papers) else None
    if found is None:
        raise Refused("no_such_paper", "没有这份模板，请从注册页面重新进入。", status=404)
    if not may_try("register-paper", request.META.get("REMOTE_ADDR", ""), limit=UPLOADS, within=HOUR):
        raise Refused("too_often", "这个地址下载的次数过多，请一小时后再试。", status=429)
    try:
        pdf = paper_to_sign(found, made.answers if made else {})
    except PaperNotRendered as no:
        raise Refused("not_rendered", "模板没有生成，请稍后再试。", status=503) from no
    return sent_pdf(pdf, f"{found.title}.pdf")
