"""The employer confirms what is on file about it, updates it, and sets the password it declares with."""

import pytest

from shebao.hall.declarations.models import Declaration
from shebao.hall.employers.models import Employer
from tests.factories import EmployerFactory, OperatorFactory


@pytest.fixture
def clerk(client):
    operator = OperatorFactory(clerk=True, employer=EmployerFactory(region="shanghai", contact_name="周联系"))
    client.force_login(operator)
    return operator


def said(answer) -> str:
    return answer.content.decode()


def test_what_is_on_file_is_confirmed_once_a_day_and_the_case_tells_by_whom(client, clerk):
    page = said(client.get("/e/declare/employer_confirmation/"))
    assert "单位信息确认" in page and "周联系" in page and clerk.employer.name in page
    client.post("/e/declare/employer_confirmation/", {"note": ""})
    again = client.post("/e/declare/employer_confirmation/", {"note": ""}, follow=True)
    assert "没有重复录入" in said(again)
    made = Declaration.objects.get()
    assert (made.state, made.declared_by, made.subject_name) == ("approved", clerk, clerk.employer.name)
    later = client.post("/e/declare/employer_confirmation/", {"note": "再看一遍"})
    assert later.status_code == 422 and "今天已由" in said(later)


def test_the_employer_updates_its_data_and_finds_where_the_password_is_set(client, clerk):
    assert "更新单位信息" in said(client.get("/e/employer/"))
    client.post(
        "/e/declare/employer_update/", {"contact_name": "吴联系", "phone": "13900000001", "address": "新路 1 号"}
    )
    assert Employer.objects.get().contact_name == "吴联系"
    assert "申报密码设置" in said(client.get("/e/"))
    assert "申报密码设置" in said(client.get("/password"))


def test_only_who_may_declare_confirms(client, clerk):
    client.force_login(OperatorFactory(reviewer=True, region="shanghai"))
    assert client.post("/e/declare/employer_confirmation/", {"note": ""}).status_code == 404
    assert not Declaration.objects.exists()
