"""What a fresh database lacks is made once, and found again."""

import json
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import ImproperlyConfigured

from controlplane.deployment import credentials
from controlplane.deployment.home import CA_BUNDLE, Home
from controlplane.kernel import clock
from controlplane.operations import bootstrap, demo_world
from identity.models import ApiKey, KeyPair
from identity.selectors import find_api_key
from servers import catalog
from servers.models import BareMetalServer, Image
from trustedprofiles.limits import API_KEYS_PER_IDENTITY
from trustedprofiles.models import Account, User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys_from_the_pool")]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: object) -> Iterator[Home]:
    new_home = Home(tmp_path / "home")
    settings.HOME = new_home  # type: ignore[attr-defined]
    return new_home


def test_an_unknown_quota_is_refused_by_name(settings: Any) -> None:
    settings.BAREMINT_QUOTAS = {"servers": 3}
    with pytest.raises(ImproperlyConfigured, match=r"BAREMINT_QUOTAS has the unknown names servers\."):
        bootstrap.bootstrap(now=clock.now(), progress=lambda _: None)


def run() -> bool:
    return bootstrap.bootstrap(now=clock.now(), progress=lambda _: None)


def test_the_first_run_makes_the_world_and_the_second_leaves_it_alone() -> None:
    assert (run(), run()) == (True, False)
    assert Account.objects.count() == 1
    assert BareMetalServer.objects.count() == 3
    assert ApiKey.objects.count() == 1


def test_the_demo_servers_run_when_they_are_made_however_long_provisioning_takes(settings: Any) -> None:
    settings.BAREMINT_PROVISION_SECONDS = 3600
    run()
    servers = BareMetalServer.objects.values_list("name", "status", "transition", "metadata_enabled")
    assert sorted(servers) == [
        ("db-1", "running", "", False),
        ("web-1", "running", "", True),
        ("web-2", "running", "", True),
    ]


def test_a_demo_server_that_was_deleted_stays_deleted() -> None:
    run()
    BareMetalServer.objects.filter(name="db-1").delete()

    run()

    assert sorted(BareMetalServer.objects.values_list("name", flat=True)) == ["web-1", "web-2"]


def test_every_region_has_the_stock_images_once() -> None:
    run()
    run()
    counts = Counter(Image.objects.filter(account=None).values_list("region", flat=True))
    assert counts == dict.fromkeys(catalog.regions(), len(catalog.stock_images()))


def test_the_credentials_that_were_kept_are_good(home: Home) -> None:
    run()
    credentials_before = credentials.read(home)
    assert credentials_before is not None

    key = find_api_key(credentials_before.api_key)
    user = authenticate(username=credentials_before.username, password=credentials_before.password)

    assert key is not None
    assert isinstance(user, User)
    assert user.is_superuser
    assert (key.account_id, key.iam_id) == (credentials_before.account_id, user.iam_id)


def test_the_credentials_are_readable_by_their_owner_alone(home: Home) -> None:
    run()

    assert stat.S_IMODE((home.path / credentials.FILE).stat().st_mode) == 0o600


def test_the_ca_bundle_holds_the_root_that_signs_and_the_one_that_will(home: Home) -> None:
    # D-82
    run()

    roots = {row.state: row.certificate for row in KeyPair.objects.filter(purpose=KeyPair.Purpose.ROOT)}
    assert (home.path / CA_BUNDLE).read_text() == roots["active"] + roots["prepared"]


def test_a_data_directory_that_joins_a_database_gets_an_api_key_of_its_own(
    settings: object, tmp_path: Path, home: Home
) -> None:
    run()
    elsewhere = Home(tmp_path / "elsewhere")
    elsewhere.write_secret("kek", home.read_secret("kek") or "")
    settings.HOME = elsewhere  # type: ignore[attr-defined]

    first_run = run()

    joined = credentials.read(settings.HOME)
    assert joined is not None
    assert (first_run, joined.password) == (False, "")
    assert find_api_key(joined.api_key) is not None


def test_one_more_data_directory_gets_an_api_key_however_many_came_before(
    settings: object, tmp_path: Path, home: Home
) -> None:
    run()
    for number in range(API_KEYS_PER_IDENTITY):
        elsewhere = Home(tmp_path / f"elsewhere-{number}")
        elsewhere.write_secret("kek", home.read_secret("kek") or "")
        settings.HOME = elsewhere  # type: ignore[attr-defined]
        run()

    assert ApiKey.objects.count() == API_KEYS_PER_IDENTITY + 1


def test_a_world_that_fails_half_way_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no space left")

    monkeypatch.setattr(demo_world, "make_demo_world", fail)
    with pytest.raises(RuntimeError):
        run()

    assert not Account.objects.exists()
    assert not User.objects.exists()


def test_no_secret_is_left_in_a_temporary_file(home: Home) -> None:
    run()
    value = json.loads((home.path / credentials.FILE).read_text())["api_key"]

    holders = [path.name for path in home.path.iterdir() if path.is_file() and value in path.read_text(errors="ignore")]

    assert holders == [credentials.FILE]
