"""个人信息清单: every column says what it is for people; what is personal is encrypted, masked, not kept for ever."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from shebao.hall.fields import EncryptedField
from shebao.hall.personal_data import OF_A_MODEL, class_of, personal_data, retention_days
from shebao.hall.retention import FORGETTING
from shebao.web.templatetags import ui

WEB = Path(__file__).parents[1] / "src/shebao/web"
# Django's own tables of rights and types: the hall gives no right through them, and no person is named there.
UNUSED = {"auth.Permission", "auth.Group", "auth.Group_permissions", "contenttypes.ContentType"}
LISTED = personal_data()


def columns():
    for model in apps.get_models(include_auto_created=True):
        if model._meta.label not in UNUSED:
            for field in model._meta.concrete_fields:
                if not (field.primary_key or field.is_relation or isinstance(field, models.BooleanField)):
                    yield model._meta.label, field


@pytest.mark.parametrize("label", sorted({label for label, _ in columns()}))
def test_every_column_of_a_table_has_one_class_and_no_class_a_column_that_is_not_there(label):
    assert label in LISTED["models"], f"{label} is not in pii.yaml"
    written = [name for key, names in LISTED["models"][label].items() if key not in OF_A_MODEL for name in names]
    assert sorted(written) == sorted(field.name for one, field in columns() if one == label)


def test_every_entry_is_of_a_table_a_class_a_purpose_and_a_time():
    labels = {model._meta.label for model in apps.get_models()}
    for label, entry in LISTED["models"].items():
        assert label in labels, label
        assert entry["purpose"] in LISTED["purposes"] and entry["retention"] in LISTED["retention"], label
        assert set(entry) - set(OF_A_MODEL) <= set(LISTED["classes"]), label
    assert all({"title", "basis"} <= set(one) for one in LISTED["purposes"].values())
    assert all({"title", "sensitive", "stored", "mask"} == set(one) for one in LISTED["classes"].values())


def test_what_is_said_to_be_encrypted_is_and_the_other_way_round():
    for label, field in columns():
        is_said = LISTED["classes"][class_of(label, field.name)]["stored"] == "encrypted"
        assert is_said == isinstance(field, EncryptedField), f"{label}.{field.name}"


def test_every_time_that_ends_is_kept_by_the_job():
    assert set(retention_days()) == set(FORGETTING)
    assert all(days > 0 for _, days in retention_days().values())


def test_the_masks_of_the_list_are_the_masks_of_the_pages():
    named = {one["mask"] for one in LISTED["classes"].values()} - {"none", "by_right", "by_field", "never_shown"}
    assert named == {"mask_id", "mask_phone"}
    assert all(callable(getattr(ui, name)) for name in named)
    assert ui.mask_id("110101199003074514") == "1101**********4514"
    assert ui.mask_phone("13912342016") == "139****2016"


# Where a page shows a whole number on purpose: one's own form, and the look that is on record.
WHOLE = {"employer/_revealed.html", "agency/privileged_employer.html", "agency/privileged_person.html"}


def test_no_page_writes_a_number_an_account_or_a_telephone_without_its_mask():
    shown = re.compile(r"\{\{\s*([\w.]*(?:id_number|\.phone|bank_account)[\w.]*)((?:\|[^}]*)?)\}\}")
    offences = []
    for file in sorted((WEB / "templates").rglob("*.html")):
        name = str(file.relative_to(WEB / "templates"))
        for path, filters in shown.findall(file.read_text("utf-8")):
            if "mask_" not in filters and name not in WHOLE:
                offences.append(f"{name}: {path}")
    assert offences == []


# They put the number of a person on one's own roster into the form in which that person is declared.
FORMS = {"declaring.py", "many.py", "people_paying.py"}


def test_no_export_writes_a_whole_number():
    """In what is downloaded, a number goes through its mask as well."""
    offences = []
    for file in sorted((WEB).rglob("*.py")):
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            named = re.search(r"person\.id_number|\.bank_account|employee\.phone", line)
            if named and file.name not in FORMS and not re.search(r"mask_id\(|mask_phone\(|masked\(|尾号", line):
                offences.append(f"{file.relative_to(WEB)}:{number}: {line.strip()}")
    assert offences == []
