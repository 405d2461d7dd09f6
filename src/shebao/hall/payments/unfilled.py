"""What is not filled in of the form that clears unmatched money (待查款): all of it at once."""

from .models import CHOSEN, Clearing


def unfilled(clearing: str, number: str, note: str) -> dict[str, str]:
    """By field, what to fill in; nothing where the form is complete. What is filled in wrongly, clearing it says."""
    told = {}
    if clearing not in CHOSEN:
        told["clearing"] = "请选择怎样处理这笔款。"
    if not number.strip() and clearing != Clearing.REFUND:
        told["number"] = {
            Clearing.BILL: "请填写账单号。",
            Clearing.CREDIT: "请填写单位编号。",
        }.get(clearing, "请填写账单号或单位编号；退回的不用填。")
    if not note.strip():
        told["note"] = "请写明处理的依据。"
    return told
