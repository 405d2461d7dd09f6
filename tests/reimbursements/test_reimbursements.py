"""工伤医疗手工报销: a claim is entered once as it was settled, paid once, or voided; whose it is, finds it."""

import pytest
from django.db import IntegrityError, transaction

from shebao.hall.audit.models import AuditEntry
from shebao.hall.errors import Conflict, Refused
from shebao.hall.reimbursements.models import Reimbursement
from shebao.hall.reimbursements.operations import (
    Unfit,
    enter_reimbursement,
    pay_reimbursement,
    void_reimbursement,
)
from shebao.hall.roster.models import Spell
from tests.factories import NOW, EmployerFactory, OperatorFactory, at, enrolled, synthetic_id

pytestmark = pytest.mark.django_db
QUERY = "/e/queries/injury_reimbursements/"


@pytest.fixture(autouse=True)
def november():
    with at(NOW):
        yield


@pytest.fixture
def teller():
    return OperatorFactory(reviewer=True, region="guiyang", name="李娜")


@pytest.fixture
def hurt():
    return enrolled(EmployerFactory(region="guiyang"), name="周平")


def slip(employee, **changes) -> dict[str, str]:
    """A claim as it is typed."""
    said = {
        "employer": employee.employer.employer_number, "id_number": employee.person.id_number, "name": employee.name,
        "accident_on": "2026-08-03", "hospital": "示例医院", "treated_from": "2026-08-03",
        "treated_until": "2026-08-20",
        "number": "GS-1", "invoices": "4", "claimed": "12,864.50", "approved": "11382", "approved_on": "2026-10-12",
        "paid_on": "", "payee": "1", "note": "凭原始发票",
    }  # fmt: skip
    return said | changes


def problems_of(employee, teller, **changes) -> dict[str, str]:
    with pytest.raises(Unfit) as no:
        enter_reimbursement(slip(employee, **changes), by=teller)
    assert not Reimbursement.objects.ever().exists() and not AuditEntry.objects.exists()
    return {one.field: one.message for one in no.value.problems}


def test_a_claim_is_kept_in_whole_fen_and_what_the_fund_does_not_bear_is_the_difference(hurt, teller):
    made = enter_reimbursement(slip(hurt), by=teller)
    made.refresh_from_db()
    assert (made.claimed_fen, made.approved_fen, made.not_covered_fen) == (1_286_450, 1_138_200, 148_250)
    entry = AuditEntry.objects.get(action="reimbursement.entered")
    assert (entry.employer, entry.actor) == (hurt.employer, teller)
    assert entry.detail == {"number": "GS-1", "claimed_fen": 1_286_450, "approved_fen": 1_138_200}


def test_the_same_claim_sent_twice_is_one_and_another_under_its_number_is_refused(hurt, teller):
    first = enter_reimbursement(slip(hurt), by=teller)
    assert enter_reimbursement(slip(hurt, claimed="12864.5"), by=teller).pk == first.pk
    other = enrolled(hurt.employer, name="陈静", sequence=901)
    for employee, changes in ((hurt, {"approved": "100"}), (other, {})):
        with pytest.raises(Conflict, match="GS-1 已经登记，内容不同"):
            enter_reimbursement(slip(employee, **changes), by=teller)
    assert Reimbursement.objects.ever().count() == AuditEntry.objects.count() == 1


def test_a_number_entered_for_another_in_the_same_moment_is_said_and_nothing_is_written(hurt, teller, monkeypatch):
    other = enrolled(hurt.employer, name="陈静", sequence=901)
    enter_reimbursement(slip(other), by=teller)
    live = type(Reimbursement.objects.all()).live
    monkeypatch.setattr(type(Reimbursement.objects.all()), "live", lambda rows: live(rows).none())
    with pytest.raises(Conflict, match="刚刚登记给了别人"):
        enter_reimbursement(slip(hurt), by=teller)
    assert Reimbursement.objects.ever().count() == AuditEntry.objects.count() == 1


def test_everything_that_is_missing_or_cannot_be_read_is_told_at_once(hurt, teller):
    found = problems_of(hurt, teller, hospital="", claimed="12.345", invoices="x", payee="9", accident_on="昨天")
    assert set(found) == {"hospital", "claimed", "invoices", "payee", "accident_on"}


def test_no_more_is_paid_back_than_was_claimed(hurt, teller):
    assert "多于费用总额 12,864.50 元" in problems_of(hurt, teller, approved="12864.51")["approved"]
    assert problems_of(hurt, teller, claimed="0", approved="0")["claimed"] == "费用总额须大于零。"
    assert set(problems_of(hurt, teller, approved="0", paid_on="2026-10-12", invoices="0")) == {"paid_on", "invoices"}
    assert enter_reimbursement(slip(hurt, approved="12864.50"), by=teller).not_covered_fen == 0


