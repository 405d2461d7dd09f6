"""Column types of the hall: months, and text that is encrypted at rest."""

import json
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from shebao.rules.months import Month

from .crypto import REGISTER, decrypt, encrypt

_WRITE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class MonthField(models.CharField):
    """A Month (费款所属期), stored as "2026-11" so that text order is time order."""

    def __init__(self, *args, **kwargs):
        kwargs["max_length"] = 7
        super().__init__(*args, **kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_length"]
        return name, path, args, kwargs

    def from_db_value(self, value, expression, connection):
        return self.to_python(value)

    def to_python(self, value):
        if value in (None, "") or isinstance(value, Month):
            return value or None
        try:
            return Month.parse(value)
        except ValueError as wrong:
            raise ValidationError(f"“{value}”不是年月，请写成 2026-11 的样子。") from wrong

    def get_prep_value(self, value):
        return None if value in (None, "") else str(value)

    def value_to_string(self, obj):
        return self.get_prep_value(self.value_from_object(obj)) or ""


@dataclass(frozen=True)
class Owned:
    """A value on its way into the database, with the employer whose key encrypts it."""

    value: Any
    owner: int


class EncryptedField(models.TextField):
    """Text that only its owner's key can read. Never filter by it: keep a blind index beside it.

    `owner` is the way from the row to the employer's primary key, such as "batch.employer_id"; without one, or where it
    leads nowhere, the register's key is used. It says nothing about the column, so migrations do not hold it.
    """

    def __init__(self, *args, owner: str = "", **kwargs):
        self.owner, self._way = owner, tuple(filter(None, owner.split(".")))
        super().__init__(*args, **kwargs)

    def pre_save(self, model_instance, add):
        """The value with the owner that the row has."""
        return self.owned(model_instance)

    def owned(self, row: models.Model) -> Owned:
        """The row's value as it is to be written."""
        found: Any = row
        for name in self._way:
            found = getattr(found, name) if found is not None else None
        return Owned(getattr(row, self.attname), found or REGISTER if self.owner else REGISTER)

    def stored(self, row: models.Model) -> str | None:
        """The row's value as it stands in the database."""
        value = getattr(row, self.attname)
        return self.get_prep_value(self.owned(row)) if value else self._sealed(value, REGISTER)

    def get_prep_value(self, value):
        plain, owner = (value.value, value.owner) if isinstance(value, Owned) else (value, REGISTER)
        return self._sealed(plain, owner)


class EncryptedTextField(EncryptedField):
    """A text encrypted at rest; empty stays empty."""

    def from_db_value(self, value, expression, connection):
        return decrypt(value) if value else value

    def _sealed(self, plain, owner: int):
        return encrypt(plain, owner) if plain else plain


class EncryptedJSONField(EncryptedField):
    """A JSON document encrypted whole: answers of a form, rows of a sheet. An empty one is an empty text."""

    def from_db_value(self, value, expression, connection):
        return json.loads(decrypt(value)) if value else {}

    def to_python(self, value):
        return value

    def _sealed(self, plain, owner: int):
        return "" if plain == {} else encrypt(_WRITE(plain), owner)
