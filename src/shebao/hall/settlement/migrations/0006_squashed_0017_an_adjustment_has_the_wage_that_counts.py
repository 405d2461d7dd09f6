"""The guards are laid once, in the words that the steps before say them in last (decision 0029)."""

from importlib import import_module

import django.db.models.deletion
import shebao.hall.fields
from django.conf import settings
from django.db import migrations, models

from shebao.hall.append_only import OfTheDatabase, refuse_changes
from shebao.hall.set_guards import lifting
from shebao.hall.squashed import AtOnce, ReshapeModel, lay_what_waits


def _of(name: str):
    return import_module(f"shebao.hall.settlement.migrations.{name}")


mirror = _of("0006_an_assessment_is_voided_by_its_mirror")
dues = _of("0007_back_payments_bear_late_fees_and_interest")
provisional = _of("0010_a_month_not_declared_is_assessed_provisionally")
returned = _of("0011_a_charge_given_back_leaves_its_month")
sealed = _of("0012_bills_are_sealed_and_voids_are_whole")
by_month = _of("0013_lines_lie_by_month")
first_month = _of("0014_a_bill_says_from_which_month")
declared = _of("0015_what_is_declared_to_be_paid_stays")
once = _of("0016_a_person_is_charged_once_in_whatever_region")
wage = _of("0017_an_adjustment_has_the_wage_that_counts")

#: What 0014 and 0017 say otherwise than 0012.
LATER = [sealed.GUARDS[place] for place in (2, 12, 13)]


def lay_by_month(apps, editor):
    """The lines' table is laid anew with what it has, and that must be there."""
    if editor.connection.vendor == "postgresql":
        lay_what_waits(apps, editor)
    by_month.lay_by_month(apps, editor)


