"""The audit record in words: actions and the keys of their details."""

ACTIONS = {
    "operator.signed_in": "登录",
    "operator.created": "新建操作员",
    "operator.password_reset": "重置密码",
    "operator.password_changed": "修改密码",
    "operator.enabled": "启用操作员",
    "operator.disabled": "停用操作员",
    "declaration.saved": "录入申报",
    "declaration.repaired": "修改申报",
    "declaration.submitted": "提交申报",
    "declaration.completed": "申报生效",
    "declaration.withdrawn": "撤回申报",
    "declaration.deleted": "删除申报",
    "declaration.restored": "恢复申报",
    "declaration.undone": "撤销申报",
    "declaration.approved": "审核通过",
    "declaration.returned": "退回补正",
    "declaration.rejected": "不予办理",
    "batch.uploaded": "上传表格",
    "batch.matched": "对应表格的列",
    "batch.confirmed": "导入表格",
    "batch.discarded": "放弃导入",
    "batch.undone": "撤销导入",
    "month.settled": "办理结算",
    "payment.started": "发起缴费",
    "payment.sent": "送交银行",
    "payment.refused": "银行未接受",
    "payment.booked": "缴费到账",
    "payment.failed": "缴费失败",
    "payment.parked": "缴费待核对",
    "document.issued": "开具单据",
    "document.downloaded": "下载单据",
}
KEYS = {
    "note": "意见",
    "month": "年月",
    "service": "事项",
    "count": "笔数",
    "total": "金额（分）",
    "total_fen": "金额（分）",
    "amount_fen": "金额（分）",
    "kind": "种类",
    "role": "角色",
    "revision": "第几次提交",
    "batch": "批次",
    "number": "编号",
    "channel": "渠道",
    "reason": "原因",
}


def action_title(action: str) -> str:
    """The Chinese name of a dotted action; an action that has none yet shows its own name."""
    return ACTIONS.get(action, action)


def detail_text(detail: dict) -> str:
    """The detail of an entry on one line."""
    return "，".join(
        f"{KEYS.get(key, key)} {value}" for key, value in detail.items() if value not in ("", None, [], {})
    )
