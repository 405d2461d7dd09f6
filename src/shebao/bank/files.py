"""Files of debits: what the bank reads, does, and writes back. Its own reading of the agreed format, not the hall's."""

import json
from datetime import datetime

from .orders import AlreadyDecided, OrderBook

HEAD_WIDTHS = (1, 24, 8, 16)
OUTCOMES = {
    "success": "全部扣款成功",
    "refuse": "全部余额不足",
    "unknown": "扣款成功，回盘说结果待查",
    "lose": "扣款成功，回盘漏掉第一笔",
    "repeat": "扣款成功，回盘把第一笔写两遍",
    "repeat_all": "扣款成功，回盘整份写两遍",
    "lie_amount": "扣款成功，回盘把第一笔少写一元",
    "stall": "积压，不回盘",
}
"""What the operator may choose for the files that come."""


class UnreadableFile(Exception):
    """The file is not what its form says."""


def read_lines(form: dict, content: bytes) -> list[dict]:
    """The lines of a file, by column. Raises UnreadableFile."""
    rows = [row for row in content.split(b"\r\n") if row]
    try:
        head = _cells(form, rows[0], HEAD_WIDTHS)
        widths = [width for _, width in form["out"]]
        names = [name for name, _ in form["out"]]
        lines = [dict(zip(names, _cells(form, row, widths), strict=True)) for row in rows[1:]]
        if head[0] != "H" or int(head[2]) != len(lines) or int(head[3]) != sum(int(one["amount"]) for one in lines):
            raise UnreadableFile("文件头的笔数或金额与明细不符")
    except (IndexError, ValueError, UnicodeError, LookupError, TypeError) as bad:
        raise UnreadableFile("文件与约定的格式不符") from bad
    return lines


def answer(book: OrderBook, name: str, choice: str, at: datetime) -> bytes | None:
    """Debit the lines of a stored file, once, and write the return as chosen; None while it is left lying."""
    stored = book.file(name)
    if stored["answer"] is not None or choice == "stall":
        return stored["answer"]
    form = json.loads(stored["form"])
    lines = read_lines(form, stored["content"])
    rows = [_debited(book, line, stored["payee"], choice, at) for line in lines]
    shown = [_returned(form, line, order) for line, order in rows]
    _bend(form, shown, choice)
    return book.keep_answer(name, _written(form, name, shown))


def _debited(book: OrderBook, line: dict, payee: str, choice: str, at: datetime) -> tuple[dict, dict]:
    order = {
        "order_id": line["order"], "amount_fen": int(line["amount"]), "payer": line["payer"], "payee": payee,
        "bill_number": line.get("bill", "") or "代扣", "callback_url": "-", "return_url": "-",
    }  # fmt: skip
    book.place(order, at)
    is_paid = choice != "refuse" and bool(line["account"])
    state, reason = ("succeeded", "") if is_paid else ("refused", "insufficient_balance")
    try:
        return line, book.decide(line["order"], state=state, reason_code=reason, paid=is_paid, at=at)
    except AlreadyDecided:
        return line, book.find(line["order"])


def _returned(form: dict, line: dict, order: dict) -> dict:
    paid_at = datetime.fromisoformat(order["paid_at"]).strftime("%Y%m%d%H%M%S") if order["paid_at"] else ""
    return line | {"result": _code(form, order["state"]), "serial": order["bank_serial"], "paid_at": paid_at}


def _code(form: dict, state: str) -> str:
    """The agreed code for what happened; of several refusals the one that speaks of the balance."""
    codes = [code for code, one in sorted(form["results"].items()) if one["says"] == state]
    return next((code for code in codes if "余额" in form["results"][code]["reason"]), codes[0])


def _bend(form: dict, shown: list[dict], choice: str) -> None:
    """Make of the truth what the operator chose to tell."""
    if choice == "unknown":
        for line in shown:
            line |= {"result": _code(form, "unknown"), "serial": "", "paid_at": ""}
    elif choice == "repeat":
        shown.insert(0, dict(shown[0]))
    elif choice == "repeat_all":
        shown += [dict(line) for line in shown]
    elif choice == "lose":
        del shown[0]
    elif choice == "lie_amount":
        shown[0]["amount"] = str(int(shown[0]["amount"]) - 100)


def _written(form: dict, name: str, shown: list[dict]) -> bytes:
    total = sum(int(one["amount"]) for one in shown)
    rows = [list(zip(("H", name, str(len(shown)), str(total)), HEAD_WIDTHS, strict=True))]
    rows += [[(line.get(key, ""), width) for key, width in form["back"]] for line in shown]
    return b"".join(_row(form, row) + b"\r\n" for row in rows)


def _row(form: dict, cells: list[tuple[str, int]]) -> bytes:
    encoding = form["encoding"]
    if form["shape"] == "delimited":
        return form["delimiter"].join(text for text, _ in cells).encode(encoding)
    return b"".join(text.encode(encoding).ljust(width) for text, width in cells)


def _cells(form: dict, row: bytes, widths: tuple | list) -> list[str]:
    encoding = form["encoding"]
    if form["shape"] == "delimited":
        cells = row.decode(encoding).split(form["delimiter"])
        if len(cells) != len(widths):
            raise ValueError(row)
        return [cell.strip() for cell in cells]
    found, start = [], 0
    for width in widths:
        found.append(row[start : start + width].decode(encoding).strip())
        start += width
    return found
