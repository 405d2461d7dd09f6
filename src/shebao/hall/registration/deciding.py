"""What the agency decides about a registration: approve, return, reject.

An approval takes effect in ten seconds, as that of a declaration does (decisions 0013 and 0020).
"""

from collections.abc import Mapping

from django.conf import settings
from django.db import transaction

from shebao.rules.region import Region

from ..audit.operations import record
from ..declarations.pipe import races_become_conflicts
from ..desk.effects import wait_for_effect
from ..desk.operations import touch
from ..desk.signing import free_to_decide, sign
from ..errors import Conflict, Refused, permit
from ..mail.operations import write_text
from ..mail.wording import worded
from ..operators.operations import hand_out_password
from ..regions import region
from ..rehearsing import rehearsal
from ..sign_in.linking import end_sent
from . import checks
from .activation import has_been_used, make_activation
from .models import REGISTERED, Registration, RegistrationCase
from .registering import decide, finish_registration, register, write_link, write_result
from .reviewing import REGISTRATIONS
from .states import State, advance

USED = "这个账号已经激活、已经领过初始密码，或还没有开通。忘记密码的，请管理员重置。"


@transaction.atomic
def approve_registration(pk: int, decided: Mapping[str, str], *, by, seen: int) -> tuple[Registration, str]:
    """Sign; with the last signature the employer is on file and its first administrator has an account (通过).

    In ten seconds, that is: until then `undo_approval` leaves no trace of an effect. Returns what the link holds, ""
    while it is not made: where the effect waits, or the region's route asks for somebody else's signature; what is not
    possible is refused then as well, by a rehearsal. `decided` are the raw answers of the region's form
    `registration_approval`; `seen` is the version on the page. Raises Refused with everything wrong in one message or
    who may not sign, Conflict when somebody was faster or has it in hand.
    """
    made, here = _seen(pk, seen, by)
    advance(made, "approve", by=by)
    free_to_decide([made], by, REGISTERED)
    kept = {one.id: str(decided.get(one.id, "")) for one in here.forms["registration_approval"].fields}
    with races_become_conflicts():
        is_last = bool(sign([made], by=by, note="", of=REGISTERED, decided=kept))
    if is_last and not settings.SHEBAO_UNDO_SECONDS:
        return made, finish_registration(made, by=by, decided=kept)
    _rehearse(made, kept, by)
    touch([made], REGISTERED)
    if is_last:
        wait_for_effect([made], by=by, kind=REGISTRATIONS)
    else:
        RegistrationCase.objects.filter(pk=pk).update(holder=None, claimed_at=None)  # somebody else signs next
        record("registration.signed", made, by=by)
    return made, ""


def _rehearse(made: Registration, decided: Mapping[str, str], by) -> None:
    """Refuse now what could not be registered later; leaves the registration as it is on file."""
    with rehearsal():
        register(made, decided, by=by)
    made.refresh_from_db()


@transaction.atomic
def return_registration(pk: int, marks: Mapping[str, str], note: str, *, by, seen: int) -> Registration:
    """Send a registration back with remarks beside the answers (退回补正). Raises Refused where nothing is said."""
    made, here = _seen(pk, seen, by)
    advance(made, "return", by=by)
    free_to_decide([made], by, REGISTERED)
    marks = _told(marks, note, here)
    made.before = made.answers | checks.papers_then(made)
    decide(made, "return", by=by, marks=marks, note=note)
    record("registration.returned", made, by=by, count=len(marks))
    _write(made, "退回补正", [note, *_lines(marks, here), "", _ask(made, "修改后重新提交")], by)
    return made


@transaction.atomic
def reject_registration(pk: int, note: str, *, by, seen: int) -> Registration:
    """Decline a registration for good, with the reason (不予办理)."""
    made, _ = _seen(pk, seen, by)
    advance(made, "reject", by=by)
    free_to_decide([made], by, REGISTERED)
    if not note:
        raise Refused("reason_missing", "请写明不予办理的原因，申请人会看到。", field="note")
    decide(made, "reject", by=by, note=note)
    record("registration.rejected", made, by=by)
    _write(made, "不予办理", [f"原因：{note}", "", _ask(made, "查看")], by)
    return made


