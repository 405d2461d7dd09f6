"""What the pages of the hall are called, by the names of their addresses: as the menu calls them, where it has them."""

from shebao.rules.region import Region

from ..menu_entries import (
    AFTER_DECLARING,
    AGENCY_ACCOUNTS,
    AGENCY_MENU,
    EMPLOYER_MENU,
    FIRST,
    HELP,
    LOOKING_UP,
    MANAGING,
    PRE_ENTRIES,
    REGISTERS,
    REGISTRATIONS,
    REIMBURSEMENTS,
)

GROUPED = [entry for _, entries in (*EMPLOYER_MENU, *MANAGING) for entry in entries]
LISTED = [*FIRST, *AFTER_DECLARING, *LOOKING_UP, *REGISTERS, *AGENCY_MENU, *REGISTRATIONS, *PRE_ENTRIES, *HELP]
MENU = {entry[0]: (entry[1], entry[2]) for entry in (*GROUPED, *LISTED, AGENCY_ACCOUNTS, REIMBURSEMENTS)}
"""Name of an address → the term of its title, and the title where the region has no word of its own."""
CASE, REGISTRATION, PAPERS, ACCOUNT = "办件", "注册申请", "单据", "账号设置"
PLACES = {
    # An employer's pages.
    "e_declare": "申报",
    "e_draft": "申报草稿",
    **dict.fromkeys(("e_check", "e_submit", "e_remove", "e_restore", "e_sign_content"), "e_basket"),
    **dict.fromkeys(("e_case", "e_repair", "e_papers", "e_undo"), CASE),
    "e_password": "初始密码",
    "e_evidence": "申报材料",
    "e_voucher": "申报凭证",
    "e_batch": "e_import",
    "e_adjustments": "e_settle",
    "e_void": "作废核定",
    **dict.fromkeys(("e_bill", "e_explain", "e_doubt"), "e_bills"),
    "e_people_voucher": "e_pay",
    **dict.fromkeys(("e_document", "e_statement", "e_yearly_plan"), PAPERS),
    "e_print": "批量打印",
    "e_employee": "员工资料",
    "e_search": "查找",
    "e_letter": "账号告知书",
    "e_query": "e_queries",
    "e_export": "导出",
    "e_reminder": "提醒",
    "e_department": "部门",
    "e_page": "业务页面",
    "e_own_paper": "社保资料",
    "e_mail_again": "邮件",
    "e_notice": "公告通知",
    "e_privileged": "特权查询",
    "e_counter_business": "前台业务",
    **dict.fromkeys(("e_operator", "e_second", "operator"), "operators"),
    # The agency's.
    **dict.fromkeys(("a_choose", "a_approve_many"), "批量通过"),
    **dict.fromkeys(("a_case", "a_approve", "a_return", "a_reject", "a_give_back", "a_take_over"), CASE),
    **dict.fromkeys(("a_claim", "a_transfer", "a_hold", "a_resume", "a_note", "a_undo", "a_reveal"), CASE),
    "a_decided": "我办过的",
    "a_evidence": "申报材料",
    **dict.fromkeys(("a_bill", "a_explain"), "单位账单"),
    "a_document": PAPERS,
    "a_employer": "单位资料",
    "a_employer_division": "经办区划",
    "a_operator_reset": "重置密码",
    "a_operator_divisions": "数据范围",
    "a_adjustments": "补差",
    "a_account_kind": "参保户类型",
    "a_assess": "集中核定",
    "a_business": "前台业务",
    "a_counter": "窗口录入",
    "a_password": "初始密码",
    "a_person": "参保人资料",
    "a_propos": "a_configuration",
    "a_notice": "a_notices",
    "a_template": "a_templates",
    "a_receipt": "a_receipts",
    "a_debit": "a_debits",
    "a_reimbursement": "a_reimbursements",
    **dict.fromkeys(("a_reconcile", "a_end_payment", "a_clear", "a_correct_cleared", "a_refund"), "a_money"),
    "a_void": "作废核定",
    "a_provisional": "暂核定",
    "a_registration": REGISTRATION,
    "a_register": "单位参保登记",
    "a_letter": "发件记录",
    "a_forget": "保存期限",
    # Everybody's.
    "account": ACCOUNT,
    "certificate": "certificates",
    **dict.fromkeys(("employers", "employer_"), "我的单位"),
    "leaving": "离开提示",
    "change_password": "修改密码",
    **dict.fromkeys(("sign_", "second", "passkey", "forgotten", "activate"), "登录"),
    "register": "单位注册",
    **dict.fromkeys(("join_", "register_join", "e_join"), "加入申请"),
    **dict.fromkeys(("notice", "pay_notice"), "公告通知"),
    "phone_": "手机上传",
    "verify": "单据核验",
    "rates": "费率与基数",
    "guides": "办事指南",
}
"""How the names of other addresses begin → the title of their page, or the address of the menu that they belong to."""


def place_title(name: str, region: Region) -> str:
    """The Chinese title of the page of an address; "" for what is no page to a reader."""
    begins = max((one for one in (*MENU, *PLACES) if name.startswith(one)), key=len, default="")
    place = PLACES.get(begins, begins)
    term, usual = MENU.get(place, ("", place))
    return region.terms.get(term, usual) if term else usual
