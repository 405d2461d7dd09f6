"""银行代扣 with the bank itself: files out and back; one effect for a line, whatever the bank does with the file."""

import pytest

from shebao.bank.files import OUTCOMES
from shebao.hall import clock
from shebao.hall.employers.models import Employer
from shebao.hall.errors import Conflict, Refused
from shebao.hall.operators.models import Operator
from shebao.hall.payments import debits
from shebao.hall.payments.closing import close_payment
from shebao.hall.payments.models import DebitFile, Payment, PaymentState, SuspenseItem
from shebao.hall.payments.operations import ask_bank, start_payment
from shebao.hall.payments.reconciling import reconcile_day
from shebao.hall.regions import region
from shebao.hall.settlement.ledger import balance, check_ledger
from shebao.hall.settlement.models import LedgerTransaction

from ..bank.conftest import SECRET, bank  # noqa: F401 - a fixture
from ..settlement.hall import hire, make_clerk, make_employer, on_day, settle, unguarded_writing

pytestmark = pytest.mark.django_db
CODE = "shenzhen"


@pytest.fixture
def hall(bank, settings):  # noqa: F811
    """Two employers with an account and a bill each, and the agency's treasurer."""
    settings.SHEBAO_BANK_URL = f"http://127.0.0.1:{bank.server_address[1]}"
    settings.SHEBAO_BANK_SECRET = SECRET.decode()
    made = []
    for number in ("440001", "440002"):
        employer = make_employer(CODE, number)
        employer.bank_account = f"62220000{number}"
        employer.save()
        hire(employer, [900_000])
        clerk = make_clerk(employer)
        made.append((clerk, settle(employer, clerk)))
    return made, Operator.objects.create(username="t", name="会计", role="agency_admin", region=CODE)


def start(hall) -> list[Payment]:
    return [start_payment(bill.pk, by=clerk, channel="debit") for clerk, bill in hall[0]]


def sent(hall, bank, outcome="success") -> DebitFile:  # noqa: F811
    bank.bank.book.choose("files", outcome)
    start(hall)
    file = debits.make_debit_file(by=hall[1])
    return debits.send_debit_file(file.pk, by=hall[1])


def states() -> list[str]:
    return list(Payment.objects.order_by("pk").values_list("state", flat=True))


def paid(hall) -> list[bool]:
    return [balance(bill) == (bill.total_due, bill.total_due) for _, bill in hall[0]]


def test_bills_go_out_in_a_file_come_back_and_are_paid_once(hall, bank):  # noqa: F811
    file = sent(hall, bank)
    assert (file.count, file.total_fen) == (2, sum(bill.total_due for _, bill in hall[0]))
    assert "测试单位440001".encode("gbk") in debits.content_of(file) and b"440001" not in bytes(file.content)
    done = debits.fetch_return(file.pk, by=hall[1])
    assert (states(), paid(hall), done.differences) == (["succeeded"] * 2, [True, True], [])
    order = bank.bank.book.find(Payment.objects.first().number)
    assert order["payee"] == region(CODE).collector == "深圳市社会保险基金管理局"
    again = debits.fetch_return(file.pk, by=hall[1])
    assert again.answered_at == done.answered_at
    assert LedgerTransaction.objects.filter(kind="paid").count() == 2
    assert reconcile_day(clock.today(), by=None, region=CODE).differences == []
    assert list(check_ledger()) == []


def test_a_second_press_is_the_same_attempt_and_nothing_is_in_two_files(hall, bank):  # noqa: F811
    first = start(hall)
    assert [one.pk for one in start(hall)] == [one.pk for one in first]
    assert first[0].state == PaymentState.SENT
    debits.make_debit_file(by=hall[1])
    with pytest.raises(Refused, match="没有可以报送的代扣"):
        debits.make_debit_file(by=hall[1])
    assert Payment.objects.count() == 2


def test_sending_a_file_twice_debits_once(hall, bank):  # noqa: F811
    file = sent(hall, bank)
    debits.send_debit_file(file.pk, by=hall[1])
    debits.fetch_return(file.pk, by=hall[1])
    assert len(bank.bank.book.paid_on(clock.now().astimezone().date().isoformat())) == 2 and paid(hall) == [True, True]


