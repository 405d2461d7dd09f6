from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("configuring", "0001_new_values_take_two_people"),
    ]

    operations = [
        migrations.RenameModel(old_name="ValuesProposal", new_name="FolderProposal"),
        migrations.AlterModelOptions(
            name="folderproposal", options={"ordering": ["-pk"], "verbose_name": "地区方案修改"}
        ),
        migrations.AddField(
            model_name="folderproposal",
            name="file",
            field=models.CharField(default="parameters.yaml", max_length=80, verbose_name="文件"),
        ),
        migrations.AlterField(
            model_name="folderproposal", name="text", field=models.TextField(verbose_name="拟定的内容")
        ),
    ]
