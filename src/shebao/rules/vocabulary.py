"""The closed vocabulary: every word a region folder may use. Code owns the words, a region owns the
sentences.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from shebao.rules import registration_words as registering
from shebao.rules.back_paying_words import (
    BACK_BILLS,
    BACK_FEES,
    BACK_VALUES,
    COMPOUNDINGS,
    INTEREST_UNTIL,
    REFUNDS,
    UNDECLARED_AFTER,
    UNDECLARED_BASES,
)
from shebao.rules.check_words import CHECKS, compared_with
from shebao.rules.conditions import JOINS, TESTS
from shebao.rules.day_counts import DAY_COUNTS
from shebao.rules.debit_files import BACK_COLUMNS, ENCODINGS, OUT_COLUMNS, SAYS, SHAPES
from shebao.rules.facts import FACTS
from shebao.rules.file_words import FILES
from shebao.rules.money import ROUNDINGS
from shebao.rules.page_words import PAGES
from shebao.rules.query_words import READ_MODELS
from shebao.rules.sign_in_words import SIGN_IN_PARTS, SIGNS
from shebao.rules.statement_words import ASKS, EACH, OF_PERSON, SOURCES, STATEMENT_COLUMNS, STATEMENT_LAYOUTS, WORDING


def _words(**titles: str) -> Mapping[str, str]:
    return MappingProxyType(dict(titles))


FIELD_KINDS = _words(
    text="短文字",
    note="长文字",
    id_number="证件号码，按证件类型校验",
    choice="从代码表选择",
    money="金额，元，最多两位小数",
    month="年月",
    date="日期",
    phone="手机号码",
    number="整数",
    line="一行文字，最多 120 字",
    telephone="手机或固定电话",
    postcode="邮政编码",
    bank_account="银行账号，页面上只显示末四位",
    credit_code="统一社会信用代码，按校验位校验",
    schemes="每个按月缴费的险种各一问：参加或不参加",
    year="年度，四位数",
    project="从本单位登记的工程项目中选择，报盘填项目编号",
    operator="从本单位启用的操作员账号中选择",
    email="电子邮箱",
    account="登录账号，4 至 60 位",
    amount="账单上的一个数，由“为什么是这个数”的页面带入",
)
DERIVED = _words(sex="由证件号码得出性别", born_on="由证件号码得出出生日期")
SHARES = _words(employer="单位部分", employee="个人部分")
SHARE_KINDS = _words(rate="基数 × 费率", fixed="每人每月定额", tiers="按缴费基数所在的档定额，表的键是该档起点（元）")
MONTHS = _words(each="一次缴几个月时逐月进位再相加", together="一次缴几个月时先乘月数再进位")
PER = _words(month="按月缴费", year="按年缴费：凭本险种自己的申报参加，申报当月一次缴清全年")
OPENS = _words(
    online="网上可办",
    page="网厅的一个页面，由 page 指明",
    planned="已列入目录，功能尚未开放",
    counter="只在经办窗口办理",
)
OFTEN = _words(monthly="每月都可以申报", yearly="每人一年申报一次，在 calendar.yaml 的 yearly_wages 那几天里")
BATCH_REVIEW = _words(sampled="抽查以后可以批量通过", one_by_one="只能逐笔打开审核")
STATES = _words(draft="待提交", submitted="审核中", returned="退回补正", approved="通过或已生效", rejected="不予办理")
WAITED_FOR = _words(employer="单位或申请人，看得到这项原因和审核人员的说明；不写的，只有经办机构看得到")
GUIDE_APPLIES = _words(always="各地", reviewed="有经办机构审核的地方", direct="申报即时生效的地方")
KEEPS = _words(upload="上传", keep="单位留存备查", counter="交经办窗口")
COVERS = _words(each="每笔申报各自上传", month="同一事项本月的申报共用一份")
ROLES = _words(
    clerk="专管员", employer_admin="单位管理员", reviewer="审核人员", agency_admin="经办机构管理员",
    system_admin="系统管理员", security_admin="安全管理员", audit_admin="审计管理员")  # fmt: skip
UNITS = _words(rate="费率", factor="倍数", yuan="元", days="天", months="个月")
STATUSES = _words(verified="有公开文件可查", illustrative="示例值，未见公开文件")
STEPS = _words(
    employer_submit="保存后先待提交，单位核对提交后生效",
    auto_check="系统校验",
    first_review="初审",
    second_review="复审",
)
NEEDS = _words(any="所列角色中任一人", all="所列角色各一人")
NOTICE_KINDS = _words(announcement="公告", notice="通知", policy="政策")
RETURNED = _words(repair="退回后在原件上补正", copy="不予办理后复制为新件重报")
OPERATIONS = _words(
    enrol_employees="增员",
    cease_employees="减员",
    declare_wages="工资申报",
    correct_wages="工资更正：已结算或补缴的月份（months_back 个月以内）工资、档次报错的，差额随下一次结算补收或退还",
    change_employees="人员信息变更：在本单位的资料",
    change_identities="重要信息变更：姓名、证件、出生日期等本人身份",
    change_insurance="参保险种变更：自某月起加保或停保单个险种",
    make_back_payments="补缴：当月以前没有缴费的月份，逐月按人员和险种计入账单",
    withdraw_back_payments="补缴回退：收回还没有计入账单的补缴",
    assess_back_payments="补缴单独核定：把还没有计入账单的补缴生成自己的账单",
    assess_late_fees="补缴滞纳金单独核定：把还没有计入账单的补缴滞纳金生成自己的账单",
    refund_leavers="离职人员退费：离开以后的月份已经核定的，退还单位和个人所缴",
    change_employer="变更单位信息",
    cover_year="按年缴费的险种：申报年度和缴费方式（cover_year、pay_by 两问）",
    confirm_employer="确认登记的单位信息无误",
    question_amount="账单数额核实：对账单上的一个数有疑问，连同当时的依据送审，只答复、不改账单",
    request_deposit="申请缴纳保障金等单位款项：年度、金额、原因（deposit_year、deposit_sum 两问），不进每月账单",
    register_labour="劳动用工备案增员",
    end_labour="劳动用工备案减员",
    register_project="工程项目登记",
    enrol_project_workers="项目人员增加：只参加工伤保险，费用随项目一次核定，不进每月账单",
    register_clerk="注册本单位其他专管员账号",
    replace_clerk="专管员变更：新的专管员接替，原账号停用",
)
ABOUT_EMPLOYER = frozenset({"change_employer"})
"""Operations whose declaration changes what is on file about the employer itself."""
SUBJECTS = MappingProxyType(
    {
        "change_employer": "employer",
        "confirm_employer": "employer",
        "request_deposit": "employer",
        "register_project": "project",
        "register_clerk": "operator",
        "replace_clerk": "operator",
        "question_amount": "amount",
    }
)
"""Whom a declaration is about, where that is no person of the roster."""
OPENS_ACCOUNTS = frozenset({"register_clerk", "replace_clerk"})
"""Operations that open or close somebody's account: each is looked at by a person, as a registration is."""
CHARGES_NOBODY = frozenset({*SUBJECTS, "register_labour", "end_labour", "enrol_project_workers"})
"""Operations that change no month's bill: a settlement does not wait for them."""
EMPLOYER_FIELDS = _words(
    name="单位名称",
    credit_code="统一社会信用代码",
    legal_representative="法定代表人",
    address="地址",
    mailing_address="通讯地址",
    postcode="邮政编码",
    contact_name="联系人",
    phone="联系电话",
    bank_name="开户银行",
    bank_account="银行账号",
)
GROUPS = _words(
    people="人员",
    wages="工资",
    back_payment="补缴",
    settlement="结算",
    payment="缴费",
    papers="单据",
    queries="查询",
    employer="单位",
    registration="注册",
    operators="操作员与登录",
    labour="劳动用工备案",
    cards="社会保障卡",
    injury="工伤",
    retirement="退休与待遇",
    subsidies="补贴",
    help="帮助与公告",
    client="客户端",
)
ICONS = _words(
    **{
        "user-plus": "增员",
        "user-minus": "减员",
        "users": "人员",
        "wallet": "工资",
        "coins": "补缴",
        "shield-check": "险种",
        "id-card": "证件",
        "building": "单位",
        "edit": "变更",
        "injury": "工伤",
        "certificate": "证明",
        "file": "其他",
    }
)
APPLIES = _words(without_changes="当月没有变动", with_changes="当月有变动", always="每月")
COMPUTED_BY = _words(
    employer="单位按工资自行申报",
    office="经办机构核定，单位只缴费",
)
PRECONDITIONS = _words(
    no_drafts="没有待提交的申报",
    none_in_review="没有审核中的申报",
    none_returned="没有退回未处理的申报",
    wages_complete="在保人员都有申报工资",
    counter_done="本月在经办机构前台的业务都已办结",
    employer_confirmed="单位已确认人员与金额",
)
STAGES = _words(
    settled="结算之后可打印",
    paid="缴费之后可打印",
    declared="申报生效之后可打印，按年度，不属于某一张账单",
    people="为所选人员缴费成功之后生成，发送至单位邮箱",
    chosen="提交申报之后可生成，列明所选人员的申报",
    ordered="发起银行柜面缴费之后可打印，持往银行缴款；缴费关闭后作废",
)
STAGES_OF_BILLS = ("settled", "paid")
"""Papers that every bill has: asked for by its month."""
LAYOUTS = _words(notice="缴费通知", assessment="核定表", receipt="缴费凭证", plan="缴费计划", voucher="申报凭证")
COLUMNS = _words(
    scheme="险种",
    head_count="缴费人数",
    retired_count="退休人数",
    wage_sum="缴费工资合计",
    employer_base="单位缴费基数",
    employee_base="个人缴费基数",
    employer_rate="单位费率",
    employee_rate="个人费率",
    employee_due="个人应缴",
    employer_due="单位应缴",
    late_fee="滞纳金",
    credit_used="待转金抵扣",
    total_due="合计应缴",
)
PAPER_PEOPLE = _words(
    number="序号",
    person_number="个人编号",
    name="姓名",
    id_number="证件号码",
    wage="申报工资",
    schemes="各险种的单位、个人应缴",
    employer_due="单位合计",
    employee_due="个人合计",
    total_due="合计",
)
COLOURS = _words(
    pension="养老保险",
    medical="医疗保险",
    unemployment="失业保险",
    injury="工伤保险",
    maternity="生育保险",
    large_medical="大额医疗",
    supplementary_medical="补充医疗",
    supplementary_pension="补充养老保险",
)
CHANNELS = _words(
    online="网上银行：转到银行的页面付款",
    agreement="三方协议：从签约账户直接扣款",
    voucher="银行端查询缴费凭证：凭凭证到银行柜台缴",
    code="扫码：用手机扫二维码付款",
    counter="经办窗口：收款后由经办机构登记",
    file="银行代扣：经办机构按批报送代扣文件，银行回盘后入账",
)
SHIFTS = _words(next_working_day="遇节假日顺延到下一工作日", none="不顺延")
AFTER_CLOSE = _words(wait="下个月开始以后再申报", next_month="接着受理下个月的业务")
DAYS = _words(work="上班", rest="休息")
LATE_DUE = _words(kept="缴费截止不变", moved="缴费截止延到可以办理的最后一刻")
CHANGE_KINDS = _words(enrol="增员原因", suspend="停缴", terminate="终止")
PEOPLES = _words(
    mainland="内地居民", hong_kong="香港居民", macao="澳门居民", taiwan="台湾居民", overseas="华侨", foreign="外国人"
)


