"""What the reviewer decided (我办过的), declarations and registrations, and where those cases are now."""

from django.core.paginator import Paginator
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from shebao.hall.declarations.states import MOVES
from shebao.hall.workbench import decided as decisions

from ..access import needs

PAGE = 50


@require_safe
@needs("review")
def decided(request):
    """One's own decisions, newest first; found by person, case number or employer."""
    asked = request.GET.get("q", "").strip()[:60]
    chosen = request.GET.get("move", "")
    counts = decisions.counts(request.user, q=asked)
    page = Paginator(decisions.decisions(request.user, move=chosen, q=asked), PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": decisions.rows(request.user, page.object_list),
        "tabs": [
            {"label": label, "count": counts[move or "all"], "current": chosen == move,
             "url": f"?{urlencode({'q': asked, 'move': move})}"}
            for move, label in [("", "全部"), *((move, MOVES[move].title) for move in decisions.MOVES)]
        ],
        "search": {"id": "q", "name": "q", "label": "姓名、办件号、申请号或单位名称", "kind": "text", "value": asked,
                   "maxlength": 60},
        "asked": asked,
        "move": chosen,
        "crumbs": [{"label": "审核台", "url": reverse("a_home")}, {"label": "我办过的", "url": ""}],
    }  # fmt: skip
    return render(request, "agency/decided.html", context)
