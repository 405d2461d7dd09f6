"""The paper of an order that is paid at the bank's counter (银行端查询缴费凭证): it stands and falls with it."""

from ..documents.issuing import revoke_documents
from ..documents.models import Document, DocumentState
from .models import Payment


def order_question(payment: Payment) -> str:
    """What the paper of an order answers."""
    return f"order:{payment.number}"


def revoke_order_papers(payment: Payment, *, by) -> None:
    """Nobody can pay by the paper of an order that is closed: it no longer stands."""
    rows = Document.objects.filter(employer=payment.employer_id, bill=None, asked=order_question(payment))
    found = list(rows.filter(state=DocumentState.VALID).values_list("pk", flat=True))
    if found:
        reason = f"缴费流水 {payment.number} 已关闭，不能再凭此件缴款，请重新发起缴费。"
        revoke_documents(found, reason=reason, by=by)
