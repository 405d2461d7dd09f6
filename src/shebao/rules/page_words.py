"""The pages of the hall: what a region's catalogue, guides and help may name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PAGES: Mapping[str, str] = MappingProxyType(
    {
        "home": "工作台",
        "import_sheets": "批量导入",
        "basket": "待提交",
        "cases": "办件进度",
        "settle": "月度结算",
        "bills": "账单",
        "pay": "缴费与支付",
        "documents": "通知单与凭证",
        "roster": "员工花名册",
        "employer": "单位信息",
        "rates": "费率与基数",
        "trial": "缴费试算",
        "password": "修改密码",
        "retiring_this_month": "提醒：本月到达法定退休年龄的在保人员",
        "retiring_within_three_months": "提醒：3 个月内到达法定退休年龄的在保人员",
        "retiring_within_six_months": "提醒：6 个月内到达法定退休年龄的在保人员",
        "past_retirement": "提醒：已过法定退休年龄仍在保的人员",
        "arrears": "提醒：截止后没有缴清的账单",
        "case_list": "办件清单，只列 states 的状态和 operations 的业务",
        "employer_papers": "单位自己的资料：上传、下载、编辑",
        "monthly_papers": "一个事项（service）本月的申报共用的材料",
        "vouchers": "申报凭证：选人员、月份和类型，生成并发送邮件",
        "scheme_roster": "一个险种（scheme）的人员缴费名册，按月查询、导出、打印",
        "yearly_plan": "按年缴费的险种：缴费计划",
        "blank_forms": "空白申请表：statements.yaml 里 source: blank 的各张，逐张打印",
        "sheet_templates": "各事项批量上传的模板",
        "roster_sheet": "一个事项（service）的模板，已填好在册人员和现工资",
        "guide": "一篇办事指南（guide），可打印、下载",
        "counter_business": "前台业务：本单位在经办机构前台的业务和办理情况",
        "who_computes": "申报缴费方式选择：由经办机构核定，还是由单位按工资自行申报",
        "people_payment": "社保缴费：选人员、月份和缴费基数，提交后缴费，凭证发送至单位邮箱",
        "bank_debit": "银行代扣：选账单，列入下一批代扣文件",
        "register": "单位注册",
        "sign_in": "登录",
        "certificate": "数字证书登录",
        "forgotten": "忘记密码",
        "question": "密码遗忘设定",
        "account": "我的账号",
        "settings": "系统设置",
        "employers": "单位选择",
        "numbers": "同一纳税人的社保编号切换",
        "leaving": "注销、重登录、退出",
        "regions": "选择地区",
        "announcements": "公告：经办机构发布的公告",
        "notices": "通知：发给单位的通知",
        "policies": "政策：经办机构发布的政策文件",
        "privileged_query": "特权查询：查了本单位什么，由谁申请、谁批准",
    }
)
