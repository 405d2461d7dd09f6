"""How the installation runs (系统运行): counts and times only, so that the system administrator sees nobody's data."""

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.models import Count
from django.utils.timezone import localtime
from django_tasks_db.models import DBTaskResult

from .. import clock
from ..audit.anchors import anchors
from ..audit.models import AuditHead
from ..mail.models import Mail, MailState
from ..operators.browser_reports import reports_of_a_day

LATE, RECENT, SHOWN = timedelta(minutes=10), timedelta(days=14), 10
LITTLE = 2_000_000_000  # bytes


@dataclass(frozen=True)
class Fact:
    """One line of the page; `is_bad`: somebody should act."""

    title: str
    text: str
    is_bad: bool = False


def state_of_system() -> list[Fact]:
    """What runs and how: the database, the disk, the jobs, the letters, the audit chain and its anchor."""
    return [_database(), _disk(), *_jobs(), _letters(), _browsers(), *_chain()]


def _database() -> Fact:
    return Fact("数据库", "PostgreSQL" if connection.vendor == "postgresql" else "SQLite（内嵌）")


def _disk() -> Fact:
    folder = Path(settings.SHEBAO_FILES_DIR)
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    return Fact("材料所在磁盘", f"剩余 {free / 1e9:.1f} GB", is_bad=free < LITTLE)


def _jobs() -> list[Fact]:
    counts = dict(DBTaskResult.objects.order_by().values_list("status").annotate(Count("pk")))
    oldest = DBTaskResult.objects.ready().order_by("enqueued_at").values_list("enqueued_at", flat=True).first()
    is_late = oldest is not None and clock.now() - oldest > LATE
    waits = f"，最早的等到现在 {int((clock.now() - oldest).total_seconds() // 60)} 分钟" if oldest else ""
    failed = counts.get("FAILED", 0)
    return [
        Fact("等待的后台任务", f"{counts.get('READY', 0)} 个{waits}", is_bad=is_late),
        Fact("失败的后台任务", f"{failed} 个", is_bad=failed > 0),
    ]


def failed_jobs() -> list[tuple[str, datetime]]:
    """The background jobs that failed lately, the newest first: (its name in the code, when)."""
    rows = DBTaskResult.objects.filter(status="FAILED", finished_at__gte=clock.now() - RECENT).order_by("-finished_at")
    return [(row.task_path.rpartition(".")[2], row.finished_at) for row in rows[:SHOWN]]


def _letters() -> Fact:
    counts = dict(Mail.objects.order_by().values_list("state").annotate(Count("pk")))
    failed = counts.get(MailState.FAILED, 0)
    waiting = counts.get(MailState.WAITING, 0) + counts.get(MailState.SENDING, 0)
    kept = counts.get(MailState.KEPT, 0)
    here = f"，留在网厅 {kept} 封（没有连接邮件服务器或短信网关）" if kept else ""
    return Fact("邮件和短信", f"等待发送 {waiting} 封，没有发出 {failed} 封{here}", is_bad=failed > 0)


def _browsers() -> Fact:
    count = reports_of_a_day()
    told = f"最近一天 {count} 份报告" + ("，见日志中的 csp 行" if count else "")
    return Fact("浏览器拦下的内容", told, is_bad=count > 0)


def _chain() -> list[Fact]:
    head = AuditHead.objects.filter(pk=1).first()
    kept, wrong = anchors()
    anchor = max(kept, default=0)
    file = Path(settings.SHEBAO_AUDIT_ANCHORS) if settings.SHEBAO_AUDIT_ANCHORS else None
    when = ""
    if anchor and file and file.exists():
        last = file.read_text("utf-8", "replace").splitlines()[-1]
        when = f"，{localtime(datetime.fromisoformat(last.partition(' ')[0])):%Y-%m-%d %H:%M}"
    told = f"存到第 {anchor} 条{when}" if anchor else "还没有存证"
    return [
        Fact("操作记录", f"{head.sequence if head else 0} 条"),
        Fact("操作记录的库外存证", told, is_bad=bool(wrong) or not file),
        Fact("现在时间", f"{localtime(clock.now()):%Y-%m-%d %H:%M}"),
    ]
