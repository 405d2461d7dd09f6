"""The workbench's money: what the month costs, its schemes, why it differs from the last, the last twelve months."""

from itertools import dropwhile

from django.urls import reverse

from shebao.hall.settlement.paying_state import WORDS, fee_note
from shebao.hall.settlement.progress import Standing
from shebao.hall.workbench.queries import Money


def money_context(now: Standing, money: Money) -> dict:
    """The amount of the month, its schemes, why it differs from the last month, and the last twelve months."""
    if money.refusal:
        return {"refusal": money.refusal, "amount": None, "shares": [], "bridge_rows": [], "bars": []}
    bars = [{"month": m, "amount": fen, "estimate": is_estimate} for m, fen, is_estimate in _since_first(money.chart)]
    found = _billed(now) if now.bill else _estimated(money)
    return {
        "refusal": "",
        "amount": found | {"total": money.total} | _comparison(money, now.month),
        "shares": _shares(money),
        "bridge_rows": [{"label": row.label_in(money.before), "delta": row.delta} for row in money.bridge],
        "bars": bars,
    }


def _since_first(chart) -> list:
    """The months from the first with an amount on; none without any amount."""
    return list(dropwhile(lambda one: not one[1], chart))


def _billed(now: Standing) -> dict:
    url, note = reverse("e_bill", args=[now.bill.pk]), fee_note(now.fee_open)
    if now.is_unknown:
        tag, kind = WORDS["unknown"], "w"
    else:
        tag, kind = ("已缴", "ok") if now.is_paid else (WORDS["fee_open"], "w") if note else ("已核定", "b")
    return {
        "tag": tag,
        "kind": kind,
        "note": note,
        "url": f"{url}?tab=people",
        "why_url": f"{url}?tab=changes",
    }


def _estimated(money) -> dict:
    count, url = money.estimated.pending_count, reverse("e_settle")
    note = f"含 {count} 笔未生效申报的预计影响" if count else ""
    return {"tag": "预估", "kind": "b", "note": note, "url": f"{url}#amounts", "why_url": f"{url}#why"}


def _shares(money) -> list[dict]:
    shares = [{"code": one.colour, "label": _shorter(one.title), "amount": one.total} for one in money.schemes]
    if money.paid_back:
        shares.append({"code": "other", "label": "补缴", "amount": money.paid_back})
    if money.adjusted > 0:
        shares.append({"code": "other", "label": "补差", "amount": money.adjusted})
    if money.estimated and money.estimated.pending_fen > 0:
        shares.append({"code": "other", "label": "待生效申报", "amount": money.estimated.pending_fen})
    return shares


def _shorter(title: str) -> str:
    """「城镇职工基本医疗保险（含生育）」 gives 「医疗（含生育）」: who is insured is plain here, the room is small."""
    return title.rpartition("基本")[2].replace("保险（", "（")


def _comparison(money: Money, month) -> dict:
    """More or less than last month: a word, fen, and per cent to one place (half up, whole numbers only)."""
    difference, before = money.difference, money.before.total
    tenths = (abs(difference) * 2000 + before) // (2 * before) if before > 0 else 0
    return {
        "has_before": before > 0,
        "stands_for": money.before.stands_for,
        "is_first": money.before.is_first_bill,
        "before_month": month.previous(),
        "direction": "多" if difference > 0 else "少" if difference < 0 else "",
        "change": abs(difference),
        "percent": f"{tenths // 10}.{tenths % 10}%",
    }
