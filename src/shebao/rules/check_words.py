"""The checks that a service may name, and what a check may compare a declaration with."""

from types import MappingProxyType

CHECKS = MappingProxyType(
    {
        "id_number_valid": "证件号码有效",
        "household_fits": "户口性质与证件类型相符：代码表写了各是谁的（whose），不相配的不收",
        "already_declared": "同一人同一月份已有在办申报",
        "already_enrolled": "已在本单位参保",
        "enrolled_elsewhere": "当前在其他单位参保",
        "age_limits": "年满 16 周岁且未到龄",
        "month_window": "月份在可申报的范围内",
        "wage_limits": "申报工资在上下限之内，或已确认",
        "once_a_year": "在年度申报期内，本年度还没有申报过（often: yearly 的事项）",
        "contract_before_month": "合同开始不晚于参保月份",
        "reason_evidence": "变更原因所需的说明或材料",
        "has_arrears": "单位或人员有欠费",
        "same_name": "同名人员提示",
        "not_enrolled": "未在本单位参保",
        "something_changed": "至少改动一项单位信息",
        "confirmed_today": "当天还没有确认过",
        "deposit_request": "年度不晚于今年，金额大于 0，同一年度再次申请的须写明理由",
        "credit_code_free": "信用代码没有登记在其他单位",
        "nothing_changed": "与花名册相比没有改动",
        "contract_dates": "合同终止不早于起始",
        "new_identity": "变更后的证件号码有效，与出生日期相符，不属于他人",
        "scheme_changes": "险种可以加保或停保，期间不重叠",
        "yearly_cover": "年度可以申报、没有重复，个人账户余额够划转",
        "enrolled_first": "已在本单位参保，首次参保的先办增员",
        "back_payment_months": "补缴月份在当月以前，满 16 周岁，没有缴过费，也没有申报过补缴",
        "back_payments_waiting": "起止月份内有生效的补缴，且没有计入账单",
        "refundable_months": "已减员，起止月份都已核定、可以退费，在可追溯的月份以内（死亡的不限）",
        "correctable_months": "起止月份都已核定或补缴、在可追溯的月份以内，工资或档次与核定的不同",
        "late_fees_waiting": "起止月份内有已核定的补缴，其滞纳金还没有核定",
        "labour_day": "用工登记日期不晚于当天",
        "labour_registered": "先办劳动用工备案，再参保",
        "labour_ended": "先办劳动用工备案减员，再停保",
        "labour_not_yet": "还没有在本单位备案",
        "labour_open": "已在本单位备案，终止不早于开始",
        "pre_entered": "符合条件的首次参保人员，经办机构已做信息预录入",
        "ended_for_good": "已登记死亡的不能参保，已退休的须确认",
        "project_open": "项目已登记且没有完工",
        "project_worker_not_yet": "还没有由本单位参加工伤保险",
        "project_known": "项目编号没有重复，期间有效",
        "account_free": "登录账号没有被使用",
        "administrator_left": "变更之后本单位仍有管理员",
    }
)
SOURCES = MappingProxyType(
    {
        "answers": "填报内容",
        "numbers": "号码校验规则",
        "roster": "本单位花名册",
        "people": "参保人登记",
        "elsewhere": "各单位参保记录",
        "declarations": "已有申报",
        "register": "单位登记",
        "registrations": "注册申请",
        "messages": "短信验证码",
        "divisions": "行政区划",
        "bills": "核定与账单",
        "back_payments": "补缴记录",
        "labour": "劳动用工备案",
        "pre_entries": "信息预录入",
        "projects": "工程项目登记",
        "accounts": "操作员账号",
        "yearly": "年度参保与个人账户",
        "parameters": "地区参数",
        "schemes": "地区险种",
        "calendar": "申报日历",
        "codes": "代码表",
    }
)
"""What a check compares what was declared with."""
_AGAINST = MappingProxyType(
    {
        "id_number_valid": "numbers",
        "household_fits": "codes",
        "already_declared": "declarations",
        "already_enrolled": "roster",
        "enrolled_elsewhere": "elsewhere",
        "age_limits": "answers",
        "month_window": "calendar bills",
        "wage_limits": "parameters",
        "once_a_year": "calendar declarations",
        "contract_before_month": "answers",
        "reason_evidence": "codes",
        "has_arrears": "bills",
        "same_name": "roster",
        "not_enrolled": "roster",
        "something_changed": "register",
        "confirmed_today": "declarations",
        "deposit_request": "declarations",
        "credit_code_free": "register",
        "nothing_changed": "roster",
        "contract_dates": "answers roster",
        "new_identity": "numbers people",
        "scheme_changes": "roster schemes",
        "yearly_cover": "yearly",
        "enrolled_first": "roster",
        "back_payment_months": "roster bills",
        "back_payments_waiting": "back_payments",
        "refundable_months": "roster bills",
        "correctable_months": "bills",
        "late_fees_waiting": "back_payments",
        "labour_day": "answers",
        "labour_registered": "labour declarations",
        "labour_ended": "labour",
        "labour_not_yet": "labour",
        "labour_open": "labour",
        "pre_entered": "pre_entries",
        "ended_for_good": "elsewhere",
        "project_open": "projects",
        "project_worker_not_yet": "roster",
        "project_known": "projects",
        "account_free": "accounts",
        "administrator_left": "accounts",
    }
)


def titles_of(sources: str) -> str:
    """The titles of some sources, in words."""
    return "、".join(SOURCES[one] for one in sources.split())


def compared_with(check: str) -> str:
    """What a check compares what was declared with, in words."""
    return titles_of(_AGAINST[check])
