"""规则沙盘: write other values, see what they would have done to the last month's bills, take them along as YAML."""

import re
from collections.abc import Sequence
from decimal import Decimal

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_safe

from shebao.hall import clock
from shebao.hall.errors import Refused
from shebao.hall.regions import region as region_of
from shebao.hall.settlement.models import SandboxRun
from shebao.hall.settlement.sandbox import PEOPLE, try_values
from shebao.regions_home import regions_roots
from shebao.rules.money import BadMoney, parse_fen
from shebao.rules.months import BadMonth, Month
from shebao.rules.proposal_rows import value_words
from shebao.rules.proposals import LARGEST, VALUES, changes, load_proposed, with_value, written
from shebao.rules.region import BadRegion, Parameter, Region

from ..access import needs
from ..employer.common import download
from ..public.rates import words_in_force

PLAIN = re.compile(r"\d{1,12}(\.\d{1,12})?")
"""No exponent: written out, 1e999999 is a million digits."""
UNITS = {"yuan": "元", "rate": "%", "factor": "倍"}
NO_SOURCE = "示例值，规则沙盘拟定，尚无文件"
TWO_WAYS = "表格和 YAML 只用一种：请清空填写的新数值，或者不上传、不粘贴 YAML。"


@needs("try_values")
@require_http_methods(["GET", "POST"])
def sandbox(request):
    """The open values of the region, and the runs of before; a POST tries what was written."""
    spec = region_of(request.user.region)
    if request.method == "GET":
        return render(request, "agency/sandbox.html", _form(request, spec))
    text, errors = _proposal(request, spec)
    if not errors:
        try:
            run = try_values(text, by=request.user)
        except BadRegion as bad:
            errors = [{"id": "id_yaml", "text": problem} for problem in bad.problems]
        except Refused as no:
            errors = [{"id": "id_yaml", "text": no.message}]
        else:
            return redirect("a_sandbox_run", run.pk)
    return render(request, "agency/sandbox.html", _form(request, spec, errors), status=422)


def _form(request, spec: Region, errors: Sequence[dict] = ()) -> dict:
    month, said = Month.of(clock.today()), request.POST
    rows = []
    for parameter in spec.charged_parameters:
        name = f"value.{parameter.key}"
        rows.append(
            {
                "parameter": parameter,
                "current": words_in_force(spec, parameter.key, month),
                "name": name,
                "value": said.get(name, ""),
                "unit": UNITS.get(parameter.unit, ""),
                "is_wrong": any(error["id"] == f"id_{name}" for error in errors),
                "is_table": _is_table(parameter),
            }
        )
    since = {"id": "id_since", "name": "since", "kind": "month", "label": "新数值从哪个月起", "required": True}
    source = {"id": "id_source", "name": "source", "kind": "text", "label": "文件（文号）", "maxlength": 200}
    return {
        "errors": errors,
        "rows": rows,
        "since": since | {"value": said.get("since", str(month.next()))},
        "source": source | {"value": said.get("source", ""), "help": "没有文件就不填，数值会标成示例值。"},
        "yaml": said.get("yaml", ""),
        "runs": SandboxRun.objects.visible_to(request.user),
    }


def _is_table(parameter: Parameter) -> bool:
    return not isinstance(parameter.values[-1].value, int | Decimal)


def _proposal(request, spec: Region) -> tuple[str, list[dict]]:
    """The text to try: a file, what was pasted, or what the boxes say; and every mistake in them."""
    typed = {one.key: request.POST.get(f"value.{one.key}", "").strip() for one in spec.charged_parameters}
    filled = {key: text for key, text in typed.items() if text}
    pasted, file = request.POST.get("yaml", "").replace("\r\n", "\n"), request.FILES.get("file")
    if file or pasted.strip():
        if filled or (file and pasted.strip()):
            return "", [{"id": "id_yaml", "text": TWO_WAYS}]
        return _read(file) if file else (pasted, [])
    if not filled:
        return "", [{"id": "id_yaml", "text": "还没有写新数值：请至少填一个，或者上传、粘贴 YAML。"}]
    return _from_boxes(request, spec, filled)


def proposal_of(request, name: str) -> tuple[str, list[dict]]:
    """A file of the region's folder that was uploaded or pasted; and what is wrong with it."""
    pasted, file = request.POST.get("yaml", "").replace("\r\n", "\n"), request.FILES.get("file")
    if file:
        return _read(file, name)
    return (pasted, []) if pasted.strip() else ("", [{"id": "id_yaml", "text": f"请上传或粘贴 {name}。"}])


def _read(file, name: str = VALUES) -> tuple[str, list[dict]]:
    if file.size > LARGEST:
        return "", [{"id": "id_file", "text": f"文件超过 {LARGEST // 1000} KB，不像是 {name}，请核对。"}]
    try:
        return file.read().decode("utf-8-sig"), []
    except UnicodeDecodeError:
        return "", [{"id": "id_file", "text": "文件不是 UTF-8 编码，请另存为 UTF-8 再上传。"}]


