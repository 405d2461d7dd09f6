"""The pages of 系统配置: what they say beforehand, what they leave out, and what stays told afterwards."""

import pytest

from shebao.hall.configuring.operations import activate_file, approve_file, propose_file
from shebao.web.menus import menu_items
from tests.configuring.test_proposals import REASONS, WHY, heads, higher, in_folder, november, own_folder, reasons
from tests.factories import OperatorFactory

__all__ = ["heads", "november", "own_folder"]
pytestmark = pytest.mark.django_db
CONFIGURATION, PROPOSE = "/a/configuration/", "/a/configuration/propose"
RETIRE = f"{PROPOSE}?file=codes/household_kinds.yaml&retire=40"
SHUT = "随程序安装"


def shown(client, url: str) -> str:
    return client.get(url).content.decode()


def test_where_the_folder_ships_with_the_program_it_is_said_before_anybody_proposes(heads, client):
    one, other = heads
    client.force_login(one)
    assert all(SHUT in shown(client, url) for url in (CONFIGURATION, PROPOSE, RETIRE))
    made = propose_file(higher(), by=one, reason=WHY)
    approve_file(made.pk, by=other)
    page = shown(client, f"{CONFIGURATION}proposals/{made.pk}")
    assert SHUT in page and "下载方案" in page and "启用：写入" not in page


def test_where_the_folder_is_the_installations_own_the_button_is_there(own_folder, heads, client):
    one, other = heads
    client.force_login(one)
    assert not any(SHUT in shown(client, url) for url in (CONFIGURATION, PROPOSE, RETIRE))
    made = propose_file(higher(), by=one, reason=WHY)
    approve_file(made.pk, by=other)
    assert "启用：写入" in shown(client, f"{CONFIGURATION}proposals/{made.pk}")


def test_a_code_is_found_among_all_lists_by_what_the_address_asks(heads, client):
    client.force_login(heads[0])
    assert shown(client, CONFIGURATION).count('<details class="fold" id="codes-') > 10
    found = shown(client, f"{CONFIGURATION}?code=劳动合同")
    assert "解除或终止劳动合同" in found and "居民身份证" not in found and "显示全部" in found
    whole = shown(client, f"{CONFIGURATION}?code=停保原因")
    assert "解除或终止劳动合同" in whole and "出国定居" in whole, "a list is found by its title, with all its codes"
    assert "没有这样的代码" in shown(client, f"{CONFIGURATION}?code=no such")


def test_operators_are_only_offered_to_who_may_open_them(heads, client):
    client.force_login(heads[0])
    page = shown(client, CONFIGURATION)
    assert ">管理操作员<" not in page and "由安全管理员管理" in page


def test_what_was_changed_stays_told_after_it_is_in_force_and_the_list_says_it(own_folder, heads, client):
    one, other = heads
    values = propose_file(higher(), by=one, reason=WHY)
    approve_file(values.pk, by=other)
    activate_file(values.pk, by=one)
    list_ = in_folder(reasons(), REASONS, one, other)
    client.force_login(one)
    page = shown(client, f"{CONFIGURATION}proposals/{values.pk}")
    assert "6,000.00 元" in page and "津示例〔2026〕1 号" in page and "原来" in page and "2027-01" in page
    page = shown(client, f"{CONFIGURATION}proposals/{list_.pk}")
    assert "代码 07" in page and "合同照片看不清" in page
    assert "代码 07：— → 合同照片看不清" in shown(client, CONFIGURATION)


def test_who_may_agree_sees_in_the_menu_that_one_waits_and_who_proposed_it_does_not(heads, client):
    propose_file(higher(), by=heads[0], reason=WHY)
    badges = []
    for who in (*heads, OperatorFactory(reviewer=True)):
        client.force_login(who)
        nav = menu_items(client.get("/a/").context["shell"])
        badges.append([one["badge"] for one in nav if one["url"] == CONFIGURATION])
    assert badges == [[""], [1], []]
