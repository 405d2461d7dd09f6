"""One case at the desk (办件): what changes, what the checks found, who signed; and the three answers."""

from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shebao.hall.audit.looks import note_look
from shebao.hall.declarations import operations, queries
from shebao.hall.declarations.accounts import waiting_account
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.states import State, label_of
from shebao.hall.desk import queries as desk_queries
from shebao.hall.desk.effects import approve_cases, open_drawn
from shebao.hall.errors import Refused
from shebao.hall.reasons import words_of
from shebao.hall.regions import region as region_of
from shebao.hall.settlement.late_decisions import late_decision_words
from shebao.hall.sign_in.submissions import signatures_of
from shebao.hall.workbench.dossiers import trail_of
from shebao.rules.check_words import compared_with

from ..access import needs
from ..chosen import is_whole
from ..lanes import lanes_of
from .desk import CHECK_TITLES, row, suffix, waiting
from .handling import CASES, say_approved
from .revealing import whole_or_question

# How much of the queue the case page shows beside the case, and how far next and previous reach.
QUEUE_BESIDE = 200
ICONS = {"ok": "check-circle", "d": "arrow-back", "b": "send", "g": "edit", "w": "pause"}
WHY_CALL = ("联系经办人补正", "核实申报内容", "回复单位来电")
FINDINGS = {"error": "不符", "confirm": "单位已确认", "hint": "提示"}


@require_safe
@needs("review")
def case(request, pk):
    """One case: what changes, what the checks found, and what happened so far."""
    batch = request.GET.get("batch", "")
    if is_whole(batch) and request.method == "GET":  # who asks for the head alone has seen nothing
        open_drawn(int(batch), pk, by=request.user)
    return _case_page(request, pk)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@needs("unmask")
def reveal(request, pk):
    """Show the case with all that is hidden, this once: its numbers and pictures, and the employer's telephone."""
    case = Declaration.objects.visible_to(request.user).select_related("employer", "declared_by").get(pk=pk)
    view, asking = whole_or_question(
        request,
        CASES,
        case,
        WHY_CALL,
        lambda reason: queries.whole_case(request.user, pk, reason),
        about=f"{case.subject_name} · {case.spec.title}，{case.employer.name}",
        queue="审核台",
    )
    return asking or _page(request, view, in_full=True)


def _case_page(request, pk, answers=None, error: Refused | None = None):
    """The page, and the look on record."""
    view = queries.case_view(request.user, pk)
    case = view.declaration
    note_look(case, f"审核办件 {case.case_number or pk}", by=request.user, employer=case.employer)
    return _page(request, view, answers, error)


def _page(request, view, answers=None, error: Refused | None = None, *, in_full=False):
    """The page of a case; `in_full`: its numbers were asked for, and stand on the screen, never on paper."""
    declaration, pk = view.declaration, view.declaration.pk
    word_findings(view)
    beside = list(waiting(request)[:QUEUE_BESIDE])
    before, after = neighbours([one.pk for one in beside], pk)
    answers = answers or {}
    # First what was repaired, then what changes the roster; what stays as it was is folded.
    first = [field for field in view.fields if field.is_repaired or field.asked]
    then = [field for field in view.fields if field.changed and field not in first]
    rest = [field for field in view.fields if field not in first and field not in then]
    at_desk = CASES.context(request, declaration)
    # What was typed for a return that was refused stays, also where a colleague has the case by now.
    may_return = at_desk["may_decide"] or (error is not None and not at_desk["is_own"])
    context = at_desk | {
        "view": view,
        "may_return": "reject" in view.moves and may_return,
        "images": [one for paper in view.papers for one in paper.files if one.stored.is_picture],
        "batch": request.GET.get("batch", "") if is_whole(request.GET.get("batch", "")) else "",
        "others": _others(request.user, declaration),
        "account": waiting_account(declaration, request.user),
        "declaration": declaration,
        "row": row(declaration),
        "fields": [*first, *then] or rest,
        "rest": rest if first or then else [],
        "has_old": any(field.old for field in view.fields),
        "flags": [_flag(field, answers) for field in [*view.fields, *map(_paper_field, view.papers)]],
        "papers": view.papers,
        "signatures": signatures_of(declaration),
        "trail": _trail(request.user, view),
        "is_whole": in_full,
        "hides": any(one.is_masked for one in view.fields) or bool(declaration.employer.phone) or _has_files(view),
        "source": declaration.copied_from,
        "late_words": _late_words(view, declaration),
        "not_passed": label_of(State.REJECTED, view.service),
        "reasons": _codes(declaration, declaration.spec.reasons),
        "checks": (checks := _checks(view)),
        "passed": [one for one in checks if not one["problems"]],
        "events": [_event(event) for event in view.events],
        "note": answers.get("note", ""),
        "answer": answers.get("answer", ""),
        "answers": _answers(view) if declaration.spec.answers else [],
        "queue": CASES.beside(request, beside, pk),
        "before": before,
        "after": after,
        "errors": [{"id": error.field or "note", "text": error.message}] if error else [],
        "is_returning": error is not None,
    }
    return render(request, "agency/case.html", context, status=error.status if error else 200)


