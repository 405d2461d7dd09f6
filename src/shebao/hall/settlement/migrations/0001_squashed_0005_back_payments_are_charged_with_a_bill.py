import django.db.models.deletion
import django.db.models.expressions
import shebao.hall.fields
from django.conf import settings
from django.db import migrations, models

from shebao.hall.append_only import refuse_changes
from shebao.hall.squashed import AtOnce


class Migration(migrations.Migration):

    replaces = [
        ('settlement', '0001_initial'),
        ('settlement', '0002_money_is_append_only'),
        ('settlement', '0003_a_charge_is_adjusted_once'),
        ('settlement', '0004_values_are_tried_on_scratch_paper'),
        ('settlement', '0005_back_payments_are_charged_with_a_bill'),
    ]

    initial = True

    dependencies = [
        ('declarations', '0004_a_subject_may_be_an_employer'),
        ('employers', '0003_changes_are_append_only'),
        ('operators', '0001_initial'),
        ('payments', '0001_initial'),
        ('roster', '0003_employees_keep_what_is_only_kept'),
    ]

    operations = [
        AtOnce(
            steps=[
                migrations.CreateModel(
                    name='Evidence',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('digest', models.CharField(max_length=16, unique=True, verbose_name='摘要')),
                        ('data', models.JSONField(verbose_name='依据')),
                    ],
                    options={
                        'verbose_name': '计算依据',
                    },
                ),
                migrations.CreateModel(
                    name='Assessment',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('month', shebao.hall.fields.MonthField(verbose_name='费款所属期')),
                        ('kind', models.CharField(max_length=40, verbose_name='结算种类')),
                        ('number', models.CharField(max_length=30, unique=True, verbose_name='核定编号')),
                        ('fingerprint', models.CharField(max_length=12, verbose_name='规则指纹')),
                        ('known_on', models.DateField(verbose_name='依据截至')),
                        ('changes', models.JSONField(default=dict, verbose_name='本月变动')),
                        ('made_at', models.DateTimeField(verbose_name='核定时间')),
                        ('employer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assessments', to='employers.employer')),
                        ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('series', models.PositiveIntegerField(default=0, verbose_name='当月第几次单独核定')),
                    ],
                    options={
                        'verbose_name': '核定',
                        'constraints': [models.UniqueConstraint(fields=('employer', 'month', 'series'), name='one_assessment_for_an_employer_and_month', violation_error_message='本月已经核定过。')],
                    },
                ),
                migrations.CreateModel(
                    name='Bill',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('month', shebao.hall.fields.MonthField(verbose_name='费款所属期')),
                        ('number', models.CharField(max_length=30, unique=True, verbose_name='账单号')),
                        ('employer_due', models.BigIntegerField(verbose_name='单位应缴（分）')),
                        ('employee_due', models.BigIntegerField(verbose_name='个人应缴（分）')),
                        ('total_due', models.BigIntegerField(verbose_name='应缴合计（分）')),
                        ('head_count', models.IntegerField(verbose_name='人数')),
                        ('pay_until', models.DateTimeField(verbose_name='缴费截止')),
                        ('illustrative', models.JSONField(default=list, verbose_name='示例值')),
                        ('assessment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='bill', to='settlement.assessment')),
                        ('employer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bills', to='employers.employer')),
                        ('series', models.PositiveIntegerField(default=0, verbose_name='当月第几次单独核定')),
                    ],
                    options={
                        'verbose_name': '账单',
                        'ordering': ['-month', 'series'],
                        'constraints': [models.CheckConstraint(condition=models.Q(('total_due', django.db.models.expressions.CombinedExpression(models.F('employer_due'), '+', models.F('employee_due')))), name='bill_total_is_the_sum_of_its_parts', violation_error_message='账单合计须等于单位与个人之和。')],
                    },
                ),
                migrations.CreateModel(
                    name='LedgerTransaction',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(max_length=20, verbose_name='种类')),
                        ('booked_at', models.DateTimeField(verbose_name='记账时间')),
                        ('bill', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='transactions', to='settlement.bill')),
                        ('employer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='transactions', to='employers.employer')),
                        ('payment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='transactions', to='payments.payment')),
                    ],
                    options={
                        'verbose_name': '记账',
                        'constraints': [models.UniqueConstraint(condition=models.Q(('kind', 'assessed')), fields=('bill',), name='a_bill_is_booked_once'), models.UniqueConstraint(condition=models.Q(('payment__isnull', False)), fields=('payment',), name='a_payment_is_booked_once')],
                    },
                ),
                migrations.CreateModel(
                    name='LedgerEntry',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('account', models.CharField(choices=[('receivable', '应收'), ('contributions', '基金收入'), ('bank', '到账'), ('credit', '待转金'), ('suspense', '待查款')], max_length=20, verbose_name='科目')),
                        ('scheme', models.CharField(blank=True, max_length=40, verbose_name='险种')),
                        ('part', models.CharField(blank=True, max_length=10, verbose_name='部分')),
                        ('month', shebao.hall.fields.MonthField(verbose_name='费款所属期')),
                        ('amount_fen', models.BigIntegerField(verbose_name='金额（分）')),
                        ('transaction', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='settlement.ledgertransaction')),
                    ],
                    options={
                        'verbose_name': '分录',
                        'indexes': [models.Index(fields=['transaction', 'account'], name='entry_by_account')],
                    },
                ),
                migrations.CreateModel(
                    name='SandboxRun',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('asked_at', models.DateTimeField(verbose_name='时间')),
                        ('month', shebao.hall.fields.MonthField(verbose_name='费款所属期')),
                        ('proposal', models.TextField(verbose_name='拟定的数值')),
                        ('employers_total', models.IntegerField(default=0, verbose_name='单位数')),
                        ('employers_done', models.IntegerField(default=0, verbose_name='已算单位数')),
                        ('outcome', models.JSONField(null=True, verbose_name='结果')),
                        ('failure', models.TextField(blank=True, verbose_name='不能计算的原因')),
                        ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': '规则沙盘',
                        'ordering': ['-pk'],
                    },
                ),
                migrations.CreateModel(
                    name='BackPayment',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('region', models.CharField(max_length=40, verbose_name='地区方案')),
                        ('scheme', models.CharField(max_length=40, verbose_name='险种')),
                        ('month', shebao.hall.fields.MonthField(verbose_name='费款所属期')),
                        ('values_month', shebao.hall.fields.MonthField(verbose_name='数值所属月份')),
                        ('declared_wage', models.BigIntegerField(verbose_name='申报工资（分）')),
                        ('is_exclusive', models.BooleanField(default=True, verbose_name='排他')),
                        ('is_voided', models.BooleanField(default=False, verbose_name='已撤销')),
                        ('declared_in', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='back_payments', to='declarations.declaration')),
                        ('employee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='back_payments', to='roster.employee')),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='roster.person')),
                        ('withdrawn_in', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='declarations.declaration')),
                    ],
                    options={
                        'verbose_name': '补缴',
                        'constraints': [models.UniqueConstraint(condition=models.Q(('is_exclusive', True), ('is_voided', False)), fields=('person', 'region', 'scheme', 'month'), name='one_back_payment_for_a_person_scheme_and_month', violation_error_message='该人员此险种当月已申报补缴。'), models.UniqueConstraint(condition=models.Q(('is_voided', False)), fields=('employee', 'scheme', 'month'), name='one_back_payment_for_an_employee_scheme_and_month', violation_error_message='该人员此险种当月已在本单位申报补缴。'), models.CheckConstraint(condition=models.Q(('withdrawn_in__isnull', True), ('is_voided', True), _connector='OR'), name='a_withdrawn_back_payment_is_voided', violation_error_message='回退的补缴须作废。')],
                    },
                ),
                migrations.CreateModel(
                    name='BillLine',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('region', models.CharField(max_length=40, verbose_name='地区方案')),
                        ('scheme', models.CharField(max_length=40, verbose_name='险种')),
                        ('month', shebao.hall.fields.MonthField(verbose_name='费款所属期')),
                        ('booking_month', shebao.hall.fields.MonthField(verbose_name='做账期')),
                        ('kind', models.CharField(choices=[('1', '正常应缴'), ('2', '补收'), ('4', '调整补收'), ('13', '补基数'), ('18', '退收'), ('20', '补比例')], default='1', max_length=2, verbose_name='应缴类型')),
                        ('is_exclusive', models.BooleanField(default=True, verbose_name='排他')),
                        ('declared_wage', models.BigIntegerField(verbose_name='申报工资（分）')),
                        ('contribution_base', models.BigIntegerField(verbose_name='缴费基数（分）')),
                        ('limit', models.SmallIntegerField(default=0, verbose_name='上下限')),
                        ('employer_due', models.BigIntegerField(verbose_name='单位应缴（分）')),
                        ('employee_due', models.BigIntegerField(verbose_name='个人应缴（分）')),
                        ('bill', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='settlement.bill')),
                        ('employee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='roster.employee')),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='roster.person')),
                        ('employee_evidence', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.evidence')),
                        ('employer_evidence', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.evidence')),
                        ('adjusts', models.OneToOneField(error_messages={'unique': '这一行已经补差过。'}, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='adjusted_by', to='settlement.billline')),
                        ('back_payment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='settlement.backpayment')),
                    ],
                    options={
                        'verbose_name': '账单明细',
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('adjusts__isnull', False), ('kind__in', ('4', '13', '18', '20'))), models.Q(models.Q(('kind__in', ('4', '13', '18', '20')), _negated=True), ('adjusts__isnull', True)), _connector='OR'), name='an_adjustment_and_no_other_line_names_what_it_adjusts', violation_error_message='补差须对应原来的账单明细。'), models.CheckConstraint(condition=models.Q(('adjusts__isnull', True), ('month__lt', models.F('booking_month')), _connector='OR'), name='an_adjustment_is_for_a_month_before_it_is_booked', violation_error_message='补差只能补以前月份。'), models.UniqueConstraint(condition=models.Q(('is_exclusive', True), ('kind__in', ('1', '2'))), fields=('person', 'region', 'scheme', 'month'), name='one_charge_for_a_person_scheme_and_month', violation_error_message='该人员此险种当月已经核定过。'), models.UniqueConstraint(condition=models.Q(('kind__in', ('1', '2'))), fields=('employee', 'scheme', 'month'), name='one_charge_for_an_employee_scheme_and_month', violation_error_message='该人员此险种当月已在本单位核定过。'), models.CheckConstraint(condition=models.Q(models.Q(('back_payment__isnull', False), ('kind', '2'), ('month__lt', models.F('booking_month'))), models.Q(models.Q(('kind', '2'), _negated=True), ('back_payment__isnull', True)), _connector='OR'), name='a_back_payment_and_no_other_line_names_what_was_declared', violation_error_message='补缴须对应生效的补缴申报，且只能补以前月份。')],
                    },
                ),
            ],
        ),
        refuse_changes(["settlement_evidence", "settlement_billline", "settlement_ledgertransaction", "settlement_ledgerentry"]),
    ]
