"""What the approval of a registration brings about: an employer on file, its first account, the link to it."""

import re
from collections.abc import Mapping

from django.conf import settings

from shebao.rules.forms import clean
from shebao.rules.months import Month
from shebao.rules.region import Region

from .. import clock
from ..audit.operations import record
from ..declarations.pipe import races_become_conflicts
from ..employers.models import Employer
from ..employers.operations import register_employer
from ..errors import Conflict, Refused
from ..mail.old_contacts import reached_at, tell_old_contacts
from ..mail.operations import write_message, write_text
from ..mail.wording import worded
from ..operators.models import Operator, Role
from ..operators.operations import open_account
from ..regions import region
from ..sign_in.contacts import keep_contact
from . import checks
from .activation import make_activation
from .models import NAME, Registration, RegistrationEvent
from .states import MOVES
from .telling import link_told

LONGEST_NUMBER = 30
TAKEN_OVER = (
    *("name", "credit_code", "legal_representative", "economic_kind", "address", "mailing_address", "postcode"),
    *("bank_name", "bank_account", "taxpayer_number", "agency_division"),
)
"""Answers that go on file as they are."""
ENTERPRISE = "10"
"""The kind of employer where the region's wizard asks for none."""


def finish_registration(made: Registration, *, by, decided: Mapping[str, str] | None = None) -> str:
    """Let an approval take effect (生效); returns what the activation link holds.

    `decided` are the raw answers of the region's form; without them those of the last signature are meant. The caller's
    transaction holds the registration, and moved it on.
    """
    if decided is None:
        decided = made.signatures.filter(version=made.version, withdrawn_at=None).latest("at", "pk").decided
    with races_become_conflicts():
        token = register(made, decided, by=by)
        decide(made, "approve", by=by)
    record("registration.approved", made, by=by, employer=made.employer, number=made.employer.employer_number)
    return token


def decide(made: Registration, move: str, *, by, marks: Mapping[str, str] | None = None, note: str = "") -> None:
    """Write down who decided what, when, and why; the next version is another one."""
    made.marks, made.note = dict(marks or {}), note[:300]
    made.decided_by, made.decided_at = by, clock.now()
    made.version += 1
    made.save()
    note_step(made, move, by=by, at=made.decided_at)


def note_step(made: Registration, move: str, *, by, at) -> None:
    """Keep one step of a registration, with what was said then: the next answer overwrites it."""
    said = {"marks": made.marks, "note": made.note} if MOVES[move].permission else {}
    RegistrationEvent.objects.create(registration=made, move=move, by=by, at=at, name=made.subject_name[:NAME], **said)


def register(made: Registration, decided: Mapping[str, str], *, by) -> str:
    """Put the employer on file unless it is, and open its account; returns what the activation link holds.

    Of an employer on file nobody opens an account for themselves: without a reviewer's signature it raises Conflict.
    """
    here = region(made.region)
    columns = _columns(made, decided, here)
    _must_be_free(made, columns["employer_number"])
    employer = checks.on_file(made.region, made.answers["credit_code"])
    if employer is None:
        employer = register_employer(made.region, columns | {"areas": made.areas or None}, by=by)
        reached: tuple[set[str], set[str]] = (set(), set())
    else:
        if not made.signatures.filter(version=made.version, withdrawn_at=None).exists():
            raise Conflict("on_file_meanwhile", "这个单位刚刚登记在册，没有注册。请再提交一次，由经办机构审核。")
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
    write_link(made, token, activation, by)
    return token


def _must_be_free(made: Registration, number: str) -> None:
    """A number that was signed for another registration is as good as given."""
    others = checks.signed_numbers(made.region, besides=made.pk)
    if number in others:
        text = f"单位编号 {number} 在另一份注册申请（{others[number]}）上已经签用，请换一个。"
        raise Refused("number_signed", text, field="employer_number")


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
        "employer_kind": answers.get("employer_kind") or ENTERPRISE,
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


def write_link(made: Registration, token: str, activation, by) -> None:
    """Send the clerk the link, where the hall sends mail, and word of it by short message."""
    employer = made.employer
    places = {"employer": employer.name, "number": made.number, "employer_number": employer.employer_number}
    subject, text = worded(made.region, "registration_link", **places, account=made.operator.username)
    occasion = f"registration:{made.pk}:link:{activation.pk}"
    link = activation_link(token)
    write_text(made.answers["clerk_email"], subject, [text], region=made.region, occasion=occasion, by=by, secret=link)
    write_result(made, f"审核通过，账号 {made.operator.username}，{link_told('经办机构')}。", occasion, by)


def write_result(made: Registration, result: str, occasion: str, by) -> None:
    """The result by short message to the clerk; it names no person, and holds no link."""
    _, text = worded(made.region, "registration_sms", number=made.number, result=result)
    write_message(made.answers["clerk_phone"], text, region=made.region, occasion=f"{occasion}:sms", by=by)


def activation_link(token: str) -> str:
    """The address that sets the first password."""
    return f"{settings.SHEBAO_BASE_URL}/activate/{token}"
