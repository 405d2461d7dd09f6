"""Batch debits (银行代扣): the file out, the return back, and what of it did not fit."""

import json
import secrets
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from shebao.bank.client import BankClient, BankRefused, BankUnreachable
from shebao.rules.debit_files import BackLine, DebitFormat, as_plain, from_plain, line_problems, read_back, write_file
from shebao.rules.money import yuan

from ..audit.operations import record
from ..clock import now, today
from ..crypto import seal, unseal
from ..errors import Conflict, Refused, permit
from ..regions import region
from .channels import bank_secret
from .models import UNDECIDED, WITHDRAWN, DebitFile, DebitState, Payment, PaymentState
from .operations import receive_line
from .suspense import suspend

MOST = 10_000
"""Lines of one file; what is left waits for the next."""
LARGEST = 20_000_000
"""Bytes of a return file."""
EXPIRED = "没有赶上报送，金额已经变化，请重新发起"


@dataclass(frozen=True)
class Item:
    """An attempt that waits for a file, and why it cannot go into one."""

    payment: Payment
    problems: tuple[str, ...]


def debit_form(code: str) -> DebitFormat:
    """How the region's files look. Raises Refused where it has none."""
    form = region(code).collection.debit_file
    if form is None:
        raise Refused("no_debit_files", "本地没有银行代扣。", status=404)
    return form


def _waiting(code: str) -> QuerySet[Payment]:
    keys = [way.key for way in region(code).collection.ways.values() if way.kind == "file"]
    rows = Payment.objects.filter(employer__region=code, channel__in=keys, state=PaymentState.SENT, debit_file=None)
    return rows.exclude(reason_code=WITHDRAWN).select_related("employer", "bill").order_by("pk")


def waiting_items(actor) -> list[Item]:
    """What waits for the next file of the actor's agency, and which names the encoding lacks, before sending."""
    form = debit_form(actor.region)
    return [Item(one, tuple(line_problems(form, row_of(one)))) for one in _waiting(actor.region)[:MOST]]


def problems_of(payment: Payment) -> list[str]:
    """Why an attempt that waits for a file cannot go into it."""
    form = region(payment.employer.region).collection.debit_file
    return line_problems(form, row_of(payment)) if form and payment.debit_file_id is None else []


def row_of(payment: Payment) -> dict[str, str]:
    """What a line says of an attempt."""
    return {
        "order": payment.number,
        "account": payment.employer.bank_account,
        "payer": payment.employer.name,
        "amount": str(payment.amount_fen),
        "bill": payment.bill.number,
        "note": f"{payment.bill.month}社会保险费",
    }


def make_debit_file(*, by) -> DebitFile:
    """Put everything that waits, and can be written, into a file; nothing is in two files.

    What missed its day is closed first. Raises Refused with every name that cannot be written, when nothing else waits.
    """
    permit(by, "reconcile", "对账")
    form = debit_form(by.region)
    _close_late(by)
    return _make(form, by)


@transaction.atomic
def _close_late(by) -> None:
    """An order is for an amount: past its day there may be a late fee, and it is another one."""
    for payment in _waiting(by.region).filter(valid_until__lt=now()).select_for_update(of=("self",)):
        _expire(payment, by)


@transaction.atomic
def _make(form: DebitFormat, by) -> DebitFile:
    rows, told = [], []
    for payment in _waiting(by.region).select_for_update(of=("self",))[:MOST]:
        if problems := line_problems(form, row_of(payment)):
            told.append(f"{payment.employer.name}：{'；'.join(problems)}")
        else:
            rows.append(payment)
    if not rows:
        raise Refused("nothing_waits", "\n".join(["没有可以报送的代扣。", *told]))
    number = f"DK{today():%Y%m%d}{secrets.randbelow(10**8):08d}"
    made = DebitFile.objects.create(
        region=by.region,
        number=number,
        form=as_plain(form),
        count=len(rows),
        total_fen=sum(one.amount_fen for one in rows),
        content=seal(write_file(form, number, [row_of(one) for one in rows])),
        made_by=by,
        made_at=now(),
    )
    Payment.objects.filter(pk__in=[one.pk for one in rows]).update(debit_file=made)
    record("debit_file.made", made, by=by, number=number, count=made.count, total_fen=made.total_fen)
    return made


def _expire(payment: Payment, by) -> None:
    payment.state, payment.finished_at = PaymentState.REFUSED, now()
    payment.reason_code, payment.reason = "expired", EXPIRED
    payment.save()
    record("payment.refused", payment, by=by, employer=payment.employer, reason_code="expired")


def content_of(file: DebitFile) -> bytes:
    """The file as it goes to the bank."""
    return unseal(bytes(file.content))


def send_debit_file(file_id: int, *, by) -> DebitFile:
    """Send a file to the bank (报送银行); again is the same file. Raises Refused when the bank is silent."""
    permit(by, "reconcile", "对账")
    file = DebitFile.objects.visible_to(by).get(pk=file_id)
    body = {"name": file.number, "form": file.form, "content": b64encode(content_of(file)).decode()}
    body["payee"] = region(file.region).collector
    try:
        _bank().send_file(json.dumps(body, ensure_ascii=False).encode())
    except BankUnreachable:
        text = "银行没有应答，不知道是否收到。请稍后再报送一次，同一个文件不会扣两次。"
        raise Refused("bank_unreachable", text, status=503) from None
    except BankRefused as no:
        raise Refused("bank_refused", f"银行没有接受这个文件：{no}") from None
    return note_sent(file_id, by=by)


