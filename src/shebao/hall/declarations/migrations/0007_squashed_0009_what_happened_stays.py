import django.db.models.deletion
import shebao.hall.fields
from django.conf import settings
from django.db import migrations, models

from shebao.hall.append_only import refuse_changes
from shebao.hall.squashed import ReshapeModel


class Migration(migrations.Migration):

    replaces = [
        ('declarations', '0007_business_at_the_counter_is_waited_for'),
        ('declarations', '0008_a_second_person_may_have_to_confirm'),
        ('declarations', '0009_what_happened_stays'),
    ]

    dependencies = [
        ('declarations', '0006_the_counter_enters_for_an_employer'),
        ('employers', '0005_an_employer_chooses_who_computes'),
        ('operators', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='CounterBusiness',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', shebao.hall.fields.MonthField(verbose_name='业务年月')),
                ('title', models.CharField(max_length=60, verbose_name='业务')),
                ('opened_at', models.DateTimeField(verbose_name='受理时间')),
                ('done_at', models.DateTimeField(null=True, verbose_name='办结时间')),
                ('outcome', models.CharField(blank=True, max_length=200, verbose_name='办理结果')),
                ('done_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('employer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='counter_business', to='employers.employer')),
                ('opened_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': '前台业务',
                'ordering': ['-opened_at', '-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('done_at', None), ('done_by', None)), models.Q(('done_at__isnull', False), ('done_by__isnull', False)), _connector='OR'), name='counter_business_that_is_done_says_by_whom', violation_error_message='办结的前台业务要有经办人。')],
            },
        ),
        ReshapeModel(
            name='Declaration',
            fields=[
                ('proposed_at', models.DateTimeField(null=True, verbose_name='送复核时间')),
                ('proposed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={},
        ),
        refuse_changes(["declarations_declarationevent"], may_go="OLD.move = 'sign'"),
    ]
