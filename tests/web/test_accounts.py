"""个人账户: the agency puts balances on record, one by one, pasted or by sheet."""

import pytest

from shebao.hall.supplements.models import AccountEntry, MedicalAccount
from tests.factories import DIRECT, NOW, EmployerFactory, OperatorFactory, at, enrolled


@pytest.fixture
def keeper(client, db):
    with at(NOW):
        operator = OperatorFactory(reviewer=True, region=DIRECT)
        client.force_login(operator)
        yield operator


def test_one_balance_is_put_on_record_and_found_by_name(client, keeper):
    one = enrolled(EmployerFactory(direct=True))
    said = {"way": "one", "id_number": one.person.id_number, "name": one.name, "balance": "210.5"}
    answer = client.post("/a/accounts/", said)
    assert answer.status_code == 422 and "请填写“余额截至”" in answer.content.decode()
    client.post("/a/accounts/", said | {"stated_on": "2026-10-31"})
    assert MedicalAccount.objects.get().balance_fen == 21_050
    assert "210.50" in client.get("/a/accounts/", {"q": one.name}).content.decode()
    assert "没有登记的余额" in client.get("/a/accounts/", {"q": "别人"}).content.decode()


def test_what_is_pasted_from_a_spreadsheet_is_put_on_record(client, keeper):
    one = enrolled(EmployerFactory(direct=True))
    pasted = f"姓名\t身份证号\t余额\t截至日期\n{one.name}\t{one.person.id_number}\t155\t2026/10/31"
    client.post("/a/accounts/", {"way": "sheet", "pasted": pasted})
    assert MedicalAccount.objects.get().balance_fen == 15_500
    answer = client.post("/a/accounts/", {"way": "sheet", "pasted": pasted.replace("155", "1,5x")})
    assert answer.status_code == 422
    assert "第 2 行" in answer.content.decode()
    assert AccountEntry.objects.count() == 1


def test_where_nothing_is_paid_from_accounts_the_page_is_not_there(client, db):
    client.force_login(OperatorFactory(reviewer=True))
    assert client.get("/a/accounts/").status_code == 404


def test_an_employers_clerk_does_not_find_it(client, db):
    client.force_login(OperatorFactory(employer=EmployerFactory(direct=True)))
    assert client.get("/a/accounts/").status_code == 404
