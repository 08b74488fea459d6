"""Who is calling, and whether its metadata service is on."""

from itertools import product
from typing import Any

import pytest

from servers.addressing import loopback_address
from servers.models import BareMetalServer
from servers.services.metadata_service import switch_metadata_service
from tests.inside.program import BY, VERSION, Call, Inside, error
from tests.tables import alone, check_each
from tests.world import World, make_server

pytestmark = pytest.mark.usefixtures("keys")

# --- who is calling ------------------------------------------------------------------------------------------------


def test_a_token_stolen_from_another_server_is_worth_nothing(inside: Inside, world: World) -> None:
    # D-05
    thief = Inside(make_server(world.account, name="thief", metadata_enabled=True))
    stolen = inside.bearer()
    for call in (thief.iam_token, thief.certificate):
        assert error(call({}, **stolen))[:2] == (401, "unauthenticated")


FORWARDING_HEADERS = ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "Via", "X-Real-IP"]


def test_a_forwarded_request_is_refused(inside: Inside) -> None:
    # D-06
    def check(case: tuple[str, str]) -> None:
        value, header = case
        assert error(inside.token(None, **{header: value}))[:2] == (403, "unauthorized")

    check_each(list(product(["127.64.0.2", ""], FORWARDING_HEADERS)), alone(check))


OTHER_HOSTS = [
    "evil.com",
    "127.64.0.1.evil.com",
    "127.0.0.1",
    "localhost",
    "169.254.169.254",
    "api.metadata.cloud.ibm.com",
    "127.064.0.1",
    "[::1]",
    "127.64.0.1:port",
    "user@127.64.0.1",
    "127.64.0.1,127.64.0.2",
    "",
]


def test_a_host_that_is_no_servers_address_is_refused(inside: Inside) -> None:
    def check(host: str) -> None:
        answer = inside.client.put(f"/identity/v1/token?{VERSION}", headers={"Host": host, "Metadata-Flavor": "ibm"})
        assert error(answer) == (400, "invalid_value", "Host")

    check_each(OTHER_HOSTS, alone(check))


def test_an_address_without_a_server_is_refused(inside: Inside) -> None:
    headers = {"Host": "127.99.9.9:8169", "Metadata-Flavor": "ibm"}
    answer = inside.client.put(f"/identity/v1/token?{VERSION}", headers=headers)
    assert error(answer)[:2] == (403, "unauthorized")


def test_a_caller_from_another_machine_is_refused(inside: Inside) -> None:
    host = loopback_address(inside.server.number)
    answer = inside.client.put(
        f"/identity/v1/token?{VERSION}", headers={"Host": host, "Metadata-Flavor": "ibm"}, REMOTE_ADDR="192.0.2.7"
    )
    assert error(answer)[:2] == (403, "unauthorized")


# --- the switches --------------------------------------------------------------------------------------------------

CALLS: dict[str, Call] = {
    "token": lambda inside: inside.token(),
    "iam-token": lambda inside: inside.iam_token({}, Authorization="Bearer a.b.c"),
    "certificate": lambda inside: inside.certificate({}, Authorization="Bearer a.b.c"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_a_server_with_the_service_off_is_unauthorized(inside: Inside, call: Call) -> None:
    switch_metadata_service(inside.server, enabled=False, by=BY)
    assert error(call(inside))[:2] == (403, "unauthorized")


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_plain_http_is_refused_when_the_protocol_is_https(inside: Inside, call: Call) -> None:
    switch_metadata_service(inside.server, protocol="https", by=BY)
    assert error(call(inside))[:2] == (403, "unauthorized")


def test_switching_off_is_noticed_although_the_server_was_just_seen(inside: Inside) -> None:
    assert inside.token().status_code == 200
    switch_metadata_service(inside.server, enabled=False, by=BY)
    assert inside.token().status_code == 403


def test_switching_on_is_noticed_although_the_server_was_just_refused(inside: Inside) -> None:
    switch_metadata_service(inside.server, enabled=False, by=BY)
    assert inside.token().status_code == 403
    switch_metadata_service(inside.server, enabled=True, by=BY)
    assert inside.token().status_code == 200


def test_a_token_from_before_switching_off_stays_dead_after_switching_on(inside: Inside) -> None:
    bearer = inside.bearer()
    switch_metadata_service(inside.server, enabled=False, by=BY)
    switch_metadata_service(inside.server, enabled=True, by=BY)
    assert error(inside.iam_token({}, **bearer))[:2] == (401, "unauthenticated")


def test_a_new_server_has_the_service_off(world: World) -> None:
    assert Inside(make_server(world.account, name="fresh")).token().status_code == 403


# --- the old name --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", ["token", "iam_token", "certificates"])
@pytest.mark.parametrize("version", ["2022-03-01", "2025-08-26"])
def test_the_old_name_is_not_found_and_says_what_to_set(inside: Inside, operation: str, version: str) -> None:
    answer = inside.call("PUT", f"/instance_identity/v1/{operation}", query=f"version={version}")
    assert error(answer)[:2] == (404, "not_found")
    message = answer.json()["errors"][0]["message"]
    assert "2025-08-26" in message
    assert "VPC_IMS_VERSION" in message


def test_the_old_name_can_be_allowed_for_sdks_left_at_their_default(inside: Inside, settings: Any) -> None:
    settings.BAREMINT_INSTANCE_IDENTITY = "allow"
    headers = {"Metadata_Flavor": "ibm"}
    old = inside.call("PUT", "/instance_identity/v1/token", query="version=2022-03-01", **headers)
    new = inside.call("PUT", "/instance_identity/v1/token", query="version=2025-08-26", **headers)
    assert (old.status_code, new.status_code) == (200, 404)


@pytest.mark.parametrize("path", ["/admin/", "/v1/bare_metal_servers", "/identity/keys", "/identity/v1/token/", "/x"])
def test_nothing_else_is_served_here(inside: Inside, path: str) -> None:
    assert error(inside.call("GET", path))[:2] == (404, "not_found")


def test_a_deleted_server_gets_nothing_more(inside: Inside, server: BareMetalServer) -> None:
    bearer = inside.bearer()
    BareMetalServer.objects.filter(number=server.number).update(status="deleting", revision=server.revision + 9)
    assert error(inside.iam_token({}, **bearer))[:2] == (403, "unauthorized")
    BareMetalServer.objects.filter(number=server.number).delete()
    assert error(inside.iam_token({}, **bearer))[:2] == (403, "unauthorized")
