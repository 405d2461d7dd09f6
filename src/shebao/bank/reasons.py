"""Why money did not move, and what the payer can do about it (failure reasons of the collection systems)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """A reason code of the bank: what happened and what to do."""

    text: str
    advice: str


REASONS: dict[str, Reason] = {
    "insufficient_balance": Reason("账户余额不足", "请充值后重新缴费。"),
    "name_mismatch": Reason("账号与户名不一致", "请核对三方协议中的账号和户名。"),
    "budget_item_missing": Reason("缺少预算科目或辅助标志", "请联系税务机关核对核定信息。"),
    "account_missing": Reason("账户不存在", "请向开户银行核实账号。"),
    "account_not_signed": Reason("账户未签约", "请先到开户银行签订三方扣款协议，再重新缴费。"),
    "account_wrong_status": Reason("账户状态异常", "请到开户银行恢复账户后重新缴费。"),
    "debit_not_allowed": Reason("账户不允许扣款", "请向开户银行核实账户权限，或换一个账户。"),
    "outside_hours": Reason("不在银行服务时间", "请在服务时间内重新缴费。"),
    "closed": Reason("收款方已关闭这笔订单", "没有扣款，请回到社保网厅查看账单。"),
    "order_expired": Reason("订单已过有效期，金额已经变化", "没有扣款，请回到社保网厅重新发起缴费。"),
    "treasury_unreachable": Reason("国库系统无应答", "请勿重复付款，稍后查询结果。"),
    "timeout": Reason("银行超时无应答，原交易状态未知", "请勿重复付款，稍后查询结果。"),
}
