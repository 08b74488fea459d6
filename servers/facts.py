"""A server row as the identity side knows it."""

from controlplane.kernel.facts import NamedRef, ServerFacts
from servers.models import VPC, BareMetalServer, Subnet


def facts_of(server: BareMetalServer) -> ServerFacts:
    """Detach a server from the database. Read it with ``selectors.server_by_number``, which fetches all of this."""
    interfaces = sorted(server.network_interfaces.all(), key=lambda each: (not each.is_primary, each.number))
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
        subnets=tuple(_named(each.subnet) for each in interfaces),
        addresses=tuple(each.primary_ip.address for each in interfaces),
        metadata_enabled=server.metadata_enabled and server.status != BareMetalServer.Status.DELETING,
        metadata_protocol=server.metadata_protocol,
        metadata_session=f"{server.id.partition('-')[2]}_{server.metadata_epoch}",
        default_trusted_profile_id=server.initialization.default_trusted_profile_id or None,
        revision=server.revision,
        number=server.number,
    )


def _named(resource: VPC | Subnet) -> NamedRef:
    return NamedRef(resource.id, resource.crn, resource.name)
