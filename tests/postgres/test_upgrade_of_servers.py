"""Servers and images of an older version stay what they were; stored CRNs of IBM's images name its account."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from servers import catalog
from servers.models import Image, Initialization
from servers.services.catalog import seed_images
from tests.databases import default_database
from trustedprofiles.models import ServiceId, TrustedProfile

pytestmark = pytest.mark.thorough

BEFORE = [("servers", "0004_furnish_vpcs"), ("trustedprofiles", "0004_first_account")]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SIGNED = {"created_at": NOW, "modified_at": NOW}
REGIONS = "crn:v1:bluemix:public:is"
OWN = f"{REGIONS}:us-south:a/{'c' * 32}::image:r006-1"
CRNS = {
    f"{REGIONS}:us-south:::image:r006-1": f"{REGIONS}:us-south:a/{catalog.PROVIDER_ACCOUNT}::image:r006-1",
    f"{REGIONS}:eu-de:::image:r010-2": f"{REGIONS}:eu-de:a/{catalog.PROVIDER_ACCOUNT}::image:r010-2",
    OWN: OWN,
}
"""Of the image that a server was initialized from: as it was stored, and as it is from now on."""


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Any, django_db_blocker: Any) -> Any:
    """The models of the older version, on a database with rows of it."""
    kind = request.param
    url = (
        f"sqlite:///{tmp_path / 'old.sqlite3'}"
        if kind == "sqlite"
        else request.getfixturevalue("new_postgresql_database")()
    )
    with django_db_blocker.unblock(), default_database(url):
        executor = MigrationExecutor(connection)
        executor.migrate(BEFORE)
        apps = executor.loader.project_state(BEFORE).apps
        _fill(apps)
        yield apps


def _fill(apps: Any) -> None:
    def make(app: str, model: str, **columns: Any) -> Any:
        return apps.get_model(app, model).objects.create(**columns)

    account = make("trustedprofiles", "Account", id="c" * 32, name="old", owner_iam_id="IBMid-1", created_at=NOW)
    group = make("trustedprofiles", "ResourceGroup", id="d" * 32, name="Default", account=account, created_at=NOW)
    owned = {"account": account, "resource_group": group, "created_at": NOW}
    vpc = make("servers", "VPC", id="r006-v", name="v", region="us-south", **owned)
    columns: dict[str, Any] = {
        "zone": "us-south-1",
        "vpc": vpc,
        "profile": "bx2-metal-96x384",
        "bandwidth": 1000,
        **owned,
    }
    for number, crn in enumerate([*CRNS, *CRNS]):
        server = make("servers", "BareMetalServer", id=f"0717-{number}", name=f"s{number}", **columns)
        image = {"id": crn.rpartition(":")[2], "crn": crn, "name": f"i{number}", "allowed_use": "true"}
        make("servers", "Initialization", server=server, image=image, user_data="ümlaut")
    make("servers", "Image", id="r006-1", name="own", operating_system="x", file_size=1, allowed_use="!true", **owned)
    make("trustedprofiles", "TrustedProfile", id="Profile-1", name="p", account=account, email="a@b.c", **SIGNED)
    make("trustedprofiles", "ServiceId", id="ServiceId-1", name="s", account=account, **SIGNED)


def _initialized(apps: Any) -> list[tuple[str, dict[str, str]]]:
    return list(apps.get_model("servers", "Initialization").objects.order_by("pk").values_list("user_data", "image"))


def test_servers_keep_what_they_were_initialized_from(old: Any) -> None:
    before = _initialized(old)
    call_command("migrate", verbosity=0)
    renamed = [(text, image | {"crn": CRNS[image["crn"]]}) for text, image in before]
    assert list(Initialization.objects.order_by("pk").values_list("user_data", "image")) == renamed
    call_command("migrate", *BEFORE[0], verbosity=0)
    assert _initialized(old) == before


def test_images_and_subjects_are_what_they_were(old: Any) -> None:
    call_command("migrate", verbosity=0)
    image = Image.objects.get(id="r006-1")
    assert (image.allowed_use, image.allowed_use_instance, image.allowed_use_version) == ("!true", "true", "2026-01-01")
    assert TrustedProfile.objects.get().email == "a@b.c"
    assert ServiceId.objects.get().group is None
    for migration in reversed(BEFORE):
        call_command("migrate", *migration, verbosity=0)
    assert old.get_model("servers", "Image").objects.get().allowed_use == "!true"
    assert old.get_model("trustedprofiles", "TrustedProfile").objects.get().email == "a@b.c"


def test_images_of_systems_that_the_older_version_does_not_know_are_hidden_from_it(old: Any) -> None:
    """It fails to list them. They are there again when it is upgraded, under another name where that was taken."""
    call_command("migrate", verbosity=0)
    seed_images("us-south", NOW)
    own = {"account_id": "c" * 32, "region": "us-south", "file_size": 1, "created_at": NOW}
    for system in ("debian-11-amd64", "debian-12-amd64"):
        Image.objects.create(id=f"r006-{system}", name=system, operating_system=system, **own)
    before = set(Image.objects.values_list("id", "name", "region", "operating_system"))
    call_command("migrate", *BEFORE[0], verbosity=0)
    images = old.get_model("servers", "Image").objects
    names = set(images.filter(region="us-south").values_list("name", flat=True))
    assert {name for _, name, region, _ in before if region} - names == {"ibm-ipxe-20240326-amd64-1", "debian-12-amd64"}
    image = images.create(id="r006-2", name="debian-12-amd64", operating_system="debian-11-amd64", **own)
    call_command("migrate", verbosity=0)
    assert seed_images("us-south", NOW) == 0
    renamed = ("r006-debian-12-amd64", "debian-12-amd64-ian-12-amd64", "us-south", "debian-12-amd64")
    image_row = ("r006-2", image.name, "us-south", "debian-11-amd64")
    after = set(Image.objects.values_list("id", "name", "region", "operating_system"))
    assert after ^ before == {renamed, image_row, ("r006-debian-12-amd64", *image_row[1:3], "debian-12-amd64")}
