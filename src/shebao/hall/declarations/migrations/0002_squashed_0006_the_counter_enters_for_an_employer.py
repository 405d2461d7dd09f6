import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from shebao.hall.squashed import AtOnce, ReshapeModel


class Migration(migrations.Migration):

    replaces = [
        ('declarations', '0002_initial'),
        ('declarations', '0003_drafts_belong_to_a_form_or_to_a_repair'),
        ('declarations', '0004_a_subject_may_be_an_employer'),
        ('declarations', '0005_a_refused_case_may_be_copied'),
        ('declarations', '0006_the_counter_enters_for_an_employer'),
    ]

    dependencies = [
        ('declarations', '0001_initial'),
        ('employers', '0001_initial'),
        ('operators', '0001_initial'),
        ('roster', '0001_initial'),
    ]

    operations = [
        AtOnce(
            steps=[
                ReshapeModel(
                    name='DeclarationEvent',
                    fields=[
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('declaration', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='declarations.declaration')),
                    ],
                    options={},
                ),
                ReshapeModel(
                    name='FormDraft',
                    fields=[
                        ('employer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='employers.employer')),
                        ('operator', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('declaration', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='declarations.declaration')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(condition=models.Q(('declaration__isnull', True)), fields=('operator', 'employer', 'service'), name='one_draft_for_an_operator_and_service'), models.UniqueConstraint(condition=models.Q(('declaration__isnull', False)), fields=('operator', 'declaration'), name='one_draft_for_an_operator_and_repair')],
                    },
                ),
                ReshapeModel(
                    name='Declaration',
                    fields=[
                        ('subject_name', models.CharField(max_length=120, verbose_name='姓名')),
                        ('employee', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='declarations', to='roster.employee')),
                        ('employer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='declarations', to='employers.employer')),
                        ('copied_from', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='copies', to='declarations.declaration')),
                        ('at_counter', models.BooleanField(default=False, verbose_name='窗口录入')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['employer', 'month', 'state'], name='declaration_by_month'), models.Index(fields=['region', 'state', 'submitted_at'], name='declaration_for_desk')],
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['approved', 'rejected', 'returned']), _negated=True), ('decided_by__isnull', False), _connector='OR'), name='a_reviewed_declaration_has_a_reviewer', violation_error_message='已办结的申报必须有办理人。'), models.UniqueConstraint(condition=models.Q(('state__in', ('draft', 'submitted', 'returned'))), fields=('employer', 'service', 'subject_digest'), name='one_open_declaration_for_a_person_and_service', violation_error_message='该人员已有同一事项的申报尚未办结。')],
                    },
                ),
            ],
        ),
    ]
