"""The form of a new operator: filled in by hand, or with what somebody wrote who asks to join (加入申请)."""

from collections.abc import Mapping

from shebao.hall.operators import operations
from shebao.hall.operators.models import Operator, Role
from shebao.hall.regions import region
from shebao.rules.settling_words import settle_name

from ..chosen import left_empty

DOES = {
    Role.CLERK: "申报、{}、缴费和打印；可以再限定岗位、部门和险种",
    Role.EMPLOYER_ADMIN: "专管员能办的都能办，还管理本单位的操作员、查阅操作记录",
    Role.REVIEWER: "审核申报和注册，在窗口代单位录入；每件由另一个人复审的，至少要两位",
    Role.AGENCY_ADMIN: "审核以外，还管对账、公告、代码和数值、特权查询的批准和监控",
    Role.SYSTEM_ADMIN: "只看系统运行、发件和保存期限，不办业务",
    Role.SECURITY_ADMIN: "只管操作员和权限，不办业务",
    Role.AUDIT_ADMIN: "只查阅操作记录，不办业务",
}
"""What each role is there for, in a line; {} is what the region calls settling."""
FIRST = "这位专管员现在可以使用本单位的全部功能（{}、缴费、打印在内），看得到全部部门和险种的人员。"
LOST = {"username": "请填写账号。", "name": "请填写姓名。", "role": "请选择角色。"}


def operator_fields(answers: Mapping[str, str], wrong: Mapping[str, str], *, by) -> list[dict]:
    """The questions with what was answered so far and what is wrong with it, by name."""
    given, settling = map(Role, operations.roles_to_give(by=by)), settle_name(region(by.region).terms)
    roles = [{"value": role.value, "label": role.label, "hint": DOES[role].format(settling)} for role in given]
    fields = [
        {"id": "username", "label": "账号", "kind": "text", "maxlength": 60, "hint": "登录时输入，全系统不能重复"},
        {"id": "name", "label": "姓名", "kind": "text", "maxlength": 60},
        {"id": "role", "label": "角色", "kind": "radios", "options": roles, "full": True},
    ]
    for field in fields:
        field |= {"name": field["id"], "required": True, "value": answers.get(field["id"], "")}
        field["error"] = wrong.get(field["id"], "")
    return fields


def first_rights(operator: Operator) -> str:
    """What a new operator of an employer may do from now on, until somebody sets it; "" for all others."""
    if operator.role != Role.CLERK:
        return ""
    return FIRST.format(f"申报、{settle_name(region(operator.region).terms)}")


def left_out(request) -> dict[str, str]:
    """What was not answered: name → words."""
    return {one["id"]: one["text"] for one in left_empty(request, LOST)}


def said(request) -> tuple[str, str, str]:
    """Account, name and role as they were posted."""
    username, name, role = (request.POST.get(one, "") for one in LOST)
    return username, name, role


def errors_of(wrong: Mapping[str, str]) -> list[dict]:
    """The same for the summary on top of the page."""
    return [{"id": name, "text": text} for name, text in wrong.items()]
