"""What is asked of the audit record, and its rows in words: the same for the page and the workbook."""

from datetime import date, timedelta

from shebao.hall.audit.models import AuditEntry
from shebao.hall.audit.naming import names_of
from shebao.hall.clock import midnight
from shebao.hall.operators.models import Operator
from shebao.hall.regions import region as region_of
from shebao.hall.sheets.writing import Column

from ..chosen import typed_day
from .audit_details import Details
from .audit_words import action_title, actions_for, subject_text

MOST_EXPORTED = 20_000
COLUMNS = (
    Column("序号", "whole", 10), Column("时间", "moment", 20), Column("操作人", width=28), Column("动作", width=20),
    Column("对象", width=20), Column("明细", width=60), Column("结果", width=10), Column("请求编号", width=14),
    Column("内容摘要", width=36),
)  # fmt: skip
PLACE = Column("来源地址", width=18)
"""For the agency's auditor alone: an employer learns nothing of the agency's own network."""
DAYS = (("from", "开始日期"), ("to", "终止日期"))


class Asked:
    """The conditions of the address: a deed, a person, a request, days; `problems` by field where a day is none."""

    def __init__(self, request):
        self.user, said = request.user, request.GET
        self.action, self.actor = said.get("action", ""), said.get("actor", "")
        self.request = said.get("request", "").strip()
        self.raw = {name: said.get(name, "").strip() for name, _ in DAYS}
        self.days: dict[str, date] = {}
        self.problems: dict[str, str] = {}
        for name, label in DAYS:
            if not self.raw[name]:
                continue
            try:
                self.days[name] = typed_day(self.raw[name])
            except ValueError:
                self.problems[name] = f"{label}“{self.raw[name]}”不是日期，请写成 2026-11-05 的样子。"
        if len(self.days) == 2 and self.days["to"] < self.days["from"]:
            self.problems["to"] = "终止日期早于开始日期，请重新填写。"

    def entries(self):
        """The entries that the actor may see and that fit, the newest first."""
        found = AuditEntry.objects.visible_to(self.user).select_related("actor").order_by("-sequence")
        if self.problems:
            return found.none()
        if self.action:
            found = found.filter(action=self.action)
        if self.actor.isascii() and self.actor.isdigit():
            found = found.filter(actor=int(self.actor[:12]))
        if self.request:
            found = found.filter(request=self.request)
        if "from" in self.days:
            found = found.filter(at__gte=midnight(self.days["from"]))
        if "to" in self.days:
            found = found.filter(at__lt=midnight(self.days["to"] + timedelta(days=1)))
        return found

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but a deed is asked for."""
        return bool(self.actor or self.request or any(self.raw.values()))

    def fields(self) -> list[dict]:
        """The questions, as asked."""
        people = Operator.objects.visible_to(self.user).order_by("username")
        return [
            {"id": "action", "name": "action", "label": "动作", "kind": "choice", "value": self.action,
             "placeholder": "全部", "options": actions_for(self.user)},
            *(
                {"id": name, "name": name, "label": label, "kind": "date", "value": self.raw[name],
                 "error": self.problems.get(name, "")}
                for name, label in DAYS
            ),
            {"id": "actor", "name": "actor", "label": "操作人", "kind": "choice", "value": self.actor,
             "placeholder": "全部", "options": [(str(one.pk), f"{one.name}（{one.username}）") for one in people]},
            {"id": "request", "name": "request", "label": "请求编号", "kind": "text", "value": self.request},
        ]  # fmt: skip

    def words(self) -> str:
        """What was asked, for the head of the workbook."""
        parts = [f"{label} {self.raw[name]}" for name, label in DAYS if self.raw[name]]
        parts += [f"动作 {action_title(self.action)}"] if self.action else []
        parts += [f"请求编号 {self.request}"] if self.request else []
        return "；".join(parts) or "全部"


def rows_of(request, entries):
    """The entries in words."""
    entries, details = list(entries), Details(region_of(request.user.region))
    names = names_of(entry.subject for entry in entries)
    for entry in entries:
        yield {
            "entry": entry,
            "who": f"{entry.actor.name} {entry.actor_label}" if entry.actor else entry.actor_label,
            "title": action_title(entry.action),
            "subject": subject_text(entry.subject, names),
            "detail": details.text(entry.action, entry.detail),
            "result": entry.get_result_display(),
            "request": entry.request,
            "content": entry.content,
            "place": entry.address if request.user.is_agency else "",
        }
