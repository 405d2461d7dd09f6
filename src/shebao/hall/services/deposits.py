"""Requests to pay a deposit (缴纳保障金申请, such as 欠薪保障金): reviewed, about the employer, on no month's bill."""

from django.utils import timezone

from shebao.rules.money import yuan

from ..declarations.models import Declaration
from ..declarations.states import State
from .scene import Case, Scene

YEAR, SUM = "deposit_year", "deposit_sum"
"""The questions of such a form."""


def request_deposit(declarations: list, *, by) -> None:
    """An approved request changes nothing else (审核通过): for which year and how much is the case itself."""


def undo_deposit_requests(declarations: list, *, by) -> None:
    """Nothing to bring back (撤销缴纳申请)."""


def deposit_request(scene: Scene, cases: list[Case]) -> None:
    """A sum above nothing, for a year that has begun; a second one for the same year is confirmed with its reason."""
    granted = _granted(scene)
    for case in cases:
        year, amount = str(case.values.get(YEAR) or ""), case.values.get(SUM)
        if year and int(year) > scene.today.year:
            text = f"{year} 年度还没有开始，请改为 {scene.today.year} 或以前的年度。"
            case.add("deposit_request", YEAR, "error", text, (f"改为 {scene.today.year}", str(scene.today.year)))
        if amount is not None and amount <= 0:
            case.add("deposit_request", SUM, "error", "缴纳金额应大于 0，请核对后填写。")
        if year in granted:
            text = f"{year} 年度已有审核通过的申请（{granted[year]}），再次申请的请写明理由。"
            case.add("deposit_request", YEAR, "confirm", text)


def _granted(scene: Scene) -> dict[str, str]:
    """Year → what was approved for it: the sums with the days; an employer has a handful of such cases."""
    own = Declaration.objects.filter(employer=scene.employer, service=scene.service.key, state=State.APPROVED)
    found: dict[str, list[str]] = {}
    for one in own.order_by("pk"):
        day = timezone.make_naive(one.submitted_at or one.declared_at).date()
        words = f"{yuan(one.answers.get(SUM) or 0)} 元，{day} 提交"
        found.setdefault(str(one.answers.get(YEAR) or ""), []).append(words)
    return {year: "；".join(words) for year, words in found.items()}
