"""The files of a region folder, each with what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

FILES: Mapping[str, str] = MappingProxyType(
    {
        "region.yaml": "名称、上级方案、启用月份、检查到哪个月",
        "terms.yaml": "用语",
        "parameters.yaml": "带生效月份、公布日期和依据的数值",
        "schemes.yaml": "险种：基数、上下限、进位、单位与个人部分",
        "services.yaml": "申报事项：表单、流程、时限、校验",
        "settlements.yaml": "结算方式",
        "documents.yaml": "单据：名称、抬头、版式、栏目；写了 menu（和所在栏目 under）的，菜单里有自己的一项",
        "queries.yaml": "查询：名称、所在栏目、读什么",
        "guides.yaml": "办事指南：须知、业务流程",
        "registration.yaml": "单位注册：各步、业务、电子协议、材料、单位编号",
        "sign_in.yaml": "登录：单位编号、二次验证、密码遗忘设定、数字证书",
        "statements.yaml": "一段时间或一些人的单据：证明、明细、台账、增减表",
        "calendar.yaml": "申报期与缴费期",
        "agency.yaml": "经办机构：批量通过前抽查多少，哪几类公告对外公开",
        "collection.yaml": "征缴：滞纳金、补缴的滞纳金和利息、单位与个人部分是否分开、缴费方式",
        "blocks/*.yaml": "表单共用的一组字段",
        "forms/*.yaml": "表单",
        "codes/*.yaml": "代码表；代码写 retired: true 为停用",
        "sheets/*.yaml": "报盘列名的别名",
        "cases/*.yaml": "算例：一定要算出的结果",
    }
)
