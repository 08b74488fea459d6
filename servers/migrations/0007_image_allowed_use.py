"""Keep all of an image's allowed use; name IBM's account in the CRNs of its images."""

from django.db import migrations, models

PROVIDER = "a/811f8abfbd32425597dc7ba40da98fa6"
VERSION = "2026-01-01"


def name_the_provider(apps, schema_editor):
    _replace_scope(apps, "", PROVIDER)


def forget_the_provider(apps, schema_editor):
    _replace_scope(apps, PROVIDER, "")


def _replace_scope(apps, before, after):
    """Many servers were initialized from few images, so each kind of row is written at once."""
    old, new = f":{before}::image:", f":{after}::image:"
    rows = apps.get_model("servers", "Initialization").objects
    images = rows.filter(image__crn__icontains=old).order_by().values_list("image", flat=True).distinct()
    for image in list(images):
        rows.filter(image=image).update(image=image | {"crn": image["crn"].replace(old, new)})


class Migration(migrations.Migration):
    dependencies = [("servers", "0006_gateways_and_routes")]

    operations = [
        migrations.AddField(
            "image",
            "allowed_use_instance",
            models.CharField(
                default="true",
                help_text="For which virtual servers: a CEL expression, kept as it was sent.",
                max_length=256,
            ),
        ),
        migrations.AddField(
            "image",
            "allowed_use_version",
            models.CharField(
                default=VERSION, help_text="Version date that the expressions are evaluated with.", max_length=10
            ),
        ),
        migrations.AlterField(
            "initialization",
            "image",
            models.JSONField(help_text='{"id", "crn", "name", "allowed_use", "allowed_use_version"}'),
        ),
        migrations.RunPython(name_the_provider, forget_the_provider),
    ]
