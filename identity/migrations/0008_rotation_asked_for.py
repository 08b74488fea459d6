"""Remember that somebody asked for a rotation, until the heir can take over.

A column that may be empty: SQLite adds it in place. A table that is made anew would lose the trigger of 0005.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("identity", "0007_certificates_are_found_by_what_is_due")]

    operations = [
        migrations.AddField(
            "keypair",
            "rotation_asked_at",
            models.DateTimeField(null=True, blank=True, help_text="when an operator asked for a rotation of this key"),
        ),
    ]
