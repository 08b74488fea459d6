"""Groups of service IDs, settings of a whole account; a profile's email address is free text."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('trustedprofiles', '0004_first_account'),
    ]

    operations = [
        migrations.AlterField(
            model_name='trustedprofile',
            name='email',
            field=models.CharField(blank=True, max_length=254),
        ),
        migrations.CreateModel(
            name='ServiceIdGroup',
            fields=[
                ('revision', models.PositiveIntegerField(default=1)),
                ('revision_hash', models.CharField(max_length=32)),
                ('id', models.CharField(help_text='ServiceIdGroup-<uuid>', max_length=64, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=255)),
                ('description', models.CharField(blank=True, max_length=1000)),
                ('created_at', models.DateTimeField()),
                ('created_by', models.CharField(max_length=128)),
                ('modified_at', models.DateTimeField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='service_id_groups', to='trustedprofiles.account')),
            ],
            options={
                'verbose_name': 'service ID group',
            },
        ),
        migrations.AddField(
            model_name='serviceid',
            name='group',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='service_ids', to='trustedprofiles.serviceidgroup'),
        ),
        migrations.CreateModel(
            name='AccountWideSettings',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('revision', models.PositiveIntegerField(default=1)),
                ('revision_hash', models.CharField(max_length=32)),
                ('kind', models.CharField(choices=[('identity', 'identity settings'), ('access_management', 'access management settings')], max_length=20)),
                ('values', models.JSONField(default=dict, help_text='What was set, by the names of the API.')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='account_wide_settings', to='trustedprofiles.account')),
            ],
            options={
                'verbose_name': 'account settings',
                'verbose_name_plural': 'account settings',
                'constraints': [models.UniqueConstraint(fields=('account', 'kind'), name='settings_once_per_account')],
            },
        ),
        migrations.AddConstraint(
            model_name='serviceidgroup',
            constraint=models.UniqueConstraint(fields=('account', 'name'), name='service_id_group_name_per_account'),
        ),
    ]