def _has_files(view) -> bool:
    return any(one.stored.has_thumbnail or one.stored.is_picture for paper in view.papers for one in paper.files)


def word_findings(view) -> None:
    """Give every finding of a case its word."""
    for problem in view.problems:
        problem["word"] = FINDINGS[problem["level"]]


def _event(event: dict) -> dict:
    at = timezone.localtime(event["at"])
    return event | {"icon": ICONS[event["kind"]], "at": f"{at:%m-%d %H:%M}"}


def _checks(view) -> list[dict]:
    """Every automatic check of the service, with what it was compared with and what it found."""
    found = {name: [p for p in view.problems if p["code"] == name] for name in view.service.checks}
    other = [p for p in view.problems if p["code"] not in found]
    rows = [
        {"title": CHECK_TITLES[name], "against": compared_with(name), "problems": problems}
        for name, problems in found.items()
    ]
    return sorted(rows, key=lambda row: not row["problems"]) + (
        [{"title": "其他", "against": "", "problems": other}] if other else []
    )


def _codes(declaration, name: str) -> list[tuple[str, str]]:
    return region_of(declaration.region).codes[name].choices()


def _answers(view) -> list[dict]:
    """The forms that answer a question, of those that are open: it holds, it does not, something is missing."""
    pk, spec = view.declaration.pk, view.service
    labels = {"approve": label_of(State.APPROVED, spec), "reject": label_of(State.REJECTED, spec)}
    rows = {
        "approve": {"reasons": _codes(view.declaration, spec.answers), "kind": "p", "hotkey": "a", "hint": "怎样更正"},
        "reject": {"reasons": _codes(view.declaration, spec.reasons), "kind": "o", "hotkey": "", "hint": "依据什么"},
        "return": {"reasons": [], "kind": "d", "hotkey": "", "hint": "还缺什么，单位补充后再送"},
    }
    return [
        row | {"label": labels.get(name, "请单位补充"), "url": reverse(f"a_{name}", args=[pk])}
        for name, row in rows.items()
        if name in view.moves
    ]


def _others(actor, declaration) -> list:
    """What else was declared about the same person or employer, newest first."""
    rows = queries.cases(actor).filter(subject_digest=declaration.subject_digest).exclude(pk=declaration.pk)
    return list(rows.exclude(state=State.DRAFT)[:5])


def _trail(actor, view) -> dict | None:
    """How long the person of the case has been insured, as the person's page draws it."""
    found = trail_of(actor, view.declaration) if view.service.is_about_person else None
    return {"of": found} | lanes_of(region_of(view.declaration.region), found.ribbon) if found else None


def _late_words(view, declaration: Declaration) -> str:
    """What the employer may still do about its month when this is decided after the month's time; "" before it."""
    if declaration.state != State.SUBMITTED or view.service.is_aside:
        return ""
    return late_decision_words(region_of(declaration.region), declaration.month)


def neighbours(pks: list[int], pk: int) -> tuple[int | None, int | None]:
    """The case before and the case after `pk`; of a case no longer in the queue, the first one follows."""
    if pk not in pks:
        return None, pks[0] if pks else None
    at = pks.index(pk)
    return (pks[at - 1] if at else None), (pks[at + 1] if at + 1 < len(pks) else None)


def _paper_field(view):
    """A paper as something that may be marked like an answer."""
    told = f"{len(view.files)} 个文件" if view.files else "没有文件"
    return queries.FieldView(view.key, "text", view.paper.title, "", told, changed=False)


