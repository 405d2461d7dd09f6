"""What the agency puts on record about medical accounts (登记个人账户余额). Nothing is ever computed or supposed."""

from dataclasses import dataclass, field
from datetime import date

from django.db import transaction

from shebao.rules.forms import clean
from shebao.rules.identity import check_id_number
from shebao.rules.money import yuan
from shebao.rules.region import Region

from .. import clock
from ..audit.operations import record_many
from ..bulk import insert_rows, update_rows
from ..crypto import blind_index
from ..errors import Refused
from ..regions import region
from ..roster.models import Person
from ..scopes import people_served
from ..sheets.cells import read_rows
from ..sheets.headers import match_headers
from ..sheets.reading import UnreadableSheet, read_workbook
from .balance_form import FORM, SHEET
from .models import AccountEntry, EntryKind, MedicalAccount

MOST = 20_000
CHUNK = 5_000


@dataclass
class Stated:
    """What became of rows of balances: the accounts written, or every row that stands in the way and why."""

    accounts: list[MedicalAccount] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    ignored: int = 0


def state_balances_by_sheet(file_name: str, data: bytes, *, by) -> Stated:
    """Read a sheet of balances and put them on record: all of them, or none and every reason.

    Raises Refused when the sheet cannot be read or has no known heading.
    """
    _permit(by)
    try:
        sheet = read_workbook(data, file_name)
    except UnreadableSheet as no:
        raise Refused(no.code, no.message_zh, field="file") from no
    here = region(by.region)
    match = match_headers(sheet, FORM, SHEET)
    if match.header_row is None or match.missing_required:
        lacking = "、".join(match.missing_required) or "证件号码、姓名、个人账户余额、余额截至"
        raise Refused("no_header", f"表里没有“{lacking}”这一列，请补上列名后再上传。", field="file")
    found = read_rows(sheet, match, FORM, here)
    rows = {row.number: dict(row.values) for row in found.data}
    unread = [(row.number, problem.message) for row in found.data for problem in row.problems]
    stated = state_balances(rows, by=by, unread=unread)
    stated.ignored = len(found.ignored)
    return stated


@transaction.atomic
def state_balances(rows: dict[int, dict], *, by, unread: list[tuple[int, str]] | None = None) -> Stated:
    """Put balances on record, by row number the typed answers of `FORM`; all of them, or none and every reason.

    A balance replaces the one on record; what it was stays in the entries of the account.
    """
    _permit(by)
    if not rows or len(rows) > MOST:
        raise Refused("no_rows", f"没有读到余额，或超过 {MOST:,} 行，请分几次登记。", field="file")
    here = region(by.region)
    answers, refused = _judged(rows, here)
    refused += unread or []
    people = _people([one["digest"] for one in answers.values()], by)
    for number, one in answers.items():
        refused += [(number, why) for why in _doubts(one, people, here)]
    seen: dict[str, int] = {}
    for number, one in answers.items():
        if one["digest"] in seen:
            refused.append((number, f"与第 {seen[one['digest']]} 行是同一个人，请只保留一行。"))
        seen.setdefault(one["digest"], number)
    if refused:
        return Stated(refused=sorted(refused))
    return Stated(_written([(people[one["digest"]], one) for one in answers.values()], here.code, by))


def _permit(by) -> None:
    if not (by.is_agency and by.may("keep_accounts")):
        raise Refused("not_permitted", "您的账号没有“登记个人账户”权限。", status=403)


def _judged(rows: dict[int, dict], here: Region) -> tuple[dict[int, dict], list[tuple[int, str]]]:
    answers, refused = {}, []
    for number, raw in rows.items():
        done = clean(FORM, raw, here)
        refused += [(number, f"{problem.message}。") for problem in done.problems]
        if not done.problems:
            digest = blind_index("person", check_id_number(done.values["id_number"]).number)
            answers[number] = done.values | {"digest": digest}
    return answers, refused


def _people(digests: list[str], by) -> dict[str, Person]:
    """Those of them whom the actor serves: of anybody else nothing is told, not even whether there is such a person."""
    found: dict[str, Person] = {}
    for start in range(0, len(digests), CHUNK):
        rows = Person.objects.filter(id_digest__in=digests[start : start + CHUNK], pk__in=people_served(by))
        rows = rows.defer("id_number")
        found |= {person.id_digest: person for person in rows}
    return found


def _doubts(one: dict, people: dict[str, Person], here: Region) -> list[str]:
    person = people.get(one["digest"])
    if person is None:
        return [f"{one['name']}没有参保登记，请先核对证件号码。"]
    doubts = []
    if person.name != one["name"]:
        doubts.append(f"姓名与登记的不一致：表里是“{one['name']}”，请核对是不是同一个人。")
    if date.fromisoformat(one["stated_on"]) > clock.today():
        doubts.append(f"余额截至 {one['stated_on']} 晚于今天，请核对。")
    return doubts


def _written(stated: list[tuple[Person, dict]], code: str, by) -> list[MedicalAccount]:
    known: dict[int, MedicalAccount] = {}
    ids = [person.pk for person, _ in stated]
    for start in range(0, len(ids), CHUNK):
        rows = MedicalAccount.objects.filter(region=code, person__in=ids[start : start + CHUNK])
        known |= {account.person_id: account for account in rows.select_for_update()}
    added, changed, moved = [], [], []
    for person, one in stated:
        account = known.get(person.pk) or MedicalAccount(person=person, region=code, balance_fen=0)
        (changed if account.pk else added).append(account)
        moved.append(one["balance"] - account.balance_fen)
        account.balance_fen, account.stated_on = one["balance"], date.fromisoformat(one["stated_on"])
    insert_rows(added)
    update_rows(changed, "balance_fen", "stated_on")
    accounts = [*added, *changed]
    by_person = {account.person_id: account for account in accounts}
    now = clock.now()
    insert_rows(
        [
            AccountEntry(
                account=by_person[person.pk],
                kind=EntryKind.STATED,
                amount_fen=amount,
                balance_fen=one["balance"],
                by_id=by.pk,
                at=now,
            )
            for (person, one), amount in zip(stated, moved, strict=True)
        ]
    )
    record_many("account.stated", [(account, {}) for account in accounts], by=by)
    return accounts


def balance_words(account: MedicalAccount) -> str:
    """A balance as the register tells it."""
    return f"{yuan(account.balance_fen)} 元，截至 {account.stated_on}"
