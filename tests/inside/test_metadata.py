"""``/metadata/v1``: a server is told of itself, and of no other."""

import json
from itertools import product
from typing import Any

import pytest
from django.http import HttpResponse

from controlplane.activity.models import ActivityEvent
from servers.models import BareMetalServer, Initialization
from servers.services.metadata_service import switch_metadata_service
from tests.inside.program import BY, Inside, error, last_event
from tests.tables import alone, check_each
from tests.watching import nothing_is_written
from tests.world import World, make_profile, make_server

pytestmark = pytest.mark.usefixtures("keys")

KEY = {"id": "r006-key", "crn": "crn:v1:bluemix:public:is:us-south:a/x::key:r006-key", "name": "k", "fingerprint": "f"}
WHAT = {"": "is.metadata.bare-metal-server.read", "/initialization": "is.metadata.initialization.read"}
"""End of the path, and the event."""


def read(inside: Inside, what: str = "", *, of: str = "", method: str = "GET", **headers: str) -> HttpResponse:
    path = f"/metadata/v1/bare_metal_servers/{of or inside.server.id}{what}"
    return inside.call(method, path, **(headers or inside.bearer()))


@pytest.fixture
def initialized(server: BareMetalServer, world: World) -> Initialization:
    """A server that was given everything that can be given."""
    initialization = Initialization.objects.get(server=server)
    initialization.keys, initialization.user_data = [KEY], "#!/bin/sh\necho hello\n"
    initialization.default_trusted_profile_id, initialization.auto_link = make_profile(world.account).id, True
    initialization.user_accounts = [
        {"username": "Administrator", "encrypted_password": "c2VjcmV0", "encryption_key": KEY}
    ]
    initialization.save()
    return initialization


def test_the_initialization_has_all_that_the_server_was_given(inside: Inside, initialized: Initialization) -> None:
    body = read(inside, "/initialization").json()
    assert body["image"]["id"] == initialized.image["id"]
    assert [key["id"] for key in body["keys"]] == [KEY["id"]]
    assert body["user_data"] == "#!/bin/sh\necho hello\n"
    assert body["default_trusted_profile"]["target"]["id"] == initialized.default_trusted_profile_id
    assert body["default_trusted_profile"]["auto_link"] is True
    [account] = body["user_accounts"]
    assert (account["username"], account["encrypted_password"]) == ("Administrator", "c2VjcmV0")


def test_what_was_not_given_is_empty_or_absent(inside: Inside) -> None:
    body = read(inside, "/initialization").json()
    assert body.keys() == {"image", "keys", "user_accounts", "user_data"}
    assert (body["keys"], body["user_accounts"], body["user_data"]) == ([], [], "")


def test_the_server_is_as_the_vpc_api_shows_it(inside: Inside, server: BareMetalServer, settings: Any) -> None:
    # D-151
    body = read(inside).json()
    assert (body["id"], body["name"], body["crn"]) == (server.id, "web-1", server.crn)
    assert body["metadata_service"] == {"enabled": True, "protocol": "http"}
    assert body["href"] == f"{settings.BAREMINT_PUBLIC_URL}/v1/bare_metal_servers/{server.id}"


VERSIONS = {"2022-03-28": "primary_ipv4_address", "2022-03-29": "primary_ip", "2025-06-29": "primary_ip"}


@pytest.mark.parametrize(("version", "name"), VERSIONS.items())
def test_the_server_is_shown_by_the_words_of_the_version(inside: Inside, version: str, name: str) -> None:
    path = f"/metadata/v1/bare_metal_servers/{inside.server.id}"
    body = inside.call("GET", path, query=f"version={version}", **inside.bearer()).json()
    for interface in (body["primary_network_interface"], *body["network_interfaces"]):
        assert {"primary_ip", "primary_ipv4_address"} & interface.keys() == {name}


@pytest.mark.parametrize(("version", "says"), [("2025-06-29", False), ("2025-06-30", True)])
def test_the_image_says_whose_it_is_since_its_date(inside: Inside, version: str, says: bool) -> None:
    path = f"/metadata/v1/bare_metal_servers/{inside.server.id}/initialization"
    image = inside.call("GET", path, query=f"version={version}", **inside.bearer()).json()["image"]
    assert ("remote" in image) is says


