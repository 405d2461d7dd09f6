"""Movements of medical accounts: drawn for a year's insurance, given back when that is undone."""

from collections import defaultdict

from django.db.models import F

from .. import clock
from ..bulk import insert_rows
from ..errors import Conflict
from .models import AccountEntry, EntryKind, MedicalAccount, YearlyCover


def balances(region: str, person_ids: list[int]) -> dict[int, int]:
    """The balances on record, fen, by person; who has none on record is missing from it."""
    rows = MedicalAccount.objects.filter(region=region, person__in=person_ids)
    return dict(rows.values_list("person_id", "balance_fen"))


def draw(covers: list[YearlyCover], *, by) -> None:
    """Take the amounts from the accounts (个账划转). Raises Conflict where one does not hold enough."""
    accounts = _locked(covers)
    by_amount = defaultdict(list)
    for cover in covers:
        account = accounts.get(cover.person_id)
        if account is None or account.balance_fen < cover.amount_fen:
            who = cover.employee.name
            raise Conflict("account_too_low", f"{who}的个人账户余额刚有变动，不够划转，请改为转账。")
        by_amount[cover.amount_fen].append(account.pk)
    for amount, pks in by_amount.items():
        # The condition on the balance carries correctness where the database has no row locks.
        found = MedicalAccount.objects.filter(pk__in=pks, balance_fen__gte=amount)
        if found.update(balance_fen=F("balance_fen") - amount) != len(pks):
            raise Conflict("account_too_low", "有人员的个人账户余额刚有变动，不够划转，请刷新后再看。")
    _keep([(accounts[c.person_id], -c.amount_fen, c) for c in covers], EntryKind.DRAWN, by)


def give_back(covers: list[YearlyCover], *, by) -> None:
    """Put the amounts of these covers back (撤销划转)."""
    accounts = _locked(covers)
    by_amount = defaultdict(list)
    for cover in covers:
        by_amount[cover.amount_fen].append(accounts[cover.person_id].pk)
    for amount, pks in by_amount.items():
        MedicalAccount.objects.filter(pk__in=pks).update(balance_fen=F("balance_fen") + amount)
    _keep([(accounts[c.person_id], c.amount_fen, c) for c in covers], EntryKind.RETURNED, by)


def _locked(covers: list[YearlyCover]) -> dict[int, MedicalAccount]:
    rows = MedicalAccount.objects.filter(region=covers[0].region, person__in=[cover.person_id for cover in covers])
    return {account.person_id: account for account in rows.select_for_update()}


def _keep(moves: list[tuple[MedicalAccount, int, YearlyCover]], kind: str, by) -> None:
    now = clock.now()
    entries = []
    for account, amount, cover in moves:
        balance = account.balance_fen + amount
        entries.append(
            AccountEntry(
                account=account, kind=kind, amount_fen=amount, balance_fen=balance, cover=cover, by_id=by.pk, at=now
            )
        )
    insert_rows(entries)
