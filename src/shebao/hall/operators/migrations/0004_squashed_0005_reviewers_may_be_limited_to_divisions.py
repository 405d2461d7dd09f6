from django.db import migrations, models

from shebao.hall.squashed import ReshapeModel


class Migration(migrations.Migration):

    replaces = [
        ('operators', '0004_operators_may_have_less_than_the_whole'),
        ('operators', '0005_reviewers_may_be_limited_to_divisions'),
    ]

    dependencies = [
        ('employers', '0008_an_employer_belongs_to_a_division'),
        ('operators', '0003_three_officers_of_an_agency'),
    ]

    operations = [
        ReshapeModel(
            name='Operator',
            fields=[
                ('departments', models.JSONField(blank=True, default=list, verbose_name='负责的部门')),
                ('duty', models.CharField(choices=[('all', '全部业务'), ('entry', '录入'), ('check', '复核'), ('finance', '财务'), ('read', '查询')], default='all', max_length=10, verbose_name='岗位')),
                ('schemes', models.JSONField(blank=True, default=list, verbose_name='负责的险种')),
                ('withheld', models.JSONField(blank=True, default=list, verbose_name='不开放的功能')),
                ('divisions', models.JSONField(blank=True, default=list, verbose_name='经办区划范围')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('employer__isnull', True), ('role__in', ('reviewer', 'agency_admin', 'system_admin', 'security_admin', 'audit_admin'))), models.Q(models.Q(('role__in', ('reviewer', 'agency_admin', 'system_admin', 'security_admin', 'audit_admin')), _negated=True), ('employer__isnull', False)), _connector='OR'), name='operator_works_for_an_employer_or_the_agency', violation_error_message='单位的操作员须属于一个单位，经办机构的不得属于单位。'), models.CheckConstraint(condition=models.Q(('role', 'clerk'), models.Q(('departments', []), ('duty', 'all'), ('schemes', []), ('withheld', [])), _connector='OR'), name='only_a_clerk_has_less_than_the_whole', violation_error_message='管理员和经办机构人员不能限定岗位、功能或范围。'), models.CheckConstraint(condition=models.Q(('role', 'reviewer'), ('divisions', []), _connector='OR'), name='only_a_reviewer_is_limited_to_divisions', violation_error_message='只有审核人员可以限定经办区划。')],
            },
        ),
    ]
