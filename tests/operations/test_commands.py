"""Commands that start nothing: what they print, and how they refuse."""

import base64
import json
import re
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from controlplane.deployment import credentials
from controlplane.deployment.credentials import Credentials
from controlplane.deployment.home import CA_BUNDLE, Home
from controlplane.kernel import clock
from controlplane.operations import bootstrap
from controlplane.sealing import keks
from identity.models import KeyPair
from servers.addressing import loopback_address
from servers.models import BareMetalServer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys_from_the_pool")]


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


def test_info_offers_no_command_that_needs_a_running_product_while_it_is_stopped(bootstrapped: None) -> None:
    assert said("info").startswith("Baremint is stopped. Start it:")
    assert "curl" not in said("info")


def test_info_of_a_data_directory_without_the_admins_password_says_how_to_set_one(bootstrapped: None) -> None:
    credentials_before = credentials.read(settings.HOME)
    assert credentials_before is not None
    credentials.write(
        settings.HOME,
        Credentials(credentials_before.account_id, credentials_before.api_key, credentials_before.username, ""),
    )

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


@pytest.mark.parametrize("kind", ["identity", "iam", "intermediate", "tls", "root"])
def test_rotate_at_once_hands_over_to_the_prepared_key(bootstrapped: None, kind: str) -> None:
    successor = KeyPair.objects.get(purpose=kind, state="prepared").kid

    assert f"The {kind} key {successor} signs from now on." in said("rotate", kind, "--at-once")
    assert KeyPair.objects.get(purpose=kind, state="active").kid == successor


@pytest.mark.parametrize(
    ("kind", "warning"),
    [
        ("iam", "may refuse its tokens for up to (7 minutes|4[12][0-9] seconds)"),
        ("intermediate", "may refuse its certificates for up to 7 days"),
        ("root", "know it in 7 days"),
    ],
)
def test_rotate_at_once_says_what_verifiers_may_see_of_a_key_that_is_too_new(
    bootstrapped: None, kind: str, warning: str
) -> None:
    assert re.search(warning, said("rotate", kind, "--at-once"))


@pytest.mark.parametrize("kind", ["identity", "tls"])
def test_rotate_at_once_has_nothing_to_warn_of_where_every_verifier_knows_at_once(
    bootstrapped: None, kind: str
) -> None:
    assert len(said("rotate", kind, "--at-once").splitlines()) == 1


@pytest.mark.parametrize("at_once", [[], ["--at-once"]])
def test_rotate_has_nothing_to_warn_of_when_the_successor_was_published_long_enough(
    bootstrapped: None, monkeypatch: pytest.MonkeyPatch, at_once: list[str]
) -> None:
    successor, later = KeyPair.objects.get(purpose="iam", state="prepared").kid, clock.now() + timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert said("rotate", "iam", *at_once) == f"The iam key {successor} signs from now on."


@pytest.mark.parametrize(
    ("command", "wait", "because"),
    [
        (["identity", "--region", "us-south"], "7 minutes|4[12][0-9] seconds", "read it from the database"),
        (["iam"], "7 minutes|4[12][0-9] seconds", "/identity/keys without it"),
        (["intermediate"], "7 days", "from before its root was in it"),
        (["root"], "7 days", "a CA bundle without it"),
    ],
    ids=lambda each: each[0] if isinstance(each, list) else "",
)
def test_rotate_says_when_the_successor_takes_over_why_it_waits_and_how_not_to(
    bootstrapped: None, command: list[str], wait: str, because: str
) -> None:
    kind = command[0]
    successor, active = (KeyPair.objects.get(purpose=kind, state=state).kid for state in ("prepared", "active"))

    first, second, third = said("rotate", *command).splitlines()

    when = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"
    assert re.fullmatch(f"The {kind} key {successor} takes over at {when}, in ({wait}), when every .* know it.", first)
    assert because in second
    assert third.endswith(f"baremint rotate {' '.join(command)} --at-once")
    assert KeyPair.objects.get(purpose=kind, state="active").kid == active


