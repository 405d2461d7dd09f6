import django.db.models.deletion
import shebao.hall.fields
from django.conf import settings
from django.db import migrations, models

from shebao.hall.squashed import AtOnce


class Migration(migrations.Migration):

    replaces = [
        ('mail', '0001_letters_are_kept'),
        ('mail', '0002_letters_may_go_before_an_employer'),
        ('mail', '0003_words_of_letters_are_kept'),
        ('mail', '0004_kept_letters_are_called_what_they_are'),
    ]

    initial = True

    dependencies = [
        ('documents', '0003_a_paper_need_not_be_of_a_bill'),
        ('employers', '0004_an_employer_has_projects_and_a_kind_of_account'),
        ('operators', '0001_initial'),
    ]

    operations = [
        AtOnce(
            steps=[
                migrations.CreateModel(
                    name='Mail',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('to', shebao.hall.fields.EncryptedTextField(verbose_name='收件人')),
                        ('subject', models.CharField(max_length=160, verbose_name='主题')),
                        ('text', models.TextField(verbose_name='正文')),
                        ('occasion', models.CharField(max_length=120, unique=True, verbose_name='事由')),
                        ('state', models.CharField(choices=[('waiting', '等待发送'), ('sending', '正在发送'), ('sent', '已发送'), ('kept', '留在网厅，没有外发'), ('failed', '没有发出')], default='waiting', max_length=10, verbose_name='状态')),
                        ('said', models.CharField(blank=True, max_length=200, verbose_name='没有发出的原因')),
                        ('written_at', models.DateTimeField(verbose_name='写信时间')),
                        ('sent_at', models.DateTimeField(null=True, verbose_name='发送时间')),
                        ('document', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='mails', to='documents.document')),
                        ('employer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='employers.employer')),
                        ('written_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('channel', models.CharField(choices=[('mail', '邮件'), ('sms', '短信')], default='mail', max_length=10, verbose_name='方式')),
                        ('secret', shebao.hall.fields.EncryptedTextField(blank=True, default='', verbose_name='一次性内容')),
                    ],
                    options={
                        'verbose_name': '邮件',
                        'indexes': [models.Index(fields=['employer', 'written_at'], name='mail_of_an_employer')],
                    },
                ),
                migrations.CreateModel(
                    name='MessageTemplate',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('region', models.CharField(max_length=40, verbose_name='地区方案')),
                        ('key', models.CharField(max_length=40, verbose_name='用途')),
                        ('version', models.PositiveIntegerField(verbose_name='版本')),
                        ('subject', models.CharField(blank=True, max_length=100, verbose_name='主题')),
                        ('text', models.TextField(blank=True, verbose_name='正文')),
                        ('changed_at', models.DateTimeField(verbose_name='修改时间')),
                        ('changed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': '消息模板',
                        'constraints': [models.UniqueConstraint(fields=('region', 'key', 'version'), name='one_version_of_a_template', violation_error_message='模板刚被别人改过，请看过最新内容再改。')],
                    },
                ),
            ],
        ),
    ]
