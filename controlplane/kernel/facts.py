"""The facts of a server that the identity app uses for trust decisions and token claims."""

from dataclasses import dataclass


@dataclass(frozen=True)
class NamedRef:
    id: str
    crn: str
    name: str


@dataclass(frozen=True)
class ServerFacts:
    """A bare metal server as a compute resource (``cr_type`` BMS), detached from the database."""

    id: str
    crn: str
    name: str
    account_id: str
    region: str
    zone: str
    profile_name: str
    resource_group_id: str
    vpc: NamedRef
    subnets: tuple[NamedRef, ...]
    addresses: tuple[str, ...]
    """IPv4 addresses, floating first, then private (VPC identity token sample)."""
    metadata_enabled: bool
    """The server's own switch."""
    metadata_allowed: bool
    """The account's switch, over all of its servers'."""
    metadata_protocol: str
    """``http`` or ``https``."""
    metadata_session: str
    """``<uuid>_<decimal>``: changes when the service is switched off, which invalidates older identity tokens."""
    metadata_epoch: int
    """The decimal in it, which grows when the service is switched off."""
    default_trusted_profile_id: str | None
    revision: int
    """Grows with every change of the server; a durable write is refused when it has grown since it was read."""
    number: int
    """Row number of the server: key of the compare-and-record on the hot path."""
