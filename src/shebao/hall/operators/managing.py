"""Who may do what at an employer (操作员管理): duties, the ticks of the menu tree, departments and schemes, leaving."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from django.db import IntegrityError, models, transaction

from shebao.rules.settling_words import settle_name

from ..audit.models import AuditEntry
from ..audit.operations import record
from ..employers.models import Department, Employer
from ..employers.operations import divisions_of
from ..errors import Refused
from ..regions import region
from ..sign_in.models import Why
from ..sign_in.sessions import end_sessions
from .models import Duty, Operator, Role
from .operations import EMPLOYER_ROLES, checked, keep_an_administrator, locked_other, must_manage


@dataclass(frozen=True)
class Rights:
    """What a clerk gets: a duty, the functions that stay shut, and whose people; nothing named is no limit."""

    duty: str = Duty.ALL
    withheld: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()


UNNAMED: Mapping[str, str] = MappingProxyType({})


@transaction.atomic
def change_operator(
    operator_id: int, name: str, role: str, rights: Rights, *, by, titles: Mapping[str, str] = UNNAMED
) -> Operator:
    """Change an operator's name, role and rights (修改操作员).

    Other rights end the operator's sessions: nothing that was opened with the former ones is finished with them. An
    administrator has the whole. `titles` are what the menu calls functions: the record says by name which were given
    and which taken. Raises Refused (field named): the last administrator, a right that does not exist.
    """
    operator = locked_other(operator_id, "不能修改自己的权限，请由另一位管理员修改。", by=by)
    if operator.employer_id is None or role not in EMPLOYER_ROLES:
        raise Refused("role_not_yours", "请选择列表中的角色。", field="role")
    if operator.role == Role.EMPLOYER_ADMIN and role != Role.EMPLOYER_ADMIN:
        keep_an_administrator(operator)
    before, had = _words(operator), rights_of(operator)
    operator.name, operator.role = name.strip(), role
    if not operator.name:
        raise Refused("operator_incomplete", "请填写姓名。", field="name")
    give(operator, Rights() if role == Role.EMPLOYER_ADMIN else rights)
    checked(operator)
    operator.save()
    shut = had[WITHHELD], rights_of(operator)[WITHHELD]
    given, taken = ([titles.get(key, key) for key in one if key not in other] for one, other in (shut, shut[::-1]))
    now = _words(operator)
    record("operator.changed", operator, by=by, role=role, was=before, now=now, given=given, taken=taken)
    if rights_of(operator) != had:
        end_sessions(operator, Why.RIGHTS, by=by)
    return operator


def give(operator: Operator, rights: Rights) -> None:
    """Set the rights of an operator that is saved by the caller. Raises Refused for what the employer does not have."""
    employer = operator.employer
    if rights.duty not in Duty.values:
        raise Refused("no_such_duty", "请选择列表中的岗位。", field="duty")
    known = region(employer.region).schemes
    if strange := [key for key in rights.schemes if key not in known]:
        raise Refused("no_such_scheme", f"没有这个险种：{'、'.join(strange)}。", field="schemes")
    names = set(departments_of(employer))
    if strange := [name for name in rights.departments if name not in names]:
        raise Refused("no_such_department", f"没有这个部门：{'、'.join(strange)}。", field="departments")
    operator.duty, operator.withheld = rights.duty, sorted(set(rights.withheld))
    operator.departments, operator.schemes = sorted(set(rights.departments)), sorted(set(rights.schemes))


def departments_of(employer: Employer) -> list[str]:
    """The departments that an operator can be given: the employer's list, and names in use that are not in it."""
    listed = list(Department.objects.filter(employer=employer).values_list("name", flat=True))
    used = employer.employees.exclude(department="").order_by("department").values_list("department", flat=True)
    return list(dict.fromkeys([*listed, *used.distinct()]))


def rights_of(operator: Operator) -> tuple:
    """What must not change while somebody is signed in; compared before and after."""
    sets = (operator.withheld, operator.departments, operator.schemes)
    return operator.role, operator.duty, *(tuple(sorted(each)) for each in sets)


WITHHELD = 2
"""Where `rights_of` has the functions that are shut."""


