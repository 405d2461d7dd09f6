"""Personal data at rest: what a stolen database shows, and to whom each key belongs."""

import pytest
from cryptography.exceptions import InvalidTag
from django.db import connection

from shebao.hall.bulk import insert_rows, update_rows
from shebao.hall.crypto import decrypt, encrypt, seal, unseal
from shebao.hall.declarations.models import Declaration, DeclarationEvent
from shebao.hall.employers.models import Employer
from shebao.hall.roster.models import Employee
from tests.factories import EmployerFactory, enrolled, hired, synthetic_id

pytestmark = pytest.mark.django_db


def stored(table: str, column: str, pk: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} WHERE id = %s", [pk])
        return cursor.fetchone()[0]


def test_two_employers_write_the_same_telephone_with_different_keys():
    rows = [hired(EmployerFactory(), number=synthetic_id(), phone="13900001111") for _ in range(2)]
    kept = [stored("roster_employee", "phone", row.pk) for row in rows]
    assert [text.split(":")[1] for text in kept] == [str(row.employer_id) for row in rows]
    assert {Employee.objects.get(pk=row.pk).phone for row in rows} == {"13900001111"}


def test_what_was_written_for_one_employer_does_not_open_as_anothers():
    kept = encrypt("13900001111", 7)
    with pytest.raises(InvalidTag):
        decrypt(kept.replace("2:7:", "2:8:"))
    sealed = seal(b"paper", 7)
    assert unseal(sealed) == b"paper"
    with pytest.raises(ValueError, match="changed"):
        unseal(sealed[:8] + b"\x08" + sealed[9:])


def test_a_new_employers_own_data_are_under_its_own_key_from_the_first_moment():
    employer = EmployerFactory(phone="02288888888", bank_account="6222000000001111")
    for column in ("phone", "bank_account"):
        assert stored("employers_employer", column, employer.pk).startswith(f"2:{employer.pk}:")
    assert Employer.objects.get(pk=employer.pk).bank_account == "6222000000001111"


def test_rows_written_in_bulk_have_their_employers_key_too():
    employer = EmployerFactory()
    one, other = (enrolled(employer, number=synthetic_id(sequence=n), sequence=n) for n in (3, 4))
    one.phone, other.phone = "13900003333", "13900004444"
    update_rows([one, other], "phone")
    assert stored("roster_employee", "phone", one.pk).startswith(f"2:{employer.pk}:")
    fresh = Employee(employer=employer, person=hired(EmployerFactory(), number=synthetic_id(sequence=5)).person,
                     person_number="9", name="新人", phone="13900005555")  # fmt: skip
    insert_rows([fresh])
    assert stored("roster_employee", "phone", fresh.pk).startswith(f"2:{employer.pk}:")


def test_every_encrypted_column_of_an_employers_row_says_whose_it_is():
    """A column that forgot its owner would be written with the register's key."""
    from django.apps import apps

    from shebao.hall.fields import EncryptedField

    register = {"roster.Person", "roster.PreEntry", "registration.Registration", "registration.Agreement"}
    register |= {"audit.SpentKey"}  # where an answer led to: of whoever pressed, the agency too, and gone in two days
    found = {
        model._meta.label: field.owner
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, EncryptedField)
    }
    assert {Declaration._meta.label, DeclarationEvent._meta.label} <= set(found)
    assert {label for label, owner in found.items() if not owner} == register


def test_without_the_key_nothing_opens(settings):
    employee = hired(EmployerFactory(), phone="13900001111")
    settings.SHEBAO_FIELD_KEY = "99" * 32
    with pytest.raises(InvalidTag):
        Employee.objects.get(pk=employee.pk)


def test_a_thousand_flipped_bits_are_refused_a_thousand_times():
    import base64
    import random

    chance, kept = random.Random(7), encrypt("110101199003074514", 3)
    head, _, body = kept.rpartition(":")
    raw = base64.b64decode(body)
    for _ in range(1000):
        bit = chance.randrange(len(raw) * 8)
        bad = bytearray(raw)
        bad[bit // 8] ^= 1 << bit % 8
        with pytest.raises(InvalidTag):
            decrypt(f"{head}:{base64.b64encode(bytes(bad)).decode()}")


def test_what_the_first_generation_wrote_is_still_read(settings):
    import base64
    import os

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from shebao.hall.crypto import _derived

    nonce = os.urandom(12)
    cipher = AESGCM(_derived(settings.SHEBAO_FIELD_KEY, "field-encryption"))
    sealed = nonce + cipher.encrypt(nonce, b"13900001111", None)
    assert decrypt(f"1:{base64.b64encode(sealed).decode()}") == "13900001111"
