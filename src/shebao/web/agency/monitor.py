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
    days, ages = monitoring.throughput(user), monitoring.decided_ages(user)
    context = {
        "ages": monitoring.waiting_by_age(user),
        "days": days,
        "spans": monitoring.by_age(*ages),
        "stats": _stats(days[-1], monitoring.average_days(*ages), monitoring.declared_share(user)),
        "came": [monitoring.Bar(f"{one.day:%m-%d}", one.submitted, one.registrations[0]) for one in days],
        "done": [monitoring.Bar(f"{one.day:%m-%d}", one.decided, one.registrations[1]) for one in days],
        "reasons": monitoring.return_reasons(user),
        "late": late,
        "late_count": late_count,
        "unknown": monitoring.unknown_payments(user),
    }
    registered = {name: sum(bar.registrations for bar in context[name]) for name in ("ages", "spans", "came", "done")}
    return render(request, "agency/monitor.html", context | {"registered": registered})


def _stats(today: monitoring.Day, average: float | None, share: monitoring.Share) -> list[dict]:
    """One number each, before the charts that show how it came about."""
    spent = "近 30 天，从提交到办结"
    took = "—" if average is None else f"{average:.1f} 天" if average else "当天"
    rate = "—" if share.percent is None else f"{share.percent}%"
    done, rest = f"今天提交 {today.submitted} 笔", share.whole - share.declared
    told = f"{share.month.label}，{share.declared} / {share.whole} 个单位" + (f"，{rest} 个没有申报" if rest else "")
    return [
        {"label": label, "count": count, "note": note, "url": url, "icon": icon, "kind": kind}
        for label, count, note, url, icon, kind in (
            ("今日办件量", today.decided, done, "#done", "check-circle", "ok"),
            ("平均时长", took, spent, "#spans", "clock", "b"),
            ("申报率", rate, told, "#rate", "chart-bar", "b"),
        )
    ]


urlpatterns = [path("monitor/", monitor, name="a_monitor")]
