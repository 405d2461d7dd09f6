"""系统配置: what the region's folder says, shown; and the only way to change its values, which takes two people."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shebao.hall import clock
from shebao.hall.configuring import operations
from shebao.hall.configuring.models import ValuesProposal
from shebao.hall.declarations.queries import current_month
from shebao.hall.errors import Refused
from shebao.hall.operators.managing import division_words
from shebao.hall.operators.models import Operator
from shebao.hall.regions import region as region_of
from shebao.hall.settlement.models import SandboxRun
from shebao.regions_home import regions_roots
from shebao.rules.months import months_between
from shebao.rules.proposals import changes, load_proposed
from shebao.rules.region import BadRegion, Region
from shebao.rules.vocabulary import LATE_DUE, STEPS

from ..access import needs
from ..chosen import is_whole, left_empty
from ..public.rates import value_words, words_in_force
from .sandbox import file_of, proposal_of

TITLE = "系统配置"
MONTHS_AHEAD = 5
LOST = {"reason": "请写明依据和原因，审批的人要看。"}


@require_safe
@needs("configure")
def configuration(request):
    """Calendar, services and their reviewers, code lists, users; and what was proposed."""
    here = region_of(request.user.region)
    month = current_month(here)
    windows = [(one, here.calendar.window(one)) for one in months_between(month, month.next(MONTHS_AHEAD))]
    context = {
        "here": here,
        "late_due": LATE_DUE[late.due] if (late := here.calendar.late_decisions) else "",
        "windows": windows,
        "is_published": here.calendar.is_published(clock.today().year),
        "services": [_service(one) for one in [*here.services.values(), *filter(None, [here.registration])]],
        "codes": sorted(here.codes.items(), key=lambda one: one[1].title),
        "users": list(_users(request.user)),
        "proposals": ValuesProposal.objects.visible_to(request.user).select_related("proposed_by", "decided_by")[:20],
        "title": TITLE,
    }
    return render(request, "agency/configuration.html", context)


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
    """Upload or paste a parameters.yaml, or take over what the sandbox tried (`?run=`)."""
    text, errors = "", []
    if request.method == "POST":
        text, errors = proposal_of(request)
        errors += [one | {"id": "id_reason"} for one in left_empty(request, LOST)]
        if not errors:
            try:
                made = operations.propose_values(text, by=request.user, reason=request.POST.get("reason", ""))
            except BadRegion as bad:
                errors = [{"id": "id_yaml", "text": problem} for problem in bad.problems]
            except Refused as no:
                errors = [{"id": f"id_{no.field or 'yaml'}", "text": no.message}]
            else:
                messages.success(request, "已提出，等另一位管理员审批。")
                return redirect("a_proposal", made.pk)
    elif is_whole(request.GET.get("run", "")):
        text = SandboxRun.objects.visible_to(request.user).get(pk=int(request.GET["run"])).proposal
    context = {
        "yaml": text,
        "reason": {"id": "id_reason", "name": "reason", "kind": "text", "label": "依据和原因", "maxlength": 200,
                   "required": True, "full": True, "value": request.POST.get("reason", "")},
        "errors": errors,
        "crumbs": [{"label": TITLE, "url": reverse("a_configuration")}, {"label": "提出数值修改"}],
    }  # fmt: skip
    return render(request, "agency/propose.html", context, status=422 if errors else 200)


@require_safe
@needs("configure")
def proposal(request, pk):
    """One proposal: what would change, and the decision."""
    found = ValuesProposal.objects.visible_to(request.user).select_related("proposed_by", "decided_by").get(pk=pk)
    here = region_of(found.region)
    context = {
        "found": found,
        "changes": _changes(here, found.text),
        "is_own": found.proposed_by_id == request.user.pk,
        "is_stale": found.state in ("proposed", "approved") and found.fingerprint != here.fingerprint,
        "crumbs": [{"label": TITLE, "url": reverse("a_configuration")}, {"label": f"数值修改 {found.pk}"}],
    }
    return render(request, "agency/proposal.html", context)


def _changes(here: Region, text: str) -> list[dict]:
    """The values that the proposal adds or writes differently; none once the folder has them."""
    try:
        proposed = load_proposed(here, regions_roots(), text)
    except BadRegion:
        return []
    return [
        {
            "title": here.parameters[key].title,
            "since": value.since,
            "old": words_in_force(here, key, value.since),
            "new": value_words(proposed.parameters[key], value),
            "source": value.source,
            "status": value.status,
        }
        for key, values in changes(here, proposed).items()
        for value in values
    ]


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
    """Agree."""
    note = request.POST.get("note", "")
    deed = lambda: operations.approve_values(pk, by=request.user, note=note)  # noqa: E731
    return _do(request, pk, deed, "已同意，可以启用。")


@require_POST
@needs("configure")
def decline(request, pk):
    """Do not agree."""
    note = request.POST.get("note", "")
    return _do(request, pk, lambda: operations.decline_values(pk, by=request.user, note=note), "已记下不同意。")


@require_POST
@needs("configure")
def activate(request, pk):
    """Write the values into the folder."""
    said = "已写入地区文件夹，马上按新数值计算。"
    return _do(request, pk, lambda: operations.activate_values(pk, by=request.user), said)


@require_safe
@needs("configure")
def file(request, pk):
    """The proposal as parameters.yaml."""
    return file_of(ValuesProposal.objects.visible_to(request.user).get(pk=pk).text)


urlpatterns = [
    path("configuration/", configuration, name="a_configuration"),
    path("configuration/propose", propose, name="a_propose"),
    path("configuration/proposals/<int:pk>", proposal, name="a_proposal"),
    path("configuration/proposals/<int:pk>/approve", approve, name="a_proposal_approve"),
    path("configuration/proposals/<int:pk>/decline", decline, name="a_proposal_decline"),
    path("configuration/proposals/<int:pk>/activate", activate, name="a_proposal_activate"),
    path("configuration/proposals/<int:pk>/parameters.yaml", file, name="a_proposal_file"),
]
