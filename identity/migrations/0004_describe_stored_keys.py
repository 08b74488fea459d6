"""Keys of earlier versions: when their certificates end; and no KEK is named where no private key is left."""

from cryptography import x509
from django.db import migrations


def describe(apps, schema_editor):
    key_pair = apps.get_model("identity", "KeyPair")
    for row in key_pair.objects.exclude(certificate=""):
        certificate = x509.load_pem_x509_certificate(row.certificate.encode())
        key_pair.objects.filter(pk=row.pk).update(expires_at=certificate.not_valid_after_utc)
    for row in key_pair.objects.only("ciphertext"):
        if not row.ciphertext:
            key_pair.objects.filter(pk=row.pk).update(kek_id="")


class Migration(migrations.Migration):
    dependencies = [("identity", "0003_key_life_cycle")]

    operations = [migrations.RunPython(describe, migrations.RunPython.noop)]
