"""核对 before chosen people are paid for: who they are and what they owe, and what declaring the month comes to."""

from dataclasses import dataclass, field

from django.shortcuts import render
from django.urls import reverse

from shebao.hall.employers.models import Employer
from shebao.hall.payments.channels import is_direct
from shebao.rules.identity import masked
from shebao.rules.months import Month
from shebao.rules.region_collection import Way
from shebao.rules.region_model import Settlement

from .common import crumbs
from .debit_check import CHECKED

SEEN, TICKED, BACK = "seen", "confirmed", "back"
"""The fields that say which settlement was looked at, which of its confirmations were ticked, and the way back."""


@dataclass(frozen=True)
class Plan:
    """What is looked at before it is done: the people with what they owe (fen), and how it is paid.

    `settling` is the page of the month where it is settled with it, with the changed bases reckoned in; empty where
    the month is settled already.
    """

    employer: Employer
    month: Month
    rows: list[dict]
    fen: int
    way: Way
    to: str
    settling: dict = field(default_factory=dict)

    @property
    def seen(self) -> str:
        """What the clerk says yes to; other people, bases or amounts are another text."""
        found = self.settling.get("estimate")
        return f"{self.settling['settlement'].key} {self.month} {found.total} {self.fen}" if found else ""


def confirmations_of(settlement: Settlement) -> list[str]:
    """What the clerk ticks, as often as the region's settlement is confirmed."""
    told = (
        "单位信息和在保人数已经核对",
        "缴费基数、金额和与上月的差异已经核对",
        f"确认办理“{settlement.title}”：办理后立即生效，不能重复办理",
    )
    return list(told[len(told) - settlement.confirmations :])


def ticked(request, settlement: Settlement) -> int:
    """How many of the settlement's confirmations are ticked."""
    known = {str(number) for number in range(settlement.confirmations)}
    return len(known & set(request.POST.getlist(TICKED)))


def is_seen(request, plan: Plan) -> bool:
    """Whether this very settlement was shown, nothing stands in its way, and every confirmation was ticked."""
    settlement = plan.settling["settlement"]
    return (
        plan.settling["is_ready"]
        and request.POST.get(SEEN) == plan.seen
        and ticked(request, settlement) == settlement.confirmations
    )


def check_people(request, page, plan: Plan):
    """The page that shows it once more, with everything typed; told first is what changed, or was not ticked."""
    settling, post = plan.settling, request.POST
    settlement, seen = settling.get("settlement"), post.get(SEEN)
    errors = []
    if seen is not None and seen != plan.seen and settling:
        errors = [{"id": "", "text": "人员、基数或金额在您核对期间有变化，请重新核对。"}]
    elif seen is not None and settling and settling["is_ready"]:
        errors = [{"id": f"{TICKED}-0", "text": "请把要确认的事项都勾选，再提交。"}]
    here = reverse("e_page", args=[page.key])
    bases = [(name, value) for name, value in post.items() if name.startswith("base-")]
    kept = [("month", plan.month), ("to", plan.to), ("channel", plan.way.key), (CHECKED, plan.fen), (SEEN, plan.seen)]
    kept += [("agreed", "1")] if post.get("agreed") else []
    kept += [*(("chosen", row["pk"]) for row in plan.rows), *bases]
    title = "核对扣款" if is_direct(plan.way) else "核对缴费"
    nothing: dict = {"settlement": None, "estimate": None, "trouble": []}
    context = (
        nothing
        | settling
        | {
            "title": title,
            "page_title": page.title,
            "crumbs": crumbs(title, (page.title, here)),
            "plan": plan,
            "direct": is_direct(plan.way),
            "account": masked(plan.employer.bank_account),
            "bank_name": plan.employer.bank_name,
            "form": here,
            "kept": kept,
            "confirms": confirmations_of(settlement) if settlement and settling["is_ready"] else [],
            "ticked": post.getlist(TICKED) if seen == plan.seen else [],
            "can_submit": not settling or settling["is_ready"],
            "errors": errors,
        }
    )
    return render(request, "employer/people_check.html", context, status=422 if errors else 200)
