"""Where an operator is reached with codes; changed only by whoever knows the password."""

import re

from django.db import transaction

from ..audit.operations import record
from ..errors import Refused
from ..mail.old_contacts import tell_old_contacts
from ..mail.operations import tidy_address
from ..operators.models import Operator
from .models import Contact

PHONE = re.compile(r"1[3-9]\d{9}")


@transaction.atomic
def set_contact(phone: str, email: str, *, by: Operator) -> Contact:
    """Keep a telephone and a mail address, each may be empty (联系方式). Raises Refused in words."""
    phone, email = phone.strip().replace(" ", ""), email.strip()
    if phone and not PHONE.fullmatch(phone):
        raise Refused("bad_phone", "手机号码应为 11 位数字，如 138 开头。", field="phone")
    if email:
        try:
            email = tidy_address(email)
        except Refused as no:
            raise Refused(no.code, no.message, field="email") from None
    before = Contact.objects.filter(operator=by).first()
    contact, _ = Contact.objects.update_or_create(operator=by, defaults={"phone": phone, "mail_address": email})
    record("operator.contact_changed", by, by=by, employer=by.employer)
    if before and by.employer_id:
        left = {before.phone} - {phone, ""}, {before.mail_address} - {email, ""}
        tell_old_contacts(by.employer, left, "的操作员改了账号的联系方式", occasion=f"contact{by.pk}", by=by)
    return contact


def keep_contact(operator: Operator, phone: str, email: str) -> None:
    """The contact that came with the account, unless its owner has set one. Called by the deed that opens it."""
    Contact.objects.get_or_create(operator=operator, defaults={"phone": phone, "mail_address": email})


def confirm_password(password: str, *, by: Operator) -> None:
    """It is really the owner who sits here: the password again. Raises Refused."""
    if not by.check_password(password):
        raise Refused("wrong_password", "当前密码不对，请重新输入。", field="password")
