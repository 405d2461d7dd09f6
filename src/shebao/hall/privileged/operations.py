"""A privileged query: asked by one, approved by another, looked at for a while; every look is on record."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from shebao.rules.identity import tidy_number

from .. import clock
from ..audit.operations import record
from ..crypto import blind_index
from ..employers.models import Employer
from ..errors import Conflict, Refused, permit
from ..operators.models import DESK_ROLES, Operator
from ..operators.throttle import may_try
from ..roster.models import Employee, Person
from .models import NamedOperator, PrivilegedLook, PrivilegedQuery, QueryState, Scope

SHORTEST_REASON = 8
LONGEST_MINUTES = 240
ASKED_A_DAY = 30


def is_named(actor) -> bool:
    """Whether the actor may ask: somebody else named them."""
    return actor.is_desk and NamedOperator.names(actor)


@transaction.atomic
def name_operator(operator_id: int, *, by) -> NamedOperator:
    """Name who may ask (指定操作员): somebody of the desk, by whoever gives the rights, never oneself.

    Raises Refused, Conflict, Operator.DoesNotExist.
    """
    permit(by, "manage_operators", "指定特权查询操作员")
    operator = may_be_named(by=by).get(pk=operator_id)
    if operator.pk == by.pk:
        raise Refused("not_oneself", "不能指定自己，请由另一位管理员指定。", field="operator")
    if NamedOperator.objects.visible_to(by).filter(operator=operator, ended_at=None).exists():
        raise Conflict("named_already", f"{operator.name}已经是指定的操作员。")
    try:
        with transaction.atomic():
            row = {"region": by.region, "operator": operator, "named_by": by, "named_at": clock.now()}
            made = NamedOperator.objects.create(**row)
    except IntegrityError:
        raise Conflict("named_already", f"{operator.name}刚被别人指定过。") from None
    record("privileged.named", operator, by=by)
    return made


def may_be_named(*, by) -> QuerySet[Operator]:
    """Whom the actor may name: people of their own agency's desk whose account is in use."""
    return Operator.objects.visible_to(by).filter(is_active=True, role__in=DESK_ROLES)


@transaction.atomic
def unname_operator(operator_id: int, *, by) -> None:
    """Take the privilege away (取消指定); queries that are open end at once. Raises NamedOperator.DoesNotExist."""
    permit(by, "manage_operators", "取消特权查询操作员")
    rows = NamedOperator.objects.visible_to(by).select_related("operator").select_for_update(of=("self",))
    named = rows.get(operator=operator_id, ended_at=None)
    operator, named.ended_at = named.operator, clock.now()
    named.save(update_fields=["ended_at"])
    rows = PrivilegedQuery.objects.filter(region=named.region, asked_by=operator)
    rows.filter(state__in=(QueryState.ASKED, QueryState.APPROVED)).update(state=QueryState.ENDED)
    record("privileged.unnamed", operator, by=by)


@transaction.atomic
def ask_privileged(scope: str, number: str, *, by, reason: str, basis: str = "") -> PrivilegedQuery:
    """Ask for a query (申请). `number`: an employer's number or credit code, or a whole identity number.

    Raises Refused with the field: not named, no reason, nobody by that number, too many today.
    """
    if not is_named(by):
        raise Refused("not_named", "只有指定的操作员可以申请特权查询，请联系安全管理员指定。", status=403)
    if scope not in Scope.values:
        raise Refused("no_scope", "请选择查一个单位还是一个人。", field="scope")
    if len(reason.strip()) < SHORTEST_REASON:
        raise Refused("reason_missing", f"请写明为什么查，至少 {SHORTEST_REASON} 个字；单位会看到。", field="reason")
    if not may_try("privileged", f"{by.pk}", limit=ASKED_A_DAY, within=timedelta(days=1)):
        raise Refused("too_many", f"一天最多申请 {ASKED_A_DAY} 次，请明天再申请。", status=429)
    employer, person = _subject(scope, tidy_number(number), by)
    made = PrivilegedQuery.objects.create(
        region=by.region, scope=scope, employer=employer, person=person, reason=reason.strip()[:200],
        basis=basis.strip()[:100], asked_by=by, asked_at=clock.now(),
    )  # fmt: skip
    record("privileged.asked", made, by=by, employer=employer, kind=scope)
    return made


