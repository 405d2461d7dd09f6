"""The words of registration.yaml: how employers register (单位注册)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


def _words(**titles: str) -> Mapping[str, str]:
    return MappingProxyType(dict(titles))


REGISTRATION_PARTS = _words(
    wizard="标题、各步、办理环节、办结时限、说明",
    areas="可以开通的业务",
    agreement="电子协议：标题、版本、正文、同意的按钮",
    papers="要上传的材料",
    templates="先下载、签字盖章后上传的材料的正文，{…} 是表单的答案",
    number="单位编号依次编排，digits 是位数；issued: true 的由别处发放，填写时核对位数，"
    "又写 at_counter: true 的，窗口登记时没有编号的接着编排；不写的由经办机构填写",
)
REGISTRATION_STEPS = _words(form="填写表单", areas="选择开通的业务", agreement="阅读电子协议", papers="上传材料")
AREA_FUNCTIONS = _words(
    settle="月度结算",
    bills="账单",
    pay="缴费与支付",
    documents="通知单与凭证",
    voids="核定回退、作废",
    projects="项目人员查询",
    labour="劳动用工备案查询",
    statements="查询打印",
)
"""What an area may open beside services: functions of the employer's menu (areas: functions)."""
REGISTRATION_NEEDS = _words(
    credit_code="统一社会信用代码",
    name="单位名称",
    legal_representative="法定代表人",
    clerk_name="专管员姓名",
    clerk_phone="专管员手机号码",
    clerk_email="电子邮箱",
)
"""What every wizard asks: without it nobody can be registered or told."""
REGISTRATION_ASKS = _words(
    has_number="是否已有单位编号：是的要填 employer_number，否的要填 first_insured_on",
    joined_at_setup="设立登记时是否已同步参加社会保险：是的应已有单位编号",
    employer_number="单位编号",
    taxpayer_number="总机构的缴费人识别号：分支机构与总机构同一识别号缴费的填写",
    first_insured_on="新参保日期",
    agency_division="社保局所在行政区划，六位代码",
    employer_kind="单位类型",
    economic_kind="经济类型",
    mailing_address="通讯地址：与单位地址不同的填写",
    industry_class="工伤行业类别",
)
"""Questions that a wizard may ask and the operation understands; others are kept as answered."""
