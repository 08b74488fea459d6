"""Log-ins to a trusted profile are found by an index."""

import django.db.models.fields.json
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('activity', '0005_dropped_messages'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='activityevent',
            index=models.Index(django.db.models.fields.json.KeyTextTransform('profile_id', 'data'), condition=models.Q(('action__in', ('iam-identity.profile-assume.login', 'iam-identity.profile-computeresource.login', 'is.metadata.computeresource-token.read'))), name='activity_profile_logins'),
        ),
    ]
