"""Paying at the embedded bank: what the payer sees, what the hall hears, what a query finds."""

import time
from datetime import UTC, datetime

import pytest
import time_machine

from shebao.bank import server
from shebao.bank.client import BankClient, BankRefused, BankUnreachable


def test_a_payment_succeeds_and_the_hall_hears_of_it(client, payer, receiver, order):
    placed = client.create_order(**order)
    assert placed["state"] == "waiting"
    assert placed["pay_url"].endswith("/pay/PAY-0001")
    status, page = payer.choose("PAY-0001", "success")
    assert status == 200
    assert "付款成功" in page
    assert "返回社保网厅" in page
    assert 'href="http://127.0.0.1:8000/e/bills/1?from=bank&amp;x=1"' in page
    notice = receiver.wait_for(1)[0]
    assert set(notice) == {
        "message_id", "order_id", "state", "reason_code", "reason", "advice", "amount_fen",
        "bank_serial", "paid_at", "payer", "bill_number",
    }  # fmt: skip
    assert (notice["state"], notice["amount_fen"], notice["reason_code"]) == ("succeeded", 123456, "")
    assert notice["bank_serial"].startswith("YH")
    assert client.query("PAY-0001") == notice


def test_the_page_is_chinese_names_the_bank_and_escapes_what_it_shows(client, payer, order):
    client.create_order(**order)
    status, page = payer.open("PAY-0001")
    assert status == 200
    words = [
        "示例银行（演示渠道）",
        "¥ 1,234.56",
        "某某&lt;机械&gt;有限公司",
        "确认付款",
        "余额不足",
        "账户未签约",
    ]
    words += ["超时无应答", "重复发送两次", "通知延迟", 'lang="zh-CN"', "B202603-01"]
    assert [word for word in words if word not in page] == []
    assert payer.request("GET", "/bank.css")[0] == 200


@pytest.mark.parametrize(
    ("choice", "reason", "advice"),
    [("insufficient_balance", "账户余额不足", "充值"), ("account_not_signed", "账户未签约", "三方扣款协议")],
)
def test_a_refusal_says_why_and_what_to_do(client, payer, receiver, order, choice, reason, advice):
    client.create_order(**order)
    page = payer.choose("PAY-0001", choice)[1]
    notice = receiver.wait_for(1)[0]
    assert (notice["state"], notice["reason_code"], notice["bank_serial"]) == ("refused", choice, "")
    assert notice["reason"] == reason
    assert advice in notice["advice"]
    assert reason in page
    assert client.query("PAY-0001")["state"] == "refused"


def test_an_unknown_result_is_cleared_up_by_asking(client, payer, receiver, order):
    client.create_order(**order)
    page = payer.choose("PAY-0001", "timeout")[1]
    assert "结果待查" in page
    assert "请勿重复付款" in page
    notice = receiver.wait_for(1)[0]
    assert (notice["state"], notice["bank_serial"], notice["reason_code"]) == ("unknown", "", "timeout")
    found = client.query("PAY-0001")
    assert (found["state"], found["amount_fen"], found["reason_code"]) == ("succeeded", 123456, "")
    assert found["bank_serial"]
    assert found["paid_at"]


def test_the_same_notice_comes_twice_under_one_message_id(client, payer, receiver, order):
    client.create_order(**order)
    payer.choose("PAY-0001", "success_twice")
    first, second = receiver.wait_for(2)
    assert first == second
    assert receiver.raw[0][0] != receiver.raw[1][0]  # signed anew each time


def test_a_late_notice_comes_after_the_query_already_knows(client, payer, receiver, order):
    client.create_order(**order)
    payer.choose("PAY-0001", "success_late")
    assert receiver.heard == []
    assert client.query("PAY-0001")["state"] == "succeeded"
    assert receiver.wait_for(1)[0]["state"] == "succeeded"


def test_a_notice_is_tried_again_until_somebody_answers(client, payer, receiver, order):
    receiver.failures = 2
    client.create_order(**order)
    payer.choose("PAY-0001", "success")
    receiver.wait_for(1)
    assert len(receiver.raw) == 3


