"""Log-ins to a trusted profile are found by an index."""

from django.db import migrations, models

from controlplane.activity.models import ProfileId


class Migration(migrations.Migration):

    dependencies = [
        ('activity', '0005_dropped_messages'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='activityevent',
            index=models.Index(ProfileId(), condition=models.Q(('action__in', ('iam-identity.profile-assume.login', 'iam-identity.profile-computeresource.login', 'is.metadata.computeresource-token.read'))), name='activity_profile_logins'),
        ),
    ]
