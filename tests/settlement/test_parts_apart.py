"""Where the region's data says so, the employer's and the people's parts are paid one by one."""

import pytest

from shebao.hall import regions
from shebao.hall.errors import Refused
from shebao.hall.payments.operations import start_payment
from shebao.hall.settlement.collecting import Owing, owing
from shebao.hall.settlement.ledger import balance, check_ledger

from ..banking import bank  # noqa: F401 - a fixture
from ..payments.test_operations import send, told
from .hall import NOVEMBER, hire, make_clerk, make_employer, on_day, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def apart(tmp_path, monkeypatch):
    """A city like tianjin, but for one line."""
    folder = tmp_path / "apartcity"
    folder.mkdir()
    (folder / "region.yaml").write_text("title: 分缴市\nextends: tianjin\n", "utf-8")
    (folder / "collection.yaml").write_text("parts: {apart: true, source: 试验, status: illustrative}\n", "utf-8")
    monkeypatch.setenv("REGIONS_DIR", str(tmp_path))
    regions.all_regions.cache_clear()
    yield "apartcity"
    monkeypatch.undo()
    regions.all_regions.cache_clear()


def pay(bill, clerk, part, serial):
    payment = start_payment(bill.pk, by=clerk, part=part)
    assert send(told(payment, message_id=serial, bank_serial=serial)) == "booked"
    return payment


def test_both_parts_are_paid_one_by_one_and_the_bill_is_whole(bank, apart):  # noqa: F811
    employer = make_employer(apart)
    hire(employer, [720_000])
    clerk = make_clerk(employer)
    bill = settle(employer, clerk)
    with on_day():
        assert pay(bill, clerk, "employee", "S1").amount_fen == bill.employee_due
        assert owing(bill, NOVEMBER.last_day).parts == {"employee": 0, "employer": bill.employer_due}
        with pytest.raises(Refused, match="个人部分已经缴清"):
            start_payment(bill.pk, by=clerk, part="employee")
        assert pay(bill, clerk, "employer", "S2").amount_fen == bill.employer_due
    assert balance(bill) == (bill.total_due, bill.total_due)
    assert list(check_ledger()) == []


def test_the_late_fee_falls_on_the_employers_part(bank, apart):  # noqa: F811
    employer = make_employer(apart)
    hire(employer, [720_000])
    clerk = make_clerk(employer)
    bill = settle(employer, clerk)
    with on_day(NOVEMBER.next()):
        fee = owing(bill, NOVEMBER.next().first_day.replace(day=10)).late_fee
        assert fee > 0
        payment = start_payment(bill.pk, by=clerk, part="employee")
        assert (payment.amount_fen, payment.late_fee_fen) == (bill.employee_due, 0)


def test_elsewhere_a_bill_is_paid_whole(bank):  # noqa: F811
    employer = make_employer("guiyang")
    hire(employer, [720_000])
    clerk = make_clerk(employer)
    bill = settle(employer, clerk)
    with on_day(), pytest.raises(Refused, match="一并缴纳"):
        start_payment(bill.pk, by=clerk, part="employee")


def test_where_one_part_gives_back_the_other_is_asked_for_no_more_than_the_whole():
    asked = Owing({"employer": -42_00, "employee": 90_00}, late_fee=10)
    assert (asked.asked("employee"), asked.asked(""), asked.asked("employer") > 0) == (48_00, 48_10, False)
