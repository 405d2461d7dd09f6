"""个人信息清单: every column says what it is for people; what is personal is encrypted, masked, not kept for ever."""

import re
from pathlib import Path

import pytest
import yaml
from django.apps import apps
from django.db import models

from shebao.hall.audit.models import AuditEntry
from shebao.hall.fields import EncryptedField
from shebao.hall.personal_data import (
    OF_A_MODEL,
    class_of,
    class_of_question,
    masked_answer,
    personal_data,
    retention_days,
)
from shebao.hall.regions import region
from shebao.hall.registration import deciding, operations
from shebao.hall.retention import FORGETTING
from shebao.rules.identity import written_phone
from shebao.rules.once import read_once
from shebao.rules.vocabulary import FIELD_KINDS
from shebao.web.templatetags import ui
from tests.factories import EmployerFactory, OperatorFactory
from tests.registration.applying import answers, credit_code, desk, submitted

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


def test_a_list_that_says_something_twice_is_not_read():
    assert read_once("a: {b: 1}\nc: [{b: 1}, {b: 2}]\n") == {"a": {"b": 1}, "c": [{"b": 1}, {"b": 2}]}
    for twice in ("a: 1\nb: 2\na: 3\n", "models: {x: {plain: [a], plain: [b]}}\n"):
        with pytest.raises(yaml.YAMLError, match="stands twice"):
            read_once(twice)


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
    assert named == {"mask_id", "mask_phone", "mask_name"}
    assert all(callable(getattr(ui, name)) for name in named)
    assert ui.mask_id("110101199003074514") == "110***********4514"
    assert ui.mask_phone("13912342016") == "139****2016"
    assert [ui.mask_name(one) for one in ("张三", "欧阳明", "欧阳", "Ann Lee", "", None)] == [
        "张*",
        "欧阳*",
        "欧*",
        "A*",
        "",
        "",
    ]


def test_a_list_of_the_agency_names_nobody_whole_but_where_the_list_says_why():
    shown = re.compile(
        r"\{\{\s*(?:\w+\.)*(?:subject_name|(?:person|employee|account)\.(?:person\.)?name)((?:\|[^}]*)?)\s*\}\}"
    )
    whole = {
        str(file.relative_to(WEB / "templates"))
        for file in (WEB / "templates/agency").rglob("*.html")
        for filters in shown.findall(file.read_text("utf-8"))
        if "mask_name" not in filters
    }
    assert whole <= set(LISTED["whole_names"])
    assert all((WEB / "templates" / name).is_file() for name in LISTED["whole_names"])


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


def test_every_kind_of_question_is_said_to_be_personal_or_not():
    written = [kind for kinds in LISTED["questions"].values() for kind in kinds]
    assert sorted(written) == sorted(FIELD_KINDS)
    assert set(LISTED["questions"]) <= set(LISTED["classes"])
    for kind in FIELD_KINDS:
        whole = "c.example@example.com" if kind == "email" else "110101199003074514"
        assert (masked_answer(kind, whole) == whole) == (class_of_question(kind) == "plain"), kind


def personal(made) -> list[str]:
    """What a registration holds that is personal, whole."""
    here = region(made.region)
    asked = [one for _, one in here.registration.fields(here.forms) if class_of_question(one.kind) != "plain"]
    return [kept[one.id] for kept in (made.answers, made.before) for one in asked if kept.get(one.id)]


@pytest.mark.django_db
def test_the_agency_reads_a_registration_behind_masks_and_whole_only_with_a_reason_on_record(client):
    desk("yunnan")
    reviewer = OperatorFactory(reviewer=True, region="yunnan")
    client.force_login(reviewer)
    made = submitted(has_number="0")
    # On file already, and repaired: what stood there before is masked as well.
    EmployerFactory(region="yunnan", credit_code=credit_code(1), phone="087155556666", bank_account="990155556666777")
    deciding.return_registration(made.pk, {"bank_account": "不对"}, "", by=reviewer, seen=made.version)
    operations.save_step(made.pk, 1, answers(bank_account="990100000099999", phone="087100001234"))
    made = operations.submit_registration(made.pk)
    kept = [*personal(made), "087155556666", "990155556666777"]
    written = [written_phone(one) for one in kept]  # a landline has its dash on a page
    whole = {*kept, *written}
    assert len(set(kept)) == 9
    address = f"/a/registrations/{made.pk}"
    for page in ("/a/registrations/", address, f"{address}/reveal"):
        text = client.get(page).content.decode()
        assert [one for one in whole if one in text] == [], page
    refused = client.post(f"{address}/return", {"version": made.version}).content.decode()
    assert [one for one in whole if one in refused] == []
    assert "改了 2 项：联系电话、银行账号" in client.get(address).content.decode()
    # The page, the same shown again with what is wrong, and the page once more.
    looks = AuditEntry.objects.filter(action="data.looked_at", subject=f"registration:{made.pk}", actor=reviewer)
    assert looks.count() == 3 and made.number in looks[0].detail["reason"]

    reviewer.set_password("a-Long-enough-1")
    reviewer.save()
    client.force_login(reviewer)
    assert client.post(f"{address}/reveal", {"reason": "other", "password": "a-Long-enough-1"}).status_code == 422
    assert not AuditEntry.objects.filter(action="reveal_id_number").exists()
    shown = client.post(f"{address}/reveal", {"reason": "联系专管员"}).content.decode()
    assert [one for one in written if one not in shown] == []
    entry = AuditEntry.objects.get(action="reveal_id_number")
    assert (entry.subject, entry.actor, entry.region) == (f"registration:{made.pk}", reviewer, "yunnan")
    assert entry.detail == {"reason": "联系专管员"}
    assert not [one for one in whole if one in client.get(address).content.decode()]


@pytest.mark.django_db
def test_a_file_of_a_registration_is_opened_on_record(client):
    desk("yunnan")
    made = submitted()
    client.force_login(OperatorFactory(reviewer=True, region="yunnan"))
    paper = made.papers.first()
    assert client.get(f"/a/registrations/files/{paper.pk}").status_code == 200
    entry = AuditEntry.objects.get(action="evidence.looked_at")
    assert entry.subject == f"registrationpaper:{paper.pk}" and paper.title in entry.detail["reason"]


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
