"""A profile's email address is free text."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("trustedprofiles", "0004_first_account")]

    operations = [
        migrations.AlterField("trustedprofile", "email", models.CharField(blank=True, max_length=254)),
    ]
