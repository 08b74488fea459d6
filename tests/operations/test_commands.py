"""Commands that start nothing: what they print, and how they refuse."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from controlplane.home import Home
from controlplane.kernel import clock
from controlplane.operations import bootstrap, credentials
from controlplane.operations.credentials import Credentials
from identity.models import KeyPair
from servers.addressing import loopback_address
from servers.models import BareMetalServer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> Home:
    settings.HOME = Home(tmp_path / "home")
    return settings.HOME


@pytest.fixture
def bootstrapped() -> None:
    bootstrap.bootstrap(now=clock.now(), progress=lambda _: None)


def said(*command: str) -> str:
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue().strip()


def test_info_for_scripts_is_json(bootstrapped: None) -> None:
    info = json.loads(said("info", "--json"))

    assert info["vpc_url"] == "http://127.0.0.1:8000/v1"
    assert [server["name"] for server in info["servers"]] == ["web-1", "web-2", "db-1"]


def test_info_for_people_says_that_nothing_runs(bootstrapped: None) -> None:
    assert said("info").startswith("Baremint is stopped.")


def test_info_offers_three_commands_to_paste(bootstrapped: None) -> None:
    assert sum(line.strip().startswith("curl ") for line in said("info").splitlines()) == 3


def test_info_of_a_data_directory_without_the_admins_password_says_how_to_set_one(bootstrapped: None) -> None:
    kept = credentials.load()
    assert kept is not None
    credentials.save(Credentials(kept.account_id, kept.api_key, kept.username, ""))

    assert "baremint changepassword admin" in said("info")


@pytest.mark.parametrize("command", [["info"], ["address", "web-1"]])
def test_before_the_first_start_one_is_told_to_start(command: list[str]) -> None:
    with pytest.raises(CommandError, match="baremint up"):
        said(*command)


@pytest.mark.parametrize("member", ["name", "id", "crn"])
def test_a_server_is_known_by(bootstrapped: None, member: str) -> None:
    server = BareMetalServer.objects.get(name="web-2")

    assert said("address", getattr(server, member)) == loopback_address(server.number)


def test_the_url_of_a_server_is_its_address_of_the_metadata_service(bootstrapped: None) -> None:
    server = BareMetalServer.objects.get(name="web-1")

    assert said("address", "web-1", "--url") == f"http://{loopback_address(server.number)}:8169"


def test_the_url_of_a_server_on_https_is_https(bootstrapped: None) -> None:
    BareMetalServer.objects.filter(name="web-1").update(metadata_protocol="https")

    assert said("address", "web-1", "--url").startswith("https://127.64.0.")


def test_addresses_of_an_unknown_server_are_refused(bootstrapped: None) -> None:
    with pytest.raises(CommandError, match=r"no server web-9\. Known by name: web-1, web-2, db-1"):
        said("address", "web-9")


@pytest.mark.parametrize("kind", ["identity", "iam"])
def test_rotate_hands_over_to_the_prepared_key(bootstrapped: None, kind: str) -> None:
    heir = KeyPair.objects.get(purpose=kind, state="prepared").kid

    assert heir in said("rotate", kind)
    assert KeyPair.objects.get(purpose=kind, state="active").kid == heir


def test_rotate_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(CommandError, match="invalid choice"):
        said("rotate", "garage")


def test_down_says_so_when_nothing_runs(home: Home) -> None:
    assert said("down") == f"Nothing runs in {home.path}."


def test_bootstrap_says_whether_there_was_anything_to_do() -> None:
    assert said("bootstrap").endswith("Made.")
    assert said("bootstrap").endswith("Nothing to do: all of it is there.")
