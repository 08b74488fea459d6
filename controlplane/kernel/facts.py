"""What the identity side knows of a server: the one frozen shape that trust and token claims are made from."""

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
    """``<uuid>_<decimal>``: changes whenever the service is switched off, so older identity tokens die."""
    metadata_epoch: int
    """The decimal in it: grows whenever the service is switched off."""
    default_trusted_profile_id: str | None
    revision: int
    """Grows with every change to the server; a durable write is refused when it has moved on."""
    number: int
    """Row number of the server: key of the compare-and-record on the hot path."""
