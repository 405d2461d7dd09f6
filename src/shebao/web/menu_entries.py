"""What the menus can hold: places, their words where a region has none of its own, icons, and who may open them."""

QUERY_ICONS = {
    "yearly_plan": "shield-check",
    "privileged_query": "eye",
    "past_retirement": "alert-triangle",
    "arrears": "wallet",
    "employer_papers": "file-text",
    "monthly_papers": "upload",
    "vouchers": "printer",
    "blank_forms": "printer",
    "sheet_templates": "download",
    "roster_sheet": "download",
    "guide": "help",
    "bank_debit": "wallet",
    "people_payment": "wallet",
    "who_computes": "calculator",
}

# (heading, [(url name, term of the label, label where the region has no word of its own, icon)])
AFTER_DECLARING = [
    ("e_import", "menu.import", "批量导入", "file-spreadsheet"),
    ("e_basket", "menu.basket", "待提交", "basket"),
    ("e_cases", "menu.cases", "办件进度", "list-check"),
]
EMPLOYER_MENU = [
    (
        ("menu.settlement", "结算缴费"),
        [
            ("e_settle", "menu.settle", "月度结算", "calculator"),
            ("e_bills", "menu.bills", "账单", "receipt"),
            ("e_pay", "menu.pay", "缴费与支付", "wallet"),
            ("e_documents", "menu.documents", "通知单与凭证", "printer"),
        ],
    ),
    (
        ("menu.employer", "单位与员工"),
        [
            ("e_roster", "menu.roster", "员工花名册", "users"),
            ("e_employer", "menu.employer_profile", "单位信息", "building"),
        ],
    ),
]
FIRST = [("e_home", "menu.home", "工作台", "home"), ("e_notices", "menu.notices", "公告通知", "bell")]
LOOKING_UP = [("e_queries", "menu.queries", "查询统计", "chart-bar")]
REGISTERS = [
    ("e_labour", "menu.labour", "劳动用工备案查询", "list-details", "register_labour"),
    ("e_projects", "menu.projects", "项目人员查询", "users", "enrol_project_workers"),
]
"""Lists that belong to an operation: shown where the region offers it."""
AGENCY_MENU = [
    ("a_home", "menu.desk", "审核台", "list-details"),
    ("a_employers", "menu.employers", "单位", "building"),
    ("a_people", "menu.people", "参保人", "users"),
]
AGENCY_ACCOUNTS = ("a_accounts", "menu.accounts", "个人账户", "id-card")
REGISTRATIONS = [("a_registrations", "menu.registrations", "单位注册", "user-plus")]
PRE_ENTRIES = [("a_pre_entries", "menu.pre_entries", "信息预录入", "id-card")]
REIMBURSEMENTS = ("a_reimbursements", "menu.reimbursements", "工伤手工报销", "injury")
HELP = [("trial", "menu.trial", "缴费试算", "coins")]
MANAGING = [
    (
        ("menu.levy", "结算与征收"),
        [
            ("a_undeclared", "menu.undeclared", "未按时申报", "alert-triangle", "review"),
            ("a_receipts", "menu.receipts", "窗口收款", "receipt", "reconcile"),
            ("a_debits", "menu.debits", "银行代扣", "wallet", "reconcile"),
            ("a_money", "menu.money", "资金对账", "coins", "reconcile"),
        ],
    ),
    (
        ("menu.publishing", "公告与消息"),
        [
            ("a_notices", "menu.notices", "公告通知", "bell", "publish_notices"),
            ("a_templates", "menu.templates", "消息模板", "mail", "configure"),
        ],
    ),
    (
        ("menu.watching", "监控与查询"),
        [
            ("a_monitor", "menu.monitor", "运行监控", "chart-bar", "monitor"),
            ("a_privileged", "menu.privileged", "特权查询", "eye", "query_with_privilege approve_privileged"),
        ],
    ),
    (
        ("menu.administration", "系统管理"),
        [
            ("a_sandbox", "menu.sandbox", "规则沙盘", "calculator", "try_values"),
            ("a_configuration", "menu.configuration", "系统配置", "settings", "configure"),
            ("operators", "menu.operators", "操作员", "key", "manage_operators"),
            ("a_privileged_named", "menu.privileged_named", "特权查询人员", "eye", "manage_operators"),
            ("certificates", "menu.certificates", "数字证书", "shield-check", "manage_operators review"),
            ("audit", "menu.audit", "操作记录", "history", "see_audit"),
            ("looks", "menu.looks", "查阅记录", "eye", "see_audit"),
            ("a_alerts", "menu.alerts", "安全提醒", "alert-triangle", "see_alerts"),
            ("a_system", "menu.system", "系统运行", "settings", "run_system"),
        ],
    ),
]
"""What asks for a permission each: (heading, [(url name, term, label, icon, whoever has one of these)])."""