@pytest.mark.parametrize(
    ("field", "day"),
    [("treated_from", "2026-08-02"), ("treated_until", "2026-08-02"), ("approved_on", "2026-08-19"),
     ("paid_on", "2026-10-11")],
)  # fmt: skip
def test_a_day_before_the_one_it_follows_is_refused(hurt, teller, field, day):
    assert f"{day} 早于" in problems_of(hurt, teller, **{field: day})[field]


def test_a_day_that_has_not_come_is_refused(hurt, teller):
    assert problems_of(hurt, teller, paid_on="2026-11-11") == {"paid_on": "支付日期 2026-11-11 还没有到，请核对。"}
    assert enter_reimbursement(slip(hurt, paid_on="2026-11-10"), by=teller).paid_on


def test_a_claim_is_of_somebody_on_the_roster_of_an_employer_of_this_agency(hurt, teller):
    elsewhere = enrolled(EmployerFactory(region="leshan"), name="别处", sequence=902)
    neighbour = EmployerFactory(region="guiyang")
    assert "没有编号是" in problems_of(elsewhere, teller)["employer"]
    assert "没有这个证件号码" in problems_of(hurt, teller, employer=neighbour.employer_number)["id_number"]
    assert "没有这个证件号码" in problems_of(hurt, teller, id_number=synthetic_id(sequence=5))["id_number"]
    assert "姓名与花名册上的不一致" in problems_of(hurt, teller, name="周萍")["name"]
    assert enter_reimbursement(slip(hurt, employer=hurt.employer.credit_code.lower()), by=teller).employee == hurt


def test_who_was_not_insured_against_injury_when_it_happened_is_not_reimbursed(hurt, teller):
    assert "没有在" in problems_of(hurt, teller, accident_on="2025-12-31")["accident_on"]
    Spell.objects.filter(employee=hurt).exclude(scheme="injury").delete()
    assert enter_reimbursement(slip(hurt), by=teller)
    Spell.objects.filter(employee=hurt).update(is_voided=True)
    with pytest.raises(Unfit, match="工伤保险"):
        enter_reimbursement(slip(hurt, number="GS-2"), by=teller)


def test_a_reviewer_of_another_division_knows_neither_the_employer_nor_the_claim(hurt, teller):
    employer = hurt.employer
    employer.agency_division = "a"
    employer.save()
    made = enter_reimbursement(slip(hurt), by=teller)
    limited = OperatorFactory(reviewer=True, region="guiyang", divisions=["b"])
    with pytest.raises(Unfit, match="本地没有编号是"):
        enter_reimbursement(slip(hurt, number="GS-2"), by=limited)
    with pytest.raises(Reimbursement.DoesNotExist):
        void_reimbursement(made.pk, reason="试试", by=limited)


def test_it_is_paid_once_not_before_it_was_approved_and_not_in_the_future(hurt, teller):
    made = enter_reimbursement(slip(hurt), by=teller)
    for day in ("2026-10-11", "2026-11-11"):
        with pytest.raises(Refused, match="须在核定日期 2026-10-12 至今天之间"):
            pay_reimbursement(made.pk, paid_on=_day(day), by=teller)
    for _ in range(2):
        assert pay_reimbursement(made.pk, paid_on=_day("2026-10-20"), by=teller).paid_on == _day("2026-10-20")
    assert AuditEntry.objects.filter(action="reimbursement.paid").count() == 1
    with pytest.raises(Conflict, match="已于 2026-10-20 支付"):
        pay_reimbursement(made.pk, paid_on=_day("2026-10-21"), by=teller)
    nothing = enter_reimbursement(slip(hurt, number="GS-2", approved="0"), by=teller)
    with pytest.raises(Refused, match="没有支付日期"):
        pay_reimbursement(nothing.pk, paid_on=_day("2026-10-20"), by=teller)


def test_a_voided_claim_stays_with_its_reason_and_frees_its_number(hurt, teller):
    made = enter_reimbursement(slip(hurt), by=teller)
    with pytest.raises(Refused, match="原因"):
        void_reimbursement(made.pk, reason=" ", by=teller)
    void_reimbursement(made.pk, reason="金额录错", by=teller)
    assert AuditEntry.objects.get(action="reimbursement.voided").detail == {"number": "GS-1", "reason": "金额录错"}
    for deed in (
        lambda: void_reimbursement(made.pk, reason="再来", by=teller),
        lambda: pay_reimbursement(made.pk, paid_on=_day("2026-10-20"), by=teller),
    ):
        with pytest.raises(Conflict, match="已经作废"):
            deed()
    again = enter_reimbursement(slip(hurt, approved="11000"), by=teller)
    assert set(Reimbursement.objects.ever()) == {made, again} and list(Reimbursement.objects.live()) == [again]


