"""The calls of ``baremint certificates``, ``certificate-rotation`` and ``revoke``.

All functions raise NotFound, Refused, CannotCall.
"""

from typing import Any

from controlplane.cli.client import Client, NotFound
from controlplane.cli.output import Column

SERVERS = "bare_metal_servers"
REASONS = (
    "unspecified",
    "keyCompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "privilegeWithdrawn",
)
CERTIFICATE_TABLE: list[Column] = [
    ("ID", "id"),
    ("Status", "status"),
    ("Serial number", "serial_number"),
    ("Created", "created_at"),
    ("Expires", "expires_at"),
    ("Renewal due", "renewal_due_at"),
    ("Revoked for", "revocation_reason"),
]


def list_certificates(client: Client, server: str) -> list[dict[str, Any]]:
    """Return all certificates of a server, the latest first."""
    return client.everything(f"{_path(client, server)}/certificates")


def rotation(client: Client, server: str) -> dict[str, Any]:
    return client.call("GET", f"{_path(client, server)}/certificate_rotation")


def switch_rotation(client: Client, server: str, *, enabled: bool) -> dict[str, Any]:
    return client.call("PUT", f"{_path(client, server)}/certificate_rotation", {"enabled": enabled})


def revoke(client: Client, server: str, certificate: str, *, reason: str) -> dict[str, Any]:
    """Revoke a certificate by its id or serial number."""
    path = f"{_path(client, server)}/certificates"
    for each in client.everything(path):
        if certificate.lower() in (each["id"], each["serial_number"]):
            return client.call("POST", f"{path}/{each['id']}/revoke", {"reason": reason})
    raise NotFound(f"{server} has no certificate {certificate}. List them: baremint certificates {server}")


def _path(client: Client, server: str) -> str:
    return f"/_baremint/{SERVERS}/{client.find(SERVERS, server, by_name=True)['id']}"
