"""VPCs and images of an older version stay as they are; the way back keeps them, without bindings and export jobs."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from controlplane.activity.record import Party
from controlplane.kernel import clock
from servers.models import VPC, DnsResolutionBinding, Image, ImageExportJob
from servers.services.dns_resolution_bindings import create_binding
from servers.services.images import create_image
from servers.services.vpcs import create_vpc, update_vpc
from tests.databases import default_database
from tests.world import REGION, make_world

pytestmark = pytest.mark.thorough

APP, NEW = "servers", "dns_bindings_and_image_exports"
BY = Party("IBMid-ALICE00001", "Alice", "User")


def before() -> list[tuple[str, str]]:
    """What the migration of this subject depends on in its app."""
    executor = MigrationExecutor(connection)
    [this] = [each for each in executor.loader.disk_migrations if each[0] == APP and each[1].endswith(NEW)]
    return [each for each in executor.loader.disk_migrations[this].dependencies if each[0] == APP]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_vpcs_and_images_survive_the_migrations_forth_and_back(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, django_db_blocker: Any
) -> None:
    url = (
        f"sqlite:///{tmp_path / 'old.sqlite3'}"
        if kind == "sqlite"
        else request.getfixturevalue("new_postgresql_database")()
    )
    with django_db_blocker.unblock(), default_database(url):
        call_command("migrate", verbosity=0)
        account = make_world().account
        hub = create_vpc(account, region=REGION, dns={"enable_hub": True}, by=BY)
        vpc = create_vpc(account, region=REGION, by=BY)
        create_binding(vpc, hub=hub, by=BY)
        update_vpc(vpc, dns={"resolver": {"type": "delegated", "vpc": hub.id}}, by=BY)
        for name in ("kept", "going"):
            create_image(
                account, region=REGION, name=name, file="cos://a/b/c.qcow2", operating_system="debian-12-amd64", by=BY
            )
            place = {"bucket_name": "b", "bucket_crn": "c", "bucket_region": "us-south", "object_name": name}
            ImageExportJob.objects.create(
                id=name, name=name, image=Image.objects.get(name=name), format="vhd", created_at=clock.now(), **place
            )
        Image.objects.filter(name="going").update(status="deleting")

        call_command("migrate", APP, before()[0][1], verbosity=0)
        old = MigrationExecutor(connection).loader.project_state(before()).apps
        assert old.get_model(APP, "VPC").objects.count() == 2
        names = old.get_model(APP, "Image").objects.filter(account=account.pk).values_list("name", flat=True)
        assert list(names) == ["kept"]

        call_command("migrate", verbosity=0)
        assert (DnsResolutionBinding.objects.count(), VPC.objects.filter(dns_resolver_vpc=None).count()) == (0, 2)
