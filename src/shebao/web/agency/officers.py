"""The pages of an agency's officers (三员): how the system runs, and what the security administrator must look at."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from shebao.hall.audit.models import AuditEntry
from shebao.hall.mail.queries import is_legible, kept_letter, masked_recipient, outbox, purpose_of
from shebao.hall.regions import region as region_of
from shebao.hall.retention import forget_what_is_over, overdue
from shebao.hall.workbench.system import failed_jobs, state_of_system

from ..access import needs
from ..operators.audit_details import Details
from ..operators.audit_words import action_title

PAGE = 50
JOBS = {
    "effect": "审核生效",
    "deliver": "发送邮件和短信",
    "check_batch": "核对表格",
    "print_papers": "批量打印",
    "run_sandbox": "规则沙盘试算",
}


@require_safe
@needs("see_alerts")
def alerts(request):
    """Everything that raised an alert in the region, the newest first."""
    found = AuditEntry.objects.visible_to(request.user).filter(action__startswith="alert.").select_related("actor")
    details = Details(region_of(request.user.region))
    page = Paginator(found.order_by("-sequence"), PAGE).get_page(request.GET.get("page"))
    rows = [
        {
            "entry": entry,
            "title": action_title(entry.action),
            "detail": details.text(entry.action, entry.detail),
        }
        for entry in page
    ]
    return render(request, "agency/alerts.html", {"page": page, "rows": rows, "crumbs": [{"label": "安全提醒"}]})


@require_safe
@needs("run_system")
def system(request):
    """How the installation runs, without a word about anybody's business; and what is kept longer than it should be."""
    context = {
        "facts": state_of_system(),
        "failures": [(JOBS.get(name, name), at) for name, at in failed_jobs()],
        "rows": overdue(),
        "crumbs": [{"label": "系统运行"}],
    }
    return render(request, "agency/system.html", context)


@require_safe
@needs("run_system")
def letters(request):
    """The outbox: what was written when, to whom as far as it may be seen, and what became of it."""
    page = Paginator(outbox(request.user), PAGE).get_page(request.GET.get("page"))
    rows = [
        {"letter": one, "purpose": purpose_of(one), "to": masked_recipient(one), "is_legible": is_legible(one)}
        for one in page
    ]
    crumbs = [{"label": "系统运行", "url": reverse("a_system")}, {"label": "发件记录"}]
    context = {"page": page, "rows": rows, "crumbs": crumbs, "is_trial": settings.SHEBAO_LOCAL_OUTBOX}
    return render(request, "agency/letters.html", context)


@require_safe
@sensitive_variables("kept")
@needs("run_system")
def letter(request, pk):
    """The words of a letter that went nowhere, where the hall is one for trying."""
    kept = kept_letter(request.user, pk)
    crumbs = [
        {"label": "系统运行", "url": reverse("a_system")},
        {"label": "发件记录", "url": reverse("a_letters")},
        {"label": "内容"},
    ]
    context = {"kept": kept, "purpose": purpose_of(kept.letter), "to": masked_recipient(kept.letter), "crumbs": crumbs}
    return render(request, "agency/letter.html", context)


@require_POST
@needs("run_system")
def forget(request):
    """Remove what is past its time, now."""
    done = forget_what_is_over(by=request.user)
    messages.success(request, f"已清理 {sum(done.values())} 条超过保存期限的记录，已记入操作记录。")
    return redirect(reverse("a_system"))


urlpatterns = [
    path("alerts/", alerts, name="a_alerts"),
    path("system/", system, name="a_system"),
    path("system/letters", letters, name="a_letters"),
    path("system/letters/<int:pk>", letter, name="a_letter"),
    path("system/forget", forget, name="a_forget"),
]
