"""`shebao recompute BILL`: a bill is proved from its stored evidence, with the region folder gone."""

import shutil

import pytest
from django.db import connection

from shebao.cli import main, recomputing
from shebao.hall import regions
from shebao.hall.settlement.models import BillLine
from shebao.rules.months import Month
from shebao.rules.region import BadRegion
from tests.settlement.hall import hire, make_clerk, make_employer, settle
from tests.settlement.late import CODE, late_city

from .terminal import shebao

pytestmark = pytest.mark.django_db


@pytest.fixture
def bill(tmp_path, monkeypatch):
    """A bill with regular lines and adjustments, whose region is no more and cannot be asked."""
    monkeypatch.setattr(recomputing, "start_with_database", lambda: None)
    with late_city(tmp_path) as city:
        employer = make_employer(CODE)
        clerk = make_clerk(employer)
        hire(employer, [300_000, 746_000, 9_000_000])
        settle(employer, clerk, Month(2026, 7))
        city.publish(base_floor=[("2026-07", "2026-08-24", 5000)], base_ceiling=[("2026-07", "2026-08-24", 8000)])
        made = settle(employer, clerk, Month(2026, 9))
        shutil.rmtree(city.folder)
        monkeypatch.setenv("REGIONS_DIR", str(tmp_path / "nowhere"))
        regions.all_regions.cache_clear()
        with pytest.raises(BadRegion, match="没有文件夹"):
            regions.region(CODE)
        yield made


@pytest.mark.parametrize("name", ["number", "pk"])
def test_a_bill_is_recomputed_line_by_line_without_its_region(bill, capsys, name):
    assert main(["recompute", str(getattr(bill, name))]) == 0
    told = capsys.readouterr()
    assert f"重算 {bill.lines.count()} 行，全部一致" in told.out and told.err == ""
    assert bill.lines.exclude(adjusts=None).count() > 2


def test_every_line_that_disagrees_is_named(bill, capsys):
    regular, adjustment = bill.lines.filter(kind="1").first(), bill.lines.exclude(adjusts=None).first()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER settlement_billline_no_update")
        else:
            cursor.execute("SET LOCAL session_replication_role = replica")  # what a superuser could do
    for line in (regular, adjustment):
        BillLine.objects.filter(pk=line.pk).update(employer_due=line.employer_due + 1)
    assert main(["recompute", bill.number]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    for line in (regular, adjustment):
        assert f"第 {line.pk} 行" in told.err
    assert "处不一致" in told.err


@pytest.mark.parametrize("name", ["Z000", "999999", "²", "9" * 40])
def test_an_unknown_bill_is_said_in_one_sentence(bill, capsys, name):
    assert main(["recompute", name]) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1 and f"没有账单“{name}”" in told.err


def test_without_a_database_there_is_nothing_to_recompute(tmp_path):
    answer = shebao("recompute", "1", cwd=tmp_path)
    assert answer.returncode == 2 and "没有数据库" in answer.stderr and answer.stderr.count("\n") == 1
