"""The questions of the register of balances, and the other names their columns go by."""

from shebao.rules.region_model import Field, Form, Sheet

FORM = Form(
    "account_balances",
    (
        Field("id_number", "id_number", "证件号码", True, identity=True),
        Field("name", "text", "姓名", True, identity=True),
        Field("balance", "money", "个人账户余额", True),
        Field("stated_on", "date", "余额截至", True, help="这个余额是哪一天的"),
    ),
)
SHEET = Sheet(
    "account_balances",
    "个人账户余额",
    "account_balances",
    {
        "id_number": ("身份证号", "身份证号码", "公民身份号码", "社会保障号码", "身份证"),
        "name": ("职工姓名", "人员姓名", "个人名称"),
        "balance": ("余额", "账户余额", "个账余额", "医保个人账户余额"),
        "stated_on": ("截至日期", "截止日期", "余额日期", "日期"),
    },
)
