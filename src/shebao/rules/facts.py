"""The facts: everything rules may ask about a person. Forms and registers supply them, nothing else crosses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

FORM, REGISTER = "form", "register"


@dataclass(frozen=True)
class Fact:
    """Something rules may ask about a person: its type, Chinese title, who supplies it, and its code list.

    `supplied_by` is "form" (an answer must feed it) or "register" (the employer's or person's record holds
    it). `default` is the value where nobody was asked, None where silence is a mistake.
    """

    key: str
    kind: str
    title: str
    supplied_by: str
    codes: str | None = None
    default: str | None = None


FACTS: Mapping[str, Fact] = MappingProxyType(
    {
        f.key: f
        for f in (
            Fact("declared_wage", "money", "申报工资", FORM),
            Fact("household", "code", "户口性质", FORM, "household_kinds"),
            Fact("employment_kind", "code", "用工形式", FORM, "employment_kinds"),
            Fact("enrolment_kind", "code", "参保类型", FORM, "enrolment_kinds"),
            Fact("position", "code", "岗位类别", FORM, "position_kinds"),
            Fact("medical_tier", "code", "医疗缴费档次", FORM, "medical_tiers"),
            Fact("supplementary_medical", "code", "补充医疗", REGISTER, "yes_no", default="0"),
            Fact("id_kind", "code", "证件类型", FORM, "id_kinds"),
            Fact("sex", "code", "性别", REGISTER, "sexes"),
            Fact("age", "number", "年龄（周岁）", REGISTER),
            Fact("industry_class", "code", "工伤行业类别", REGISTER, "industry_classes"),
            Fact("float_grade", "code", "工伤浮动档次", REGISTER, "float_grades"),
            Fact("account_kind", "code", "参保户类型", REGISTER, "account_kinds", default=""),
            Fact("work_scope", "code", "用工范围", FORM, "work_scopes", default=""),
        )
    }
)


EMPLOYER_FACTS = frozenset({"industry_class", "float_grade", "account_kind"})
"""Facts that the register holds about the employer, the same for all its people."""
