"""Values of API keys of service IDs that are stored on request, encrypted under the KEK."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("identity", "0008_rotation_asked_for")]

    operations = [
        migrations.CreateModel(
            name="StoredValue",
            fields=[
                (
                    "api_key",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="stored_value",
                        serialize=False,
                        to="identity.apikey",
                    ),
                ),
                ("kek_id", models.CharField(max_length=16)),
                ("nonce", models.BinaryField()),
                ("ciphertext", models.BinaryField()),
            ],
        ),
    ]
