"""An index for pages of API keys, oldest first."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('identity', '0009_stored_values_of_api_keys'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='apikey',
            index=models.Index(fields=['account', 'created_at', 'id'], name='api_key_oldest'),
        ),
    ]
