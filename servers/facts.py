"""The facts of a server that the identity app uses."""

from typing import Any

from controlplane.kernel.facts import NamedRef, ServerFacts
from servers.models import VPC, BareMetalServer, Subnet
from servers.network_connections import ports_of


def facts_of(server: Any) -> ServerFacts:
    """Return the facts of a server, detached from the database.

    ``selectors.servers_for_facts`` fetches all that is needed.
    """
    ports = ports_of(server)
    floating = [ip.address for port in ports for ip in port.floating_ips]
    return ServerFacts(
        id=server.id,
        crn=server.crn,
        name=server.name,
        account_id=server.account_id,
        region=server.region,
        zone=server.zone,
        profile_name=server.profile,
        resource_group_id=server.resource_group_id,
        vpc=_named(server.vpc),
        subnets=tuple(_named(port.subnet) for port in ports),
        addresses=(*floating, *(port.primary_ip.address for port in ports)),
        metadata_enabled=server.metadata_enabled and server.status != BareMetalServer.Status.DELETING,
        metadata_allowed=not server.account_switched_off,
        metadata_protocol=server.metadata_protocol,
        metadata_session=f"{server.id.partition('-')[2]}_{server.metadata_epoch}",
        metadata_epoch=server.metadata_epoch,
        default_trusted_profile_id=server.initialization.default_trusted_profile_id or None,
        revision=server.revision,
        number=server.number,
    )


def _named(resource: VPC | Subnet) -> NamedRef:
    return NamedRef(resource.id, resource.crn, resource.name)
