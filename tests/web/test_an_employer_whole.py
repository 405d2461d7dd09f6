"""An employer at the desk, whole: its people and bills are open there, a list behind masks, each look on record."""

import re

import pytest
from django.urls import reverse

from shebao.hall.audit.models import AuditEntry
from tests.factories import OperatorFactory, enrolled
from tests.settlement.hall import hire, settle
from tests.settlement.hall import make_clerk as hall_clerk
from tests.settlement.hall import make_employer as hall_employer

pytestmark = pytest.mark.django_db


@pytest.fixture
def bill():
    employer = hall_employer("tianjin")
    hire(employer, [720_000, 900_000])
    return settle(employer, hall_clerk(employer))


@pytest.fixture
def desk(client):
    client.force_login(OperatorFactory(reviewer=True))
    return client


def text(response) -> str:
    return response.content.decode()


def looks() -> list[str]:
    return [one.detail.get("reason", "") for one in AuditEntry.objects.filter(action="data.looked_at").order_by("pk")]


@pytest.fixture
def one(bill):
    """Somebody of the employer with a whole number of their own."""
    return enrolled(bill.employer, name="赵示例")


def test_the_people_of_an_employer_are_a_masked_list_that_leads_to_each(desk, bill, one):
    found = text(desk.get(reverse("a_employer", args=[bill.employer_id])))
    address = reverse("a_employer_people", args=[bill.employer_id])
    assert f'href="{address}"' in found
    page = text(desk.get(address))
    assert one.name not in page and one.person.id_number not in page
    assert one.person_number in page and reverse("a_person", args=[one.person_id]) in page
    assert "共 3 人" in page and "查看参保人员名单" in looks()


def test_a_person_is_found_by_what_is_whole_and_by_nothing_less(desk, bill, one):
    address = reverse("a_employer_people", args=[bill.employer_id])
    for asked, count in (
        (one.person.id_number, 1),
        (one.name, 1),
        (one.person_number, 1),
        (one.person.id_number[:12], 0),
    ):
        shown = desk.post(address, {"_search": "1", "q": asked}, follow=True)
        assert asked not in shown.redirect_chain[0][0]
        assert len(re.findall(reverse("a_person", args=[one.person_id]), text(shown))) == 2 * count


def test_another_regions_desk_sees_neither_people_nor_bills(client, bill):
    client.force_login(OperatorFactory(reviewer=True, region="leshan"))
    for address in (
        reverse("a_employer_people", args=[bill.employer_id]),
        reverse("a_bill", args=[bill.pk]),
        reverse("a_explain_total", args=[bill.pk, "both"]),
    ):
        assert client.get(address).status_code == 404


def test_a_bill_opens_with_sums_people_and_the_way_to_every_amount(desk, bill):
    found = text(desk.get(reverse("a_employer", args=[bill.employer_id])))
    address = reverse("a_bill", args=[bill.pk])
    assert f'href="{address}"' in found
    summary, people = text(desk.get(address)), text(desk.get(address, {"tab": "people"}))
    for page in (summary, people):
        assert "/e/" not in re.sub(r"(?s)<head>.*?</head>", "", page)  # nothing leads into the employer's own pages
    (line,) = re.findall(r'href="(/a/employers/bills/lines/[^"]+)"', people)[:1]
    why = text(desk.get(line.replace("&amp;", "&")))
    assert "为什么是这个数" in why and "这个数不对" not in why
    assert f"查看账单 {bill.number}" in looks() and f"查看账单 {bill.number} 的计算过程" in looks()


def test_every_explanation_that_a_bill_leads_to_opens(desk, bill):
    address = reverse("a_bill", args=[bill.pk])
    pages = text(desk.get(address)) + text(desk.get(address, {"tab": "people"}))
    for url in sorted(set(re.findall(r'href="(/a/employers/bills/[^"?]+/[^"]+)"', pages))):
        assert desk.get(url.replace("&amp;", "&")).status_code == 200, url


def test_the_list_asks_as_often_for_many_people(desk, bill, django_assert_max_num_queries):
    address = reverse("a_employer_people", args=[bill.employer_id])
    desk.get(address)
    with django_assert_max_num_queries(100) as few:
        desk.get(address)
    hire(bill.employer, [720_000] * 5)
    with django_assert_max_num_queries(len(few)):
        desk.get(address)
