import django.db.models.deletion
import shebao.hall.fields
from django.conf import settings
from django.db import migrations, models

from shebao.hall.squashed import AtOnce


class Migration(migrations.Migration):

    replaces = [
        ('sign_in', '0001_operators_prove_who_they_are'),
        ('sign_in', '0002_a_code_may_go_to_an_applicant'),
    ]

    initial = True

    dependencies = [
        ('declarations', '0005_a_refused_case_may_be_copied'),
        ('employers', '0006_a_branch_may_be_paid_for_by_its_head_office'),
        ('operators', '0001_initial'),
        ('registration', '0003_a_telephone_is_proved'),
    ]

    operations = [
        AtOnce(
            steps=[
                migrations.CreateModel(
                    name='Contact',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('phone', shebao.hall.fields.EncryptedTextField(blank=True, default='', verbose_name='手机号码')),
                        ('mail_address', shebao.hall.fields.EncryptedTextField(blank=True, default='', verbose_name='电子邮箱')),
                        ('operator', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='contact', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': '联系方式',
                    },
                ),
                migrations.CreateModel(
                    name='OperatorCertificate',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('fingerprint', models.CharField(max_length=64, verbose_name='指纹')),
                        ('holder', models.CharField(max_length=200, verbose_name='持有者')),
                        ('issuer', models.CharField(max_length=200, verbose_name='颁发者')),
                        ('serial', models.CharField(max_length=50, verbose_name='序列号')),
                        ('good_from', models.DateTimeField(verbose_name='有效期起')),
                        ('good_until', models.DateTimeField(verbose_name='有效期止')),
                        ('bound_at', models.DateTimeField(verbose_name='绑定时间')),
                        ('ended_at', models.DateTimeField(null=True, verbose_name='解除时间')),
                        ('bound_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('operator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='certificates', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': '数字证书',
                        'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('fingerprint',), name='a_certificate_is_bound_to_one_operator', violation_error_message='这张证书已经绑定。')],
                    },
                ),
                migrations.CreateModel(
                    name='SecurityQuestion',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('question', models.CharField(max_length=100, verbose_name='问题')),
                        ('answer', models.CharField(max_length=128, verbose_name='答案摘要')),
                        ('operator', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='security_question', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': '密码遗忘设定',
                    },
                ),
                migrations.CreateModel(
                    name='SentCode',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('purpose', models.CharField(max_length=20, verbose_name='用途')),
                        ('digest', models.CharField(max_length=32, verbose_name='摘要')),
                        ('until', models.DateTimeField(verbose_name='有效至')),
                        ('tries', models.PositiveSmallIntegerField(default=0, verbose_name='试过次数')),
                        ('used_at', models.DateTimeField(null=True, verbose_name='使用时间')),
                        ('operator', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('registration', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='registration.registration')),
                    ],
                    options={
                        'verbose_name': '验证码',
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('operator__isnull', False), ('registration__isnull', True)), models.Q(('operator__isnull', True), ('registration__isnull', False)), _connector='OR'), name='a_code_goes_to_an_operator_or_to_an_applicant', violation_error_message='验证码应发给操作员或注册申请人之一。')],
                    },
                ),
                migrations.CreateModel(
                    name='SignedSubmission',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('content', shebao.hall.fields.EncryptedTextField(verbose_name='签名内容')),
                        ('digest', models.CharField(max_length=64, verbose_name='内容摘要')),
                        ('signature', shebao.hall.fields.EncryptedTextField(verbose_name='签名')),
                        ('signed_at', models.DateTimeField(verbose_name='签名时间')),
                        ('certificate', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sign_in.operatorcertificate')),
                        ('declarations', models.ManyToManyField(related_name='signed', to='declarations.declaration', verbose_name='申报')),
                        ('employer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='employers.employer')),
                        ('operator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': '签名',
                        'ordering': ['-signed_at', '-pk'],
                    },
                ),
                migrations.CreateModel(
                    name='Factor',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('totp', '动态验证码（验证器应用）'), ('passkey', '通行密钥'), ('code', '短信或邮件验证码'), ('recovery', '备用码')], max_length=10, verbose_name='方式')),
                        ('label', models.CharField(blank=True, max_length=60, verbose_name='名称')),
                        ('secret', shebao.hall.fields.EncryptedJSONField(verbose_name='内容')),
                        ('counter', models.BigIntegerField(default=0, verbose_name='已用次序')),
                        ('digest', models.CharField(blank=True, db_index=True, max_length=32, verbose_name='凭据索引')),
                        ('made_at', models.DateTimeField(verbose_name='设置时间')),
                        ('used_at', models.DateTimeField(null=True, verbose_name='最近使用')),
                        ('operator', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='factors', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': '二次验证',
                        'constraints': [models.UniqueConstraint(condition=models.Q(('kind', 'passkey'), _negated=True), fields=('operator', 'kind'), name='one_factor_of_a_kind_but_many_passkeys', violation_error_message='这种方式已经设置过。')],
                    },
                ),
                migrations.CreateModel(
                    name='LinkedAccount',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('made_at', models.DateTimeField(verbose_name='添加时间')),
                        ('operator', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='links', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': '关联单位',
                        'constraints': [models.UniqueConstraint(fields=('owner', 'operator'), name='an_account_is_linked_once', violation_error_message='这个单位已经添加过。'), models.CheckConstraint(condition=models.Q(('owner', models.F('operator')), _negated=True), name='an_account_is_not_linked_to_itself', violation_error_message='不能添加当前账号自己。')],
                    },
                ),
                migrations.CreateModel(
                    name='OpenSession',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('key', shebao.hall.fields.EncryptedTextField(verbose_name='会话')),
                        ('key_digest', models.CharField(db_index=True, max_length=32, verbose_name='会话索引')),
                        ('way', models.CharField(max_length=20, verbose_name='登录方式')),
                        ('address', shebao.hall.fields.EncryptedTextField(blank=True, default='', verbose_name='来源地址')),
                        ('device', models.CharField(blank=True, max_length=120, verbose_name='设备')),
                        ('began_at', models.DateTimeField(verbose_name='登录时间')),
                        ('seen_at', models.DateTimeField(verbose_name='最近活动')),
                        ('ended_at', models.DateTimeField(null=True, verbose_name='结束时间')),
                        ('operator', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sessions', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': '登录记录',
                        'ordering': ['-began_at', '-pk'],
                        'indexes': [models.Index(fields=['operator', 'ended_at'], name='session_of_an_operator')],
                    },
                ),
            ],
        ),
    ]
