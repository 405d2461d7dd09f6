"""The audit record in words: actions, what they were done to, and the keys of their details."""

from ..templatetags.ui import yuan

ACTIONS = {
    "operator.signed_in": "登录",
    "agency.opened": "开通经办机构",
    "operator.created": "新建操作员",
    "operator.password_reset": "重置密码",
    "operator.password_changed": "修改密码",
    "operator.password_handed_out": "发放初始密码",
    "operator.replaced": "更换专管员",
    "operator.enabled": "启用操作员",
    "operator.disabled": "停用操作员",
    "reveal_id_number": "查看完整号码",
    "roster.elsewhere_hinted": "查到在其他单位参保",
    "roster.template_made": "下载在册人员模板",
    "letter.handed_over": "交付账号告知书",
    "person.pre_entered": "信息预录入",
    "employer.registered": "单位登记",
    "registration.started": "开始单位注册",
    "registration.agreed": "同意电子协议",
    "registration.paper_added": "上传注册材料",
    "registration.paper_removed": "移除注册材料",
    "registration.submitted": "提交单位注册",
    "registration.approved": "单位注册通过",
    "registration.returned": "退回单位注册",
    "registration.rejected": "单位注册不予办理",
    "registration.forgotten": "清理过期的注册草稿",
    "operator.activation_made": "发放激活链接",
    "operator.activated": "激活账号",
    "employer.account_classified": "设置参保户类型",
    "employer.changed": "变更单位信息",
    "department.added": "新增部门",
    "department.renamed": "部门更名",
    "department.moved": "调整部门次序",
    "department.merged": "合并部门",
    "department.deleted": "删除部门",
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
    "declaration.copied": "复制申报",
    "evidence.added": "上传材料",
    "evidence.removed": "移除材料",
    "evidence.restored": "恢复材料",
    "mail.written": "写邮件",
    "mail.repeated": "重新发送邮件",
    "employer_paper.added": "上传社保资料",
    "employer_paper.renamed": "社保资料改名",
    "employer_paper.replaced": "替换社保资料",
    "employer_paper.removed": "删除社保资料",
    "employer_paper.restored": "恢复社保资料",
    "batch.uploaded": "上传表格",
    "batch.matched": "对应表格的列",
    "batch.confirmed": "导入表格",
    "batch.discarded": "放弃导入",
    "batch.undone": "撤销导入",
    "batch.merged": "合并重传的表格",
    "batch.resumed": "继续处理导入",
    "draft.discarded": "放弃草稿",
    "view.kept": "存为常用查询",
    "view.forgotten": "删除常用查询",
    "month.settled": "办理结算",
    "account.stated": "登记个人账户余额",
    "back_payments.assessed": "补缴单独核定",
    "values.tried": "规则沙盘试算",
    "payment.started": "发起缴费",
    "payment.sent": "送交银行",
    "payment.refused": "银行未接受",
    "payment.booked": "缴费到账",
    "payment.failed": "缴费失败",
    "payment.parked": "缴费待核对",
    "payment.unknown": "缴费结果不明",
    "document.issued": "开具单据",
    "document.downloaded": "下载单据",
    "document.revoked": "作废单据",
    "print_run.started": "批量打印",
}
SUBJECTS = {
    "operator": "操作员",
    "employer": "单位",
    "registration": "注册申请",
    "employee": "职工",
    "department": "部门",
    "preentry": "预录入",
    "accountletter": "账号告知书",
    "declaration": "申报",
    "formdraft": "草稿",
    "batch": "导入批次",
    "bill": "账单",
    "printrun": "批量打印",
    "payment": "缴费",
    "document": "单据",
    "savedview": "常用查询",
    "sandboxrun": "沙盘",
    "medicalaccount": "个人账户",
}
WORDS = {
    "without_changes": "无变动结算",
    "with_changes": "有变动结算",
    "succeeded": "成功",
    "failed": "失败",
    "bank": "银行端查询缴费",
}
AMOUNTS = ("total", "total_fen", "amount_fen", "adjusted_fen", "back_paid_fen")
KEYS = {
    "note": "意见",
    "month": "年月",
    "service": "事项",
    "count": "笔数",
    "total": "金额（元）",
    "total_fen": "金额（元）",
    "amount_fen": "金额（元）",
    "adjusted_fen": "补差（元）",
    "back_paid_fen": "补缴（元）",
    "case": "办件号",
    "declaration": "申报",
    "stored": "文件",
    "kind": "种类",
    "role": "角色",
    "revision": "第几次提交",
    "batch": "批次",
    "number": "编号",
    "bill": "账单号",
    "heads": "人数",
    "notice": "银行通知",
    "said": "银行答复",
    "reason_code": "原因",
    "channel": "渠道",
    "reason": "原因",
    "findings": "核验提示",
    "rows": "行数",
    "left": "还剩行数",
    "added": "新增行数",
    "updated": "更新行数",
    "kept": "保留页面修改行数",
    "state": "步骤",
    "fields": "改动项",
    "query": "查询",
    "account": "账号",
}


def action_title(action: str) -> str:
    """The Chinese name of a dotted action; an action that has none yet shows its own name."""
    return ACTIONS.get(action, action)


def subject_text(subject: str) -> str:
    """What it was done to: "declaration:187" → 申报 187."""
    kind, _, number = subject.partition(":")
    return f"{SUBJECTS.get(kind, kind)} {number}".strip()


def detail_text(detail: dict, titles: dict[str, str]) -> str:
    """The detail of an entry on one line; `titles` are the words for codes such as services and roles."""
    parts = []
    for key, value in detail.items():
        if value in ("", None, [], {}):
            continue
        words = yuan(value) if key in AMOUNTS and isinstance(value, int) else titles.get(str(value), value)
        parts.append(f"{KEYS.get(key, key)} {words}")
    return "，".join(parts)
