"""运行监控: what waits, what was done, what went wrong."""

from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from shebao.hall.workbench import monitoring

from ..access import needs


@require_safe
@needs("monitor")
def monitor(request):
    """The page; every number is counted when it is asked for."""
    user = request.user
    late, late_count = monitoring.late_employers(user)
    days = monitoring.throughput(user)
    context = {
        "ages": monitoring.waiting_by_age(user),
        "days": days,
        "spans": monitoring.decided_by_age(user),
        "came": [monitoring.Bar(f"{one.day:%m-%d}", one.submitted, one.registrations[0]) for one in days],
        "done": [monitoring.Bar(f"{one.day:%m-%d}", one.decided, one.registrations[1]) for one in days],
        "reasons": monitoring.return_reasons(user),
        "late": late,
        "late_count": late_count,
        "unknown": monitoring.unknown_payments(user),
    }
    registered = {name: sum(bar.registrations for bar in context[name]) for name in ("ages", "spans", "came", "done")}
    return render(request, "agency/monitor.html", context | {"registered": registered})


urlpatterns = [path("monitor/", monitor, name="a_monitor")]
