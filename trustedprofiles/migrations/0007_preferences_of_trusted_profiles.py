"""Preferences of trusted profiles, as the console of IBM Cloud stores them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('trustedprofiles', '0006_access_groups'),
    ]

    operations = [
        migrations.CreateModel(
            name='Preference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service', models.CharField(max_length=32)),
                ('name', models.CharField(max_length=64)),
                ('value', models.JSONField(help_text='A text, or a list of texts.')),
                ('profile', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='preferences', to='trustedprofiles.trustedprofile')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('profile', 'service', 'name'), name='preference_once_per_profile')],
            },
        ),
    ]
