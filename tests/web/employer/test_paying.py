"""The payment pages: due, start, the bank's answer, and never two attempts at once."""

# ruff: noqa: F401, F811 - fixtures are imported by name

from shebao.bank.client import BankUnreachable
from shebao.bank.reasons import REASONS
from shebao.hall.payments.models import Payment, PaymentState
from shebao.rules.money import yuan

from .money import answer, bank, bill, clerk, november, pages, stranger, text_of


def start(pages, bill):
    response = pages.post(f"/e/pay/{bill.pk}/")
    return response, Payment.objects.order_by("-pk").first()


def test_both_addresses_show_what_is_due(pages, bill):
    for url in ("/e/pay/", "/e/pay"):
        text = text_of(pages.get(url))
        assert yuan(bill.total_due) in text
        assert f"/e/pay/{bill.pk}/" in text


def test_starting_leads_to_the_banks_page(transactional_db, pages, bill, bank):
    assert "确认缴费" in text_of(pages.get(f"/e/pay/{bill.pk}/"))
    response, made = start(pages, bill)
    assert response.url == f"/e/payments/{made.pk}/"
    text = text_of(pages.get(response.url))
    assert f'href="{made.pay_url}">前往银行付款' in text
    assert 'hx-trigger="every 2s"' in text


def test_a_second_start_continues_the_running_payment(transactional_db, pages, bill, bank):
    start(pages, bill)
    assert "继续缴费" in text_of(pages.get(f"/e/pay/{bill.pk}/"))
    start(pages, bill)
    assert Payment.objects.count() == 1


def test_asking_the_bank_shows_success_and_ends_the_polling(transactional_db, pages, bill, bank):
    _, made = start(pages, bill)
    bank.answer = answer(made)
    assert pages.post(f"/e/payments/{made.pk}/ask/").url == f"/e/payments/{made.pk}/"
    text = text_of(pages.get(f"/e/payments/{made.pk}/", headers={"HX-Request": "true"}))
    assert text.startswith("<section")
    assert "缴费成功" in text
    assert "every 2s" not in text
    assert "没有待缴的账单" in text_of(pages.get("/e/pay/"))
    assert "已经缴清" in text_of(pages.get(f"/e/pay/{bill.pk}/"))


def test_a_refusal_says_why_and_offers_another_start(transactional_db, pages, bill, bank):
    _, made = start(pages, bill)
    bank.answer = answer(made, "refused", reason_code="funds", reason="余额不足", advice="请存足后再付。")
    pages.post(f"/e/payments/{made.pk}/ask/")
    text = text_of(pages.get(f"/e/payments/{made.pk}/"))
    assert "余额不足。请存足后再付。" in text
    assert f'href="/e/pay/{bill.pk}/">重新缴费' in text


def test_what_nobody_knows_yet_is_told_in_sentences_and_once(transactional_db, pages, bill, bank):
    _, made = start(pages, bill)
    told = REASONS["timeout"]
    bank.answer = answer(made, "unknown", reason_code="timeout", reason=told.text, advice=told.advice)
    pages.post(f"/e/payments/{made.pk}/ask/")
    text = text_of(pages.get(f"/e/payments/{made.pk}/"))
    assert "结果待查：银行超时无应答，原交易状态未知。请勿重复付款，稍后查询结果。</p>" in text
    assert text.count("重复付款") == 1 and "长时间没有结果" in text


def test_a_silent_bank_is_told_in_words_and_the_payment_goes_on(transactional_db, pages, bill, bank):
    bank.trouble = BankUnreachable("gone")
    response, made = start(pages, bill)
    assert made.state == PaymentState.CREATED
    assert "银行没有应答" in text_of(pages.get(response.url))
    assert "继续缴费" in text_of(pages.get(f"/e/payments/{made.pk}/"))
    bank.trouble = None
    response, again = start(pages, bill)
    assert again.pk == made.pk
    assert "前往银行付款" in text_of(pages.get(response.url))


def test_another_employers_payment_is_not_there(transactional_db, client, clerk, stranger, bill, bank):
    client.force_login(clerk)
    _, made = start(client, bill)
    client.force_login(stranger)
    assert client.get(f"/e/payments/{made.pk}/").status_code == 404
    assert client.post(f"/e/payments/{made.pk}/ask/").status_code == 404
    assert client.post(f"/e/pay/{bill.pk}/").status_code == 404
