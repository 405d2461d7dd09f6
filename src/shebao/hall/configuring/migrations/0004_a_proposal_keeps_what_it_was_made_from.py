from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("configuring", "0003_what_was_changed_stays_told"),
    ]

    operations = [
        migrations.AddField(
            model_name="folderproposal",
            name="made_from",
            field=models.TextField(blank=True, default="", verbose_name="提出时的内容"),
        ),
    ]
