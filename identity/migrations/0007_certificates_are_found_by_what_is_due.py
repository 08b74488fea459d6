"""After the data is there: what must not be empty is not, and each question has its index."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0006_certificates_renewed_and_revoked"),
    ]

    operations = [
        migrations.AlterField("issuedcertificate", "created_at", models.DateTimeField()),
        migrations.AlterField("issuedcertificate", "requested_at", models.DateTimeField(help_text="When the server sent the request.")),
        migrations.AlterField("issuedcertificate", "lifetime", models.PositiveIntegerField(help_text="Seconds asked for.")),
        migrations.AlterField("issuedcertificate", "server_id", models.CharField(max_length=64)),
        migrations.AddIndex(
            "issuedcertificate",
            models.Index(fields=["server_id", "-created_at", "-id"], name="certificate_newest_of_server"),
        ),
        migrations.AddIndex(
            "issuedcertificate",
            models.Index(fields=["renew_at"], condition=Q(renew_at__isnull=False), name="certificate_renewal_due"),
        ),
        migrations.AddIndex(
            "issuedcertificate",
            models.Index(
                fields=["issuer", "not_after"], condition=Q(revoked_at__isnull=False), name="certificate_revoked"
            ),
        ),
        migrations.AddIndex(
            "issuedcertificate",
            models.Index(
                fields=["public_key_sha256"], condition=Q(revocation_reason="keyCompromise"), name="key_compromised"
            ),
        ),
        migrations.AddConstraint(
            "issuedcertificate",
            models.CheckConstraint(
                condition=Q(revoked_at=None, revocation_reason="")
                | (Q(revoked_at__isnull=False) & ~Q(revocation_reason="")),
                name="revoked_for_a_reason",
            ),
        ),
    ]
