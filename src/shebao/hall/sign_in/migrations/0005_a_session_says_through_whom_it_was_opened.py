"""A session tells by whose sign-in and by which way it was opened, also after somebody switched to another employer."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def as_it_was_told(apps, _):
    """A session that was not switched was opened by its own way; of one that was nobody knows it, and it is weak."""
    apps.get_model("sign_in", "OpenSession").objects.update(opened_by=models.F("way"))


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("sign_in", "0004_a_code_may_go_to_who_asks_to_join"),
    ]

    operations = [
        migrations.AddField(
            model_name="opensession",
            name="owner",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="sessions_elsewhere",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="opensession",
            name="opened_by",
            field=models.CharField(default="", max_length=20, verbose_name="由何种登录打开"),
            preserve_default=False,
        ),
        migrations.RunPython(as_it_was_told, migrations.RunPython.noop),
    ]
