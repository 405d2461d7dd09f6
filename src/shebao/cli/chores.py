"""What `serve` does by itself between requests. The hall goes on without a chore that fails, but says so."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

MINUTE = 60
HOUR, DAY = 60 * MINUTE, 24 * 60 * MINUTE


@dataclass(frozen=True)
class Chore:
    """`work` returns what is to be said, "" for nothing; `failed` begins the line where it could not be done."""

    work: Callable[[], str]
    every: float
    failed: str
    first: float = 0
    """Seconds after the start."""


class Chores:
    """Those of one `serve`, each done when its time has come."""

    def __init__(self, chores: tuple[Chore, ...]):
        began = time.monotonic()
        self._due = {chore: began + chore.first for chore in chores}

    def do_what_is_due(self) -> None:
        """Return when it is done; a chore takes seconds."""
        for chore, moment in self._due.items():
            if time.monotonic() >= moment:
                do(chore)
                self._due[chore] = time.monotonic() + chore.every


def do(chore: Chore) -> None:
    """Do it now; what went wrong is a line of the console."""
    from django.db import DatabaseError, connection

    from shebao.hall.errors import Refused

    try:
        if said := chore.work():
            sys.stdout.write(f"{said}\n")
    except (OSError, DatabaseError, Refused) as why:
        sys.stderr.write(f"{chore.failed}：{str(why).splitlines()[0]}\n")
    finally:
        connection.close()


def anchor() -> str:
    """Write down the end of the audit chain outside the database."""
    from shebao.hall.audit.anchors import write_anchor

    write_anchor()
    return ""


def sweep() -> str:
    """Take away the files that a crash left without a row."""
    from shebao.hall.evidence.housekeeping import sweep_files

    count = sweep_files()
    return f"已清理遗留文件 {count} 个。" if count else ""


def clear() -> str:
    """Take away what a process that was killed had on the disk for a moment, such as half a workbook."""
    from shebao.hall.work_folders import sweep_work

    count = sweep_work()
    return f"已清理中断后留下的临时文件夹 {count} 个。" if count else ""


def forget() -> str:
    """Remove what is kept longer than the list of personal data says."""
    from shebao.hall.retention import forget_what_is_over

    count = sum(forget_what_is_over(by=None).values())
    return f"已清理超期记录 {count} 条。" if count else ""


def expire() -> str:
    """Let the requests to join an employer run out that nobody decided in their time."""
    from shebao.hall.registration.join_deciding import expire_joins

    count = expire_joins()
    return f"已过期的加入申请 {count} 份。" if count else ""


def hush() -> str:
    """Take the codes and links out of what stays in the outbox, once they were legible long enough."""
    from shebao.hall.mail.operations import forget_kept_secrets

    forget_kept_secrets()
    return ""


def reconcile() -> str:
    """Compare the days of the bank that are over and were not compared yet."""
    from shebao.hall.payments.reconciling import reconcile_what_is_over

    made = reconcile_what_is_over()
    differences = len({text for one in made for text in one.differences})
    return f"已与银行对账 {len(made)} 次，差异 {differences} 处。" if made else ""


def prepare() -> str:
    """Give this month and the next their partitions of bill lines, on PostgreSQL."""
    from shebao.hall.settlement.month_partitions import prepare_coming_months

    return "".join(prepare_coming_months())


ANCHOR = Chore(anchor, 10 * MINUTE, "操作记录的库外存证没有写成")
CHORES = (
    ANCHOR,
    Chore(sweep, DAY, "遗留文件没有清理成"),
    Chore(clear, 5 * MINUTE, "中断后留下的临时文件没有清理成"),
    Chore(forget, DAY, "超期记录没有清理成"),
    Chore(expire, HOUR, "过期的加入申请没有办结"),
    Chore(hush, MINUTE, "发件记录里的验证码和链接没有清除成"),
    Chore(prepare, DAY, "账单明细的分区没有建成"),
    Chore(reconcile, HOUR, "没有与银行对成账", first=5 * MINUTE),  # its own bank is not up at once
)
