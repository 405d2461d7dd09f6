import django.db.models.deletion
import shebao.hall.fields
from django.conf import settings
from django.db import migrations, models

from shebao.hall.append_only import refuse_changes
from shebao.hall.squashed import AtOnce


class Migration(migrations.Migration):

    replaces = [
        ('registration', '0001_employers_register_themselves'),
        ('registration', '0002_an_applicant_chooses_a_division'),
        ('registration', '0003_a_telephone_is_proved'),
        ('registration', '0004_the_desk_has_registrations_in_hand'),
        ('registration', '0005_registrations_keep_their_steps_and_wait_a_moment'),
        ('registration', '0006_earlier_steps_are_told_as_far_as_they_are_known'),
        ('registration', '0007_what_happened_stays'),
        ('registration', '0008_an_employer_is_registered_at_the_counter'),
    ]

    initial = True

    dependencies = [
        ('employers', '0004_an_employer_has_projects_and_a_kind_of_account'),
        ('evidence', '0002_files_may_come_before_an_employer'),
        ('operators', '0001_initial'),
    ]

    operations = [
        AtOnce(
            steps=[
                migrations.CreateModel(
                    name='Activation',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('digest', models.CharField(max_length=64, unique=True, verbose_name='链接摘要')),
                        ('made_at', models.DateTimeField(verbose_name='生成时间')),
                        ('until', models.DateTimeField(verbose_name='有效期至')),
                        ('used_at', models.DateTimeField(null=True, verbose_name='使用时间')),
                        ('operator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': '激活链接',
                    },
                ),
                migrations.CreateModel(
                    name='Registration',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('region', models.CharField(max_length=40, verbose_name='地区方案')),
                        ('number', models.CharField(max_length=20, unique=True, verbose_name='申请号')),
                        ('state', models.CharField(choices=[('draft', '填写中'), ('submitted', '审核中'), ('returned', '退回补正'), ('approved', '审核通过'), ('rejected', '不予办理')], default='draft', max_length=20, verbose_name='状态')),
                        ('answers', shebao.hall.fields.EncryptedJSONField(default=dict, verbose_name='填写内容')),
                        ('before', shebao.hall.fields.EncryptedJSONField(default=dict, verbose_name='退回前')),
                        ('areas', models.JSONField(default=list, verbose_name='开通的业务')),
                        ('credit_digest', models.CharField(blank=True, max_length=32, verbose_name='信用代码索引')),
                        ('phone_digest', models.CharField(blank=True, max_length=32, verbose_name='手机号码索引')),
                        ('marks', models.JSONField(default=dict, verbose_name='退回标注')),
                        ('note', models.CharField(blank=True, max_length=300, verbose_name='审核意见')),
                        ('revision', models.PositiveIntegerField(default=0, verbose_name='第几次提交')),
                        ('version', models.PositiveIntegerField(default=1, verbose_name='版本')),
                        ('touched_at', models.DateTimeField(verbose_name='最后填写时间')),
                        ('submitted_at', models.DateTimeField(null=True, verbose_name='提交时间')),
                        ('due_on', models.DateField(null=True, verbose_name='办结时限')),
                        ('decided_at', models.DateTimeField(null=True, verbose_name='办结时间')),
                        ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('employer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='employers.employer')),
                        ('operator', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('agency_division', models.CharField(blank=True, default='', max_length=12, verbose_name='经办区划')),
                        ('proved_digest', models.CharField(blank=True, default='', max_length=32, verbose_name='验证过的手机号码索引')),
                        ('entered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('kept_at', models.CharField(blank=True, default='', max_length=120, verbose_name='纸质材料存放')),
                        ('seen_papers', models.JSONField(default=list, verbose_name='窗口核对的纸质材料')),
                    ],
                    options={
                        'verbose_name': '单位注册申请',
                        'indexes': [models.Index(fields=['region', 'state', 'submitted_at'], name='registration_for_desk')],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ('submitted', 'returned'))), fields=('region', 'credit_digest'), name='one_undecided_registration_for_a_credit_code', violation_error_message='该单位已有注册申请在审核。'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('employer__isnull', False), ('operator__isnull', False)), _connector='OR'), name='an_approved_registration_has_an_employer_and_an_account', violation_error_message='审核通过的注册申请必须有单位和账号。'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['returned', 'rejected']), _negated=True), ('decided_by__isnull', False), _connector='OR'), name='a_refused_registration_has_a_reviewer', violation_error_message='退回和不予办理的注册申请必须有审核人。')],
                    },
                ),
                migrations.CreateModel(
                    name='Agreement',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('title', models.CharField(max_length=120, verbose_name='协议名称')),
                        ('version', models.CharField(max_length=40, verbose_name='版本')),
                        ('digest', models.CharField(max_length=64, verbose_name='正文摘要')),
                        ('text', models.TextField(verbose_name='正文')),
                        ('agreed_by', shebao.hall.fields.EncryptedTextField(verbose_name='同意人')),
                        ('agreed_at', models.DateTimeField(verbose_name='同意时间')),
                        ('registration', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='agreements', to='registration.registration')),
                    ],
                    options={
                        'verbose_name': '电子协议',
                        'constraints': [models.UniqueConstraint(fields=('registration', 'digest'), name='a_text_is_agreed_to_once', violation_error_message='这份协议已经同意过。')],
                    },
                ),
                migrations.CreateModel(
                    name='RegistrationPaper',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('title', models.CharField(max_length=120, verbose_name='材料名称')),
                        ('added_at', models.DateTimeField(verbose_name='上传时间')),
                        ('registration', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='papers', to='registration.registration')),
                        ('stored', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='evidence.storedfile')),
                    ],
                    options={
                        'verbose_name': '注册材料',
                        'ordering': ['pk'],
                    },
                ),
                migrations.CreateModel(
                    name='RegistrationNote',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('claim', '领取'), ('give_back', '放回待领'), ('take_over', '接手'), ('transfer', '转办'), ('hold', '挂起'), ('resume', '恢复'), ('note', '备注'), ('failed', '没有生效'), ('undo', '撤回通过')], max_length=12, verbose_name='种类')),
                        ('text', models.CharField(blank=True, max_length=300, verbose_name='内容')),
                        ('at', models.DateTimeField(verbose_name='时间')),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('registration', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='desk_notes', to='registration.registration')),
                        ('to', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': '注册内部备注',
                        'ordering': ['at', 'pk'],
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='RegistrationCase',
                    fields=[
                        ('claimed_at', models.DateTimeField(null=True, verbose_name='领取时间')),
                        ('held_on', models.DateField(null=True, verbose_name='挂起日期')),
                        ('held_version', models.PositiveIntegerField(null=True, verbose_name='挂起时的版本')),
                        ('registration', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='desk', serialize=False, to='registration.registration')),
                        ('holder', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('effective_at', models.DateTimeField(null=True, verbose_name='生效时间')),
                        ('failure', models.CharField(blank=True, max_length=300, verbose_name='没有生效的原因')),
                        ('pending_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('pending_note', models.CharField(blank=True, max_length=300, verbose_name='审核意见')),
                        ('pending_version', models.PositiveIntegerField(null=True, verbose_name='待生效的版本')),
                    ],
                    options={
                        'verbose_name': '注册办件',
                        'constraints': [models.CheckConstraint(condition=models.Q(('held_on__isnull', True), ('holder__isnull', False), _connector='OR'), name='a_held_registration_is_in_somebodys_hands', violation_error_message='挂起的注册申请必须有人负责。'), models.CheckConstraint(condition=models.Q(('effective_at__isnull', True), models.Q(('pending_by__isnull', False), ('pending_version__isnull', False)), _connector='OR'), name='a_registration_that_takes_effect_was_approved_by_somebody', violation_error_message='待生效的注册申请必须有审核人。')],
                    },
                ),
                migrations.CreateModel(
                    name='RegistrationSignature',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('version', models.PositiveIntegerField(verbose_name='版本')),
                        ('step', models.CharField(max_length=20, verbose_name='环节')),
                        ('role', models.CharField(max_length=20, verbose_name='角色')),
                        ('note', models.CharField(blank=True, max_length=300, verbose_name='意见')),
                        ('at', models.DateTimeField(verbose_name='时间')),
                        ('withdrawn_at', models.DateTimeField(null=True, verbose_name='撤回时间')),
                        ('decided', models.JSONField(default=dict, verbose_name='通过时登记')),
                        ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('registration', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='signatures', to='registration.registration')),
                        ('declarer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': '注册审核签署',
                        'ordering': ['at', 'pk'],
                        'abstract': False,
                        'constraints': [models.UniqueConstraint(condition=models.Q(('withdrawn_at__isnull', True)), fields=('registration', 'version', 'by'), name='nobody_signs_a_registration_twice', violation_error_message='同一份申请您已经签过，复审须由另一人办理。'), models.CheckConstraint(condition=models.Q(('declarer__isnull', True), models.Q(('by', models.F('declarer')), _negated=True), _connector='OR'), name='who_entered_a_registration_does_not_sign_it', violation_error_message='在窗口录入这份申请的人不能自己审核。')],
                    },
                ),
                migrations.CreateModel(
                    name='RegistrationEvent',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('move', models.CharField(max_length=20, verbose_name='动作')),
                        ('at', models.DateTimeField(verbose_name='时间')),
                        ('name', models.CharField(blank=True, max_length=120, verbose_name='单位名称')),
                        ('note', models.CharField(blank=True, max_length=300, verbose_name='审核意见')),
                        ('marks', models.JSONField(default=dict, verbose_name='退回标注')),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('registration', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='registration.registration')),
                    ],
                    options={
                        'verbose_name': '注册轨迹',
                        'ordering': ['at', 'pk'],
                        'indexes': [models.Index(fields=['by', 'at'], name='registrations_decided_by')],
                    },
                ),
            ],
        ),
        refuse_changes(["registration_registrationevent"]),
    ]
