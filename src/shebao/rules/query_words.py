"""The read models: what a query of a region may read (decision 0009)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

READ_MODELS: Mapping[str, str] = MappingProxyType(
    {
        "month_summary": "每月的人数、基数、应缴、实缴和环比、同比",
        "contributions": "每月每险种的人数、基数、应缴、实缴",
        "contribution_lines": "逐人逐月逐险种的应缴、是否到账，可看计算过程",
        "scheme_roster": "一个险种（scheme）的人员缴费名册，逐月，写明缴清没有",
        "corrections": "不是当月正常应缴的明细：补缴、补差、退收",
        "bills": "每张账单的应缴、实缴、未缴",
        "insured_people": "某月在保的人和他们的险种、工资",
        "insured_schemes": "某月每个险种的在保人数、工资合计、费率",
        "assessable_people": "某月要做账的人，和还缺什么",
        "insurance_anomalies": "在保人员中险种、工资、年龄不合常理的",
        "people_changes": "每月增加、减少的人和原因",
        "month_changes": "一个月增加、减少的人和原因",
        "transfers": "转入、转出的人",
        "person_file": "在册人员的登记资料",
        "kept_answers": "在册人员登记的一项资料，由 field 指明是表单里的哪一项",
        "person_changes": "人员资料改过什么",
        "reimbursements": "经办机构登记的工伤医疗手工报销，按核定年月",
        "declarations": "申报的办理情况",
        "employer_file": "单位的登记资料",
        "float_grades": "每月的工伤行业类别、浮动档次和费率",
    }
)
MONTHS_ASKED: Mapping[str, str] = MappingProxyType({"from": "开始年月", "to": "终止年月", "month": "费款所属期"})
"""The months that queries ask for, by the name in their address; a region may call them otherwise."""
