"""Where everything is: what ``baremint info`` says, for scripts and for people."""

from typing import Any

from django.conf import settings

from controlplane.operations import credentials, endpoints
from controlplane.operations.program import paste
from servers.addressing import loopback_address
from servers.models import BareMetalServer
from servers.selectors import servers_of

CA_BUNDLE = "ca-bundle.pem"


class NothingHere(Exception):
    """The data directory has never been bootstrapped."""

    def __init__(self) -> None:
        super().__init__(f"There is nothing in {settings.HOME.path} yet. Start Baremint first: {paste('up')}")


class UnknownServer(Exception):
    """No server has this name, id or CRN."""


def find_server(facts: dict[str, Any], wanted: str) -> dict[str, Any]:
    """One of ``servers`` by name, id or CRN. Raises UnknownServer, which says which there are."""
    servers: list[dict[str, Any]] = facts["servers"]
    for server in servers:
        if wanted in (server["id"], server["crn"], server["name"]):
            return server
    names = ", ".join(server["name"] for server in servers) or "none"
    raise UnknownServer(f"There is no server {wanted}. Known by name: {names}.")


def collect() -> dict[str, Any]:
    """The members that ``baremint info --json`` promises to scripts."""
    given = credentials.load()
    if given is None:
        raise NothingHere
    origin = endpoints.control_plane_url()
    return {
        "control_plane_url": origin,
        "vpc_url": f"{origin}/v1",
        "iam_url": origin,
        "metadata_port": settings.BAREMINT_METADATA_PORT,
        "metadata_tls_port": settings.BAREMINT_METADATA_TLS_PORT,
        "account_id": given.account_id,
        "api_key": given.api_key,
        "ca_bundle": str(settings.HOME.path / CA_BUNDLE),
        "admin": {"url": f"{origin}/admin/", "username": given.username, "password": given.password},
        "servers": [_describe(server) for server in servers_of(given.account_id).order_by("number")],
    }


def _describe(server: BareMetalServer) -> dict[str, Any]:
    address = loopback_address(server.number)
    return {
        "id": server.id,
        "name": server.name,
        "crn": server.crn,
        "metadata_url": endpoints.metadata_url(address, protocol=server.metadata_protocol),
        "metadata_enabled": server.metadata_enabled,
        "metadata_protocol": server.metadata_protocol,
    }
