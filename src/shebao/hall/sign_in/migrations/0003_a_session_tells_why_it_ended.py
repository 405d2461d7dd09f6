from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sign_in", "0002_a_code_may_go_to_an_applicant"),
    ]

    operations = [
        migrations.AddField(
            model_name="opensession",
            name="ended_why",
            field=models.CharField(
                blank=True,
                choices=[
                    ("rights", "您的权限有变动，请重新登录。"),
                    ("password", "您的密码已修改或重置，请用新密码登录。"),
                    ("factor", "您的账号新设了二次验证，请重新登录。"),
                    ("owner", "您在别处结束了这次登录，请重新登录。"),
                ],
                default="",
                max_length=10,
                verbose_name="结束原因",
            ),
        ),
    ]
