"""Where the services of this deployment listen, and how others reach them."""

from django.conf import settings

from controlplane.deployment.location import Place
from controlplane.deployment.sockets import Endpoint


def control_plane() -> Endpoint:
    return Endpoint("control plane", settings.BAREMINT_HOST, settings.BAREMINT_PORT, "BAREMINT_PORT")


def metadata_service() -> Endpoint:
    """Every server has an address of its own in 127.64.0.0/10, so this listens on all, of the loopback device."""
    port = settings.BAREMINT_METADATA_PORT
    return Endpoint("metadata service", "0.0.0.0", port, "BAREMINT_METADATA_PORT", loopback_only=True)  # noqa: S104


def metadata_tls() -> Endpoint:
    port = settings.BAREMINT_METADATA_TLS_PORT
    name = "metadata service (TLS)"
    return Endpoint(name, "0.0.0.0", port, "BAREMINT_METADATA_TLS_PORT", loopback_only=True)  # noqa: S104


def metadata_url(address: str, *, protocol: str = "http") -> str:
    """Address of the metadata service as the server at ``address`` sees it."""
    return Place.of(settings).metadata_url(address, protocol=protocol)
