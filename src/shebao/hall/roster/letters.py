"""Telling a person their social-insurance account (社保账号): by mail where they gave an address, else on paper."""

from django.db import transaction
from django.db.models import F

from .. import clock
from ..audit.operations import record
from ..bulk import insert_rows
from ..errors import Conflict, permit
from ..regions import region
from .models import AccountLetter, Employee

ADDRESS = "email"
"""The answer that is the person's own address."""


def write_letters(declarations: list, *, by) -> None:
    """Write to everybody whom the declarations enrolled; what goes by mail is sent after the commit."""
    now = clock.now()
    letters = [
        AccountLetter(employee=d.employee, address=str(d.answers.get(ADDRESS) or ""), declaration_id=d.pk, made_at=now)
        for d in declarations
    ]
    insert_rows(letters)
    by_mail = [letter.pk for letter in letters if letter.address]
    if by_mail:
        from .tasks import send_letters

        transaction.on_commit(lambda: send_letters.enqueue(by_mail))


def void_letters(declarations: list) -> None:
    """Forget the letters that nobody received yet: the enrolment was taken back."""
    AccountLetter.objects.filter(declaration__in=[d.pk for d in declarations], sent_at__isnull=True).delete()


def text_of(employee: Employee) -> list[tuple[str, str]]:
    """(label, words) of what the letter says; the identity number is not in it."""
    here = region(employee.employer.region)
    spells = employee.spells.filter(is_voided=False, last_month__isnull=True).order_by("first_month")
    schemes = [here.schemes[spell.scheme].title for spell in spells if spell.scheme in here.schemes]
    first = spells.first()
    return [
        ("姓名", employee.name),
        (here.term("person_number"), employee.person_number),
        (here.term("employer"), employee.employer.name),
        ("参加险种", "、".join(schemes) or "—"),
        ("参保起始", str(first.first_month) if first else "—"),
        ("经办机构", here.term("agency")),
    ]


def send_letter(pk: int) -> None:
    """Send one letter that waits; one that was sent is not sent again. A failure is counted and raised as OSError."""
    from ..mail.operations import send_text  # it mails papers too, which are made of what the roster knows
    from ..mail.wording import worded

    letter = AccountLetter.objects.select_related("employee__employer", "declaration__declared_by").get(pk=pk)
    if letter.sent_at or not letter.address:
        return
    AccountLetter.objects.filter(pk=pk).update(tries=F("tries") + 1)
    employer = letter.employee.employer
    here = region(employer.region)
    details = "\n".join(f"{label}：{words}" for label, words in text_of(letter.employee))
    places = {"number_title": here.term("person_number"), "details": details, "agency": here.term("agency")}
    subject, text = worded(employer.region, "account_letter", **places)
    writer = letter.declaration.declared_by
    send_text(employer, letter.address, subject, [text], occasion=f"account_letter:{letter.pk}", by=writer)
    AccountLetter.objects.filter(pk=pk, sent_at__isnull=True).update(sent_at=clock.now())


@transaction.atomic
def hand_over_letter(pk: int, *, by) -> AccountLetter:
    """Note that the printed letter was given to the person (当面交付). Raises Conflict when it has arrived before."""
    permit(by, "declare", "交付告知书")
    letter = AccountLetter.objects.visible_to(by).select_for_update(of=("self",)).select_related("employee").get(pk=pk)
    now = clock.now()
    if not AccountLetter.objects.filter(pk=pk, sent_at__isnull=True).update(sent_at=now, is_by_hand=True):
        raise Conflict("letter_arrived", f"{letter.employee.name}的告知书已经送达，没有重复登记。")
    letter.sent_at, letter.is_by_hand = now, True
    record("letter.handed_over", letter, by=by)
    return letter