def test_rotate_twice_in_a_row_says_the_same_twice(bootstrapped: None, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    assert said("rotate", "iam") == said("rotate", "iam")


def test_rotate_of_the_endpoints_key_does_not_wait(bootstrapped: None) -> None:
    successor = KeyPair.objects.get(purpose="tls", state="prepared").kid
    assert said("rotate", "tls") == f"The tls key {successor} signs from now on."


def test_the_help_of_rotate_says_what_breaks_at_once_and_for_how_long(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        said("rotate", "--help")
    assert error.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "may refuse its tokens for up to 7 minutes, unless" in text
    assert "may refuse its certificates for up to 7 days." in text


def test_rotate_kek_at_once_is_refused_for_it_never_waits(bootstrapped: None) -> None:
    with pytest.raises(CommandError, match="never waits"):
        said("rotate", "kek", "--at-once")


def test_rotate_root_puts_the_next_root_into_the_ca_bundle(bootstrapped: None, home: Home) -> None:
    said("rotate", "root", "--at-once")

    roots = KeyPair.objects.filter(purpose="root")
    assert len(roots) == 3
    assert all(root.certificate in (home.path / CA_BUNDLE).read_text() for root in roots)


def test_rotate_root_makes_the_next_intermediate_under_the_new_root(bootstrapped: None) -> None:
    said("rotate", "root", "--at-once")

    successor = KeyPair.objects.get(purpose="intermediate", state="prepared")
    assert successor.issuer == KeyPair.objects.get(purpose="root", state="active")


def test_rotate_identity_takes_a_region(bootstrapped: None) -> None:
    said("rotate", "identity", "--region", "eu-de")

    assert KeyPair.objects.filter(region="eu-de", state="active").count() == 1


@pytest.mark.parametrize(
    ("kind", "region", "refusal"), [("iam", "eu-de", "the same in all regions"), ("identity", "moon", "no region moon")]
)
def test_rotate_refuses_a_region_that_means_nothing(bootstrapped: None, kind: str, region: str, refusal: str) -> None:
    with pytest.raises(CommandError, match=refusal):
        said("rotate", kind, "--region", region)


def test_rotate_kek_says_that_the_old_one_can_be_dropped(bootstrapped: None, home: Home, settings: Any) -> None:
    new = base64.b64encode(b"n" * 32).decode()
    settings.BAREMINT_KEK = [new, home.read_secret("kek")]

    assert said("rotate", "kek").splitlines()[-2:] == [
        f"10 secrets were re-encrypted; all 10 are now under KEK {keks.first_kek()}.",
        "The other keys of BAREMINT_KEK can be dropped.",
    ]
    settings.BAREMINT_KEK = [new]
    said("bootstrap")


def test_rotate_kek_with_a_wrong_kek_is_refused(bootstrapped: None, settings: Any) -> None:
    settings.BAREMINT_KEK = [base64.b64encode(b"w" * 32).decode()]
    with pytest.raises(CommandError, match="which BAREMINT_KEK does not hold"):
        said("rotate", "kek")


def test_keys_for_scripts_say_what_comes_next_and_when(bootstrapped: None) -> None:
    [active, successor] = [key for key in json.loads(said("keys", "--json")) if key["purpose"] == "iam"]

    assert (active["state"], active["next"]) == ("active", "retiring")
    assert (successor["state"], successor["next"]) == ("prepared", "active")
    assert active["in_seconds"] == successor["in_seconds"]
    assert 86_000 < active["in_seconds"] <= 86_400
    assert active["kid"] == KeyPair.objects.get(purpose="iam", state="active").kid


def test_keys_for_people_is_a_table_of_every_key(bootstrapped: None) -> None:
    heading, *rows = said("keys").splitlines()

    assert heading.split() == ["PURPOSE", "REGION", "STATE", "SINCE", "NEXT", "IN", "SECONDS", "KID"]
    assert [row.split()[0] for row in rows][::2] == ["root", "intermediate", "tls", "iam", "identity"]


def test_keys_before_the_first_start_says_to_start() -> None:
    with pytest.raises(CommandError, match="baremint up"):
        said("keys")


def test_rotate_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(CommandError, match="invalid choice"):
        said("rotate", "garage")


def test_down_says_so_when_nothing_runs(home: Home) -> None:
    assert said("down") == f"Nothing runs in {home.path}."


def test_bootstrap_says_whether_there_was_anything_to_do() -> None:
    assert said("bootstrap").endswith("Created.")
    assert said("bootstrap").endswith("Nothing to do: everything exists already.")
