"""系统配置: what the region's folder says, shown; and the only way to change it from here, which takes two people."""

from urllib.parse import quote

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shebao.hall import clock
from shebao.hall.configuring import operations
from shebao.hall.configuring.models import FolderProposal, ProposalState
from shebao.hall.configuring.rebasing import Stand, stand_of, to_propose_again
from shebao.hall.configuring.relied_on import told_beforehand
from shebao.hall.declarations.queries import current_month
from shebao.hall.errors import Refused
from shebao.hall.operators.managing import division_words
from shebao.hall.operators.models import Operator
from shebao.hall.regions import region as region_of
from shebao.hall.settlement.models import SandboxRun
from shebao.regions_home import regions_roots
from shebao.rules.code_text import restored, retired
from shebao.rules.months import months_between
from shebao.rules.proposal_rows import rows_of
from shebao.rules.proposals import CALENDAR, VALUES, current_text, proposable
from shebao.rules.region import BadRegion, Region
from shebao.rules.vocabulary import LATE_DUE, STEPS

from ..access import needs
from ..chosen import is_whole, left_empty
from .sandbox import file_of, proposal_of

TITLE = "系统配置"
MONTHS_AHEAD = 5
OPEN = (ProposalState.PROPOSED, ProposalState.APPROVED)
SOUGHT = 40
"""So many characters of a code or its name are looked for."""
DEEDS = {"retire": ("停用", retired), "restore": ("恢复使用", restored)}
LOST = {"reason": "请写明依据和原因，审批的人要看。"}
REASON = {"id": "id_reason", "name": "reason", "kind": "text", "label": "依据和原因", "maxlength": 200}


@require_safe
@needs("configure")
def configuration(request):
    """Calendar, services and their reviewers, code lists (`?code=` finds some), users; and what was proposed."""
    sought = request.GET.get("code", "").strip()[:SOUGHT]
    here = region_of(request.user.region)
    month = current_month(here)
    windows = [(one, here.calendar.window(one)) for one in months_between(month, month.next(MONTHS_AHEAD))]
    files = proposable(here)
    proposals = FolderProposal.objects.visible_to(request.user).select_related("proposed_by", "decided_by")[:20]
    for one in proposals:
        one.what = files.get(one.file, one.file)
    context = {
        "here": here,
        "late_due": LATE_DUE[late.due] if (late := here.calendar.late_decisions) else "",
        "windows": windows,
        "is_published": here.calendar.is_published(clock.today().year),
        "services": [_service(one) for one in [*here.services.values(), *filter(None, [here.registration])]],
        "sought": sought,
        "codes": list(_lists(here, files, sought)),
        "calendar_file": CALENDAR,
        "calendar_words": files[CALENDAR],
        "users": list(_users(request.user)),
        "proposals": proposals,
        "title": TITLE,
        "shut": operations.why_shut(here),
        "may_manage": request.user.may("manage_operators"),
    }
    return render(request, "agency/configuration.html", context)


def _lists(here: Region, files: dict[str, str], sought: str):
    """Each code list, its codes, and where changes of it are proposed; "" for one that the program knows by itself.

    Of what is sought, whole lists by their title, otherwise the codes whose code or name has it.
    """
    address, words = reverse("a_propose"), sought.casefold()
    for key, one in sorted(here.codes.items(), key=lambda one: one[1].title):
        file = f"codes/{key}.yaml"
        found = [code for code in one.items if words in one.title or words in f"{code.code} {code.title}".casefold()]
        if found:
            yield one, found, f"{address}?file={quote(file)}" if file in files else ""


def _users(actor):
    """The agency's people, each with whose employers they have to do with, in words."""
    for one in Operator.objects.visible_to(actor).order_by("-is_active", "username"):
        one.scope_words = f"{region_of(one.region).short_title}{division_words(one.region, one.divisions)}"
        yield one


