"""Keep of each certificate what renewing and revoking it needs; those from before are not renewed."""

import hashlib
from datetime import timedelta

import django.db.models.deletion
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import migrations, models

BACKDATED = timedelta(seconds=60)
BATCH = 500
REASONS = [
    (each, each)
    for each in (
        "unspecified",
        "keyCompromise",
        "affiliationChanged",
        "superseded",
        "cessationOfOperation",
        "privilegeWithdrawn",
    )
]


def fill(apps, schema_editor):
    certificates = apps.get_model("identity", "IssuedCertificate").objects
    done = ""
    while batch := list(certificates.filter(pk__gt=done).order_by("pk")[:BATCH]):
        for row in batch:
            row.created_at = row.requested_at = row.not_before + BACKDATED
            row.lifetime = int((row.not_after - row.created_at).total_seconds())
            key = x509.load_pem_x509_certificate(row.certificate.encode()).public_key()
            der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            row.public_key_sha256 = hashlib.sha256(der).hexdigest()
        certificates.bulk_update(batch, ["created_at", "requested_at", "lifetime", "public_key_sha256"])
        done = batch[-1].pk


class Migration(migrations.Migration):
    dependencies = [
        ("servers", "0004_furnish_vpcs"),
        ("identity", "0005_keys_move_forward"),
    ]

    operations = [
        migrations.CreateModel(
            name="CertificateRotation",
            fields=[
                (
                    "server",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="certificate_rotation",
                        serialize=False,
                        to="servers.baremetalserver",
                    ),
                ),
                ("enabled_at", models.DateTimeField(help_text="Certificates that had expired by then are not renewed.")),
            ],
        ),
        migrations.CreateModel(
            name="RenewalProgress",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("begun_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("due", models.PositiveIntegerField(help_text="Certificates that were due when it began.")),
                ("renewed", models.PositiveIntegerField(default=0)),
                ("stopped", models.PositiveIntegerField(default=0, help_text="No longer to be renewed.")),
                ("failed", models.PositiveIntegerField(default=0, help_text="Requests that are no longer signed.")),
                ("quiet_ticks", models.PositiveIntegerField(default=0, help_text="Ticks since a chunk was last done.")),
            ],
            options={"verbose_name_plural": "renewal progress"},
        ),
        migrations.CreateModel(
            name="RevocationList",
            fields=[
                (
                    "issuer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="revocation_list",
                        serialize=False,
                        to="identity.keypair",
                    ),
                ),
                ("number", models.PositiveBigIntegerField(help_text="Grows by one with every list of this issuer.")),
                ("this_update", models.DateTimeField()),
                ("next_update", models.DateTimeField()),
                (
                    "scheduled_at",
                    models.DateTimeField(
                        help_text="When a list was last signed because it was time, not because of a revocation in between."
                    ),
                ),
                ("der", models.BinaryField()),
            ],
        ),
        migrations.AddField("issuedcertificate", "created_at", models.DateTimeField(null=True)),
        migrations.AddField("issuedcertificate", "requested_at", models.DateTimeField(null=True)),
        migrations.AddField("issuedcertificate", "lifetime", models.PositiveIntegerField(null=True)),
        migrations.AddField(
            "issuedcertificate", "public_key_sha256", models.CharField(default="", help_text="of the key's SubjectPublicKeyInfo in DER", max_length=64), preserve_default=False
        ),
        migrations.AddField("issuedcertificate", "metadata_epoch", models.PositiveBigIntegerField(blank=True, help_text="Of the server, then; empty for certificates from before it was kept.", null=True)),
        migrations.AddField("issuedcertificate", "renew_at", models.DateTimeField(blank=True, help_text="When its renewal is due; empty when it was renewed, or never will be.", null=True)),
        migrations.AddField(
            "issuedcertificate",
            "renewal_of",
            models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="renewal",
                to="identity.issuedcertificate",
            ),
        ),
        migrations.AddField("issuedcertificate", "revoked_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "issuedcertificate",
            "revocation_reason",
            models.CharField(blank=True, choices=REASONS, default="", max_length=24),
            preserve_default=False,
        ),
        migrations.AddField("issuedcertificate", "listed_in", models.PositiveBigIntegerField(blank=True, help_text="Number of the first revocation list that names it.", null=True)),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
