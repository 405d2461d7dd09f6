"""Word to the old contacts (告知原联系人): nobody takes an employer over without those knowing who stood for it before.

Whoever was on file before the change is told, also of what the employer itself asked for: an account may be in wrong
hands. The message names the change and the agency, and no person.
"""

import re
import secrets

from ..employers.models import Employer
from ..operators.models import Operator, Role
from ..regions import region
from ..sign_in.models import Contact
from .operations import write_message, write_text
from .wording import worded

MOBILE = re.compile(r"1[3-9]\d{9}")
WATCHED = ("legal_representative", "contact_name", "phone")
"""What of an employer's data its old contacts are told of, besides its people's accounts."""


def reached_at(employer: Employer, *operators: Operator) -> tuple[set[str], set[str]]:
    """Telephones and mail addresses of who stands for an employer now: asked before the change.

    Its own telephone where messages reach it, its administrators, and `operators`.
    """
    own = Operator.objects.filter(employer=employer, is_active=True, role=Role.EMPLOYER_ADMIN)
    told = {*own.values_list("pk", flat=True), *(one.pk for one in operators)}
    contacts = list(Contact.objects.filter(operator__in=told))
    phones = {employer.phone, *(one.phone for one in contacts)}
    return {one for one in phones if MOBILE.fullmatch(one)}, {one.mail_address for one in contacts if one.mail_address}


def tell_old_contacts(
    employer: Employer, reached: tuple[set[str], set[str]], change: str, *, occasion: str, by
) -> None:
    """Write to the old contacts, with the deed it tells of. `change` is what happened, in a few words."""
    here, (phones, addresses) = region(employer.region), reached
    places = {"employer": employer.name, "change": change, "agency": here.term("agency")}
    # One deed may be done, undone and done again: every time is an occasion.
    occasion = f"old_contacts:{occasion}:{secrets.token_hex(8)}"
    _, short = worded(employer.region, "old_contacts_sms", **places)
    subject, text = worded(employer.region, "old_contacts", **places)
    for number, phone in enumerate(sorted(phones)):
        write_message(phone, short, region=employer.region, occasion=f"{occasion}:sms{number}", by=by)
    for number, address in enumerate(sorted(addresses)):
        write_text(address, subject, [text], region=employer.region, occasion=f"{occasion}:mail{number}", by=by)
