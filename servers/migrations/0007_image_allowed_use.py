"""Keep all of an image's allowed use; name IBM's account in the CRNs of its images."""

from django.db import migrations, models
from django.db.models import F, Value
from django.db.models.functions import Concat, Substr

PROVIDER = "a/811f8abfbd32425597dc7ba40da98fa6"
VERSION = "2026-01-01"
KNOWN_BEFORE = (
    "centos-7-amd64",
    "centos-stream-9-amd64",
    "debian-11-amd64",
    "esxi-7-byol-amd64",
    "esxi-8-byol-amd64",
    "red-8-amd64",
    "red-8-amd64-sap-applications",
    "red-8-amd64-sap-hana",
    "red-9-amd64",
    "red-9-amd64-sap-applications",
    "red-9-amd64-sap-hana",
    "sles-12-amd64",
    "sles-12-amd64-sap-hana",
    "sles-15-amd64",
    "sles-15-amd64-sap-applications",
    "sles-15-amd64-sap-hana",
    "ubuntu-20-04-amd64",
    "ubuntu-22-04-amd64",
    "windows-2016-amd64",
    "windows-2019-amd64",
    "windows-2022-amd64",
    "windows-2025-amd64",
)
"""Operating systems of the older version, which fails to list images of others."""
HIDDEN = "~"
"""Before the name of a region: no region is called so, and the older version looks for no images there."""
LONGEST_NAME = 63


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


def hide_later_systems(apps, schema_editor):
    images = apps.get_model("servers", "Image").objects.exclude(operating_system__in=KNOWN_BEFORE)
    images.update(region=Concat(Value(HIDDEN), F("region")))


def show_later_systems(apps, schema_editor):
    """An image whose name was given to another one meanwhile has a part of its id behind its name."""
    images = apps.get_model("servers", "Image").objects
    hidden = images.filter(region__startswith=HIDDEN)
    for image in hidden.exclude(account=None):
        if images.filter(region=image.region.removeprefix(HIDDEN), account=image.account_id, name=image.name).exists():
            suffix = f"-{image.id[-12:]}"
            images.filter(pk=image.pk).update(name=image.name[: LONGEST_NAME - len(suffix)] + suffix)
    hidden.update(region=Substr("region", len(HIDDEN) + 1))


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
        migrations.RunPython(show_later_systems, hide_later_systems),
    ]
