"""The addresses and credentials of a deployment, which ``baremint info`` prints. Standard library only."""

from collections.abc import Iterable, Mapping
from typing import Any

from controlplane.deployment.command_line import command_hint
from controlplane.deployment.credentials import Credentials
from controlplane.deployment.home import CA_BUNDLE, Home
from controlplane.deployment.location import Location


class EmptyDataDirectory(Exception):
    """The data directory has no data yet."""

    def __init__(self, home: Home) -> None:
        super().__init__(f"There is nothing in {home.path} yet. Start Baremint first: {command_hint('up')}")


class UnknownServer(Exception):
    """No server has this name, id or CRN."""


def find_server(facts: dict[str, Any], identifier: str) -> dict[str, Any]:
    """Return the server with this name, id or CRN. Raises UnknownServer, which lists the names."""
    servers: list[dict[str, Any]] = facts["servers"]
    for server in servers:
        if identifier in (server["id"], server["crn"], server["name"]):
            return server
    names = ", ".join(server["name"] for server in servers) or "none"
    raise UnknownServer(f"There is no server {identifier}. Known by name: {names}.")


def collect(
    location: Location,
    credentials: Credentials,
    servers: Iterable[Mapping[str, Any]],
    instances: Iterable[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return the fields of ``baremint info --json``.

    ``servers`` are those of ``/_baremint/bare_metal_servers``, ``instances`` those of ``/v2/resource_instances``.
    """
    origin = location.public_url
    return {
        "control_plane_url": origin,
        "vpc_url": f"{origin}/v1",
        "iam_url": origin,
        "metadata_port": location.metadata_port,
        "metadata_tls_port": location.metadata_tls_port,
        "account_id": credentials.account_id,
        "api_key": credentials.api_key,
        "ca_bundle": str(location.home.path / CA_BUNDLE),
        "admin": {"url": f"{origin}/admin/", "username": credentials.username, "password": credentials.password},
        "servers": [_described(location, server) for server in servers],
        "service_instances": [
            {"service": each["sub_type"], "name": each["name"], "guid": each["guid"], "crn": each["crn"]}
            for each in instances
        ],
    }


def _described(location: Location, server: Mapping[str, Any]) -> dict[str, Any]:
    service = server["metadata_service"]
    return {
        "id": server["id"],
        "name": server["name"],
        "crn": server["crn"],
        "metadata_url": location.metadata_url(server["address"], protocol=service["protocol"]),
        "metadata_enabled": service["enabled"],
        "metadata_protocol": service["protocol"],
    }