def may_renew(made: Registration) -> bool:
    """Whether nobody has used the account yet; one that was reset at the counter gets its link there, not here."""
    if made.state != State.APPROVED or made.operator.has_usable_password():
        return False
    return not has_been_used(made.operator)


@transaction.atomic
def hand_out_first_password(pk: int, *, by) -> tuple[Registration, str]:
    """Give the new account a random first password, for a notice that is printed now (首次登录通知书).

    It is told this once, kept nowhere, and must be changed at the first sign-in; links to the account end, so that
    there is one way in. Raises Conflict once the account has a password.
    """
    permit(by, "review", "发放初始密码")
    made = Registration.objects.visible_to(by).select_for_update(of=("self",)).get(pk=pk)
    if not may_renew(made):
        raise Conflict("account_used", USED)
    operator, password = hand_out_password(made.operator.username, by=by)
    end_sent(operator)
    made.operator = operator
    return made, password


@transaction.atomic
def renew_activation(pk: int, *, by) -> tuple[Registration, str]:
    """Make a new activation link for an account that nobody has used yet; older ones stop working (重新发放链接)."""
    permit(by, "review", "发放激活链接")
    made = Registration.objects.visible_to(by).select_for_update(of=("self",)).get(pk=pk)
    if not may_renew(made):
        raise Conflict("account_used", USED)
    token, activation = make_activation(made.operator, by=by)
    write_link(made, token, activation, by)
    return made, token


def _seen(pk: int, version: int, by) -> tuple[Registration, Region]:
    made = Registration.objects.visible_to(by).select_for_update(of=("self",)).get(pk=pk)
    if made.version != version and made.state == State.SUBMITTED:
        raise Conflict("changed_meanwhile", "申请人刚修改并重新提交过，没有办理。请看过最新内容再办。")
    if REGISTRATIONS.own([made], by):
        raise Refused("own_registration", "在窗口录入这份申请的人不能自己审核，请交给其他审核人员。", status=403)
    return made, region(made.region)


def _told(marks: Mapping[str, str], note: str, here: Region) -> dict[str, str]:
    """The remarks that say something; each must have its reason."""
    known = labels(here)
    marks = {name: text.strip()[:200] for name, text in marks.items() if name in known}
    empty = [known[name] for name, text in marks.items() if not text]
    if empty:
        raise Refused("reason_missing", f"请写明“{'”“'.join(empty)}”退回的原因。", field="note")
    if not (marks or note):
        raise Refused("reason_missing", "请勾出要修改的项目并写明原因，或写总的意见。", field="note")
    return marks


def labels(here: Region) -> dict[str, str]:
    """What may be marked: every question and every paper, with its words."""
    found = {field.id: field.label for _, field in here.registration.fields(here.forms)}
    return found | {f"paper_{n}": paper.title for n, paper in enumerate(here.registration.papers)}


def _lines(marks: Mapping[str, str], here: Region) -> list[str]:
    known = labels(here)
    return [f"{known[name]}：{text}" for name, text in marks.items()]


def _ask(made: Registration, what: str) -> str:
    url = f"{settings.SHEBAO_BASE_URL}/register/status"
    return f"请打开 {url} ，凭申请号和专管员手机号{what}。"


def _write(made: Registration, result: str, lines: list[str], by) -> None:
    places = {"employer": made.answers["name"], "number": made.number, "result": result}
    subject, text = worded(made.region, "registration_result", **places, details="\n".join(filter(None, lines)))
    occasion = f"registration:{made.pk}:{made.version}"
    write_text(made.answers["clerk_email"], subject, [text], region=made.region, occasion=occasion, by=by)
    write_result(made, f"{result}，请凭申请号和手机号在网厅查看。", occasion, by)