def test_a_refusing_bank_leaves_the_bills_open_with_its_reason(hall, bank):  # noqa: F811
    debits.fetch_return(sent(hall, bank, "refuse").pk, by=hall[1])
    assert (states(), paid(hall)) == (["refused"] * 2, [False, False])
    assert "账户余额不足" in Payment.objects.first().reason
    assert [one.state for one in start(hall)] == ["sent", "sent"], "they may try again"


def test_a_stalling_bank_is_asked_again_and_nobody_may_pay_twice_meanwhile(hall, bank):  # noqa: F811
    file = sent(hall, bank, "stall")
    with pytest.raises(Refused, match="还没有处理完"):
        debits.fetch_return(file.pk, by=hall[1])
    clerk, bill = hall[0][0]
    assert start_payment(bill.pk, by=clerk, channel="bank").number == bill.payments.get().number
    assert ask_bank(bill.payments.get().pk, by=clerk).state == PaymentState.SENT
    bank.bank.book.choose("files", "success")
    debits.fetch_return(file.pk, by=hall[1])
    assert paid(hall) == [True, True]


@pytest.mark.parametrize("outcome", ["repeat", "repeat_all"])
def test_lines_that_are_repeated_count_once(hall, bank, outcome):  # noqa: F811
    done = debits.fetch_return(sent(hall, bank, outcome).pk, by=hall[1])
    assert (done.differences, paid(hall)) == ([], [True, True])
    assert LedgerTransaction.objects.filter(kind="paid").count() == 2


def test_a_lied_amount_waits_in_suspense_until_the_statement_puts_it_right(hall, bank):  # noqa: F811
    done = debits.fetch_return(sent(hall, bank, "lie_amount").pk, by=hall[1])
    assert len(done.differences) == 1 and "不符" in done.differences[0]
    assert (states(), paid(hall)) == (["unknown", "succeeded"], [False, True])
    assert SuspenseItem.objects.get().amount_fen == hall[0][0][1].total_due - 100
    assert debits.fetch_return(file_of(done), by=hall[1]).differences == done.differences
    assert SuspenseItem.objects.count() == 1
    (told,) = reconcile_day(clock.today(), by=None, region=CODE).differences
    assert "补记到账" in told and "已按对账单更正" in told
    assert (states(), paid(hall)) == (["succeeded", "succeeded"], [True, True])
    assert debits.fetch_return(file_of(done), by=hall[1]).differences == done.differences
    assert list(check_ledger()) == []


def file_of(file: DebitFile) -> int:
    return file.pk


@pytest.mark.parametrize(("outcome", "unknown"), [("lose", 1), ("unknown", 2)])
def test_what_a_return_does_not_know_stays_unknown_until_the_statement_tells(hall, bank, outcome, unknown):  # noqa: F811
    done = debits.fetch_return(sent(hall, bank, outcome).pk, by=hall[1])
    assert len(done.differences) == unknown and states().count("unknown") == unknown
    for clerk, bill in hall[0]:
        if bill.payments.get().state == "unknown":
            with pytest.raises(Refused, match="回盘"):
                close_payment(bill.payments.select_related("bill", "employer").get(), by=clerk)
    made = reconcile_day(clock.today(), by=None, region=CODE)
    assert len(made.differences) == unknown and "补记到账" in made.differences[0]
    assert paid(hall) == [True, True] and list(check_ledger()) == []


def test_the_vocabulary_of_what_a_bank_does_with_a_file_is_all_tried():
    assert set(OUTCOMES) == {"success", "refuse", "unknown", "lose", "repeat", "repeat_all", "lie_amount", "stall"}


def test_a_return_that_cannot_be_read_whole_books_nothing_and_tells_everything(hall, bank):  # noqa: F811
    file = sent(hall, bank)
    debits_before = states()
    with pytest.raises(Refused) as no:
        debits.take_return(file.pk, b"H\r\nx\r\n\xff\xff\r\n", by=hall[1])
    assert "没有入账" in no.value.message and "第 2 行" in no.value.message and "第 3 行" in no.value.message
    assert states() == debits_before and DebitFile.objects.get().answer is None


