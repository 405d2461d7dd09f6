import django.db.models.deletion
import shebao.hall.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('employers', '0008_an_employer_belongs_to_a_division'),
        ('registration', '0008_an_employer_is_registered_at_the_counter'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='JoinRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=20, unique=True, verbose_name='申请号')),
                ('state', models.CharField(choices=[('draft', '没有提交'), ('submitted', '待处理'), ('approved', '已同意'), ('rejected', '未同意'), ('withdrawn', '已撤回'), ('expired', '已过期')], default='draft', max_length=20, verbose_name='状态')),
                ('answers', shebao.hall.fields.EncryptedJSONField(default=dict, verbose_name='填写内容')),
                ('phone_digest', models.CharField(max_length=32, verbose_name='手机号码索引')),
                ('proved_digest', models.CharField(blank=True, default='', max_length=32, verbose_name='验证过的手机号码索引')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='不同意的原因')),
                ('started_at', models.DateTimeField(verbose_name='填写时间')),
                ('submitted_at', models.DateTimeField(null=True, verbose_name='提交时间')),
                ('until', models.DateTimeField(null=True, verbose_name='有效期至')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='办结时间')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('employer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='join_requests', to='employers.employer')),
                ('operator', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': '加入申请',
                'indexes': [models.Index(fields=['employer', 'state', 'submitted_at'], name='join_request_of_an_employer')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'submitted')), fields=('employer', 'phone_digest'), name='one_open_join_request_of_a_telephone_at_an_employer', violation_error_message='这个手机号在这个单位已有一份待处理的加入申请。'), models.CheckConstraint(condition=models.Q(('state', 'draft'), models.Q(('submitted_at__isnull', False), ('until__isnull', False)), _connector='OR'), name='a_submitted_join_request_has_an_end', violation_error_message='已提交的加入申请必须有提交时间和有效期。'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('decided_by__isnull', False), ('operator__isnull', False)), _connector='OR'), name='an_accepted_join_request_has_an_account', violation_error_message='已同意的加入申请必须有账号和同意的管理员。'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'rejected'), _negated=True), models.Q(('decided_by__isnull', False), models.Q(('note', ''), _negated=True)), _connector='OR'), name='a_declined_join_request_says_who_and_why', violation_error_message='未同意的加入申请必须有管理员和原因。')],
            },
        ),
    ]
