"""A new region is one folder: made from the template in a temporary directory, then enrolled, billed and printed."""

import re

import pytest

from shebao.cli.region_work import new_folder
from shebao.hall import regions
from shebao.hall.declarations.models import Declaration
from shebao.hall.documents.models import Document
from shebao.hall.settlement.models import Bill
from tests.documents.test_operations import words
from tests.factories import EmployerFactory, OperatorFactory, at, enrolment

from .employer.declared import ENROL, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def linjiang(tmp_path, monkeypatch):
    """A city that nobody has heard of, with its own word for enrolling; the hall knows it from its folder alone."""
    monkeypatch.setenv("REGIONS_DIR", str(tmp_path))
    folder = new_folder("linjiang", "临江市", "national", None)
    (folder / "terms.yaml").write_text("menu.employee_enrolment: 新来的人\n", "utf-8")
    regions.all_regions.cache_clear()
    yield folder
    regions.all_regions.cache_clear()


def test_a_month_runs_in_a_region_that_is_one_new_folder(client, linjiang):
    clerk = OperatorFactory(clerk=True, employer=EmployerFactory(region="linjiang"))
    client.force_login(clerk)
    with at():
        home = text_of(client.get("/e/"))
        assert "临江市" in home and "新来的人" in home
        client.post(f"/e/declare/{ENROL}/", enrolment() | {"next": "done"}, follow=True)
        assert Declaration.objects.get().state == "approved"
        assert "示例值" in text_of(client.get("/rates/linjiang"))
        page = client.get("/e/settle/")
        while not Bill.objects.exists():
            fields = dict(re.findall(r'<input type="hidden" name="(confirmed|seen)" value="([^"]*)"', text_of(page)))
            page = client.post("/e/settle/", fields)
            assert page.status_code < 400
        bill = Bill.objects.get(employer=clerk.employer)
        assert bill.head_count == 1
        assert text_of(client.get(f"/e/bills/{bill.pk}/")).count("企业职工基本养老保险") >= 1
        client.post(f"/e/documents/{bill.pk}/payment_notice/")
        printed = client.get(f"/e/documents/file/{Document.objects.get(bill=bill).pk}/")
        paper = words(b"".join(printed) if printed.streaming else printed.content)
    assert "社会保险费缴费通知单" in paper.replace(" ", "")