def _words(operator: Operator) -> str:
    """Role and duty, whose people, and how many functions are shut: which those are the change itself names."""
    schemes = region(operator.region).schemes
    parts = [
        f"{operator.get_role_display()}、{operator.get_duty_display()}",
        f"部门{'、'.join(operator.departments) or '不限'}",
        f"险种{'、'.join(schemes[key].title if key in schemes else key for key in operator.schemes) or '不限'}",
        f"不开放 {len(operator.withheld)} 项" if operator.withheld else "功能全部",
    ]
    return "；".join(parts)


@transaction.atomic
def limit_to_divisions(operator_id: int, divisions: Sequence[str], *, by) -> Operator:
    """Limit a reviewer to the employers of some agency divisions (数据范围); none named is the whole region.

    Another scope ends the reviewer's sessions. Raises Refused (field named) for whoever is no reviewer and for a
    division that the region does not have.
    """
    operator = locked_other(operator_id, "不能修改自己的数据范围，请由另一位管理员修改。", by=by)
    listed = divisions_of(operator.region)
    if operator.role != Role.REVIEWER:
        raise Refused("not_a_reviewer", "只有审核人员可以限定经办区划；管理员和三员管的是整个地区。", field="divisions")
    if strange := [code for code in divisions if code not in listed]:
        raise Refused(
            "no_such_division", f"没有这个经办区划：{'、'.join(strange)[:60] or '（空）'}。", field="divisions"
        )
    had, operator.divisions = operator.divisions, [code for code in listed if code in divisions]
    if operator.divisions == had:
        return operator
    checked(operator)
    operator.save(update_fields=["divisions"])
    was, now = (division_words(operator.region, codes) for codes in (had, operator.divisions))
    record("operator.divisions_changed", operator, by=by, was=was, now=now)
    end_sessions(operator, Why.RIGHTS, by=by)
    return operator


def division_words(code: str, divisions: Sequence[str]) -> str:
    """Divisions of a region in words; none of them is the whole region."""
    listed = divisions_of(code)
    return "、".join(listed.get(one, one) for one in divisions) or "全部"


def left_traces(operator: Operator) -> bool:
    """Whether somebody signed in with an account or did something by it: then it is disabled, never removed."""
    return bool(operator.last_login) or AuditEntry.objects.filter(actor=operator).exists()


@transaction.atomic
def remove_operator(operator_id: int, *, by) -> bool:
    """Delete an account (删除); one that left traces is disabled instead, because what was done stays on record.

    Returns whether it is gone. Raises Refused for oneself and for the last administrator.
    """
    operator = locked_other(operator_id, "不能删除自己的账号。", by=by)
    keep_an_administrator(operator)
    name = operator.username
    try:
        if left_traces(operator):
            raise models.ProtectedError("somebody signed in with it", {operator})
        with transaction.atomic():
            operator.delete()
    except (models.ProtectedError, models.RestrictedError, IntegrityError):
        operator.is_active = False
        operator.save(update_fields=["is_active"])
        record("operator.disabled", operator, by=by)
        return False
    record("operator.deleted", by.employer or by, by=by, account=name)
    return True


@transaction.atomic
def ask_for_a_second(wanted: bool, *, by) -> Employer:
    """Switch the employer's own confirmation on or off (内部复核): what one submits another must confirm, and what one
    settles another must pay.

    Raises Refused while there are not two operators in use for the one and for the other.
    """
    must_manage(by=by)
    employer = Employer.objects.visible_to(by).select_for_update().get(pk=by.employer_id)
    if wanted:
        people = Operator.objects.filter(employer=employer, is_active=True)
        if sum(one.may("declare") for one in people) < 2 or not any(one.may("confirm") for one in people):
            text = "内部复核至少要有两位能办申报的操作员，其中有人能复核。请先新建操作员。"
            raise Refused("nobody_to_confirm", text)
        settling, paying = ({one.pk for one in people if one.may(deed)} for deed in ("settle", "pay"))
        if settling and paying and len(settling | paying) < 2:
            name = settle_name(region(employer.region).terms)
            text = f"内部复核时谁办{name}谁不缴费，现在能办{name}和能缴费的是同一人。"
            text += f"请先再设一位有“缴费”或“{name}”权限的操作员。"
            raise Refused("nobody_to_pay", text)
    employer.needs_second = wanted
    employer.save(update_fields=["needs_second"])
    record("employer.second_wanted" if wanted else "employer.second_dropped", employer, by=by, employer=employer)
    return employer