def test_the_database_itself_lets_nobody_change_or_remove_a_claim(hurt, teller):
    made = enter_reimbursement(slip(hurt, paid_on="2026-10-20"), by=teller)
    rows = Reimbursement.objects.filter(pk=made.pk)
    changes = ({"approved_fen": 1}, {"number": "GS-9"}, {"paid_on": None}, {"paid_on": _day("2026-10-21")})
    for change in (*changes, {"void_reason": "x"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.delete()
    void_reimbursement(made.pk, reason="录错", by=teller)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(void_reason="另写")


def test_an_employers_clerk_and_a_region_without_the_query_enter_none(hurt, teller):
    clerk = OperatorFactory(clerk=True, employer=hurt.employer)
    with pytest.raises(Refused, match="没有“窗口录入”的权限"):
        enter_reimbursement(slip(hurt), by=clerk)
    there = enrolled(EmployerFactory(), name="别处", sequence=902)
    with pytest.raises(Refused, match="本地没有工伤医疗手工报销"):
        enter_reimbursement(slip(there), by=OperatorFactory(reviewer=True))


def test_the_menu_and_the_pages_are_where_the_region_has_the_query(client, teller):
    client.force_login(teller)
    assert 'href="/a/reimbursements/"' in client.get("/a/").content.decode()
    assert "还没有手工报销" in client.get("/a/reimbursements/").content.decode()
    client.force_login(OperatorFactory(reviewer=True))
    assert 'href="/a/reimbursements/"' not in client.get("/a/").content.decode()
    assert [client.get(f"/a/reimbursements/{page}").status_code for page in ("", "new")] == [404, 404]


def test_the_counter_enters_finds_pays_and_voids_on_its_pages(client, hurt, teller):
    client.force_login(teller)
    refused = client.post("/a/reimbursements/new", slip(hurt, claimed="1", paid_on="2026-11-30"))
    text = refused.content.decode()
    assert (
        refused.status_code == 422 and 'href="#id_approved"' in text and "还没有到" in text and 'value="GS-1"' in text
    )
    for _ in range(2):
        assert client.post("/a/reimbursements/new", slip(hurt)).status_code == 302
    assert client.post("/a/reimbursements/new", slip(hurt, approved="1")).status_code == 409
    made = Reimbursement.objects.get()
    for asked in ("GS-1", "周平", hurt.person.id_number):
        text = client.get("/a/reimbursements/", {"q": asked}).content.decode()
        assert (
            "示例医院" in text
            and ">12,864.50<" in text
            and hurt.person.id_number not in text.replace(f'value="{hurt.person.id_number}"', "")
        )
    assert "没有符合条件" in client.get("/a/reimbursements/", {"q": "别人"}).content.decode()
    wrong = client.post(f"/a/reimbursements/{made.pk}/paid", {"paid_on": "x"}, follow=True)
    assert "请填写支付日期" in wrong.content.decode()
    client.post(f"/a/reimbursements/{made.pk}/paid", {"paid_on": "2026-10-20"})
    assert 'name="paid_on"' not in client.get("/a/reimbursements/").content.decode()
    text = client.post(f"/a/reimbursements/{made.pk}/void", {"reason": "录错"}, follow=True).content.decode()
    assert "已作废" in text and "录错" in text


def test_a_clerk_finds_only_the_claims_in_force_of_the_own_people_in_the_months_asked(client, hurt, teller):
    enter_reimbursement(slip(hurt), by=teller)
    enter_reimbursement(slip(hurt, number="GS-2", approved_on="2026-11-02"), by=teller)
    wrong = enter_reimbursement(slip(hurt, number="GS-3"), by=teller)
    void_reimbursement(wrong.pk, reason="录错", by=teller)
    enter_reimbursement(slip(hurt, number="GS-4", approved_on="2026-09-12"), by=teller)
    other = enrolled(EmployerFactory(region="guiyang"), name="邻家", sequence=903)
    enter_reimbursement(slip(other, number="GS-5"), by=teller)
    client.force_login(OperatorFactory(clerk=True, employer=hurt.employer))
    text = client.get(QUERY, {"from": "2026-10", "to": "2026-11"}).content.decode()
    assert "工伤医疗中心手工报销查询" in text and "核定开始年月" in text
    assert [number in text for number in ("GS-1", "GS-2", "GS-3", "GS-4", "GS-5")] == [True, True, False, False, False]
    assert "共 1 人、2 笔" in text and "25,729.00" in text and "22,764.00" in text and "2,965.00" in text
    assert hurt.person.id_number not in text and "邻家" not in text
    assert "没有符合条件的记录" in client.get(QUERY, {"q": "邻家"}).content.decode()
    assert "这段时间没有记录" in client.get(QUERY, {"from": "2025-01", "to": "2025-02"}).content.decode()


def test_a_clerk_of_one_department_sees_its_people_only(client, hurt, teller):
    inside = enrolled(hurt.employer, name="陈静", sequence=901, department="生产部")
    for number, employee in (("GS-1", hurt), ("GS-2", inside)):
        enter_reimbursement(slip(employee, number=number), by=teller)
    client.force_login(OperatorFactory(clerk=True, employer=hurt.employer, departments=["生产部"]))
    text = client.get(QUERY).content.decode()
    assert "GS-2" in text and "GS-1" not in text


def _day(text: str):
    return NOW.date().fromisoformat(text)
