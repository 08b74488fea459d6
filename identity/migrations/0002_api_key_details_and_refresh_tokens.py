import datetime

import django.db.models.deletion
from django.db import migrations, models


def modified_when_created(apps, schema_editor):
    api_key = apps.get_model("identity", "ApiKey")
    api_key.objects.update(modified_at=models.F("created_at"), created_by=models.F("iam_id"))


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0001_keys_certificates_and_api_keys"),
    ]

    operations = [
        migrations.AddField("apikey", "description", models.CharField(blank=True, default="", max_length=1000), preserve_default=False),
        migrations.AddField("apikey", "support_sessions", models.BooleanField(default=False)),
        migrations.AddField(
            "apikey",
            "action_when_leaked",
            models.CharField(
                choices=[("none", "None"), ("disable", "Disable"), ("delete", "Delete")], default="disable", max_length=8
            ),
        ),
        migrations.AddField("apikey", "expires_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("apikey", "revision", models.PositiveIntegerField(default=1)),
        migrations.AddField("apikey", "revision_hash", models.CharField(default="0" * 32, max_length=32), preserve_default=False),
        migrations.AddField("apikey", "created_by", models.CharField(default="", max_length=128), preserve_default=False),
        migrations.AddField(
            "apikey",
            "modified_at",
            models.DateTimeField(default=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)),
            preserve_default=False,
        ),
        migrations.RunPython(modified_when_created, migrations.RunPython.noop),
        migrations.AlterField("apikey", "iam_id", models.CharField(db_index=True, max_length=128)),
        migrations.CreateModel(
            name="RefreshToken",
            fields=[
                ("sha256", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("client_id", models.CharField(max_length=32)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(db_index=True)),
                (
                    "api_key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="refresh_tokens",
                        to="identity.apikey",
                    ),
                ),
            ],
        ),
    ]
