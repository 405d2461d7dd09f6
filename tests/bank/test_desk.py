"""The operator's page of the embedded bank: which orders there are, what was sent for each, what is chosen now."""

import re
import urllib.parse


def choose(payer, name, value):
    token = re.search(r'name="token" value="([^"]+)"', payer.request("GET", "/desk")[1]).group(1)
    return payer.request("POST", "/desk", urllib.parse.urlencode({"token": token, name: value}))


def test_the_root_leads_to_the_desk_and_the_desk_to_the_counter(payer):
    status, page = payer.request("GET", "/")
    assert status == 200 and "银行操作台" in page and 'href="/counter"' in page and "还没有订单" in page
    assert 'href="/desk"' in payer.request("GET", "/counter")[1]


def test_an_order_stands_there_with_what_was_sent_for_it(client, payer, receiver, order, bank):
    client.create_order(**order)
    page = payer.request("GET", "/desk")[1]
    assert "某某&lt;机械&gt;有限公司" in page and "1,234.56" in page and "等待付款" in page and "没有发过" in page
    payer.choose("PAY-0001", "lie_amount")
    receiver.wait_for(1)
    for _ in range(100):
        if "通知：" in (page := payer.request("GET", "/desk")[1]):
            break
    assert "付款成功，金额 1,233.56" in page, "the lie that was chosen is told as what was sent"
    assert 'href="/pay/PAY-0001"' in page


def test_a_closed_order_says_that_it_was_answered(client, payer, order):
    client.create_order(**order)
    client.close("PAY-0001")
    page = payer.request("GET", "/desk")[1]
    assert "没有扣款" in page and "关闭应答" in page


def test_the_present_choice_is_marked(payer):
    status, page = choose(payer, "debits", "timeout")
    assert status == 200
    assert re.search(r'value="timeout" class="on" aria-current="true" disabled', page)
    assert len(re.findall('aria-current="true"', page)) == 2, "one of the debits and one of the files"