def test_money_for_an_order_that_was_never_sent_waits_in_suspense_once(hall, bank):  # noqa: F811
    file = sent(hall, bank)
    content = debits._bank().fetch_file(file.number)
    number = Payment.objects.order_by("pk").first().number
    foreign = content.replace(number.encode(), b"P-ELSEWHERE".ljust(len(number)))
    for _ in range(2):
        done = debits.take_return(file.pk, foreign, by=hall[1])
    assert any("没有报送过" in one or "不是本文件" in one for one in done.differences)
    assert any("回盘里没有这一笔" in one for one in done.differences)
    assert SuspenseItem.objects.count() == 1 and states() == ["unknown", "succeeded"]
    debits.take_return(file.pk, content, by=hall[1])
    assert states() == ["succeeded", "succeeded"], "the true return comes later, and is heard"
    assert list(check_ledger()) == []


def test_names_that_gbk_lacks_are_listed_before_sending_and_the_others_go(hall, bank):  # noqa: F811
    Employer.objects.filter(employer_number="440001").update(name="𠮷野家公司")
    first, _ = start(hall)
    (troubled,) = [one for one in debits.waiting_items(hall[1]) if one.problems]
    assert "“𠮷”（U+20BB7）" in troubled.problems[0] and debits.problems_of(first)
    file = debits.make_debit_file(by=hall[1])
    assert file.count == 1 and states() == ["sent", "sent"]
    with pytest.raises(Refused, match="𠮷野家公司"):
        debits.make_debit_file(by=hall[1])
    clerk, _ = hall[0][0]
    close_payment(first, by=clerk)
    assert states() == ["refused", "sent"]


def test_a_debit_is_withdrawn_before_it_is_in_a_file_and_not_after(hall, bank):  # noqa: F811
    first, second = start(hall)
    close_payment(first, by=hall[0][0][0])
    first.refresh_from_db()
    assert (first.state, first.reason_code) == ("refused", "withdrawn")
    file = debits.make_debit_file(by=hall[1])
    assert list(file.payments.all()) == [second]
    second.refresh_from_db()
    with pytest.raises(Refused, match="要等银行回盘"):
        close_payment(Payment.objects.select_related("bill", "employer").get(pk=second.pk), by=hall[0][1][0])
    assert states() == ["refused", "sent"]


def test_a_debit_that_missed_its_day_is_closed_because_its_amount_is_another_now(hall, bank):  # noqa: F811
    with on_day():
        first, _ = start(hall)
    with unguarded_writing():
        Payment.objects.filter(pk=first.pk).update(valid_until="2020-01-01T00:00:00Z")
    file = debits.make_debit_file(by=hall[1])
    assert file.count == 1 and states() == ["refused", "sent"]
    with unguarded_writing():
        Payment.objects.filter(pk=file.payments.get().pk).update(valid_until="2020-01-01T00:00:00Z", debit_file=None)
    with pytest.raises(Refused, match="没有可以报送"):
        debits.make_debit_file(by=hall[1])
    assert states() == ["refused", "refused"], "closed even where no file comes of it"


def test_without_an_account_a_debit_is_turned_away(hall):
    clerk, bill = hall[0][0]
    Employer.objects.filter(pk=clerk.employer_id).update(bank_account="")
    with pytest.raises(Refused, match="没有登记银行账号"):
        start_payment(bill.pk, by=clerk, channel="debit")
    assert states() == ["refused"]


def test_a_silent_bank_and_a_return_before_the_file_was_sent_are_said(hall, settings):
    start(hall)
    file = debits.make_debit_file(by=hall[1])
    with pytest.raises(Conflict, match="还没有报送"):
        debits.take_return(file.pk, b"x", by=hall[1])
    settings.SHEBAO_BANK_URL = "http://127.0.0.1:9"
    with pytest.raises(Refused, match="不会扣两次"):
        debits.send_debit_file(file.pk, by=hall[1])
    assert DebitFile.objects.get().state == "made"


def test_a_clerk_and_another_agency_have_nothing_to_do_with_files(hall):
    start(hall)
    file = debits.make_debit_file(by=hall[1])
    with pytest.raises(Refused):
        debits.make_debit_file(by=hall[0][0][0])
    other = Operator.objects.create(username="o", name="别处", role="agency_admin", region="tianjin")
    with pytest.raises(DebitFile.DoesNotExist):
        debits.send_debit_file(file.pk, by=other)
    with pytest.raises(Refused, match="没有银行代扣"):
        debits.make_debit_file(by=other)
