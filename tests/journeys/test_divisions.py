"""数据范围: the agency says which divisions a reviewer has in hand; the rest is out of sight, and in somebody's."""

import pytest

from shebao.hall import clock
from shebao.hall.declarations import operations
from shebao.hall.operators.models import Operator
from shebao.rules.months import Month
from tests.factories import EmployerFactory, OperatorFactory, enrolled, enrolment, synthetic_id

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
HEPING, HEDONG = "120101", "120102"


def employer_with_case(name: str, division: str, sequence: int):
    """An employer of a division, somebody insured there, and a case of its clerk."""
    employer = EmployerFactory(name=name, agency_division=division)
    clerk = OperatorFactory(clerk=True, employer=employer, name=f"{name}专管员")
    who = enrolled(employer, name=f"{name}的人", number=synthetic_id(sequence=sequence + 50), sequence=sequence + 50)
    month = Month.of(clock.today())
    raw = enrolment(
        sequence, name=f"{name}的新人", enrolment_month=str(month), contract_from=f"{month}-01",
        labour_registered_on=f"{month}-01",
    )  # fmt: skip
    (case,) = operations.save_declarations(employer.pk, "employee_enrolment", [raw], by=clerk)
    operations.submit_declarations([case.pk], by=clerk)
    return employer, who, case


def test_a_reviewer_limited_to_a_division_meets_its_employers_only_and_the_others_reach_somebody(page_of, live_server):
    home = live_server.url
    near, here, near_case = employer_with_case("和平甲公司", HEPING, 1)
    far, there, far_case = employer_with_case("河东乙公司", "", 2)
    limited = OperatorFactory(reviewer=True, name="李娜", username="lina")
    whole = OperatorFactory(reviewer=True, name="赵全")
    security = OperatorFactory(security_admin=True, name="方正")

    # An employer whose division nobody has said yet is given to one, by somebody who has the whole region.
    desk = page_of(whole, f"/a/employers/{far.pk}")
    desk.get_by_label("经办区划").select_option(HEDONG)
    desk.get_by_role("button", name="设置经办区划").click()
    desk.get_by_text("已设置经办区划").first.wait_for()

    page = page_of(security, "/operators/")
    page.get_by_role("row").filter(has_text="lina").get_by_role("link", name="数据范围").click()
    page.get_by_label("和平区").check()
    page.get_by_role("button", name="保存").click()
    page.get_by_text("已保存李娜的数据范围").first.wait_for()
    limited = Operator.objects.get(pk=limited.pk)
    assert limited.divisions == [HEPING]

    # Queue, employers, search, people: what is in the division is there, and nothing else.
    mine = page_of(limited, "/a/")
    for address in ("/a/", "/a/employers/", "/a/employers/?q=公司"):
        mine.goto(home + address)
        main = mine.get_by_role("main").inner_text()
        assert "和平甲公司" in main and "河东乙公司" not in main, address
    mine.goto(f"{home}/a/people/")
    for who, found in ((here, True), (there, False)):
        mine.get_by_label("完整的姓名、证件号码或个人编号").fill(who.name)
        mine.get_by_role("button", name="查询", exact=True).click()
        mine.wait_for_load_state()
        assert mine.get_by_role("main").get_by_role("link", name=f"{who.name[0]}*").count() == found
    mine.goto(f"{home}/a/employers/{near.pk}")
    mine.get_by_role("heading", name="和平甲公司").wait_for()
    mine.goto(f"{home}/a/cases/{near_case.pk}")
    mine.get_by_role("heading", name="和平甲公司的新人").wait_for()

    # An address that was copied or remembered is not there.
    for address in (f"/a/cases/{far_case.pk}", f"/a/employers/{far.pk}", f"/a/people/{there.person_id}"):
        assert mine.request.get(home + address).status == 404, address

    # The other's case still reaches somebody, who cannot hand it on to the one whom it does not concern.
    desk.goto(f"{home}/a/")
    desk.get_by_role("link", name="河东乙公司的新人").first.click()
    options = desk.locator("[name=to] option").all_inner_texts()
    assert not [one for one in options if "李娜" in one]
    desk.wait_for_load_state()  # nothing listens to a key before
    desk.keyboard.press("a")
    desk.wait_for_selector("text=已审核通过")
    assert far_case.__class__.objects.get(pk=far_case.pk).state == "approved"