def test_a_change_is_seen_although_the_server_was_just_read(inside: Inside, server: BareMetalServer) -> None:
    assert read(inside).json()["name"] == "web-1"
    BareMetalServer.objects.filter(pk=server.pk).update(name="web-9", revision=server.revision + 1)
    assert read(inside).json()["name"] == "web-9"


@pytest.mark.parametrize(("what", "action"), WHAT.items())
def test_reading_metadata_leaves_one_event_without_what_was_read(
    inside: Inside, initialized: Initialization, what: str, action: str
) -> None:
    bearer = inside.bearer()
    before = ActivityEvent.objects.count()
    read(inside, what, **bearer)
    [event] = ActivityEvent.objects.order_by("pk")[before:]
    assert (event.action, event.outcome, event.initiator_id, event.data) == (action, "success", inside.server.crn, {})


@pytest.mark.parametrize("what", WHAT)
def test_another_servers_id_is_refused_as_one_that_does_not_exist(inside: Inside, world: World, what: str) -> None:
    neighbour = make_server(world.account, name="web-2", metadata_enabled=True)
    theirs = make_server(world.other_account, name="web-1", metadata_enabled=True)
    bodies = []
    for of in (neighbour.id, theirs.id, "0717-none", inside.server.name):
        answer = read(inside, what, of=of)
        assert error(answer)[:2] == (403, "unauthorized")
        assert (last_event().action, last_event().reason_type) == (WHAT[what], "unauthorized")
        bodies.append({**answer.json(), "trace": ""})
    assert all(body == bodies[0] for body in bodies)


@pytest.mark.parametrize("what", WHAT)
@pytest.mark.parametrize("of", ["", "0717-none"])
def test_without_a_good_identity_token_nothing_is_told_whatever_the_id(
    inside: Inside, world: World, server: BareMetalServer, what: str, of: str
) -> None:
    profile = make_profile(world.account, linked_to=server)
    iam = inside.iam_token({"trusted_profile": {"id": profile.id}}).json()["access_token"]
    neighbour = Inside(make_server(world.account, name="web-2", metadata_enabled=True))
    for headers in ({"X_None": "1"}, {"Authorization": "Bearer a.b.c"}, {"Authorization": f"Bearer {iam}"}):
        with nothing_is_written():
            assert error(read(inside, what, of=of, **headers))[:2] == (401, "unauthenticated")
    stolen = neighbour.bearer()
    assert error(read(inside, what, of=of, **stolen))[:2] == (401, "unauthenticated")


@pytest.mark.parametrize("what", WHAT)
@pytest.mark.parametrize("change", [{"enabled": False}, {"protocol": "https"}], ids=["off", "https"])
def test_the_switches_hold_for_metadata(inside: Inside, what: str, change: dict[str, Any]) -> None:
    bearer = inside.bearer()
    switch_metadata_service(inside.server, **change, by=BY)
    assert error(read(inside, what, **bearer))[:2] == (403, "unauthorized")


OTHER_METHODS = ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def test_metadata_can_be_read_and_nothing_else(inside: Inside) -> None:
    def check(case: tuple[str, str]) -> None:
        method, what = case
        answer = read(inside, what, method=method)
        assert (answer.status_code, answer["Allow"]) == (405, "GET")

    check_each(list(product(OTHER_METHODS, WHAT)), alone(check))


def test_a_get_does_not_need_the_flavor_and_no_slash_is_added(inside: Inside) -> None:
    assert read(inside).status_code == 200
    assert error(read(inside, "/"))[:2] == (404, "not_found")


def test_what_was_initialized_is_not_in_the_log_or_the_record(inside: Inside, initialized: Initialization) -> None:
    read(inside, "/initialization")
    assert "c2VjcmV0" not in json.dumps(last_event().data)
    assert "hello" not in json.dumps(last_event().data)
