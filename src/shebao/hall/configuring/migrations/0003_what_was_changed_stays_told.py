from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("configuring", "0002_other_files_may_be_proposed"),
    ]

    operations = [
        migrations.AddField(
            model_name="folderproposal",
            name="changed",
            field=models.JSONField(default=list, verbose_name="改了什么"),
        ),
    ]
