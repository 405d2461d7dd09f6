"""Nobody takes an employer over in silence: who stood for it before is told, in words that name no person."""

import pytest

from shebao.hall.declarations.operations import approve_declarations, save_declarations, submit_declarations
from shebao.hall.employers.queries import employer_answers
from shebao.hall.mail.models import Mail
from shebao.hall.mail.wording import WORDINGS, check
from shebao.hall.operators.models import Operator
from shebao.hall.regions import region
from shebao.hall.registration import checks, deciding
from shebao.hall.sign_in.contacts import set_contact
from shebao.hall.sign_in.models import Contact
from tests.factories import EmployerFactory, OperatorFactory
from tests.registration.applying import credit_code, desk, submitted

PHONE, ADMINS, CLERKS = "13911110000", ("13922220000", "admin@example.com"), ("13933330000", "clerk@example.org")


def with_contact(contact, **known) -> Operator:
    made = OperatorFactory(**known)
    Contact.objects.create(operator=made, phone=contact[0], mail_address=contact[1])
    return made


@pytest.fixture
def employer(db):
    return EmployerFactory(region="lijiang", phone=PHONE, contact_name="沈示例", address="示例路 8 号")


@pytest.fixture
def admin(employer):
    return with_contact(ADMINS, admin=True, employer=employer)


@pytest.fixture
def clerk(employer, admin):
    return with_contact(CLERKS, clerk=True, employer=employer)


def told() -> dict[str, str]:
    """Who was told what: of every address the text."""
    return {one.to: one.text for one in Mail.objects.filter(occasion__startswith="old_contacts")}


def approved(service, raw, clerk):
    (made,) = save_declarations(clerk.employer_id, service, [raw], by=clerk)
    assert not submit_declarations([made.pk], by=clerk).refused
    assert told() == {}, "nothing has changed yet"
    approve_declarations([made.pk], by=OperatorFactory(reviewer=True, region="lijiang"))
    return made


NEW = {"clerk_name": "周示例", "phone": "13900000001", "account": "new.clerk", "role": "clerk"}


def test_of_a_new_clerk_the_former_one_the_administrator_and_the_employer_are_told(clerk):
    raw = NEW | {"replaced": clerk.username, "note": "原专管员离职"}
    approved("clerk_change", raw, clerk)
    assert set(told()) == {PHONE, *ADMINS, *CLERKS}
    for text in told().values():
        assert "变更了专管员" in text and clerk.employer.name in text and "请立即联系" in text
        assert "周示例" not in text and clerk.name not in text and clerk.username not in text


def test_of_another_account_the_administrator_and_the_employer_are_told(clerk):
    approved("clerk_registration", NEW, clerk)
    assert set(told()) == {PHONE, *ADMINS}
    assert "开通了一个操作员账号" in told()[PHONE]


def answered(service, employer, **changes) -> dict:
    return employer_answers(region("lijiang").forms[service], employer) | changes


def test_of_another_telephone_the_old_one_is_told(clerk):
    raw = answered("employer_change", clerk.employer, phone="13944440000")
    save_declarations(clerk.employer_id, "employer_change", [raw], by=clerk)  # it takes effect at once
    assert set(told()) == {PHONE, *ADMINS}
    assert "变更了联系电话。" in told()[PHONE]


def test_of_another_legal_representative_the_old_contacts_are_told_once_it_is_decided(clerk):
    raw = answered("sensitive_employer_change", clerk.employer, legal_representative="郑新示例")
    case = approved("sensitive_employer_change", raw, clerk)
    assert told() == {}, "somebody else must sign too"
    approve_declarations([case.pk], by=OperatorFactory(agency_admin=True, region="lijiang"))
    assert set(told()) == {PHONE, *ADMINS}
    assert "变更了法定代表人" in told()[PHONE] and "郑新示例" not in told()[PHONE]


def test_of_an_address_nobody_is_told(clerk):
    raw = answered("employer_change", clerk.employer, address="示例路 9 号")
    save_declarations(clerk.employer_id, "employer_change", [raw], by=clerk)
    assert told() == {}


def test_a_landline_gets_no_short_message(clerk):
    clerk.employer.phone = "0888-5555555"
    clerk.employer.save()
    approved("clerk_registration", NEW, clerk)
    assert set(told()) == set(ADMINS)


def test_an_account_for_an_employer_on_file_is_told_to_its_old_telephone_and_to_no_new_employer(db):
    desk("yunnan")
    reviewer = OperatorFactory(reviewer=True, region="yunnan")

    def approve(made):
        decided = checks.proposed(made, region("yunnan"))
        return deciding.approve_registration(made.pk, decided, by=reviewer, seen=made.version)[0]

    approve(submitted(n=2))
    assert told() == {}
    known = EmployerFactory(region="yunnan", credit_code=credit_code(1), employer_number="530777", phone=PHONE)
    approve(submitted(has_number="1", employer_number="530777"))
    assert set(told()) == {PHONE}
    assert f"{known.name}开通了网厅账号" in told()[PHONE] and "何示例" not in told()[PHONE]


def test_who_changes_the_contact_of_an_account_is_known_at_the_old_one(clerk):
    set_contact("13933330001", CLERKS[1], by=clerk)
    assert set(told()) == {CLERKS[0]}
    set_contact("13933330001", CLERKS[1], by=clerk)
    assert len(told()) == 1


def test_the_words_are_the_agencys_to_change_and_say_what_happened():
    for key in ("old_contacts", "old_contacts_sms"):
        check(key, WORDINGS[key].subject, WORDINGS[key].text)