def _service(service) -> dict:
    """Who reviews a service, or the registration of employers, in words."""
    steps = [f"{STEPS[one.key]}：{one.words}" for one in service.review_steps]
    if steps and not getattr(service, "is_batched", False):  # a registration never is
        steps.append("逐笔审核，不能批量通过")
    return {"service": service, "steps": "；".join(steps) or "即时生效，无须审核"}


@require_http_methods(["GET", "HEAD", "POST"])
@needs("configure")
def propose(request):
    """Upload or write a file of the folder (`?file=`), or take over what the sandbox tried (`?run=`).

    A code of a list may also be retired or restored by its name (`&retire=`, `&restore=`).
    """
    here, name = region_of(request.user.region), request.GET.get("file", VALUES)
    files, text, errors = proposable(here), "", []
    again = _again(request, name)
    named = _named(request, here, name) if name in files else None
    if request.method == "POST":
        text, errors = (named[1], []) if named else proposal_of(request, name)
        errors += [one | {"id": "id_reason"} for one in left_empty(request, LOST)]
        if not errors:
            reason = request.POST.get("reason", "")
            try:
                made = operations.propose_file(text, by=request.user, reason=reason, file=name)
            except BadRegion as bad:
                errors = [{"id": "id_yaml", "text": problem} for problem in bad.problems]
            except Refused as no:
                errors = [{"id": f"id_{no.field or 'yaml'}", "text": no.message}]
            else:
                messages.success(request, "已提出，等另一位管理员审批。")
                return redirect("a_proposal", made.pk)
    elif again:
        text = to_propose_again(again)
    elif is_whole(request.GET.get("run", "")):
        text = SandboxRun.objects.visible_to(request.user).get(pk=int(request.GET["run"])).proposal
    elif name in files and name != VALUES:
        text = current_text(here, regions_roots(), name)
    plain = f"提出修改：{files[name]}" if name in files and name != VALUES else "提出数值修改"
    title, text = named or (plain, text)
    context = {
        "yaml": text,
        "name": name,
        "title": title,
        "is_values": name == VALUES,
        "is_keyed": name == CALENDAR,
        "reason": REASON | {"required": True, "full": True, "value": _reason(request, again)},
        "again": again,
        "errors": errors,
        "shut": operations.why_shut(here, name),
        "crumbs": [{"label": TITLE, "url": reverse("a_configuration")}, {"label": title}],
    }
    if named:
        context |= _said(here, name, text, [], True)
    page = "agency/propose_code.html" if named else "agency/propose.html"
    return render(request, page, context, status=422 if errors else 200)


def _again(request, name: str) -> FolderProposal | None:
    """The proposal that is made anew (`&again=`), for the folder changed: with it the page is filled in."""
    pk = request.GET.get("again", "")
    if not is_whole(pk):
        return None
    return FolderProposal.objects.visible_to(request.user).get(pk=int(pk), file=name)


def _reason(request, again: FolderProposal | None) -> str:
    return request.POST.get("reason", again.reason if again else "")


def _named(request, here: Region, name: str) -> tuple[str, str] | None:
    """What is to be done with a code that the address names, in words, and the file that does it."""
    for deed, (words, change) in DEEDS.items():
        if code := request.GET.get(deed):
            codes = here.codes.get(name.removeprefix("codes/").removesuffix(".yaml"))
            if codes is None or (item := codes.get(code)) is None:
                raise Http404
            title = f"{words}：{codes.title} {item.code}（{item.title}）"
            return title, change(current_text(here, regions_roots(), name), code)
    return None


@require_safe
@needs("configure")
def current(request):
    """A file of the folder as it counts now, to be edited and sent back."""
    here, name = region_of(request.user.region), request.GET.get("file", VALUES)
    if name not in proposable(here):
        raise Http404
    return file_of(current_text(here, regions_roots(), name), name)


