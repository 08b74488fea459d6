"""The addresses on which the services of this deployment listen, and their URLs."""

from django.conf import settings

from controlplane.deployment.location import Location
from controlplane.deployment.sockets import Endpoint


def control_plane() -> Endpoint:
    return Endpoint("control plane", settings.BAREMINT_HOST, settings.BAREMINT_PORT, "BAREMINT_PORT")


def metadata_service() -> Endpoint:
    """Return the endpoint: all addresses of the loopback device, because each server has one in 127.64.0.0/10."""
    port = settings.BAREMINT_METADATA_PORT
    return Endpoint("metadata service", "0.0.0.0", port, "BAREMINT_METADATA_PORT", loopback_only=True)  # noqa: S104


def metadata_tls() -> Endpoint:
    port = settings.BAREMINT_METADATA_TLS_PORT
    name = "metadata service (TLS)"
    return Endpoint(name, "0.0.0.0", port, "BAREMINT_METADATA_TLS_PORT", loopback_only=True)  # noqa: S104


def metadata_url(address: str, *, protocol: str = "http") -> str:
    """Return the URL of the metadata service for the server at ``address``."""
    return Location.of(settings).metadata_url(address, protocol=protocol)
