"""Reservations, and the columns by which servers use them."""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models


def restore_tally(apps, schema_editor):
    """SQLite takes the columns away again by copying the table, whose triggers are lost with it."""
    if schema_editor.connection.vendor == "sqlite":
        import_module("servers.migrations.0003_server_tally").keep_count(apps, schema_editor)


class Migration(migrations.Migration):

    dependencies = [
        ('servers', '0008_dns_bindings_and_image_exports'),
        ('trustedprofiles', '0005_service_id_groups_and_account_settings'),
    ]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, restore_tally),
        migrations.AddField(
            model_name='baremetalserver',
            name='deleted_reservation',
            field=models.JSONField(blank=True, help_text='What was in the pool and is deleted: {"id", "crn", "name"}.', null=True),
        ),
        migrations.CreateModel(
            name='Reservation',
            fields=[
                ('id', models.CharField(max_length=64, unique=True)),
                ('number', models.BigAutoField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=63)),
                ('created_at', models.DateTimeField()),
                ('region', models.CharField(max_length=16)),
                ('zone', models.CharField(max_length=20)),
                ('profile', models.CharField(max_length=63)),
                ('profile_type', models.CharField(help_text='bare_metal_server_profile or instance_profile', max_length=32)),
                ('affinity_policy', models.CharField(help_text='automatic or restricted', max_length=10)),
                ('total', models.PositiveIntegerField(help_text='How many servers of the profile.')),
                ('term', models.CharField(help_text='one_year or three_year', max_length=10)),
                ('expiration_policy', models.CharField(help_text='release or renew', max_length=7)),
                ('status', models.CharField(default='inactive', max_length=12)),
                ('status_reasons', models.JSONField(default=list)),
                ('expires_at', models.DateTimeField(blank=True, help_text='End of the term; empty before activation.', null=True)),
                ('transition_due_at', models.DateTimeField(blank=True, help_text='When activation or deactivation is over; empty at rest.', null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trustedprofiles.account')),
                ('resource_group', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trustedprofiles.resourcegroup')),
            ],
        ),
        migrations.AddField(
            model_name='baremetalserver',
            name='reservation',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='servers', to='servers.reservation'),
        ),
        migrations.AddField(
            model_name='baremetalserver',
            name='reservation_pool',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='pools', to='servers.reservation'),
        ),
        migrations.AddIndex(
            model_name='baremetalserver',
            index=models.Index(condition=models.Q(('reservation__isnull', False)), fields=['reservation'], name='server_reservation'),
        ),
        migrations.AddIndex(
            model_name='baremetalserver',
            index=models.Index(condition=models.Q(('reservation_pool__isnull', False)), fields=['reservation_pool'], name='server_reservation_pool'),
        ),
        migrations.AddConstraint(
            model_name='reservation',
            constraint=models.UniqueConstraint(fields=('account', 'region', 'name'), name='reservation_name_per_region'),
        ),
    ]
