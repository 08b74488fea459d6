"""Indexes for pages of profiles, service IDs and policies, oldest first."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('trustedprofiles', '0007_preferences_of_trusted_profiles'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='policy',
            index=models.Index(fields=['account', 'state', 'created_at', 'id'], name='policy_oldest'),
        ),
        migrations.AddIndex(
            model_name='serviceid',
            index=models.Index(fields=['account', 'created_at', 'id'], name='service_id_oldest'),
        ),
        migrations.AddIndex(
            model_name='serviceid',
            index=models.Index(fields=['account', 'name'], name='service_id_name'),
        ),
        migrations.AddIndex(
            model_name='trustedprofile',
            index=models.Index(fields=['account', 'created_at', 'id'], name='profile_oldest'),
        ),
    ]
