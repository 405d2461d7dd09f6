"""CA-3: a month waits for the counter's business too. SH-11: who computes decides which flow is open."""

import pytest

from shebao.hall.audit.models import AuditEntry
from shebao.hall.declarations.counter import finish_counter_business, open_counter_business
from shebao.hall.declarations.models import CounterBusiness
from shebao.hall.employers.models import EmployerChange
from shebao.hall.errors import Conflict, Refused
from shebao.hall.operators.models import Operator
from shebao.hall.settlement.choosing import choose_who_computes
from shebao.hall.settlement.models import Bill
from shebao.hall.settlement.operations import settle_month
from shebao.hall.settlement.progress import applicable_settlement, preconditions, standing, steps_of, who_computes
from shebao.hall.settlement.voiding import ask_to_void

from .hall import NOVEMBER, hire, make_clerk, make_employer, on_day, settle

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def november():
    with on_day(NOVEMBER):
        yield


def hall(code):
    employer = make_employer(code)
    hire(employer, [900_000])
    reviewer = Operator.objects.create(username="r", name="审核", role="reviewer", region=code)
    return employer, make_clerk(employer), reviewer


def test_a_month_is_not_settled_before_the_business_at_the_counter_is_done():
    employer, clerk, reviewer = hall("certificate_city")
    made = open_counter_business(employer.pk, "工伤待遇申领", NOVEMBER, by=reviewer)
    assert open_counter_business(employer.pk, "工伤待遇申领", NOVEMBER, by=reviewer) == made, "a second press"
    (waits,) = [one for one in preconditions(employer, NOVEMBER, by=clerk) if one.key == "counter_done"]
    assert not waits.is_met and "工伤待遇申领" in waits.note
    with pytest.raises(Refused, match="前台的业务都已办结：还有 1 项"):
        settle_month(employer.pk, NOVEMBER, "monthly", by=clerk, confirmations=1)
    finish_counter_business(made.pk, "已支付", by=reviewer)
    assert settle(employer, clerk).documents.count() == 0
    with pytest.raises(Conflict, match="已经办结"):
        finish_counter_business(made.pk, "再来", by=reviewer)
    with pytest.raises(Refused, match="已经核定"):
        open_counter_business(employer.pk, "补办", NOVEMBER, by=reviewer)
    assert AuditEntry.objects.filter(action__startswith="counter_business.").count() == 2


def test_the_counters_business_is_for_the_agency_to_enter_and_only_where_a_settlement_waits_for_it():
    employer, clerk, reviewer = hall("certificate_city")
    with pytest.raises(Refused, match="没有“受理前台业务”的权限"):
        open_counter_business(employer.pk, "某业务", NOVEMBER, by=clerk)
    with pytest.raises(Refused, match="请填写业务名称"):
        open_counter_business(employer.pk, " ", NOVEMBER, by=reviewer)
    elsewhere = make_employer("tianjin", "120009")
    other = Operator.objects.create(username="o", name="别处", role="reviewer", region="tianjin")
    with pytest.raises(Refused, match="不以前台业务为前提"):
        open_counter_business(elsewhere.pk, "某业务", NOVEMBER, by=other)
    made = open_counter_business(employer.pk, "某业务", NOVEMBER, by=reviewer)
    with pytest.raises(CounterBusiness.DoesNotExist):
        finish_counter_business(made.pk, "", by=other)


def test_who_computes_decides_whose_settlement_it_is_and_back_again():
    employer, clerk, reviewer = hall("shanghai")
    assert (who_computes(employer), applicable_settlement(employer, NOVEMBER).title) == ("employer", "日常申报")
    with pytest.raises(Refused, match="这个单位自行申报"):
        settle_month(employer.pk, NOVEMBER, "monthly", by=reviewer, confirmations=1)
    employer = choose_who_computes(employer.pk, "office", by=clerk)
    assert applicable_settlement(employer, NOVEMBER).title == "税务机关核定"
    assert steps_of(standing(employer, NOVEMBER, clerk))[2].note == "由经办机构核定"
    with pytest.raises(Refused, match="由经办机构核定，请等核定后缴费"):
        settle_month(employer.pk, NOVEMBER, "monthly", by=clerk, confirmations=1)
    bill = settle_month(employer.pk, NOVEMBER, "office_assessment", by=reviewer, confirmations=0)
    assert bill.total_due > 0 and bill.assessment.made_by == reviewer
    with pytest.raises(Refused, match="经办机构核定的应缴"):
        ask_to_void(bill.assessment_id, by=clerk, reason="试试")
    choose_who_computes(employer.pk, "employer", by=clerk)
    assert EmployerChange.objects.filter(employer=employer, label="申报缴费方式").count() == 2
    assert Bill.objects.live().get() == bill, "what is settled stays"


def test_the_same_computation_comes_out_whoever_computes():
    employer, clerk, reviewer = hall("shanghai")
    own = settle(employer, clerk)
    other = make_employer("shanghai", "310002")
    hire(other, [900_000])
    choose_who_computes(other.pk, "office", by=make_clerk(other))
    theirs = settle_month(other.pk, NOVEMBER, "office_assessment", by=reviewer, confirmations=0)
    assert (own.employer_due, own.employee_due) == (theirs.employer_due, theirs.employee_due)


def test_where_there_is_one_way_there_is_no_choice():
    employer, clerk, _ = hall("tianjin")
    with pytest.raises(Refused, match="请选择一种"):
        choose_who_computes(employer.pk, "office", by=clerk)
