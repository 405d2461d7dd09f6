"""The employer's credit code as somebody types it before signing in: what the hall says of it at once, and how often.

Leaving the field, 下一步 and 申请加入 all tell whether an employer has an account: they are counted together, each code
once.
"""

from collections.abc import Iterable
from datetime import timedelta

from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from shebao.hall.errors import Refused
from shebao.hall.operators.throttle import may_try
from shebao.hall.registration import checks, operations
from shebao.rules.forms import Problem
from shebao.rules.region import Region

from ..access import public
from ..employer.fields import Shown, page_fields
from .holding import held

CODE = "credit_code"
ASKED = "asked_credit_code"
CODES, HOUR = 40, timedelta(hours=1)
"""How many different codes an address may ask for in an hour, on whichever page."""
LONGEST = 40
"""Characters of a text that is kept with the session; a code has 18."""
OFFERED = ("already_registered", "other_registration")
"""Findings about a code from which somebody goes on elsewhere."""
TOO_OFTEN = "这个地址查询的统一社会信用代码过多，请一小时后再试。"


def count_code(request, code: str) -> None:
    """Count a code that is asked for, but once while the browser stays with it. Raises Refused past the limit."""
    typed = code.strip()
    if not typed or request.session.get(ASKED) == typed:
        return
    if not may_try("register-code", request.META.get("REMOTE_ADDR", ""), limit=CODES, within=HOUR):
        raise Refused("too_often", TOO_OFTEN, field=CODE, status=429)
    if len(typed) <= LONGEST:
        request.session[ASKED] = typed


@public
@sensitive_post_parameters()
@require_POST
def register_code(request, code):
    """The field of the code with what is to be said of it, for a page on which it was just typed (离开字段时)."""
    here = operations.wizard_region(code)
    if not request.htmx:
        return redirect("register_step", code, 1)
    typed, made = request.POST.get(CODE, ""), held(request, here)
    try:
        count_code(request, typed)
    except Refused as no:
        problems = [Problem(no.code, CODE, "error", no.message)]
    else:
        problems = checks.asked_code(here, typed, besides=made.pk if made else None)
    forms = [here.forms[part.form] for part in here.registration.steps[0].parts]
    form = next(one for one in forms if one.field(CODE))
    shown = Shown({CODE: typed}, tuple(problems), marks=made.marks if made else None)
    (field,) = page_fields(form, here, shown, only=lambda one: one.id == CODE)
    return render(request, "registration/_code_answer.html", {"f": asking(field, here, problems), "region": here})


def asking(field: dict, here: Region, problems: Iterable[Problem]) -> dict:
    """The field of the code as one that asks the hall when it is left; `offer` is what a finding leads to.

    Of all that is typed on the page it sends itself alone.
    """
    offers = [problem.code for problem in problems if problem.code in OFFERED]
    sends = {"hx-post": reverse("register_code", args=[here.code]), "hx-params": CODE, "hx-trigger": "change"}
    where = {"hx-target": f"#f-{CODE}", "hx-sync": "this:replace", "data-quiet": "1"}
    return field | {"attrs": sends | where, "offer": offers[0] if offers else ""}
