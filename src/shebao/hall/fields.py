"""Column types of the hall: months, and text that is encrypted at rest."""

import json

from django.core.exceptions import ValidationError
from django.db import models

from shebao.rules.months import Month

from .crypto import decrypt, encrypt

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


class EncryptedTextField(models.TextField):
    """Text that only this installation's key can read. Never filter by it: keep a blind index beside it."""

    def from_db_value(self, value, expression, connection):
        return decrypt(value) if value else value

    def get_prep_value(self, value):
        return encrypt(value) if value else value


class EncryptedJSONField(models.TextField):
    """A JSON document encrypted whole: answers of a form, rows of a sheet. An empty one is an empty text."""

    def from_db_value(self, value, expression, connection):
        return json.loads(decrypt(value)) if value else {}

    def to_python(self, value):
        return value

    def get_prep_value(self, value):
        return "" if value == {} else encrypt(_WRITE(value))
