"""What an employer's administrator does with a request to join (加入申请): accept it, decline it, let it run out."""

from django.db import transaction
from django.db.models import QuerySet

from .. import clock
from ..audit.operations import record
from ..crypto import blind_index
from ..errors import Refused
from ..mail.operations import write_message, write_text
from ..mail.wording import worded
from ..operators.models import Operator
from ..operators.operations import invite_operator, must_manage
from ..roster.models import Employee
from ..sign_in.contacts import keep_contact
from ..sign_in.models import Contact
from .activation import make_activation
from .checks import Finding
from .join_states import DECIDED, JoinState, advance_join
from .models import JoinRequest
from .registering import activation_link
from .telling import link_told

ADMINISTRATOR = "单位管理员"
AT_ONCE = 200
"""So many requests run out in one transaction."""


def open_joins(actor) -> QuerySet[JoinRequest]:
    """The requests that wait for the actor, the oldest first."""
    rows = JoinRequest.objects.visible_to(actor).filter(state=JoinState.SUBMITTED, until__gt=clock.now())
    return rows.order_by("submitted_at", "pk")


def decided_joins(actor) -> QuerySet[JoinRequest]:
    """Those that nobody does anything more about, the last one first."""
    rows = JoinRequest.objects.visible_to(actor).filter(state__in=DECIDED)
    return rows.select_related("operator", "decided_by").order_by("-ended_at", "-pk")


def join_of(actor, pk: int) -> JoinRequest:
    """One request as its administrator reads it. Raises DoesNotExist."""
    return JoinRequest.objects.visible_to(actor).select_related("employer", "operator", "decided_by").get(pk=pk)


def proposed_username(made: JoinRequest) -> str:
    """An account name that is free: the employer's credit code, which everybody there knows, and the next number."""
    code = made.employer.credit_code
    taken = set(Operator.objects.filter(username__startswith=f"{code}-").values_list("username", flat=True))
    return next(name for number in range(2, len(taken) + 3) if (name := f"{code}-{number}") not in taken)


def join_findings(made: JoinRequest, actor) -> list[Finding]:
    """What an administrator would otherwise look up: is it somebody of ours, was the telephone proved.

    The applicant's number is compared with the roster here, so that nobody has to be shown it whole.
    """
    digest = blind_index("person", made.answers["id_number"])
    rows = Employee.objects.visible_to(actor).select_related("person").filter(person__id_digest=digest)
    return [
        Finding("证件号码和姓名与花名册相符", _on_roster(made, rows.first())),
        Finding("手机号已用短信验证码验证", "" if made.is_proved else "手机号没有用短信验证码验证过，请向本人核实"),
        Finding("没有用这个手机号的其他账号", _has_account(made)),
    ]


def _on_roster(made: JoinRequest, employee: Employee | None) -> str:
    if employee is None:
        return "花名册里没有这个证件号码的人，请核实是不是本单位的人"
    said = "" if employee.name == made.answers["name"] else f"这个证件号码在花名册里是{employee.name}，姓名不同"
    other = bool(employee.phone) and employee.phone != made.answers["phone"]
    return "；".join(filter(None, [said, "手机号与花名册里登记的不同" if other else ""]))


def _has_account(made: JoinRequest) -> str:
    contacts = Contact.objects.filter(operator__employer=made.employer_id, operator__is_active=True)
    same = [one.operator for one in contacts.select_related("operator") if one.phone == made.answers["phone"]]
    return f"这个手机号已经登记在账号 {same[0].username}（{same[0].name}）" if same else ""


@transaction.atomic
def accept_join(pk: int, username: str, name: str, role: str, *, by) -> tuple[JoinRequest, str]:
    """Open the account that was asked for (同意), by the operation that opens every account here; returns the link.

    Raises Refused with the field of that form, Conflict when the request was decided, withdrawn or ran out meanwhile.
    """
    made = _locked(pk, by)
    advance_join(made, "approve", by=by)
    made.operator = invite_operator(username, name, role, by=by)
    keep_contact(made.operator, made.answers["phone"], made.answers["email"])
    _decide(made, by=by)
    record("join.accepted", made, by=by, account=made.operator.username)
    token, activation = make_activation(made.operator, by=by)
    link, occasion = activation_link(token), f"join:{made.pk}:link:{activation.pk}"
    places = {"employer": made.employer.name, "number": made.number, "account": made.operator.username}
    place = made.employer.region
    subject, text = worded(place, "join_link", **places)
    write_text(made.answers["email"], subject, [text], region=place, occasion=occasion, by=by, secret=link)
    _write_result(made, f"已同意，账号 {made.operator.username}，{link_told(ADMINISTRATOR)}。", occasion, by)
    return made, link


@transaction.atomic
def decline_join(pk: int, note: str, *, by) -> JoinRequest:
    """Decline it, with the reason that the applicant reads (不同意)."""
    made = _locked(pk, by)
    advance_join(made, "reject", by=by)
    if not note.strip():
        raise Refused("reason_missing", "请写明不同意的原因，申请人会看到。", field="note")
    made.note = note.strip()[:300]
    _decide(made, by=by)
    record("join.declined", made, by=by)
    places = {
        "employer": made.employer.name,
        "number": made.number,
        "result": "没有同意",
        "details": f"原因：{made.note}",
    }
    place, occasion = made.employer.region, f"join:{made.pk}:declined"
    subject, text = worded(place, "join_result", **places)
    write_text(made.answers["email"], subject, [text], region=place, occasion=occasion, by=by)
    _write_result(made, "没有同意，请凭申请号和手机号在网厅查看原因。", occasion, by)
    return made


@transaction.atomic
def expire_joins() -> int:
    """Let the requests run out that nobody decided in their time, and tell who made them (过期); returns how many."""
    return let_run_out(JoinRequest.objects.order_by("pk"))


def let_run_out(rows: QuerySet[JoinRequest]) -> int:
    """The same with those of `rows`, in the caller's transaction."""
    rows = rows.filter(state=JoinState.SUBMITTED, until__lte=clock.now()).select_related("employer")
    late = list(rows.select_for_update(of=("self",))[:AT_ONCE])
    for made in late:
        advance_join(made, "expire", by=None)
        made.ended_at = clock.now()
        made.save()
        record("join.expired", made, by=None)
        text = "30 天内没有处理，已经过期；可以重新申请，或直接联系单位管理员。"
        _write_result(made, text, f"join:{made.pk}:expired", None)
    return len(late)


def _decide(made: JoinRequest, *, by) -> None:
    made.decided_by, made.ended_at = by, clock.now()
    made.save()


def _write_result(made: JoinRequest, result: str, occasion: str, by) -> None:
    """The result by short message; it names no person, and holds no link."""
    place = made.employer.region
    _, text = worded(place, "join_sms", number=made.number, result=result)
    write_message(made.answers["phone"], text, region=place, occasion=f"{occasion}:sms", by=by)


def _locked(pk: int, by) -> JoinRequest:
    must_manage(by=by)
    rows = JoinRequest.objects.visible_to(by).select_related("employer").select_for_update(of=("self",))
    made = rows.get(pk=pk)
    made.state = made.standing  # of one that ran out the chore writes it down, and tells the applicant
    return made
