"""The bank's pages: choose how the payment goes, and what came of it."""

from html import escape

from .files import OUTCOMES
from .reasons import REASONS

# What the payer may make happen: label of the button → what it does is in `choices.CHOICES`.
TRIALS = {
    "insufficient_balance": "余额不足",
    "account_not_signed": "账户未签约",
    "timeout": "超时无应答（状态未知）",
    "success_twice": "付款成功但通知重复发送两次",
    "success_late": "付款成功但通知延迟",
    "stall": "付款成功但不通知",
    "lie_amount": "通知时少报一元",
    "lie_payer": "通知时报错付款单位",
}
DEBITS = {"success": "扣款成功", **TRIALS, "debit_twice": "同一笔扣了两次"}
"""What the bank's operator may make of debits by agreement; their answer is never late, so that is left out."""

RETURN_SECONDS = 3
"""So long the result stands before the browser goes back to the hall by itself."""

FRAME = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{head}<title>{title} · 示例银行（演示渠道）</title><link rel="stylesheet" href="/bank.css"></head>
<body><header><p>示例银行（演示渠道）<small>不发生真实扣款</small></p></header><main{wide}>{body}</main></body></html>"""


def yuan(fen: int) -> str:
    """Amount for people: 123456 → 1,234.56."""
    return f"{fen // 100:,}.{fen % 100:02d}"


def pay_page(order: dict) -> str:
    """The page of a waiting order."""
    trials = "".join(f'<button name="choice" value="{choice}">{label}</button>' for choice, label in TRIALS.items())
    return _page(
        "付款",
        f"""<h1>待付款</h1><p class="amount">¥ {yuan(order["amount_fen"])}</p>{_facts(order)}
<form method="post" action="/pay/{escape(order["order_id"])}">
<input type="hidden" name="token" value="{escape(order["page_token"])}">
<button class="pay" name="choice" value="success">确认付款</button>
<fieldset><legend>演示：改为让这笔付款得到以下结果</legend><div>{trials}</div></fieldset></form>""",
    )


STATES = {"waiting": "等待付款", "succeeded": "付款成功", "refused": "没有扣款", "unknown": "结果待查"}


def desk_page(token: str, chosen: str, chosen_files: str, orders: list[dict]) -> str:
    """The operator's page: the newest orders with what was sent about each, how the next debits by agreement go, and
    the files of debits.
    """
    debits = {key: label for key, label in DEBITS.items() if key != "success_late"}
    rows = "".join(_order_row(one) for one in orders)
    listed = (
        f"""<div class="scroll"><table><thead><tr><th>下单时间</th><th>缴费流水</th><th>付款单位</th>
<th class="n">金额（元）</th><th>状态</th><th>已发给网厅</th></tr></thead><tbody>{rows}</tbody></table></div>"""
        if rows
        else '<p class="say">还没有订单。</p>'
    )
    return _page(
        "银行操作台",
        f"""<h1>银行操作台</h1><p class="say">这里是演示用的银行一侧：看订单和已发的消息，决定以后的扣款结果。
