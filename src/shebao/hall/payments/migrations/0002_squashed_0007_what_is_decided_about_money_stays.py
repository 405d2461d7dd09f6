from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from shebao.hall.append_only import refuse_changes
from shebao.hall.squashed import AtOnce, ReshapeModel

GUARDS = import_module("shebao.hall.payments.migrations.0007_what_is_decided_about_money_stays").GUARDS


class Migration(migrations.Migration):

    replaces = [
        ('payments', '0002_initial'),
        ('payments', '0003_unmatched_money_waits_in_suspense'),
        ('payments', '0004_debits_go_to_the_bank_in_files'),
        ('payments', '0005_money_is_taken_at_the_counter'),
        ('payments', '0006_a_payment_may_be_for_some_people'),
        ('payments', '0007_what_is_decided_about_money_stays'),
    ]

    dependencies = [
        ('employers', '0004_an_employer_has_projects_and_a_kind_of_account'),
        ('operators', '0001_initial'),
        ('payments', '0001_initial'),
        ('settlement', '0004_values_are_tried_on_scratch_paper'),
    ]

    operations = [
        AtOnce(
            steps=[
                migrations.CreateModel(
                    name='Reconciliation',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('region', models.CharField(max_length=40, verbose_name='地区方案')),
                        ('day', models.DateField(verbose_name='对账日')),
                        ('bank_count', models.IntegerField(verbose_name='银行笔数')),
                        ('bank_fen', models.BigIntegerField(verbose_name='银行金额（分）')),
                        ('ledger_count', models.IntegerField(verbose_name='账上笔数')),
                        ('ledger_fen', models.BigIntegerField(verbose_name='账上金额（分）')),
                        ('differences', models.JSONField(default=list, verbose_name='差异')),
                        ('made_at', models.DateTimeField(verbose_name='对账时间')),
                        ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': '对账',
                        'ordering': ['-day', '-pk'],
                    },
                ),
                migrations.CreateModel(
                    name='SuspenseItem',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('region', models.CharField(blank=True, max_length=40, verbose_name='地区方案')),
                        ('bank_serial', models.CharField(max_length=60, verbose_name='银行流水')),
                        ('amount_fen', models.BigIntegerField(verbose_name='金额（分）')),
                        ('payer', models.CharField(blank=True, max_length=120, verbose_name='付款人')),
                        ('reason', models.CharField(max_length=200, verbose_name='原因')),
                        ('arrived_at', models.DateTimeField(verbose_name='到账时间')),
                        ('clearing', models.CharField(blank=True, choices=[('bill', '入账到账单'), ('credit', '转入待转金'), ('refund', '退回付款人')], max_length=10, verbose_name='处理')),
                        ('note', models.CharField(blank=True, max_length=200, verbose_name='处理说明')),
                        ('cleared_at', models.DateTimeField(null=True, verbose_name='处理时间')),
                        ('cleared_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('employer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='employers.employer')),
                        ('payment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='suspense_items', to='payments.payment')),
                    ],
                    options={
                        'verbose_name': '待查款',
                        'ordering': ['-arrived_at', '-pk'],
                        'constraints': [models.UniqueConstraint(fields=('bank_serial',), name='money_is_suspended_once_for_a_bank_serial', violation_error_message='这笔到账已经登记为待查款。'), models.CheckConstraint(condition=models.Q(('amount_fen__gt', 0)), name='unmatched_money_is_an_amount', violation_error_message='待查款须大于零。'), models.CheckConstraint(condition=models.Q(models.Q(('cleared_by__isnull', True), ('clearing', '')), models.Q(models.Q(('clearing', ''), _negated=True), ('cleared_by__isnull', False)), _connector='OR'), name='unmatched_money_is_cleared_by_somebody', violation_error_message='已处理的待查款须有处理人。')],
                    },
                ),
                migrations.CreateModel(
                    name='DebitFile',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('region', models.CharField(max_length=40, verbose_name='地区方案')),
                        ('number', models.CharField(max_length=24, unique=True, verbose_name='文件号')),
                        ('form', models.JSONField(verbose_name='格式')),
                        ('count', models.PositiveIntegerField(verbose_name='笔数')),
                        ('total_fen', models.BigIntegerField(verbose_name='金额（分）')),
                        ('content', models.BinaryField(verbose_name='文件')),
                        ('state', models.CharField(choices=[('made', '待报送'), ('sent', '已报送'), ('answered', '已回盘')], default='made', max_length=10, verbose_name='状态')),
                        ('made_at', models.DateTimeField(verbose_name='生成时间')),
                        ('sent_at', models.DateTimeField(null=True, verbose_name='报送时间')),
                        ('answer', models.BinaryField(null=True, verbose_name='回盘')),
                        ('answered_at', models.DateTimeField(null=True, verbose_name='回盘时间')),
                        ('differences', models.JSONField(default=list, verbose_name='差异')),
                        ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': '代扣文件',
                        'ordering': ['-pk'],
                    },
                ),
                migrations.CreateModel(
                    name='CounterReceipt',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('region', models.CharField(max_length=40, verbose_name='地区方案')),
                        ('number', models.CharField(max_length=40, verbose_name='收据号')),
                        ('kind', models.CharField(choices=[('cash', '现金'), ('transfer', '转账'), ('cheque', '支票'), ('card', '刷卡')], max_length=10, verbose_name='收款方式')),
                        ('received_on', models.DateField(verbose_name='收款日期')),
                        ('entered_at', models.DateTimeField(verbose_name='登记时间')),
                        ('voided_at', models.DateTimeField(null=True, verbose_name='作废时间')),
                        ('void_reason', models.CharField(blank=True, max_length=200, verbose_name='作废原因')),
                        ('employer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='receipts', to='employers.employer')),
                        ('entered_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('payment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='receipt', to='payments.payment')),
                        ('voided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': '窗口收款',
                        'ordering': ['-pk'],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('voided_at', None)), fields=('region', 'number'), name='a_receipt_is_entered_once', violation_error_message='这个收据号已经登记。'), models.CheckConstraint(condition=models.Q(models.Q(('voided_at', None), ('voided_by', None)), models.Q(('voided_at__isnull', False), ('voided_by__isnull', False), models.Q(('void_reason', ''), _negated=True)), _connector='OR'), name='a_voided_receipt_says_who_and_why', violation_error_message='作废的收款要有经办人和原因。')],
                    },
                ),
            ],
        ),
        AtOnce(
            steps=[
                ReshapeModel(
                    name='BankNotice',
                    fields=[
                        ('payment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='payments.payment')),
                    ],
                    options={},
                ),
                ReshapeModel(
                    name='Payment',
                    fields=[
                        ('state', models.CharField(choices=[('created', '待付款'), ('sent', '等待银行结果'), ('succeeded', '缴费成功'), ('refused', '银行未扣款'), ('unknown', '结果待查'), ('voided', '已作废')], default='created', max_length=20, verbose_name='状态')),
                        ('bill', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='settlement.bill')),
                        ('employer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='employers.employer')),
                        ('started_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('late_fee_fen', models.BigIntegerField(default=0, verbose_name='其中滞纳金（分）')),
                        ('paid_fen', models.BigIntegerField(default=0, verbose_name='到账金额（分）')),
                        ('part', models.CharField(blank=True, max_length=10, verbose_name='部分')),
                        ('valid_until', models.DateTimeField(null=True, verbose_name='付款有效至')),
                        ('debit_file', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='payments.debitfile')),
                        ('people', models.JSONField(default=list, verbose_name='所缴人员')),
                        ('voucher_to', models.EmailField(blank=True, max_length=120, verbose_name='凭证发往')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ('created', 'sent', 'unknown'))), fields=('bill',), name='one_undecided_payment_for_a_bill', violation_error_message='这张账单正在缴费，请先等结果。')],
                    },
                ),
            ],
        ),
        refuse_changes(["payments_banknotice"]),
        *GUARDS,
    ]
