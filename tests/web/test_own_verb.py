"""Where settling a month has a verb of its own, every page and message says that one."""

import re
from collections import deque
from html import unescape

import pytest

from shebao.hall.declarations.states import State
from shebao.hall.errors import Refused
from shebao.hall.operators.models import Operator
from shebao.hall.regions import all_regions, region
from shebao.hall.settlement.models import Bill
from shebao.hall.settlement.operations import settle_month
from shebao.hall.settlement.voiding import ask_to_void
from shebao.rules.settling_words import settle_name, settling
from tests.settlement.hall import NOVEMBER, OCTOBER, declare, hire, make_clerk, make_employer, on_day, settle

pytestmark = pytest.mark.django_db
PLACE, VERB, NATIONAL = "shanghai", "申报", "结算"
PAGES = 160
"""So many pages of one reader are enough: the rest are the same pages about other rows."""
LINK = re.compile(r'(?:href|hx-get)="(/[^"#]*)')
ASIDE = re.compile(r"/(?:logout|export|download|guides|static|rates|trial|verify|elder)|\.xlsx|sort=|page=")


@pytest.fixture
def employer(db):
    with on_day():
        found = make_employer(PLACE, "310001")
        hire(found, [900_000, 300_000])
        yield found


@pytest.fixture
def boss(employer):
    return make_clerk(employer, "employer_admin")


@pytest.fixture
def month_before(employer, boss) -> Bill:
    """October, settled and not paid; November has a change that waits and one that came back."""
    found = settle(employer, boss, OCTOBER)
    declare(employer, boss, State.DRAFT)
    declare(employer, boss, State.RETURNED)
    return found


def read(client, first: str) -> dict[str, str]:
    """Every page that can be reached from one by links, each kind of address a few times; by address, without tags."""
    waiting, kinds, found = deque([first]), {}, {}
    while waiting and len(found) < PAGES:
        address = waiting.popleft()
        kind = re.sub(r"\d+", "N", address.partition("?")[0])
        if address in found or kinds.get(kind, 0) >= 3 or ASIDE.search(address):
            continue
        response = client.get(address)
        if response.status_code != 200 or "text/html" not in response.get("Content-Type", ""):
            continue
        kinds[kind] = kinds.get(kind, 0) + 1
        found[address] = unescape(response.content.decode())
        waiting.extend(LINK.findall(response.content.decode()))
    return found


def said(pages: dict[str, str], word: str) -> dict[str, str]:
    """What surrounds the first place of each page that says the word."""
    return {address: text[at - 40 : at + 40] for address, text in pages.items() if (at := text.find(word)) >= 0}


def test_no_page_of_an_employer_says_another_verb(client, employer, boss, month_before):
    client.force_login(boss)
    pages = read(client, "/e/?whole=1")
    for month in (NOVEMBER, OCTOBER):
        client.get(f"/e/settle/?month={month}")
    settle_again = read(client, f"/e/bills/{month_before.pk}/")
    assert len(pages) > 60 and not said(pages | settle_again, NATIONAL)
    assert any(VERB in text for text in pages.values())


def test_no_page_of_a_paid_month_says_another_verb(client, employer, boss):
    for one in employer.declarations.all():
        one.delete()
    bill = settle(employer, boss)
    ask_to_void(bill.assessment_id, by=boss, reason="漏报一人")
    client.force_login(boss)
    pages = {}
    for address in ("/e/voids/", f"/e/bills/{bill.pk}/", "/e/adjustments/", "/e/documents/", "/e/debits/", "/e/pay/"):
        pages |= {address: client.get(address).content.decode()}
    assert not said(pages, NATIONAL)


@pytest.mark.parametrize("role", ["agency_admin", "reviewer"])
def test_no_page_of_the_desk_says_another_verb(client, employer, boss, month_before, role):
    client.force_login(Operator.objects.create(username=role, name="李审", role=role, region=PLACE))
    pages = read(client, "/a/")
    assert len(pages) > 15 and not said(pages, NATIONAL)


def test_the_guides_and_forms_say_the_regions_verb(client, employer, boss):
    here = region(PLACE)
    told = [step for guide in here.guides.values() for step in guide.steps_here(here.terms, reviewed=here.is_reviewed)]
    helps = [field.help for form in here.forms.values() for field in form.fields]
    assert told and not [one for one in told if NATIONAL in one.title + one.text]
    assert not [one for one in helps if NATIONAL in one]


def test_a_refusal_names_what_the_region_calls_it(employer, boss):
    settle(employer, boss)
    with pytest.raises(Refused) as no:
        settle_month(employer.pk, NOVEMBER, "monthly", by=boss, confirmations=1)
    assert no.value.message == "本月已经核定过，不能重复申报。请刷新后查看账单。"
    reader = make_clerk(employer, "clerk")
    reader.duty = "read"
    with pytest.raises(Refused) as no:
        settle_month(employer.pk, NOVEMBER, "monthly", by=reader, confirmations=1)
    assert "“日常申报”权限" in no.value.message


def test_nobody_says_declaring_twice_and_the_national_word_stays_where_it_is_the_regions():
    own, plain = region(PLACE).terms, region("tianjin").terms
    assert settling(own, "补办申报结算后多退少补，随下一次月度结算计入") == "补办申报后多退少补，随下一次日常申报计入"
    assert settling(plain, "补办申报结算") == "补办申报结算"
    assert (settle_name(own), settle_name(plain)) == ("日常申报", "结算")


OTHERS = sorted(code for code, one in all_regions().items() if one.terms.get("settle") != NATIONAL and code != PLACE)
"""The other regions with a verb of their own; their settling goes through the same pages."""
MONTHLY = ("/e/", "/e/settle/", "/e/bills/", "/e/documents/", "/e/voids/", "/e/queries/", "/e/guides/", "/e/roster/")


def test_whoever_calls_settling_something_else_has_a_verb_for_it():
    """A page that says 结算 under a menu that says 核定 sends people looking for what is not there."""
    for code, one in all_regions().items():
        name = one.terms["settlement"]
        assert NATIONAL in name or one.terms["settle"] in name, code
        assert NATIONAL not in one.terms["settle.done"] or one.terms["settle"] == NATIONAL, code


@pytest.mark.parametrize("code", OTHERS)
def test_the_pages_of_the_month_say_the_verb_of_every_region(client, db, code):
    with on_day():
        employer = make_employer(code, "450001")
        hire(employer, [900_000, 300_000])
        boss = make_clerk(employer, "employer_admin")
        bill = settle(employer, boss, OCTOBER)
        client.force_login(boss)
        own = (f"/e/bills/{bill.pk}/", f"/e/bills/{bill.pk}/?tab=rules", f"/e/settle/?month={OCTOBER}")
        pages = {address: unescape(client.get(address).content.decode()) for address in (*MONTHLY, *own)}
    assert not said(pages, NATIONAL)
    assert region(code).terms["settle"] in pages["/e/settle/"]


def test_a_bill_names_how_it_was_settled_only_where_there_are_several_ways(client, db):
    with on_day():
        for code, told in (("certificate_city", False), ("tianjin", True)):
            employer = make_employer(code, "46000" + str(len(code)))
            hire(employer, [900_000])
            boss = make_clerk(employer, "employer_admin")
            bill = settle(employer, boss, OCTOBER)
            client.force_login(boss)
            head = client.get(f"/e/bills/{bill.pk}/").content.decode().partition("缴费截止")[2].partition("</p>")[0]
            assert ("结算" in head) is told, head
            if not told:
                assert "将办理提交" not in client.get("/e/settle/").content.decode()