def test_a_second_click_pays_nothing(client, payer, receiver, order):
    client.create_order(**order)
    page = payer.open("PAY-0001")[1]
    token = page.split('name="token" value="')[1].split('"')[0]
    payer.choose("PAY-0001", "success", token)
    serial = client.query("PAY-0001")["bank_serial"]
    status, page = payer.choose("PAY-0001", "insufficient_balance", token)
    assert status == 200
    assert serial in page
    time.sleep(0.1)
    assert len(receiver.heard) == 1
    assert client.query("PAY-0001")["bank_serial"] == serial


def test_what_came_of_a_payment_is_a_page_that_may_be_loaded_again(client, payer, order, monkeypatch):
    client.create_order(**order)
    token = payer.open("PAY-0001")[1].split('name="token" value="')[1].split('"')[0]
    monkeypatch.setattr(payer, "follow", lambda answer, location: (answer[0], location))
    assert payer.choose("PAY-0001", "success", token) == (303, "/pay/PAY-0001")


def test_a_choice_without_the_pages_token_is_refused(client, payer, receiver, order):
    client.create_order(**order)
    status, page = payer.choose("PAY-0001", "success", token="guessed")
    assert status == 403
    assert "重新打开" in page
    assert client.query("PAY-0001")["state"] == "waiting"


def test_the_same_order_again_is_the_same_answer_and_other_content_is_refused(client, payer, order):
    first = client.create_order(**order)
    assert client.create_order(**order) == first
    with pytest.raises(BankRefused, match="PAY-0001") as refusal:
        client.create_order(**{**order, "amount_fen": 1})
    assert refusal.value.status == 409
    payer.choose("PAY-0001", "success")
    assert client.create_order(**order)["state"] == "succeeded"


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_fen": 0},
        {"amount_fen": -5},
        {"amount_fen": 1.5},
        {"amount_fen": True},
        {"payer": ""},
        {"order_id": "../x"},
        {"callback_url": "http://example.com/cb"},
        {"callback_url": "http://127.0.0.1@example.com/cb"},
        {"callback_url": "file:///etc/passwd"},
        {"return_url": "javascript:alert(1)"},
        {"return_url": "http://[::1"},
    ],
)
def test_a_wrong_order_is_refused_in_words(client, order, changes):
    with pytest.raises(BankRefused) as refusal:
        client.create_order(**{**order, **changes})
    assert refusal.value.status == 422
    assert next(iter(changes)) in str(refusal.value)


def test_an_unknown_order_and_an_unknown_page_are_not_found(client, payer):
    with pytest.raises(BankRefused) as refusal:
        client.query("nothing")
    assert refusal.value.status == 404
    assert payer.open("nothing")[0] == 404
    assert payer.request("GET", "/admin")[0] == 404


def test_nobody_at_the_door_is_unreachable(order):
    nobody = BankClient("http://127.0.0.1:9", b"5" * 64, timeout=1)
    with pytest.raises(BankUnreachable):
        nobody.query("PAY-0001")
    with pytest.raises(BankUnreachable):
        nobody.create_order(**order)


def test_the_browser_goes_back_to_the_hall_by_itself_whatever_became_of_the_payment(client, payer, order):
    for number, choice in enumerate(("success", "insufficient_balance", "timeout")):
        client.create_order(**order | {"order_id": f"PAY-8{number}"})
        _, page = payer.choose(f"PAY-8{number}", choice)
        assert '<meta http-equiv="refresh" content="3;url=http://127.0.0.1:8000/e/bills/1?from=bank&amp;x=1">' in page


def test_a_statement_is_of_the_day_in_beijing_whatever_clock_the_machine_has(client, payer, order):
    client.create_order(**order)
    payer.choose("PAY-0001", "success")
    paid = datetime.fromisoformat(client.query("PAY-0001")["paid_at"])
    assert paid.utcoffset().total_seconds() == 8 * 3600
    assert [one["order_id"] for one in client.statement(f"{paid:%Y-%m-%d}")] == ["PAY-0001"]
    with time_machine.travel(datetime(2026, 11, 27, 17, 30, tzinfo=UTC), tick=False):
        assert server._now().isoformat() == "2026-11-28T01:30:00+08:00"