def _subject(scope: str, number: str, by) -> tuple[Employer | None, Person | None]:
    if scope == Scope.EMPLOYER:
        rows = Employer.objects.visible_to(by)
        found = rows.filter(employer_number=number).first() or rows.filter(credit_code=number.upper()).first()
        if found is None:
            raise Refused("no_such_employer", "本地区没有这个编号的单位，请核对。", field="number")
        return found, None
    mine = Employee.objects.visible_to(by).filter(person__id_digest=blind_index("person", number))
    employee = mine.select_related("person").first()
    if employee is None:
        raise Refused("no_such_person", "本地区的花名册里没有这个证件号码，请核对。", field="number")
    return None, employee.person


@transaction.atomic
def approve_privileged(pk: int, *, by, minutes: int, note: str = "") -> PrivilegedQuery:
    """Agree (批准), for so many minutes from now. Raises Conflict when it was decided, Refused for one's own."""
    found = _decidable(pk, by)
    if not 1 <= minutes <= LONGEST_MINUTES:
        raise Refused("bad_time", f"期限应在 1 到 {LONGEST_MINUTES} 分钟之间。", field="minutes")
    until = clock.now() + timedelta(minutes=minutes)
    _decide(found, by, QueryState.APPROVED, note, until=until)
    record("privileged.approved", found, by=by, employer=found.employer, kind=found.scope)
    return found


@transaction.atomic
def decline_privileged(pk: int, *, by, note: str) -> PrivilegedQuery:
    """Do not agree (不批准), with the reason."""
    found = _decidable(pk, by)
    if not note.strip():
        raise Refused("reason_missing", "请写明不批准的原因。", field="note")
    _decide(found, by, QueryState.DECLINED, note)
    record("privileged.declined", found, by=by, employer=found.employer, kind=found.scope)
    return found


def _decidable(pk: int, by) -> PrivilegedQuery:
    found = PrivilegedQuery.objects.visible_to(by).select_for_update(of=("self",)).get(pk=pk)
    if found.asked_by_id == by.pk:
        raise Refused("own_query", "申请人不能批准自己的查询，请由另一人批准。", status=403)
    if not by.may("approve_privileged"):
        raise Refused("not_permitted", "特权查询由经办机构管理员批准。", status=403)
    if found.state != QueryState.ASKED:
        raise Conflict("decided_already", f"这次查询现在是“{found.get_state_display()}”，不能再批。")
    return found


def _decide(found: PrivilegedQuery, by, state: str, note: str, until=None) -> None:
    deed = {"state": state, "decided_by": by, "decided_at": clock.now(), "note": note.strip()[:200], "until": until}
    if not PrivilegedQuery.objects.filter(pk=found.pk, state=QueryState.ASKED).update(**deed):
        raise Conflict("decided_already", "这次查询刚被别人批过。")
    for name, value in deed.items():
        setattr(found, name, value)


@transaction.atomic
def look(pk: int, what: str, *, by) -> PrivilegedQuery:
    """Open what was agreed to (查看): only who asked, only while it lasts; each look is a row that employers read.

    Raises PrivilegedQuery.DoesNotExist when it is not one's own, Refused when one is named no more or its time is over.
    """
    rows = PrivilegedQuery.objects.visible_to(by).select_related("employer", "person", "decided_by")
    found = rows.get(pk=pk, asked_by=by)
    if not is_named(by):
        raise Refused("not_named", "您已不是指定的操作员，不能再查看。", status=403)
    if not found.is_open:
        raise Refused("not_open", "还没有批准，或期限已过。要再查，请重新申请。", status=403)
    for employer in concerned(found):
        PrivilegedLook.objects.create(query=found, employer=employer, by=by, at=clock.now(), what=what[:120])
        record("privileged.looked", found, by=by, employer=employer, kind=found.scope)
    return found


@transaction.atomic
def end_query(pk: int, *, by) -> PrivilegedQuery:
    """End an open query early (结束): who asked, or an administrator."""
    found = PrivilegedQuery.objects.visible_to(by).select_for_update(of=("self",)).get(pk=pk)
    if found.state not in (QueryState.ASKED, QueryState.APPROVED):
        raise Conflict("ended_already", "这次查询已经结束。")
    found.state = QueryState.ENDED
    found.save(update_fields=["state"])
    record("privileged.ended", found, by=by, employer=found.employer, kind=found.scope)
    return found


def concerned(found: PrivilegedQuery) -> list[Employer]:
    """The employers of the region whose data a query shows."""
    if found.employer:
        return [found.employer]
    rows = Employer.objects.filter(region=found.region, employees__person=found.person_id)
    return list(rows.distinct().order_by("pk"))
