"""Somebody who works at an employer with accounts asks for one of their own (加入申请).

Nobody is signed in. The telephone is proved where short messages are sent, and only then does the employer's
administrator hear of it: until then the request is a draft that nobody sees and no record tells of.
"""

from collections.abc import Mapping
from datetime import timedelta

from django.db import IntegrityError, transaction

from shebao.rules.forms import Problem, clean
from shebao.rules.region import Region

from .. import clock
from ..audit.operations import record
from ..errors import Conflict, Refused
from ..operators.throttle import may_try
from ..sign_in.codes import Receiver, sends_messages, takes_messages
from . import checks
from .join_deciding import let_run_out
from .join_states import JoinState, advance_join
from .models import JoinRequest
from .operations import new_number, wizard_region
from .proving import send_proof, take_proof
from .queries import by_number

FORM, PURPOSE = "join_request", "join"
LASTS = timedelta(days=30)
"""How long a request waits for the administrator."""
MOST, DAY = 20, timedelta(days=1)
"""How many requests one employer gets in a day: its administrator has other things to do."""
NO_ACCOUNT = "这个单位在网厅还没有账号，不能加入；请核对，或者办理单位注册"
UNPROVED = "手机号还没有用短信验证码验证，验证后才能提交。"
ONE_OPEN = "这个手机号在这个单位已有一份待处理的加入申请，不用再申请；凭那一份的申请号和手机号可以查询进度。"


@transaction.atomic
def start_join(
    code: str, raw: Mapping[str, str], *, instead_of: int | None
) -> tuple[JoinRequest | None, list[Problem]]:
    """Begin a request with what was typed (申请加入); nothing is kept while anything is wrong.

    `instead_of`: the draft of the same applicant that this one replaces.
    """
    here = wizard_region(code)
    answers, problems = judged_join(here, raw)
    if problems:
        return None, problems
    JoinRequest.objects.filter(pk=instead_of, state=JoinState.DRAFT).delete()
    made = JoinRequest.objects.create(
        employer=checks.on_file(code, answers["credit_code"]), number=new_number(), answers=answers,
        phone_digest=checks.phone_digest(answers["phone"]), started_at=clock.now(),
    )  # fmt: skip
    return made, []


def judged_join(here: Region, raw: Mapping[str, str]) -> tuple[dict[str, str], list[Problem]]:
    """The answers as they are kept, and all that is wrong with them."""
    cleaned = clean(here.forms[FORM], raw, here)
    answers = {field.id: str(cleaned.values.get(field.id, "")) for field in here.forms[FORM].fields}
    # A sentence keeps its own commas: spelling is tidied for what is compared.
    answers["reason"] = " ".join(raw.get("reason", "").split()) if answers["reason"] else ""
    problems = list(cleaned.problems)
    owner = checks.stands_for(here, answers["credit_code"]) if answers["credit_code"] else None
    if answers["credit_code"] and not owner:
        problems.append(Problem("no_account", "credit_code", "error", NO_ACCOUNT))
    elif owner and not owner.may("manage_operators"):
        text = f"这个单位的账号里没有单位管理员，没有人能处理申请；请带介绍信到{here.term('agency')}办理"
        problems.append(Problem("no_administrator", "credit_code", "error", text))
    return answers, problems


def is_unproved(made: JoinRequest) -> bool:
    """Whether the telephone is still to be proved before the request is submitted."""
    return sends_messages() and not made.is_proved


def may_prove(made: JoinRequest) -> bool:
    """Whether a code can go to the telephone, be it for trying."""
    return takes_messages() and not made.is_proved


def _receiver(made: JoinRequest) -> Receiver:
    bound_to = f"join:{made.pk}:{made.phone_digest}"
    return Receiver({"join_request": made}, f"join {made.pk}", bound_to, made.employer.region)


@transaction.atomic
def send_join_code(pk: int) -> None:
    """Send six digits to the applicant's telephone (获取验证码). Raises Refused when there is no way, or too often."""
    made = _draft(pk)
    send_proof(_receiver(made), PURPOSE, made.answers["phone"], made.phone_digest, is_wanted=may_prove(made))


def prove_and_submit(pk: int, code: str) -> JoinRequest:
    """Prove the telephone with the code that went to it, and submit (验证并提交). A wrong code counts as a try."""
    made = JoinRequest.objects.select_related("employer").get(pk=pk)
    take_proof(_receiver(made), PURPOSE, code)
    # Proved stays proved where the request itself is refused: the code is spent.
    JoinRequest.objects.filter(pk=pk, state=JoinState.DRAFT).update(proved_digest=made.phone_digest)
    return submit_join(pk)


@transaction.atomic
def submit_join(pk: int) -> JoinRequest:
    """Bring the request before the employer's administrators (提交申请).

    Raises Refused while the telephone is not proved or the employer has had too many today, Conflict where it has one
    of this telephone already.
    """
    made = JoinRequest.objects.select_related("employer").select_for_update(of=("self",)).get(pk=pk)
    advance_join(made, "submit", by=None)
    if is_unproved(made):
        raise Refused("phone_unproved", UNPROVED, field="code")
    if not may_try("join-employer", str(made.employer_id), limit=MOST, within=DAY):
        raise Refused("too_many", "这个单位今天收到的加入申请过多，请明天再试，或直接联系本单位管理员。", status=429)
    let_run_out(JoinRequest.objects.filter(employer=made.employer_id, phone_digest=made.phone_digest))
    made.submitted_at = clock.now()
    made.until = made.submitted_at + LASTS
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError as error:
        raise Conflict("join_is_open", ONE_OPEN) from error
    record("join.submitted", made, by=None)
    return made


@transaction.atomic
def withdraw_join(pk: int) -> JoinRequest:
    """Take one's own request back while nobody has decided (撤回申请)."""
    made = JoinRequest.objects.select_for_update(of=("self",)).get(pk=pk)
    advance_join(made, "withdraw", by=None)
    made.ended_at = clock.now()
    made.save()
    record("join.withdrawn", made, by=None)
    return made


def own_join(pk: int | None) -> JoinRequest | None:
    """The request that a browser holds; None when it is gone."""
    return JoinRequest.objects.select_related("employer", "operator").filter(pk=pk).first() if pk else None


def find_join(number: str, phone: str) -> JoinRequest | None:
    """The submitted request with this number and telephone: both, or nothing is said."""
    rows = JoinRequest.objects.select_related("employer", "operator").exclude(state=JoinState.DRAFT)
    return rows.filter(by_number(number, phone)).first()


def _draft(pk: int) -> JoinRequest:
    made = JoinRequest.objects.select_related("employer").select_for_update(of=("self",)).get(pk=pk)
    if made.state != JoinState.DRAFT:
        raise Conflict("wrong_state", f"这份加入申请现在是“{made.state_label}”，不能再修改。")
    return made