def _from_boxes(request, spec: Region, filled: dict[str, str]) -> tuple[str, list[dict]]:
    errors, parameters = [], []
    source = request.POST.get("source", "").strip()
    try:
        since = Month.parse(request.POST.get("since", "").strip())
    except BadMonth as bad:
        since, errors = Month.of(clock.today()), [{"id": "id_since", "text": f"{bad.message}。"}]
    for key, text in filled.items():
        parameter = spec.parameters[key]
        try:
            number = _number(parameter.unit, text)
        except (BadMoney, ValueError) as bad:
            why = bad.message if isinstance(bad, BadMoney) else f"“{text[:20]}”不是普通数字，请只填数字"
            errors.append({"id": f"id_value.{key}", "text": f"{parameter.title}：{why}"})
            continue
        status = "verified" if source else "illustrative"
        parameters.append(with_value(parameter, since, clock.today(), number, source or NO_SOURCE, status))
    return written(parameters), errors


def _number(unit: str, text: str) -> int | Decimal:
    """Fen of yuan, a ratio of per cent, and any other number as it is."""
    if unit == "yuan":
        return parse_fen(text)
    plain = text.removesuffix("%").removesuffix("％").strip()
    if not PLAIN.fullmatch(plain):
        raise ValueError
    number = Decimal(plain)
    return number / 100 if unit == "rate" else number


@needs("try_values")
@require_safe
def run(request, pk):
    """What came out, or how far it is."""
    found = SandboxRun.objects.visible_to(request.user).get(pk=pk)
    crumbs = [{"label": "规则沙盘", "url": reverse("a_sandbox")}, {"label": f"{found.month} 试算结果"}]
    context = {"run": found, "crumbs": crumbs, "may_propose": request.user.may("configure")}
    if found.outcome is None:
        return render(request, "agency/sandbox_waiting.html", context)
    return render(request, "agency/sandbox_run.html", context | _told(region_of(request.user.region), found))


def _told(spec: Region, found: SandboxRun) -> dict:
    outcome = found.outcome
    before, after = (sum(one[name] for one in outcome["schemes"]) for name in ("before", "after"))
    return {
        "changes": _changes(spec, found),
        "schemes": [one | {"delta": one["after"] - one["before"]} for one in outcome["schemes"]],
        "before": before,
        "after": after,
        "delta": after - before,
        "stats": [{"label": label, "count": outcome["people"][name], "note": "人"} for name, label in PEOPLE.items()],
        "employers": [one | {"delta": one["after"] - one["before"]} for one in outcome["employers"]],
        "employers_affected": outcome["employers_affected"],
    }


def _changes(spec: Region, found: SandboxRun) -> list[dict]:
    """The values that were tried beside those in force; none where the region was edited meanwhile."""
    try:
        proposed = load_proposed(spec, regions_roots(), found.proposal)
    except BadRegion:
        return []
    return [
        {
            "title": spec.parameters[key].title,
            "since": value.since,
            "old": words_in_force(spec, key, found.month),
            "new": value_words(proposed.parameters[key], value),
        }
        for key, values in changes(spec, proposed).items()
        for value in values
    ]


@needs("try_values")
@require_safe
def progress(request, pk):
    """How far the background work is (JSON for the waiting page)."""
    found = SandboxRun.objects.visible_to(request.user).get(pk=pk)
    if found.outcome is not None or found.failure:
        return JsonResponse({})
    words = f"正在试算，{found.employers_done} / {found.employers_total} 个单位"
    return JsonResponse({"words": words, "done": found.employers_done, "stuck": False})


@needs("try_values")
@require_safe
def proposed_file(request, pk):
    """The proposal, to be put into the region's folder."""
    return file_of(SandboxRun.objects.visible_to(request.user).get(pk=pk).proposal)


@needs("try_values")
@require_safe
def current_file(request):
    """The values in force with all their history, to be edited and sent back."""
    return file_of(written(region_of(request.user.region).charged_parameters))


def file_of(text: str, name: str = VALUES) -> HttpResponse:
    """A file of the region's folder to take along."""
    return download(text.encode(), name.rpartition("/")[2], "application/yaml; charset=utf-8")


urlpatterns = [
    path("sandbox/", sandbox, name="a_sandbox"),
    path("sandbox/parameters.yaml", current_file, name="a_sandbox_current"),
    path("sandbox/<int:pk>", run, name="a_sandbox_run"),
    path("sandbox/<int:pk>/progress", progress, name="a_sandbox_progress"),
    path("sandbox/<int:pk>/parameters.yaml", proposed_file, name="a_sandbox_file"),
]
