"""The data directory and the addresses of a deployment. Standard library only."""

from dataclasses import dataclass
from typing import Any, Self

from controlplane.deployment.env import origin
from controlplane.deployment.home import DATABASE_FILE, Home


@dataclass(frozen=True)
class Location:
    """Where a deployment has its data and where its services listen."""

    home: Home
    host: str
    port: int
    metadata_port: int
    metadata_tls_port: int
    public_url: str
    """URL of the control plane for users and programs, possibly that of a proxy."""
    region: str
    embedded_database: bool

    @classmethod
    def of(cls, settings: Any) -> Self:
        """Return the location from Django's settings or ``controlplane.deployment.variables``."""
        return cls(
            home=settings.HOME,
            host=settings.BAREMINT_HOST,
            port=settings.BAREMINT_PORT,
            metadata_port=settings.BAREMINT_METADATA_PORT,
            metadata_tls_port=settings.BAREMINT_METADATA_TLS_PORT,
            public_url=settings.BAREMINT_PUBLIC_URL,
            region=settings.BAREMINT_REGION,
            embedded_database=settings.EMBEDDED_DATABASE,
        )

    @property
    def is_empty(self) -> bool:
        """Whether the embedded database is used and does not exist yet."""
        return self.embedded_database and not (self.home.path / DATABASE_FILE).exists()

    @property
    def control_plane_url(self) -> str:
        """URL of the control plane for clients on this machine."""
        return origin(self.host, self.port)

    def metadata_url(self, address: str, *, protocol: str) -> str:
        """Return the URL of the metadata service for the server at ``address``."""
        return f"{protocol}://{address}:{self.metadata_tls_port if protocol == 'https' else self.metadata_port}"