def _flag(field, answers) -> dict:
    """One line of the return sheet."""
    return {
        "view": field,
        "is_flagged": f"flag_{field.id}" in answers,
        "code": answers.get(f"code_{field.id}", ""),
        "reason": answers.get(f"reason_{field.id}", ""),
    }


@require_POST
@needs("review")
def approve(request, pk):
    """Approve one case and go on to the next."""
    try:
        approved = approve_cases([pk], by=request.user, note=_note(request, pk, "answers"), seen=seen(request, pk))
    except Refused as no:
        messages.error(request, no.message)
        return redirect(reverse("a_case", args=[pk]) + suffix(request))
    say_approved(request, approved, _approved_words(request.user, approved[0]))
    return _onwards(request)


def _approved_words(actor, declaration) -> str:
    """What an approval did: it is in force, it will be in a moment, or somebody else has to sign too."""
    if declaration.state == State.APPROVED:
        return "已审核通过。"
    view = desk_queries.desk_view(actor, declaration)
    if view.step:
        return f"{declaration.subject_name}已签，还须{view.step.words}。"
    return f"{declaration.subject_name}已审核通过，{settings.SHEBAO_UNDO_SECONDS} 秒后生效。"


@require_http_methods(["GET", "HEAD", "POST"])
@needs("review")
def reject(request, pk):
    """Decline one case for good and go on to the next."""
    if request.method != "POST":
        return _to_the_case(request, pk)
    try:
        marks, note = _marks(request, pk), _note(request, pk, "reasons")
        operations.reject_declaration(pk, by=request.user, note=note, marks=marks, seen=seen(request, pk))
    except Refused as no:
        return _case_page(request, pk, request.POST, no)
    messages.success(request, "已办理，单位会看到原因。")
    return _onwards(request)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("review")
def send_back(request, pk):
    """Return one case with remarks beside the fields; what was typed stays when the return is refused."""
    if request.method != "POST":
        return _to_the_case(request, pk)
    try:
        operations.return_declaration(
            pk, by=request.user, marks=_marks(request, pk), note=_note(request, pk), seen=seen(request, pk)
        )
    except Refused as no:
        return _case_page(request, pk, request.POST, no)
    messages.success(request, "已退回，单位可以按标注修改后重新提交。")
    return _onwards(request)


def _marks(request, pk) -> dict[str, str]:
    return marks_of(request, Declaration.objects.visible_to(request.user).get(pk=pk).spec.reasons)


def marks_of(request, catalogue: str) -> dict[str, str]:
    """What is read beside each flagged field: the reason by its code in the catalogue, and the sentence.

    Raises Refused for a reason that is not offered any more.
    """
    reasons = region_of(request.user.region).codes[catalogue]
    marks = {}
    for name in request.POST:
        if name.startswith("flag_"):
            field = name.removeprefix("flag_")
            code, text = (request.POST.get(f"{part}_{field}", "").strip() for part in ("code", "reason"))
            marks[field] = words_of(reasons, code, text, field=f"reason_{field}") if code else text
    return marks


def seen(request, *pks: int) -> dict[int, int]:
    """The versions that the page showed, so that nobody decides about what they have not read."""
    shown = {pk: request.POST.get(f"version_{pk}", "") for pk in pks}
    return {pk: int(version) for pk, version in shown.items() if is_whole(version)}


def _note(request, pk, catalogue: str = "") -> str:
    """What is said as a whole: where it answers a question, the words of the catalogue first."""
    note, code = request.POST.get("note", "").strip(), request.POST.get("answer", "")
    spec = Declaration.objects.visible_to(request.user).get(pk=pk).spec if catalogue and code else None
    if spec is None or not spec.answers:
        return note
    return words_of(region_of(request.user.region).codes[getattr(spec, catalogue)], code, note, field="answer")


def _to_the_case(request, pk):
    """Where a refused form is shown, its address stays in the browser: opened again, it leads back to the case."""
    case = Declaration.objects.visible_to(request.user).get(pk=pk)
    return redirect(reverse("a_case", args=[case.pk]) + suffix(request))


def _onwards(request):
    """The next case of the same queue, or the desk when it is empty."""
    after = request.POST.get("after", "")
    address = reverse("a_case", args=[int(after)]) if is_whole(after) else reverse("a_home")
    return redirect(address + suffix(request))
