"""The questions about a claim, in the order of the slip."""

from shebao.rules.region_model import Field, Form

DAYS = ("accident_on", "treated_from", "treated_until", "approved_on", "paid_on")
"""The days of a claim as they follow each other."""
FORM = Form(
    "reimbursement",
    (
        Field("employer", "text", "单位编号", True, help="事故发生时的单位，也可以填统一社会信用代码"),
        Field("id_number", "id_number", "证件号码", True),
        Field("name", "text", "姓名", True, help="与证件上的姓名一致"),
        Field("accident_on", "date", "事故日期", True),
        Field("hospital", "text", "就诊医院", True),
        Field("treated_from", "date", "治疗开始", True),
        Field("treated_until", "date", "治疗结束", True),
        Field("number", "text", "报销单号", True, help="同一单号只登记一次"),
        Field("invoices", "number", "发票张数", True),
        Field("claimed", "money", "费用总额", True, help="发票合计"),
        Field("approved", "money", "核定报销", True, help="其余是自费和不予支付的部分"),
        Field("approved_on", "date", "核定日期", True),
        Field("paid_on", "date", "支付日期", False, help="还没有支付的先不填，支付后在列表里登记"),
        Field("payee", "choice", "收款人", True, options="reimbursement_payees"),
        Field("note", "note", "备注", False, help="单位看得到"),
    ),
)