class Migration(migrations.Migration):

    replaces = [
        ('settlement', '0006_an_assessment_is_voided_by_its_mirror'),
        ('settlement', '0007_back_payments_bear_late_fees_and_interest'),
        ('settlement', '0008_the_agency_assesses_everybody_in_one_run'),
        ('settlement', '0009_leavers_get_back_what_was_charged'),
        ('settlement', '0010_a_month_not_declared_is_assessed_provisionally'),
        ('settlement', '0011_a_charge_given_back_leaves_its_month'),
        ('settlement', '0012_bills_are_sealed_and_voids_are_whole'),
        ('settlement', '0013_lines_lie_by_month'),
        ('settlement', '0014_a_bill_says_from_which_month'),
        ('settlement', '0015_what_is_declared_to_be_paid_stays'),
        ('settlement', '0016_a_person_is_charged_once_in_whatever_region'),
        ('settlement', '0017_an_adjustment_has_the_wage_that_counts'),
    ]

    dependencies = [
        ('declarations', '0006_the_counter_enters_for_an_employer'),
        ('employers', '0008_an_employer_belongs_to_a_division'),
        ('operators', '0001_initial'),
        ('payments', '0006_a_payment_may_be_for_some_people'),
        ('roster', '0008_a_wage_may_correct_a_settled_month'),
        ('settlement', '0005_back_payments_are_charged_with_a_bill'),
        ('supplements', '0002_account_entries_are_append_only'),
    ]

    operations = [
        # The guards of a hall that stopped at the cut; a new one has them only between the two parts.
        lifting(mirror.OLD),
        AtOnce(
            steps=[
                migrations.CreateModel(
                    name='VoidRequest',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('state', models.CharField(choices=[('asked', '待审核'), ('voided', '已作废'), ('declined', '未同意')], default='asked', max_length=10, verbose_name='状态')),
                        ('reason', models.CharField(max_length=200, verbose_name='原因')),
                        ('asked_at', models.DateTimeField(verbose_name='申请时间')),
                        ('decided_at', models.DateTimeField(null=True, verbose_name='办结时间')),
                        ('note', models.CharField(blank=True, max_length=200, verbose_name='审核意见')),
                        ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('assessment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='void_requests', to='settlement.assessment')),
                        ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('employer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='void_requests', to='employers.employer')),
                    ],
                    options={
                        'verbose_name': '作废申请',
                        'ordering': ['-asked_at', '-pk'],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'asked')), fields=('assessment',), name='one_void_request_waits_for_an_assessment', violation_error_message='这次核定的作废申请正在审核。'), models.UniqueConstraint(condition=models.Q(('state', 'voided')), fields=('assessment',), name='an_assessment_is_voided_once', violation_error_message='这次核定已经作废。')],
                    },
                ),
                migrations.CreateModel(
                    name='Refund',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('month', shebao.hall.fields.MonthField(verbose_name='费款所属期')),
                        ('is_voided', models.BooleanField(default=False, verbose_name='已撤销')),
                        ('declared_in', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='declarations.declaration')),
                        ('employee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='roster.employee')),
                    ],
                    options={
                        'verbose_name': '退费',
                        'constraints': [models.UniqueConstraint(condition=models.Q(('is_voided', False)), fields=('employee', 'month'), name='one_refund_for_an_employee_and_month', violation_error_message='该人员当月已申报退费。')],
                    },
                ),
                migrations.CreateModel(
                    name='ProvisionalLine',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('scheme', models.CharField(max_length=40, verbose_name='险种')),
                        ('employer_base', models.BigIntegerField(verbose_name='所按月份单位缴费额（分）')),
                        ('employee_base', models.BigIntegerField(verbose_name='所按月份个人缴费额（分）')),
                        ('employer_due', models.BigIntegerField(verbose_name='单位应缴（分）')),
                        ('employee_due', models.BigIntegerField(verbose_name='个人应缴（分）')),
                        ('basis', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.bill')),
                        ('bill', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='provisional_lines', to='settlement.bill')),
                        ('evidence', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.evidence')),
                    ],
                    options={
                        'verbose_name': '暂核定明细',
                        'constraints': [models.UniqueConstraint(fields=('bill', 'scheme'), name='a_provisional_bill_has_one_line_for_a_scheme', violation_error_message='这个险种已经暂核定过。'), models.CheckConstraint(condition=models.Q(('employee_base__gte', 0), ('employee_due__gte', 0), ('employer_base__gte', 0), ('employer_due__gte', 0)), name='a_provisional_line_is_not_negative', violation_error_message='暂核定的金额不能是负数。')],
                    },
                ),
                migrations.CreateModel(
                    name='UndeclaredRun',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('region', models.CharField(max_length=40, verbose_name='地区方案')),
                        ('month', shebao.hall.fields.MonthField(verbose_name='费款所属期')),
                        ('asked_at', models.DateTimeField(verbose_name='办理时间')),
                        ('employers', models.JSONField(default=list, verbose_name='单位')),
                        ('employers_done', models.IntegerField(default=0, verbose_name='已办单位数')),
                        ('made', models.IntegerField(default=0, verbose_name='已暂核定单位数')),
                        ('total_fen', models.BigIntegerField(default=0, verbose_name='应缴合计（分）')),
                        ('skipped', models.JSONField(default=list, verbose_name='没有办的单位')),
                        ('finished_at', models.DateTimeField(null=True, verbose_name='办完时间')),
                        ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': '暂核定批次',
                        'ordering': ['-pk'],
                    },
                ),
            ],
        ),
        AtOnce(
            steps=[
                ReshapeModel(
                    name='Assessment',
                    fields=[
                        ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('voided_at', models.DateTimeField(null=True, verbose_name='作废时间')),
                        ('basis_month', shebao.hall.fields.MonthField(null=True, verbose_name='暂核定所按月份')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(condition=models.Q(('voided_at', None)), fields=('employer', 'month', 'series'), name='one_live_assessment_for_an_employer_and_month', violation_error_message='本月已经核定过。'), models.UniqueConstraint(condition=models.Q(('voided_at', None), models.Q(('series', 0), ('basis_month__isnull', False), _connector='OR')), fields=('employer', 'month'), name='a_month_is_settled_or_assessed_provisionally', violation_error_message='本月已经结算或暂核定过。')],
                    },
                ),
                ReshapeModel(
                    name='Bill',
                    fields=[
                        ('basis_month', shebao.hall.fields.MonthField(null=True, verbose_name='暂核定所按月份')),
                        ('first_month', shebao.hall.fields.MonthField(null=True, verbose_name='最早所属期')),
                    ],
                    options={},
                ),
                ReshapeModel(
                    name='BillLine',
                    fields=[
                        ('kind', models.CharField(choices=[('1', '正常应缴'), ('2', '补收'), ('4', '调整补收'), ('13', '补基数'), ('18', '退收'), ('20', '补比例'), ('F1', '滞纳金'), ('F2', '利息')], default='1', max_length=2, verbose_name='应缴类型')),
                        ('bill', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', related_query_name='lines', to='settlement.bill')),
                        ('adjusts', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='adjusted_by', to='settlement.billline')),
                        ('is_voided', models.BooleanField(default=False, verbose_name='已作废')),
                        ('principal', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='borne', to='settlement.billline')),
                        ('is_given_back', models.BooleanField(default=False, verbose_name='已全额退回')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('adjusts__isnull', False), ('kind__in', ('4', '13', '18', '20'))), models.Q(models.Q(('kind__in', ('4', '13', '18', '20')), _negated=True), ('adjusts__isnull', True)), _connector='OR'), name='an_adjustment_and_no_other_line_names_what_it_adjusts', violation_error_message='补差须对应原来的账单明细。'), models.CheckConstraint(condition=models.Q(('adjusts__isnull', True), ('month__lt', models.F('booking_month')), _connector='OR'), name='an_adjustment_is_for_a_month_before_it_is_booked', violation_error_message='补差只能补以前月份。'), models.CheckConstraint(condition=models.Q(models.Q(('back_payment__isnull', False), ('kind', '2'), ('month__lt', models.F('booking_month'))), models.Q(models.Q(('kind', '2'), _negated=True), ('back_payment__isnull', True)), _connector='OR'), name='a_back_payment_and_no_other_line_names_what_was_declared', violation_error_message='补缴须对应生效的补缴申报，且只能补以前月份。'), models.CheckConstraint(condition=models.Q(('month__lte', models.F('booking_month'))), name='a_line_is_for_no_month_after_it_is_booked', violation_error_message='费款所属期不能晚于做账期。'), models.CheckConstraint(condition=models.Q(models.Q(('kind', '1'), _negated=True), models.Q(('employee_due__gte', 0), ('employer_due__gte', 0)), _connector='OR'), name='a_regular_charge_is_not_negative', violation_error_message='正常应缴不能是负数。'), models.CheckConstraint(condition=models.Q(models.Q(('contribution_base', 0), ('declared_wage', 0), ('employee_due__gte', 0), ('employer_due__gte', 0), ('kind__in', ('F1', 'F2')), ('month__lt', models.F('booking_month')), ('principal__isnull', False)), models.Q(models.Q(('kind__in', ('F1', 'F2')), _negated=True), ('principal__isnull', True)), _connector='OR'), name='a_late_fee_or_interest_and_no_other_line_names_its_principal', violation_error_message='滞纳金和利息须对应补缴的明细，且不能是负数。'), models.UniqueConstraint(condition=models.Q(('is_given_back', False), ('is_voided', False), ('kind__in', ('1', '2'))), fields=('employee', 'scheme', 'month'), name='one_charge_for_an_employee_scheme_and_month', violation_error_message='该人员此险种当月已在本单位核定过。'), models.UniqueConstraint(condition=models.Q(('adjusts__isnull', False), ('is_voided', False)), fields=('adjusts', 'month'), name='a_charge_is_adjusted_once', violation_error_message='这一行已经补差过。'), models.UniqueConstraint(condition=models.Q(('is_voided', False), ('principal__isnull', False)), fields=('principal', 'kind', 'month'), name='a_back_payment_bears_one_late_fee_and_one_interest', violation_error_message='这笔补缴的滞纳金或利息已经核定过。'), models.UniqueConstraint(condition=models.Q(('is_exclusive', True), ('is_given_back', False), ('is_voided', False), ('kind__in', ('1', '2'))), fields=('person', 'scheme', 'month'), name='one_charge_for_a_person_scheme_and_month', violation_error_message='该人员此险种当月已经核定过。')],
                    },
                ),
                ReshapeModel(
                    name='LedgerTransaction',
                    fields=[
                        ('kind', models.CharField(choices=[('assessed', '核定'), ('voided', '作废'), ('paid', '缴费'), ('credit_used', '待转金抵扣'), ('suspended', '待查款到账'), ('cleared', '待查款处理'), ('refunded', '退费'), ('credited', '退费转待转金'), ('released', '暂核定结清转出'), ('carried', '暂核定已缴转入')], max_length=20, verbose_name='种类')),
                        ('employer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='transactions', to='employers.employer')),
                        ('reverses', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversed_by', to='settlement.ledgertransaction')),
                        ('suspense', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='transactions', to='payments.suspenseitem')),
                        ('value_at', models.DateTimeField(null=True, verbose_name='起息时间')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(condition=models.Q(('kind', 'assessed')), fields=('bill',), name='a_bill_is_booked_once'), models.UniqueConstraint(condition=models.Q(('payment__isnull', False)), fields=('payment',), name='a_payment_is_booked_once'), models.UniqueConstraint(condition=models.Q(('kind', 'suspended')), fields=('suspense',), name='unmatched_money_is_booked_once'), models.UniqueConstraint(condition=models.Q(('kind', 'cleared')), fields=('suspense',), name='unmatched_money_is_cleared_once'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'voided'), ('reverses__isnull', False)), models.Q(models.Q(('kind', 'voided'), _negated=True), ('reverses__isnull', True)), _connector='OR'), name='a_void_and_no_other_booking_mirrors_one', violation_error_message='作废须对应原来的记账。')],
                    },
                ),
                ReshapeModel(
                    name='LedgerEntry',
                    fields=[
                        ('account', models.CharField(choices=[('receivable', '应收'), ('late_fees_due', '应收滞纳金'), ('interest_due', '应收利息'), ('contributions', '基金收入'), ('late_fees', '滞纳金'), ('interest', '利息'), ('bank', '到账'), ('credit', '待转金'), ('suspense', '待查款')], max_length=20, verbose_name='科目')),
                    ],
                    options={},
                ),
                ReshapeModel(
                    name='BackPayment',
                    fields=[],
                    options={
                        'constraints': [models.UniqueConstraint(condition=models.Q(('is_voided', False)), fields=('employee', 'scheme', 'month'), name='one_back_payment_for_an_employee_scheme_and_month', violation_error_message='该人员此险种当月已在本单位申报补缴。'), models.CheckConstraint(condition=models.Q(('withdrawn_in__isnull', True), ('is_voided', True), _connector='OR'), name='a_withdrawn_back_payment_is_voided', violation_error_message='回退的补缴须作废。'), models.UniqueConstraint(condition=models.Q(('is_exclusive', True), ('is_voided', False)), fields=('person', 'scheme', 'month'), name='one_back_payment_for_a_person_scheme_and_month', violation_error_message='该人员此险种当月已申报补缴。')],
                    },
                ),
            ],
        ),
        # What a hall that stopped at the cut has is told; a new one has nothing.
        OfTheDatabase(returned.note_what_was_given_back, OfTheDatabase.noop),
        OfTheDatabase(first_month.fill, OfTheDatabase.noop),
        OfTheDatabase(lay_by_month, OfTheDatabase.noop),
        mirror.SEALED,
        mirror.CREDIT,
        dues.BALANCED,
        provisional.ASSESSMENTS,
        refuse_changes(["settlement_provisionalline"]),
        returned.LINES,
        returned.GIVEN_BACK,
        *(guard for guard in sealed.GUARDS if guard not in LATER),
        *first_month.AFTER[::2],
        *declared.GUARDS,
        wage.AFTER,
        OfTheDatabase(once.name_indexes, OfTheDatabase.noop),
    ]
