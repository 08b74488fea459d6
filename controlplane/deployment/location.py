"""Where a Baremint is: its data directory and its addresses. Standard library only."""

from dataclasses import dataclass
from typing import Any, Self

from controlplane.deployment.env import origin
from controlplane.deployment.home import DATABASE_FILE, Home


@dataclass(frozen=True)
class Place:
    home: Home
    host: str
    port: int
    metadata_port: int
    metadata_tls_port: int
    public_url: str
    """Where people and programs reach the control plane, maybe through a proxy."""
    region: str
    embedded_database: bool

    @classmethod
    def of(cls, settings: Any) -> Self:
        """As Django's settings say, or ``controlplane.deployment.variables``."""
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
        """Whether it keeps its own database, and has made none yet."""
        return self.embedded_database and not (self.home.path / DATABASE_FILE).exists()

    @property
    def control_plane_url(self) -> str:
        """Where this machine reaches it."""
        return origin(self.host, self.port)

    def metadata_url(self, address: str, *, protocol: str) -> str:
        """Address of the metadata service as the server at ``address`` sees it."""
        return f"{protocol}://{address}:{self.metadata_tls_port if protocol == 'https' else self.metadata_port}"
