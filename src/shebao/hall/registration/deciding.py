"""What the agency decides about a registration: approve, return, reject; and what approval brings about.

An approval takes effect at once and is not taken back (decision 0020); a signature that waits for another one is.
"""

import re
from collections.abc import Mapping

from django.conf import settings
from django.db import transaction

from shebao.rules.forms import clean
from shebao.rules.months import Month
from shebao.rules.region import Region

from .. import clock
from ..audit.operations import record
from ..declarations.pipe import races_become_conflicts
from ..desk.operations import touch
from ..desk.signing import free_to_decide, sign
from ..employers.models import Employer
from ..employers.operations import register_employer
from ..errors import Conflict, Refused, permit
from ..mail.old_contacts import reached_at, tell_old_contacts
from ..mail.operations import write_message, write_text
from ..mail.wording import worded
from ..operators.models import Operator, Role
from ..operators.operations import open_account
from ..regions import region
from ..sign_in.contacts import keep_contact
from . import checks
from .activation import make_activation
from .models import REGISTERED, Registration, RegistrationCase
from .states import State, advance

LONGEST_NUMBER = 30
TAKEN_OVER = (
    *("name", "credit_code", "legal_representative", "address", "postcode", "bank_name", "bank_account"),
    *("taxpayer_number", "agency_division"),
)
"""Answers that go on file as they are."""


class _Rehearsed(Exception):
    """The rehearsal went well; whatever it did is rolled back."""


@transaction.atomic
def approve_registration(pk: int, decided: Mapping[str, str], *, by, seen: int) -> tuple[Registration, str]:
    """Sign; with the last signature the employer is on file and its first administrator has an account (通过).

    Returns what the link holds, "" while the region's route asks for somebody else's signature; until then nothing is
    on file, though it was rehearsed. `decided` are the raw answers of the region's form `registration_approval`; `seen`
    is the version on the page. Raises Refused with everything wrong in one message or who may not sign, Conflict when
    somebody was faster or has it in hand.
    """
    made, here = _seen(pk, seen, by)
    advance(made, "approve", by=by)
    free_to_decide([made], by, REGISTERED)
    kept = {one.id: str(decided.get(one.id, "")) for one in here.forms["registration_approval"].fields}
    with races_become_conflicts():
        is_last = bool(sign([made], by=by, note="", of=REGISTERED, decided=kept))
    if not is_last:
        _rehearse(made, decided, by)
        touch([made], REGISTERED)
        RegistrationCase.objects.filter(pk=pk).update(holder=None, claimed_at=None)  # somebody else signs next
        record("registration.signed", made, by=by)
        return made, ""
    token = register(made, decided, by=by)
    _decide(made, by, marks={}, note="")
    record("registration.approved", made, by=by, employer=made.employer, number=made.employer.employer_number)
    return made, token


def _rehearse(made: Registration, decided: Mapping[str, str], by) -> None:
    """Refuse now what could not be registered later; leaves the registration as it is on file."""
    try:
        with transaction.atomic():
            register(made, decided, by=by)
            raise _Rehearsed
    except _Rehearsed:
        made.refresh_from_db()


@transaction.atomic
def return_registration(pk: int, marks: Mapping[str, str], note: str, *, by, seen: int) -> Registration:
    """Send a registration back with remarks beside the answers (退回补正). Raises Refused where nothing is said."""
    made, here = _seen(pk, seen, by)
    advance(made, "return", by=by)
    free_to_decide([made], by, REGISTERED)
    marks = _told(marks, note, here)
    made.before = made.answers | checks.papers_then(made)
    _decide(made, by, marks=marks, note=note)
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
    _decide(made, by, marks={}, note=note[:300])
    record("registration.rejected", made, by=by)
    _write(made, "不予办理", [f"原因：{note}", "", _ask(made, "查看")], by)
    return made


@transaction.atomic
def renew_activation(pk: int, *, by) -> tuple[Registration, str]:
    """Make a new activation link for an account that nobody has used yet; older ones stop working (重新发放链接)."""
    permit(by, "review", "发放激活链接")
    made = Registration.objects.visible_to(by).select_for_update(of=("self",)).get(pk=pk)
    if made.state != State.APPROVED or made.operator.has_usable_password():
        raise Conflict("account_used", "这个账号已经激活，或还没有开通。忘记密码的，请管理员重置。")
    token, activation = make_activation(made.operator, by=by)
    _write_link(made, token, activation, by)
    return made, token


