import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registration', '0004_the_desk_has_registrations_in_hand'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='registrationcase',
            name='effective_at',
            field=models.DateTimeField(null=True, verbose_name='生效时间'),
        ),
        migrations.AddField(
            model_name='registrationcase',
            name='failure',
            field=models.CharField(blank=True, max_length=300, verbose_name='没有生效的原因', default=''),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='registrationcase',
            name='pending_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='registrationcase',
            name='pending_note',
            field=models.CharField(blank=True, max_length=300, verbose_name='审核意见', default=''),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='registrationcase',
            name='pending_version',
            field=models.PositiveIntegerField(null=True, verbose_name='待生效的版本'),
        ),
        migrations.AddConstraint(
            model_name='registrationcase',
            constraint=models.CheckConstraint(condition=models.Q(('effective_at__isnull', True), models.Q(('pending_by__isnull', False), ('pending_version__isnull', False)), _connector='OR'), name='a_registration_that_takes_effect_was_approved_by_somebody', violation_error_message='待生效的注册申请必须有审核人。'),
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
    ]