@transaction.atomic
def note_sent(file_id: int, *, by) -> DebitFile:
    """Note that a file is with the bank, sent from here or handed over by hand (已送交银行)."""
    permit(by, "reconcile", "对账")
    file = DebitFile.objects.visible_to(by).select_for_update(of=("self",)).get(pk=file_id)
    if file.state == DebitState.MADE:
        file.state, file.sent_at = DebitState.SENT, now()
        file.save(update_fields=["state", "sent_at"])
        record("debit_file.sent", file, by=by, number=file.number, count=file.count)
    return file


def fetch_return(file_id: int, *, by) -> DebitFile:
    """Fetch the return of a file from the bank and take it. Raises Refused while there is none."""
    permit(by, "reconcile", "对账")
    file = DebitFile.objects.visible_to(by).get(pk=file_id)
    try:
        content = _bank().fetch_file(file.number)
    except BankUnreachable:
        raise Refused("bank_unreachable", "银行没有应答，请稍后再取回盘。", status=503) from None
    except BankRefused as no:
        raise Refused("bank_refused", f"银行没有给回盘：{no}") from None
    if content is None:
        raise Refused("no_return_yet", "银行还没有处理完这个文件，请稍后再取。")
    return take_return(file_id, content, by=by)


def take_return(file_id: int, content: bytes, *, by) -> DebitFile:
    """Read a return file and take down what it says of each line (回盘). Again is the same as once.

    A file that cannot be read whole is not taken: raises Refused with every problem. Amounts or orders that do not fit
    go to suspense; a line that is missing leaves its attempt unknown, until another return or the statement tells.
    """
    permit(by, "reconcile", "对账")
    file = DebitFile.objects.visible_to(by).get(pk=file_id)
    if file.state == DebitState.MADE:
        raise Conflict("not_sent", f"文件 {file.number} 还没有报送银行，不会有回盘。")
    if len(content) > LARGEST:
        raise Refused("file_too_large", "回盘文件超过 20 MB，请核对是不是选错了文件。")
    back = read_back(from_plain(file.form), file.number, content)
    if back.problems:
        raise Refused("return_unreadable", "\n".join(["回盘有问题，没有入账：", *back.problems]))
    ours = {one.number: one for one in file.payments.select_related("employer")}
    differences = [text for line in back.lines if (text := _take(file, ours.get(line.order), line))]
    told = {line.order for line in back.lines}
    differences += [text for number in ours if number not in told and (text := _missing(file, number))]
    return _keep_return(file_id, content, differences, by)


def _take(file: DebitFile, payment: Payment | None, line: BackLine) -> str:
    """Take down one line; what did not fit, in a sentence, or ""."""
    name = f"第 {line.number} 行 {line.order}，{yuan(line.amount_fen)} 元"
    message = _message(file, line)
    if payment is None:
        if line.says != "succeeded":
            return f"{name}：不是本文件的缴费，银行没有扣款，没有处理。"
        with transaction.atomic():
            suspend(message, f"代扣回盘 {file.number} 里有这笔款，文件里没有报送过。")
        return f"{name}：不是本文件的缴费，已列入待查款。"
    outcome = receive_line(message)
    if outcome == "parked":
        return f"{name}：与报送的 {yuan(payment.amount_fen)} 元或账上的记录不符，已到账的列入待查款。"
    return f"{name}：银行不知道结果，等对账。" if outcome == "unknown" else ""


def _missing(file: DebitFile, number: str) -> str:
    payment = Payment.objects.select_related("employer").get(number=number)
    if payment.state not in UNDECIDED:
        return ""
    identity = sha256(f"missing:{file.number}:{number}".encode()).hexdigest()[:30]
    reason = "回盘里没有这一笔，结果待查。"
    message = {"message_id": f"DM{identity}", "order_id": number, "amount_fen": payment.amount_fen, "reason": reason}
    receive_line(message | {"state": "unknown", "reason_code": "missing"})
    return f"{number}，{yuan(payment.amount_fen)} 元：回盘里没有这一笔，等银行补回或对账。"


def _message(file: DebitFile, line: BackLine) -> Mapping:
    said = f"{file.number}:{line.order}:{line.amount_fen}:{line.says}:{line.serial}:{line.paid_at}"
    message = {
        "message_id": f"DF{sha256(said.encode()).hexdigest()[:30]}",
        "order_id": line.order,
        "state": line.says,
        "amount_fen": line.amount_fen,
        "bank_serial": line.serial,
        "paid_at": line.paid_at,
        "reason_code": "file" if line.says != "succeeded" else "",
        "reason": line.reason,
    }
    return message | ({"payer": line.payer} if line.payer else {})


@transaction.atomic
def _keep_return(file_id: int, content: bytes, differences: list[str], by) -> DebitFile:
    file = DebitFile.objects.select_for_update().get(pk=file_id)
    is_same = file.answer is not None and unseal(bytes(file.answer)) == content
    if is_same and file.differences == differences:
        return file
    file.state, file.answered_at, file.answer = DebitState.ANSWERED, now(), seal(content)
    file.differences = differences
    file.save(update_fields=["state", "answered_at", "answer", "differences"])
    record("debit_file.answered", file, by=by, number=file.number, findings=len(differences))
    return file


def outcomes(file: DebitFile) -> Iterator[tuple[str, int]]:
    """How many attempts of a file stand how."""
    counts: dict[str, int] = {}
    for state in file.payments.values_list("state", flat=True):
        counts[state] = counts.get(state, 0) + 1
    for state in PaymentState:
        if state in counts:
            yield state.label, counts[state]


def _bank() -> BankClient:
    if not settings.SHEBAO_BANK_URL:
        raise Refused("no_bank", "还没有接通银行，请下载文件送交银行，回盘后在这里上传。", status=503)
    return BankClient(settings.SHEBAO_BANK_URL, bank_secret())
