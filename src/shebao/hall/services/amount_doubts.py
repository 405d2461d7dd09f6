"""账单数额核实: a clerk doubts an amount of a bill; the case carries how the amount came about, and changes nothing.

What follows from an answer is declared, assessed or voided by its own service.
"""

from django.db.models import QuerySet

from shebao.rules.money import yuan
from shebao.rules.region import Region, Service

from ..crypto import blind_index
from ..declarations.models import Declaration
from ..declarations.states import State
from ..errors import Refused
from ..settlement.derivations import derivation_of, month_of
from .scene import Case, Scene

AMOUNT, EXPECTED = "amount", "expected"
"""The questions about which amount, and what it should be."""
DERIVATION = "derivation"
"""What a doubt keeps, in place of what the roster said before: how the amount came about when it was doubted."""


def question_amount(declarations: list, *, by) -> None:
    """An answered doubt changes nothing by itself (核实): the answer is the case."""


def undo_amount_doubts(declarations: list, *, by) -> None:
    """Nothing to bring back (撤销)."""


def subject_digest(about: str) -> str:
    """One undecided doubt about one amount."""
    return blind_index("amount", about)


def amount_case(scene: Scene, case: Case) -> None:
    """Which amount the case is about. What was kept when it was first saved stays, whatever the amount is today.

    Raises Refused for whoever of the employer may not see bills.
    """
    about = str(case.values.get(AMOUNT) or "")
    kept = case.declaration.before.get(DERIVATION) if case.declaration else None
    if kept is None or kept["about"] != about:
        if not (scene.by.is_agency or scene.by.sees_bills):
            raise Refused("not_permitted", "您的账号看不到账单，不能提出账单上的疑问。请联系单位管理员。", status=403)
        kept = derivation_of(scene.by, scene.employer, about)
    case.digest, case.month, case.subject = subject_digest(about), scene.month, scene.employer.name
    if kept is None:
        text = "账单上没有这个数。请从账单的“为什么是这个数”重新提出。"
        case.add("no_such_amount", AMOUNT, "error", text)
        return
    case.month, case.subject, case.before = month_of(kept), kept["title"][:120], {DERIVATION: kept}
    if case.values.get(EXPECTED) == kept["amount"]:
        text = f"与账单上的数相同（{yuan(kept['amount'])} 元），请核对后填写，算不出来的可以不填。"
        case.add("same_amount", EXPECTED, "error", text)


def service_of_doubts(here: Region) -> Service | None:
    """The service by which amounts are doubted here; None where a region has closed it."""
    return next((one for one in here.services.values() if one.operation == "question_amount"), None)


def doubts_about(actor, service: Service, about: str) -> QuerySet[Declaration]:
    """The actor's cases about one amount, the newest first."""
    rows = Declaration.objects.visible_to(actor).filter(service=service.key, subject_digest=subject_digest(about))
    return rows.exclude(state=State.DELETED).order_by("-pk")