@require_safe
@needs("configure")
def proposal(request, pk):
    """One proposal: what would change, what stands against it, and the decision."""
    found = FolderProposal.objects.visible_to(request.user).select_related("proposed_by", "decided_by").get(pk=pk)
    here, is_open = region_of(found.region), found.state in OPEN
    title = f"修改：{proposable(here).get(found.file, found.file)}"
    stand, stale = _stand(found)
    context = {
        "found": found,
        "is_values": found.file == VALUES,
        "was": "现行" if is_open else "原来",
        "becomes": "拟定" if found.state != ProposalState.ACTIVE else "改为",
        "is_own": found.proposed_by_id == request.user.pk,
        "is_stale": bool(stale),
        "stale": stale,
        "is_moved": stand.is_moved,
        "seen": here.fingerprint,
        "again_url": f"{reverse('a_propose')}?file={quote(found.file)}&again={found.pk}",
        "shut": operations.why_shut(here, found.file),
        "title": title,
        "crumbs": [{"label": TITLE, "url": reverse("a_configuration")}, {"label": f"修改 {found.pk}"}],
    }
    told = {"changes": found.changed} if stale else _said(here, found.file, stand.text, found.changed, is_open)
    return render(request, "agency/proposal.html", context | told)


def _stand(found: FolderProposal) -> tuple[Stand, str]:
    """What it comes to on the folder as it is, and why it comes to nothing; of one that is over as it was."""
    kept = Stand(found.text, found.made_from, found.fingerprint)
    if found.state not in OPEN:
        return kept, ""
    try:
        return stand_of(found), ""
    except Refused as no:
        return kept, no.message


def _said(here: Region, file: str, text: str, changed: list, is_open: bool) -> dict:
    """The changes; of a proposal that waits also what stands against it, of one that is over as they were then."""
    if not is_open:
        return {"changes": changed}
    try:
        proposed = operations.proved(here, text, file)
    except BadRegion as bad:
        return {"changes": changed, "problems": bad.problems}
    rows = rows_of(here, proposed, regions_roots(), text, file, clock.today())
    return {"changes": rows, "told": told_beforehand(here, proposed)}


def _do(request, pk: int, deed, said: str):
    try:
        deed()
    except Refused as no:
        messages.error(request, no.message)
    else:
        messages.success(request, said)
    return redirect("a_proposal", pk)


@require_POST
@needs("configure")
def approve(request, pk):
    """Agree to the differences that the page showed."""
    note, seen = request.POST.get("note", ""), request.POST.get("seen", "")
    deed = lambda: operations.approve_file(pk, by=request.user, note=note, seen=seen)  # noqa: E731
    return _do(request, pk, deed, "已同意，可以启用。")


@require_POST
@needs("configure")
def decline(request, pk):
    """Do not agree."""
    note = request.POST.get("note", "")
    return _do(request, pk, lambda: operations.decline_file(pk, by=request.user, note=note), "已记下不同意。")


@require_POST
@needs("configure")
def activate(request, pk):
    """Write the file into the folder."""
    said = "已写入地区文件夹，马上按新的办理。"
    return _do(request, pk, lambda: operations.activate_file(pk, by=request.user), said)


@require_safe
@needs("configure")
def file(request, pk):
    """The proposal as the file that it is of, on what counts now."""
    found = FolderProposal.objects.visible_to(request.user).get(pk=pk)
    return file_of(_stand(found)[0].text, found.file)


urlpatterns = [
    path("configuration/", configuration, name="a_configuration"),
    path("configuration/propose", propose, name="a_propose"),
    path("configuration/current", current, name="a_configuration_file"),
    path("configuration/proposals/<int:pk>", proposal, name="a_proposal"),
    path("configuration/proposals/<int:pk>/approve", approve, name="a_proposal_approve"),
    path("configuration/proposals/<int:pk>/decline", decline, name="a_proposal_decline"),
    path("configuration/proposals/<int:pk>/activate", activate, name="a_proposal_activate"),
    path("configuration/proposals/<int:pk>/file", file, name="a_proposal_file"),
]
