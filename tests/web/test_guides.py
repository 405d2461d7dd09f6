"""办事指南: everybody may read them, each region says its own, and the steps lead where they are done."""

import pytest

from shebao.hall.regions import all_regions, region
from tests.factories import EmployerFactory, OperatorFactory

from .employer.money import text_of


def clerk_of(code: str):
    return OperatorFactory(clerk=True, employer=EmployerFactory(region=code))


@pytest.mark.django_db
@pytest.mark.parametrize("code", sorted(all_regions()))
def test_every_region_tells_a_new_employer_what_to_know_and_how_the_month_goes(client, code):
    text = text_of(client.get(f"/guides/{code}"))
    assert 'id="new_employer"' in text and 'id="business_flows"' in text
    assert region(code).term("agency_phone") in text
    client.force_login(clerk_of(code))
    page = text_of(client.get(f"/guides/{code}"))
    for guide in region(code).guides.values():
        for step in guide.steps_here(region(code).terms, reviewed=region(code).is_reviewed):
            assert step.title in page
    links = {part.partition('"')[0] for part in page.split('<a class="btn s" href="')[1:]}
    assert len(links) > 5
    for link in links:
        assert client.get(link).status_code == 200, link


@pytest.mark.django_db
def test_where_nobody_reviews_nobody_is_told_to_submit(client):
    assert "提交审核" in text_of(client.get("/guides/tianjin"))
    direct = text_of(client.get("/guides/leshan"))
    assert "提交审核" not in direct and "自动生效" in direct


@pytest.mark.django_db
def test_a_stranger_chooses_the_place_and_an_operator_is_led_to_the_own_one(client):
    assert all(one.title in text_of(client.get("/guides")) for one in all_regions().values())
    assert client.get("/guides/nowhere").status_code == 404
    client.force_login(clerk_of("leshan"))
    assert client.get("/guides").url == "/guides/leshan"
    assert '<a class="btn s"' not in text_of(client.get("/guides/tianjin"))
