"""Deeds on the employer's own data: what is on file about it, and its departments."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max

from .. import clock
from ..audit.operations import record
from ..errors import Conflict, Refused, permit
from ..regions import region
from ..roster.models import Employee
from .locking import locked_employer
from .models import Department, Employer, EmployerChange

DIVISIONS = "agency_divisions"
"""The code list of a region that names them."""
LONGEST = Department._meta.get_field("name").max_length


@dataclass(frozen=True)
class Change:
    """A field of the employer in words, with the value it had and the value it gets."""

    label: str
    old: str
    new: str


@transaction.atomic
def register_employer(code: str, columns: Mapping[str, Any], *, by) -> Employer:
    """Put a new employer of a region on file (单位登记). Raises Conflict when its number or credit code is taken."""
    rows = Employer.objects.filter(region=code)
    for name, label in (("employer_number", "单位编号"), ("credit_code", "统一社会信用代码")):
        if rows.filter(**{name: columns[name]}).exists():
            raise Conflict(f"{name}_taken", f"{label} {columns[name]} 已登记在其他单位，请核对。")
    employer = Employer.objects.create(region=code, **columns)
    record("employer.registered", employer, by=by, employer=employer)
    return employer


@transaction.atomic
def change_employer(pk: int, changes: Mapping[str, Change], *, by, declaration=None) -> Employer:
    """Write new values of an employer and list each in its change log (单位信息变更生效).

    Raises Conflict when a field no longer holds the value it is changed from; nothing is changed then.
    """
    employer = locked_employer(pk, by=by)
    for name, change in changes.items():
        if getattr(employer, name) != change.old:
            text = f"“{change.label}”在申报之后又变更过，刚才的操作没有执行，请核对最新的单位信息。"
            raise Conflict("changed_meanwhile", text)
    for name, change in changes.items():
        setattr(employer, name, change.new)
    employer.save(update_fields=list(changes))
    EmployerChange.objects.bulk_create(
        EmployerChange(
            employer=employer, field=name, label=change.label, old=change.old, new=change.new,
            declaration=declaration, by=by, at=clock.now(),
        )
        for name, change in changes.items()
    )  # fmt: skip
    labels, case = "、".join(change.label for change in changes.values()), getattr(declaration, "case_number", "")
    record("employer.changed", employer, by=by, employer=employer, fields=labels, case=case)
    return employer


@transaction.atomic
def classify_account(pk: int, kind: str, *, by) -> Employer:
    """Say what kind of account an employer has (参保户类型), as the agency decided; "" for none in particular.

    Raises Refused for a kind that the region does not have. The same kind again changes nothing.
    """
    permit(by, "review", "设置参保户类型")
    employer = locked_employer(pk, by=by)
    offered = region(employer.region).codes["account_kinds"].choices(employer.account_kind)
    if kind and kind not in dict(offered):
        raise Refused("unknown_account_kind", "请选择列表中的参保户类型。", field="account_kind")
    if employer.account_kind != kind:
        employer.account_kind = kind
        employer.save(update_fields=["account_kind"])
        record("employer.account_classified", employer, by=by, employer=employer, kind=kind)
    return employer


def divisions_of(code: str) -> dict[str, str]:
    """The agency divisions of a region (经办区划) by their codes; none where its agency is one."""
    found = region(code).codes.get(DIVISIONS)
    return {one.code: one.label for one in found.items} if found else {}


def offered_divisions(code: str, kept: str) -> dict[str, str]:
    """The divisions that may be chosen, and the one that an employer has already."""
    found = region(code).codes.get(DIVISIONS)
    return dict(found.choices(kept)) if found else {}


@transaction.atomic
def assign_division(pk: int, division: str, *, by) -> Employer:
    """Say which division of the agency has an employer in hand (经办区划); "" for none in particular.

    Only whoever has the whole region: nobody gives an employer away, or to themselves. Raises Refused for a division
    that the region does not have. The same division again changes nothing.
    """
    permit(by, "review", "调整经办区划")
    employer = locked_employer(pk, by=by)
    if by.divisions:
        raise Refused("not_permitted", "您只办理部分经办区划，调整单位的经办区划请交给管整个地区的同事。", status=403)
    listed = divisions_of(employer.region)
    was = employer.agency_division
    if division and division not in offered_divisions(employer.region, was):
        raise Refused("unknown_division", "请选择列表中的经办区划。", field="agency_division")
    if was != division:
        employer.agency_division = division
        employer.save(update_fields=["agency_division"])
        words = {"was": listed.get(was, was) or "未指定", "now": listed.get(division, "") or "未指定"}
        record("employer.division_assigned", employer, by=by, employer=employer, **words)
    return employer


@transaction.atomic
def add_department(employer_id: int, name: str, *, by) -> Department:
    """Add a department at the end of the list (新增部门). Raises Refused for a blank, long or known name."""
    employer = _employer(employer_id, by)
    name = _free_name(employer, name)
    last = employer.departments.aggregate(last=Max("rank"))["last"] or 0
    made = Department.objects.create(employer=employer, name=name, rank=last + 1)
    record("department.added", made, by=by)
    return made


@transaction.atomic
def rename_department(pk: int, name: str, *, by) -> Department:
    """Give a department another name; its people carry the new one (部门更名)."""
    department, employer = _department(pk, by)
    if name.strip() == department.name:
        return department
    name = _free_name(employer, name)
    moved = _move_people(employer, department.name, name)
    department.name = name
    department.save(update_fields=["name"])
    record("department.renamed", department, by=by, heads=moved)
    return department


@transaction.atomic
def move_department(pk: int, *, up: bool, by) -> Department:
    """Swap a department with its neighbour in the list (调整次序); at an end of the list nothing happens."""
    department, employer = _department(pk, by)
    others = list(employer.departments.all())
    here = others.index(department)
    there = here - 1 if up else here + 1
    if 0 <= there < len(others):
        others[here], others[there] = others[there], others[here]
        for rank, one in enumerate(others, 1):
            one.rank = rank
        Department.objects.bulk_update(others, ["rank"])
        record("department.moved", department, by=by)
    return department


@transaction.atomic
def merge_department(pk: int, into: int, *, by) -> Department:
    """Move everybody of a department into another and remove it (合并部门). Raises Refused for itself."""
    department, employer = _department(pk, by)
    target = Department.objects.visible_to(by).get(pk=into, employer=employer)
    if target == department:
        raise Refused("same_department", "不能把部门并入它自己，请选择另一个部门。", field="into")
    moved = _move_people(employer, department.name, target.name)
    record("department.merged", target, by=by, heads=moved)
    department.delete()
    return target


@transaction.atomic
def delete_department(pk: int, *, by) -> None:
    """Remove a department that nobody is in (删除部门). Raises Refused while people are."""
    department, employer = _department(pk, by)
    if count := Employee.objects.filter(employer=employer, department=department.name).count():
        text = f"“{department.name}”还有 {count} 人，不能删除。请先并入其他部门。"
        raise Refused("department_in_use", text)
    record("department.deleted", department, by=by)
    department.delete()


def _employer(pk: int, by) -> Employer:
    permit(by, "declare", "申报")
    return locked_employer(pk, by=by)


def _department(pk: int, by) -> tuple[Department, Employer]:
    """A department and its employer, locked: the list changes by one hand at a time."""
    found = Department.objects.visible_to(by).get(pk=pk)
    employer = _employer(found.employer_id, by)
    return Department.objects.select_related("employer").get(pk=pk), employer


def _free_name(employer: Employer, name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise Refused("name_missing", "请填写部门名称。", field="name")
    if len(name) > LONGEST:
        raise Refused("name_too_long", f"部门名称共 {len(name)} 个字，最多 {LONGEST} 个字。", field="name")
    if employer.departments.filter(name=name).exists():
        raise Refused("name_taken", f"已有名为“{name}”的部门。", field="name")
    return name


def _move_people(employer: Employer, old: str, new: str) -> int:
    for operator in employer.operators.select_for_update(of=("self",)):
        if old in operator.departments:
            kept = [name for name in operator.departments if name != old]
            operator.departments = sorted({*kept, new})
            operator.save(update_fields=["departments"])
    return Employee.objects.filter(employer=employer, department=old).update(department=new)
