from django.db import migrations, models

AT_ONCE = 500


def tell_regions(apps, schema_editor):
    """The region of every letter that is there, from what it is about, or else from who wrote it.

    Where both are forgotten it stays of none, and nobody finds it in an outbox.
    """
    mail = apps.get_model("mail", "Mail").objects
    last = 0
    while part := list(
        mail.filter(pk__gt=last, region="").order_by("pk").values_list(
            "pk", "occasion", "employer__region", "written_by__region"
        )[:AT_ONCE]
    ):
        last = part[-1][0]
        known = _by_occasion(apps, [row[1] for row in part])
        found = {}
        for pk, occasion, of_employer, of_writer in part:
            if region := of_employer or known.get(_key(occasion)) or of_writer:
                found.setdefault(region, []).append(pk)
        for region, letters in found.items():
            mail.filter(pk__in=letters).update(region=region)


def _key(occasion):
    """What a letter is about and the number of it, as its occasion begins: ("registration", 7)."""
    kind, _, rest = occasion.partition(":")
    number = rest.partition(":")[0]
    return kind, int(number) if number.isascii() and number.isdigit() else 0


def _by_occasion(apps, occasions):
    """(kind, number) → region, for what is still there."""
    asked = {}
    for kind, number in map(_key, occasions):
        asked.setdefault(kind, set()).add(number)
    of = {
        "registration": (("registration", "Registration"), ("region",)),
        "join": (("registration", "JoinRequest"), ("employer__region",)),
        "reset": (("operators", "Operator"), ("region",)),
        "forgotten": (("registration", "Activation"), ("operator__region",)),
        "code": (
            ("sign_in", "SentCode"),
            ("operator__region", "registration__region", "join_request__employer__region"),
        ),
    }
    known = {}
    for kind, (model, ways) in of.items():
        rows = apps.get_model(*model).objects.filter(pk__in=asked.get(kind, ()))
        for pk, *regions in rows.values_list("pk", *ways):
            known[kind, pk] = next(filter(None, regions), "")
    return known


class Migration(migrations.Migration):

    dependencies = [
        ("documents", "0003_a_paper_need_not_be_of_a_bill"),
        ("employers", "0004_an_employer_has_projects_and_a_kind_of_account"),
        ("mail", "0004_kept_letters_are_called_what_they_are"),
        ("operators", "0001_initial"),
        ("registration", "0009_somebody_asks_to_join_an_employer"),
        ("sign_in", "0004_a_code_may_go_to_who_asks_to_join"),
    ]

    operations = [
        migrations.AddField(
            model_name="mail",
            name="region",
            field=models.CharField(blank=True, default="", max_length=40, verbose_name="地区方案"),
        ),
        migrations.AddIndex(
            model_name="mail",
            index=models.Index(fields=["region", "written_at"], name="mail_of_a_region"),
        ),
        migrations.RunPython(tell_regions, migrations.RunPython.noop, elidable=True),
    ]
