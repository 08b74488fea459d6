"""Makes the service instances that buckets name, and a default one for each account, whose GUID is the account's id:
buckets that named no instance were in one of that GUID."""

from typing import Any

from django.db import migrations

SERVICE = "cloud-object-storage"
STANDARD_PLAN = "744bfc56-d12c-4866-88d5-dac9139e0e5d"


def make_instances(apps: Any, schema_editor: Any) -> None:
    accounts = apps.get_model("trustedprofiles", "Account").objects
    buckets = apps.get_model("objectstore", "Bucket").objects
    for account in accounts.order_by("pk"):
        _make_instance(apps, account, account.pk)  # first, because the oldest one is the default
        for guid in buckets.filter(account_id=account.pk).values_list("service_instance", flat=True).distinct():
            _make_instance(apps, account, guid)


def _make_instance(apps: Any, account: Any, guid: str) -> None:
    instances = apps.get_model("instances", "ResourceInstance").objects
    groups = apps.get_model("trustedprofiles", "ResourceGroup").objects
    group = groups.filter(account=account, is_default=True).first()
    start = account.created_at.isoformat()
    instances.get_or_create(
        account_id=account.pk,
        guid=guid,
        defaults={
            "service": SERVICE,
            "plan": STANDARD_PLAN,
            "region": "global",
            "name": SERVICE if guid == account.pk else f"{SERVICE}-{guid}",
            "resource_group_id": group.pk if group else "",
            "plan_history": [
                {"resource_plan_id": STANDARD_PLAN, "start_date": start, "requestor_id": account.owner_iam_id}
            ],
            "created_at": account.created_at,
            "created_by": account.owner_iam_id,
            "updated_at": account.created_at,
            "updated_by": account.owner_iam_id,
        },
    )


class Migration(migrations.Migration):
    dependencies = [
        ("objectstore", "0002_files_and_uploads"),
        ("instances", "0001_service_instances"),
        ("trustedprofiles", "0008_lists_oldest_first"),
    ]

    operations = [migrations.RunPython(make_instances, migrations.RunPython.noop)]