def register(made: Registration, decided: Mapping[str, str], *, by) -> str:
    """Put the employer on file unless it is, and open its account; returns what the activation link holds."""
    here = region(made.region)
    columns = _columns(made, decided, here)
    employer = checks.on_file(made.region, made.answers["credit_code"])
    if employer is None:
        employer = register_employer(made.region, columns | {"areas": made.areas or None}, by=by)
        reached: tuple[set[str], set[str]] = (set(), set())
    else:
        _must_fit(employer, columns["employer_number"])
        reached = reached_at(employer)
    made.employer = employer
    made.operator = open_account(employer, _username(made), made.answers["clerk_name"], Role.EMPLOYER_ADMIN, by=by)
    keep_contact(made.operator, made.answers["clerk_phone"], made.answers["clerk_email"])
    made.decided_at = clock.now()
    if reached != (set(), set()):
        said = f"开通了网厅账号 {made.operator.username}"
        tell_old_contacts(employer, reached, said, occasion=f"registration{made.pk}", by=by)
    token, activation = make_activation(made.operator, by=by)
    _write_link(made, token, activation, by)
    return token


def _must_fit(employer: Employer, number: str) -> None:
    """Of an employer on file only an account is opened, if it has none and the number is its own."""
    if employer.operators.filter(is_active=True).exists():
        raise Conflict("already_registered", "这个单位已有账号，不能再次注册；请不予办理并告知联系本单位管理员。")
    if employer.employer_number != number:
        text = f"这个信用代码登记的单位编号是 {employer.employer_number}，请核对。"
        raise Refused("number_differs", text, field="employer_number")


def _columns(made: Registration, decided: Mapping[str, str], here: Region) -> dict:
    answers = made.answers
    found = clean(here.forms["registration_approval"], decided, here)
    said = [problem.message for problem in found.problems]
    number = str(found.values.get("employer_number", ""))
    if number and not re.fullmatch(rf"[0-9A-Za-z-]{{1,{LONGEST_NUMBER}}}", number):
        said.append(f"单位编号应为 1 至 {LONGEST_NUMBER} 位数字、字母或横线")
    if said:
        field = found.problems[0].field if found.problems else "employer_number"
        raise Refused("decision_incomplete", f"{'；'.join(said)}。", field=field)
    return {name: answers.get(name, "") for name in TAKEN_OVER} | {
        "employer_number": number,
        "first_month": Month.parse(found.values["first_month"]),
        "industry_class": found.values["industry_class"],
        "float_grade": found.values["float_grade"],
        "contact_name": answers["clerk_name"],
        "phone": answers.get("phone") or answers["clerk_phone"],
    }


def _username(made: Registration) -> str:
    """The credit code, which the employer knows; in a second region of this installation, with the region behind it."""
    code = made.answers["credit_code"]
    return f"{code}-{made.region}" if Operator.objects.filter(username=code).exists() else code


def _seen(pk: int, version: int, by) -> tuple[Registration, Region]:
    made = Registration.objects.visible_to(by).select_for_update(of=("self",)).get(pk=pk)
    if made.version != version and made.state == State.SUBMITTED:
        raise Conflict("changed_meanwhile", "申请人刚修改并重新提交过，没有办理。请看过最新内容再办。")
    return made, region(made.region)


def _decide(made: Registration, by, *, marks: Mapping[str, str], note: str) -> None:
    made.marks, made.note = dict(marks), note[:300]
    made.decided_by, made.decided_at = by, clock.now()
    made.version += 1
    made.save()


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
    write_text(made.answers["clerk_email"], subject, [text], occasion=occasion, by=by)
    _message(made, f"{result}，请凭申请号和手机号在网厅查看。", occasion, by)


def _write_link(made: Registration, token: str, activation, by) -> None:
    employer = made.employer
    places = {"employer": employer.name, "number": made.number, "employer_number": employer.employer_number}
    subject, text = worded(made.region, "registration_link", **places, account=made.operator.username)
    occasion = f"registration:{made.pk}:link:{activation.pk}"
    link = activation_link(token)
    write_text(made.answers["clerk_email"], subject, [text], occasion=occasion, by=by, secret=link)
    _message(
        made, f"审核通过，账号 {made.operator.username}，请按邮件中的链接或向经办机构索取链接设置密码。", occasion, by
    )


def _message(made: Registration, result: str, occasion: str, by) -> None:
    """The result by short message to the clerk; it names no person, and holds no link."""
    _, text = worded(made.region, "registration_sms", number=made.number, result=result)
    write_message(made.answers["clerk_phone"], text, occasion=f"{occasion}:sms", by=by)


def activation_link(token: str) -> str:
    """The address that sets the first password."""
    return f"{settings.SHEBAO_BASE_URL}/activate/{token}"
