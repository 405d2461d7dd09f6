import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registration', '0009_somebody_asks_to_join_an_employer'),
        ('sign_in', '0003_a_session_tells_why_it_ended'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='sentcode',
            name='a_code_goes_to_an_operator_or_to_an_applicant',
        ),
        migrations.AddField(
            model_name='sentcode',
            name='join_request',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='registration.joinrequest'),
        ),
        migrations.AddConstraint(
            model_name='sentcode',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('join_request__isnull', True), ('operator__isnull', False), ('registration__isnull', True)), models.Q(('join_request__isnull', True), ('operator__isnull', True), ('registration__isnull', False)), models.Q(('join_request__isnull', False), ('operator__isnull', True), ('registration__isnull', True)), _connector='OR'), name='a_code_goes_to_one_operator_or_applicant', violation_error_message='验证码应发给操作员、注册申请人或加入申请人之一。'),
        ),
    ]