<a href="/counter">柜台查询缴费</a></p>
<h2>最近的订单</h2>{listed}
<form method="post" action="/desk"><input type="hidden" name="token" value="{escape(token)}">
<h2>以后的扣款结果</h2><p class="say">三方协议扣款现在的结果：<b>{DEBITS[chosen]}</b></p>
<fieldset><legend>以后的三方协议扣款改为</legend><div>{_choices("debits", debits, chosen)}</div></fieldset>
<p class="say">代扣文件现在的结果：<b>{OUTCOMES[chosen_files]}</b></p>
<fieldset><legend>以后处理的代扣文件改为</legend>
<div>{_choices("files", OUTCOMES, chosen_files)}</div></fieldset></form>""",
        wide=True,
    )


def _choices(name: str, labels: dict[str, str], chosen: str) -> str:
    """The buttons of a choice; the present one is marked and does nothing."""
    now = ' class="on" aria-current="true" disabled'
    return "".join(
        f'<button name="{name}" value="{key}"{now if key == chosen else ""}>{label}</button>'
        for key, label in labels.items()
    )


def _order_row(order: dict) -> str:
    number, told = escape(order["order_id"]), "".join(f"<li>{_told_words(one, order)}</li>" for one in order["told"])
    state = STATES[order["state"]]
    if order["bank_serial"]:
        state += f"<small>{escape(order['bank_serial'])}</small>"
    elif order["reason_code"] in REASONS:
        state += f"<small>{escape(REASONS[order['reason_code']].text)}</small>"
    return (
        f'<tr><td class="num">{escape(_at(order["placed_at"]))}</td>'
        f'<td class="num"><a href="/pay/{number}">{number}</a></td>'
        f'<td>{escape(order["payer"])}</td><td class="n">{yuan(order["amount_fen"])}</td><td>{state}</td>'
        f"<td>{f'<ul>{told}</ul>' if told else '没有发过'}</td></tr>"
    )


def _told_words(one: dict, order: dict) -> str:
    """What was sent, in words; what differs from the order is said, for it is a lie that was chosen."""
    words = f"{_at(one['at'])} {one['how']}：{STATES.get(one['state'], one['state'])}"
    if one["amount_fen"] != order["amount_fen"]:
        words += f"，金额 {yuan(one['amount_fen'])}"
    if one["payer"] != order["payer"]:
        words += f"，付款单位 {one['payer']}"
    return escape(words if one["heard"] else f"{words}（没有送达）")


def _at(moment: str) -> str:
    """A moment of the books for people: 2026-11-05T10:00:00+08:00 → 11-05 10:00:00."""
    return moment[5:19].replace("T", " ") or "—"


def counter_page(number: str, problem: str) -> str:
    """The teller's page: find an order by the number on its voucher (银行端查询缴费凭证)."""
    told = f'<p class="say" role="alert">{escape(problem)}</p>' if problem else ""
    return _page(
        "柜台查询缴费",
        f"""<h1>柜台查询缴费</h1>{told}<form method="get" action="/counter">
<label for="number">凭证序号（缴费流水）</label>
<input id="number" name="number" value="{escape(number)}" maxlength="64">
<button class="pay">查询</button></form><p class="say"><a href="/desk">银行操作台</a></p>""",
    )


def result_page(order: dict) -> str:
    """What came of a decided order, with the way back to the hall."""
    title, text = _outcome(order)
    back = escape(order["return_url"])
    return _page(
        title,
        f"""<h1>{title}</h1><p class="amount">¥ {yuan(order["amount_fen"])}</p><p class="say">{text}</p>
{_facts(order)}<p class="say">{RETURN_SECONDS} 秒后自动返回，也可以现在就返回。</p>
<a class="back" href="{back}">返回社保网厅</a>""",
        head=f'<meta http-equiv="refresh" content="{RETURN_SECONDS};url={back}">\n',
    )


def plain_page(title: str, text: str) -> str:
    """A page for what cannot be shown."""
    return _page(title, f"<h1>{escape(title)}</h1><p>{escape(text)}</p>")


def _page(title: str, body: str, head: str = "", *, wide: bool = False) -> str:
    return FRAME.format(title=escape(title), body=body, head=head, wide=' class="wide"' if wide else "")


def _facts(order: dict) -> str:
    facts = {
        "付款单位": order["payer"],
        "收款单位": order["payee"],
        "账单号": order["bill_number"],
        "缴费流水": order["order_id"],
    }
    if order["state"] == "succeeded":
        facts |= {"银行流水": order["bank_serial"], "付款时间": order["paid_at"].replace("T", " ")[:19]}
    return "<dl>" + "".join(f"<dt>{k}</dt><dd>{escape(v)}</dd>" for k, v in facts.items()) + "</dl>"


def _outcome(order: dict) -> tuple[str, str]:
    if order["state"] == "succeeded":
        return "付款成功", "银行会把结果通知社保网厅，网厅收到后账单显示为已缴。"
    reason = REASONS[order["reason_code"]]
    title = "付款未成功" if order["state"] == "refused" else "结果待查"
    return title, f"{reason.text}。{reason.advice}"
