"""Who is calling, when a listening socket says so: in the lab, and behind TLS on a loopback address."""

from typing import Any

import pytest
from django.http import HttpResponse

from identity.inside.caller_address import ATTACHED, DIALLED, Attached
from servers.addressing import loopback_address
from servers.models import BareMetalServer
from tests.inside.program import VERSION, Inside, error
from tests.world import World, make_server

pytestmark = pytest.mark.usefixtures("keys")

ADDRESS = "10.240.0.4"
MINE = ("169.254.169.254", "169.254.169.254:80", "api.metadata.cloud.ibm.com", "API.metadata.cloud.ibm.com:80")
NOT_MINE = ("evil.example", "127.64.0.1", "api.metadata.cloud.ibm.com.", "169.254.169.254:x", "10.240.0.4", "")


@pytest.fixture
def lab(settings: Any) -> None:
    settings.METADATA_ATTACHMENT = "lab"


def ask(inside: Inside, host: str = MINE[0], *, address: str = ADDRESS, **environ: Any) -> HttpResponse:
    headers = {"Host": host, "Metadata-Flavor": "ibm"}
    return inside.client.put(
        f"/identity/v1/token?{VERSION}", headers=headers, REMOTE_ADDR=address, SERVER_PORT="80", **environ
    )


def attached_to(server: BareMetalServer) -> dict[str, Any]:
    return {ATTACHED: Attached(server.number, ADDRESS)}


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize("host", MINE)
def test_the_socket_that_accepted_names_the_server(inside: Inside, server: BareMetalServer, host: str) -> None:
    assert ask(inside, host, **attached_to(server)).status_code == 200


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize("host", NOT_MINE)
def test_a_host_that_is_not_the_service_is_refused(inside: Inside, server: BareMetalServer, host: str) -> None:
    assert error(ask(inside, host, **attached_to(server))) == (400, "invalid_value", "Host")


@pytest.mark.usefixtures("lab")
def test_a_source_address_that_is_not_the_servers_own_is_refused(inside: Inside, server: BareMetalServer) -> None:
    assert error(ask(inside, address="10.240.0.5", **attached_to(server)))[:2] == (403, "unauthorized")


@pytest.mark.usefixtures("lab")
def test_no_header_attaches_a_caller(inside: Inside, server: BareMetalServer) -> None:
    answer = ask(inside, HTTP_BAREMINT_ATTACHED=str(server.number), **{f"HTTP_{ATTACHED}": server.number})
    assert error(answer)[:2] == (403, "unauthorized")


@pytest.mark.usefixtures("lab")
def test_in_the_lab_a_loopback_address_in_host_names_no_server(inside: Inside, server: BareMetalServer) -> None:
    host = loopback_address(server.number)
    assert error(ask(inside, host, address="127.0.0.1"))[:2] == (403, "unauthorized")


def test_the_dialled_address_names_the_server_whatever_server_the_host_names(inside: Inside, world: World) -> None:
    other = make_server(world.account, name="other", metadata_enabled=True)
    dialled = {DIALLED: loopback_address(inside.server.number)}
    answer = ask(inside, loopback_address(other.number), address="127.0.0.1", **dialled)
    assert error(answer) == (400, "invalid_value", "Host")


def test_the_services_name_is_as_good_as_the_dialled_address(inside: Inside) -> None:
    dialled = {DIALLED: loopback_address(inside.server.number)}
    assert ask(inside, MINE[2], address="127.0.0.1", **dialled).status_code == 200


def test_dialling_an_address_of_no_server_is_refused(inside: Inside) -> None:
    assert error(ask(inside, MINE[2], address="127.0.0.1", **{DIALLED: "127.0.0.1"})) == (400, "invalid_value", "Host")