_TABLES: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("Files of a region folder 文件", FILES),
    ("Field kinds 字段类型", FIELD_KINDS),
    ("Derived from an identity number 由证件号码得出", DERIVED),
    ("Shares 部分", SHARES),
    ("Share kinds 计算方式", SHARE_KINDS),
    ("Several months at once 一次缴几个月", MONTHS),
    ("How often a scheme is charged 多久缴一次", PER),
    ("How a service opens 开放方式", OPENS),
    ("How often wages are declared 多久申报一次", OFTEN),
    ("Whether reviewed in a batch 批量审核", BATCH_REVIEW),
    ("Pages of the hall 网厅页面", PAGES),
    ("Where a step of a guide holds 指南步骤适用", GUIDE_APPLIES),
    ("States of a declaration 办件状态", STATES),
    ("What happens to a paper 材料", KEEPS),
    ("What a paper covers 材料用于", COVERS),
    ("Who may do it 可办人员", ROLES),
    ("Units of parameters 数值单位", UNITS),
    ("Status of a value 数值状态", STATUSES),
    ("Roundings 进位", {k: r.title for k, r in ROUNDINGS.items()}),
    ("Route steps 办理环节", STEPS),
    ("Who signs a review step 审核签署（need 也可写人数）", NEEDS),
    ("Kinds of notices 公告通知的种类", NOTICE_KINDS),
    ("What a refused case becomes 退回方式", RETURNED),
    ("Operations 办理动作", OPERATIONS),
    ("What a form of `change_employer` may ask 可变更的单位信息", EMPLOYER_FIELDS),
    ("Values of a back payment 补缴所用的数值", BACK_VALUES),
    ("Bill of a back payment 补缴计入的账单", BACK_BILLS),
    ("Late fee of a back payment 补缴滞纳金计入的账单", BACK_FEES),
    ("How a refund is paid 退费方式", REFUNDS),
    ("Compounding of interest 计息方式", COMPOUNDINGS),
    ("Until when interest counts 利息计到", INTEREST_UNTIL),
    ("When an undeclared month may be assessed 暂核定开始", UNDECLARED_AFTER),
    ("What an undeclared month is assessed by 暂核定基数", UNDECLARED_BASES),
    ("Parts of registration.yaml 单位注册", registering.REGISTRATION_PARTS),
    ("Steps of the registration 注册的一步", registering.REGISTRATION_STEPS),
    ("What every registration asks 注册必问", registering.REGISTRATION_NEEDS),
    ("What a registration may ask 注册可问", registering.REGISTRATION_ASKS),
    ("What a business area opens 业务开通的功能", registering.AREA_FUNCTIONS),
    ("Parts of sign_in.yaml 登录", SIGN_IN_PARTS),
    ("Signing what is submitted 提交时签名", SIGNS),
    ("Service groups 事项分组", GROUPS),
    ("Icons of a service in the menu 菜单图标", ICONS),
    ("Checks 校验", {k: f"{t}（对照{compared_with(k)}）" for k, t in CHECKS.items()}),
    ("Whom a held case waits for 挂起等谁（代码的 waits_for）", WAITED_FOR),
    ("Settlement applies 结算适用", APPLIES),
    ("Who computes a settlement 谁来核定", COMPUTED_BY),
    ("Settlement preconditions 结算前提", PRECONDITIONS),
    ("Document stages 单据时点", STAGES),
    ("Document layouts 单据版式", LAYOUTS),
    ("Document columns 单据栏目", COLUMNS),
    ("People on a document 单据的人员明细", PAPER_PEOPLE),
    ("What a query reads 查询内容", READ_MODELS),
    ("What a statement reads 报表内容", {k: f"{s.title}；栏目 {', '.join(s.columns)}" for k, s in SOURCES.items()}),
    ("What a statement asks 报表查询条件", ASKS),
    ("One statement for 报表一份", EACH),
    ("Statement layouts 报表版式", STATEMENT_LAYOUTS),
    ("Statement columns 报表栏目", {k: c.title for k, c in STATEMENT_COLUMNS.items()}),
    ("What a person's statement says of the person 每人一份的单据写明", OF_PERSON),
    ("Words of a certificate's text 证明文字中的空格", WORDING),
    ("Chart colours 图表配色", COLOURS),
    ("Ways to pay 缴费方式", CHANNELS),
    ("Encodings of debit files 代扣文件编码", ENCODINGS),
    ("Shapes of debit files 代扣文件格式", SHAPES),
    ("Columns sent to the bank 代扣文件栏目", OUT_COLUMNS),
    ("Columns of the bank's return 回盘栏目", BACK_COLUMNS),
    ("What a result of the bank says 回盘结果", SAYS),
    ("Days of arrears 滞纳金起止", {k: f"{c.title}（{c.source}）" for k, c in DAY_COUNTS.items()}),
    ("Holiday shift 顺延", SHIFTS),
    ("What comes after the window has closed 申报截止以后", AFTER_CLOSE),
    ("Corrected days 更正的日子", DAYS),
    ("When a month is due that waited for the agency 逾期办结的缴费截止", LATE_DUE),
    ("Kinds of a change reason 变更原因的性质", CHANGE_KINDS),
    ("Whose a document or household is 证件发给谁、户口性质是谁的", PEOPLES),
)


def page() -> str:
    """The vocabulary as Markdown: docs/vocabulary.md is exactly this text."""
    lines = [
        "# Vocabulary of a region folder",
        "",
        "Generated by `shebao region vocabulary`; a test keeps it current.",
        "A region may only combine these words.",
        "",
        f"Conditions join with `{'`, `'.join(JOINS)}`; each test is `{{fact: …, <word>: …}}` with the word",
        f"`{'`, `'.join(TESTS)}`.",
        "",
        "## Facts 计算所依据的信息",
        "",
        "| word | meaning | type | supplied by | code list |",
        "|---|---|---|---|---|",
    ]
    lines += [f"| `{f.key}` | {f.title} | {f.kind} | {f.supplied_by} | {f.codes or ''} |" for f in FACTS.values()]
    for title, words in _TABLES:
        lines += ["", f"## {title}", "", "| word | meaning |", "|---|---|"]
        lines += [f"| `{key}` | {meaning} |" for key, meaning in words.items()]
    return "\n".join(lines) + "\n"
