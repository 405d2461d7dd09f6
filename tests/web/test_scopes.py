"""Whose page it is: not yours is the same as not there."""

import pytest

from shebao.web.rights import shut

from .conftest import make_employer, make_operator

AGENCY_PAGES = ["/a/", "/a/employers/", "/a/cases/1"]


@pytest.mark.parametrize("path", AGENCY_PAGES)
def test_an_employers_clerk_does_not_find_the_agencys_pages(client, clerk, path):
    client.force_login(clerk)
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/e/", "/e/roster/", "/e/anything"])
def test_a_reviewer_does_not_find_an_employers_pages(client, reviewer, path):
    client.force_login(reviewer)
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/operators/", "/operators/new", "/audit/"])
def test_a_clerk_is_told_which_permission_is_missing_and_who_can_help(client, clerk, employer_admin, path):
    client.force_login(clerk)
    response = client.get(path)
    assert response.status_code == 403
    text = response.content.decode()
    assert "您的账号没有“" in text
    assert f"请联系{employer_admin.name}" in text


def test_nobody_is_sent_to_an_account_that_was_never_activated_or_to_themselves(client, clerk, employer_admin):
    employer_admin.set_unusable_password()
    employer_admin.save()
    fresh = make_operator("fresh", "employer_admin", clerk.employer, must_change_password=True)
    client.force_login(clerk)
    text = client.get("/operators/").content.decode()
    assert "请联系管理员。" in text and fresh.name not in text
    helper = make_operator("helper", "employer_admin", clerk.employer)
    assert f"请联系{helper.name}。" in client.get("/operators/").content.decode()


def test_who_lacks_a_function_is_sent_to_the_page_by_the_name_that_the_menu_has(db):
    region = "fujian"
    employer = make_employer("5", region=region)
    boss = make_operator("boss-of-5", "employer_admin", employer, region=region)
    clerk = make_operator("clerk-of-5", "clerk", employer, region=region, withheld=["roster"])
    assert shut(clerk, "roster").message == f"您的账号没有开放这个功能，请联系{boss.name}在“操作员管理”里勾选。"


def test_the_employer_of_another_region_is_not_there(client, reviewer):
    elsewhere = make_employer("2", region="leshan")
    here = make_employer("3")
    client.force_login(reviewer)
    assert client.get(f"/a/employers/{elsewhere.pk}").status_code == 404
    assert client.get(f"/a/employers/{here.pk}").status_code == 200
    text = client.get("/a/employers/").content.decode()
    assert here.name in text
    assert elsewhere.name not in text


def test_an_operator_of_another_employer_cannot_be_reset_or_disabled(client, employer_admin):
    stranger = make_operator("stranger", "clerk", make_employer("2"))
    client.force_login(employer_admin)
    kept = stranger.password
    for action in ("password", "disable", "enable"):
        assert client.post(f"/operators/{stranger.pk}/{action}").status_code == 404
    stranger.refresh_from_db()
    assert (stranger.password, stranger.is_active) == (kept, True)
    assert "stranger" not in client.get("/operators/").content.decode()


def test_the_agencys_administrator_does_not_manage_an_employers_people(client, security_admin, clerk):
    client.force_login(security_admin)
    assert client.post(f"/operators/{clerk.pk}/disable").status_code == 404


def test_a_page_that_does_not_exist_says_so_inside_the_frame(client, clerk):
    client.force_login(clerk)
    response = client.get("/nowhere")
    assert response.status_code == 404
    text = response.content.decode()
    assert "没有找到" in text
    assert clerk.name in text


def test_the_frame_costs_two_questions_however_much_there_is(client, clerk, django_assert_max_num_queries):
    client.force_login(clerk)
    client.get("/password")
    # session, operator, employer; and the frame's own: one count for all badges, one of the announcements not yet read
    with django_assert_max_num_queries(5):
        client.get("/password")


def test_a_stranger_costs_the_database_nothing(client, db, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.get("/login")
