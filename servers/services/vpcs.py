"""VPCs, and the resources that IBM creates together with one."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import Conflict, Target
from controlplane.kernel.etag import refuse_mismatch
from servers import events
from servers.events import record_change
from servers.models import VPC, BareMetalServer, NetworkACL, SecurityGroup, SecurityGroupRule
from servers.services import address_prefixes, network_acls, routing_tables, security_groups
from servers.services.dns import configure_dns
from servers.services.naming import group_for, random_name, save_named
from servers.services.resource_changes import etag_of, save_change
from servers.services.row_locks import deleted, lock_row, lock_rows, make_room
from trustedprofiles.models import Account
from trustedprofiles.services.tags import forget


@transaction.atomic
def create_vpc(
    account: Account,
    *,
    region: str,
    name: str = "",
    address_prefix_management: str = "auto",
    classic_access: bool = False,
    dns: Mapping[str, Any] | None = None,
    resource_group: str = "",
    by: Party,
) -> VPC:
    """Create a VPC with its default network ACL, security group, routing table and address prefixes.

    Address prefixes are omitted when they are to be managed manually. ``resource_group`` is an id, the default group
    when it is not given; ``dns`` is the argument of ``configure_dns``. Raises BadField, NotUnique, OverQuota, Conflict
    for a second VPC with classic access in the region.
    """
    group = group_for(account, resource_group)
    others = VPC.objects.filter(account=account, region=region)
    make_room("vpcs", within=account, beside=others)
    if classic_access and others.filter(classic_access=True).exists():
        raise Conflict(
            "Another VPC of the region has classic access, and only one may.", target=Target("classic_access")
        )
    vpc = VPC(
        id=ids.regional_id(region),
        name=name or random_name(),
        account=account,
        resource_group=group,
        region=region,
        classic_access=classic_access,
        created_at=clock.now(),
    )
    configure_dns(vpc, dns or {})
    save_named(vpc)
    _add_defaults(vpc)
    if address_prefix_management == "auto":
        address_prefixes.add_default_prefixes(vpc)
    record_change(f"{events.VPC}.create", vpc, by=by, status=201)
    return vpc


def _add_defaults(vpc: VPC) -> None:
    """Add the default resources, with random names, in the VPC's resource group."""
    own = {
        "account": vpc.account,
        "resource_group": vpc.resource_group,
        "region": vpc.region,
        "created_at": vpc.created_at,
    }
    vpc.default_network_acl = NetworkACL.objects.create(
        id=ids.regional_id(vpc.region), name=random_name(), vpc=vpc, **own
    )
    vpc.default_security_group = SecurityGroup.objects.create(
        id=ids.regional_id(vpc.region), name=random_name(), vpc=vpc, **own
    )
    vpc.default_routing_table = routing_tables.add_default_table(vpc)
    vpc.save()
    network_acls.add_default_rules(vpc.default_network_acl)
    security_groups.add_default_rules(vpc.default_security_group)


@transaction.atomic
def update_vpc(
    vpc: VPC,
    *,
    name: str | None = None,
    dns: Mapping[str, Any] | None = None,
    if_match: str | None = None,
    by: Party,
) -> VPC:
    """Change the given properties. Raises PreconditionFailed, NotUnique, and the errors of ``configure_dns``."""
    vpc = lock_row(vpc)
    refuse_mismatch(if_match, current=etag_of(vpc))
    vpc.name = name or vpc.name
    configure_dns(vpc, dns or {})
    vpc.revision += 1
    return save_change(vpc, f"{events.VPC}.update", vpc, by=by)


@transaction.atomic
def delete_vpc(vpc: VPC, *, if_match: str | None = None, by: Party) -> None:
    """Delete a VPC with the resources that belong to it.

    These are its address prefixes, routing tables, network ACLs, security groups and DNS resolution bindings. Raises
    PreconditionFailed, and Conflict while other resources are in it or it resolves names for other VPCs.
    """
    vpc = _lock_with_hubs(vpc)
    refuse_mismatch(if_match, current=etag_of(vpc))
    _refuse_residents(vpc)
    _refuse_dependents(vpc)
    VPC.objects.filter(dns_resolution_bindings__other=vpc).update(revision=F("revision") + 1)
    record_change(f"{events.VPC}.delete", vpc, by=by, status=204)
    tables = [table.crn for table in vpc.routing_tables.all()]
    filters = [each.crn for each in (*vpc.network_acls.all(), *vpc.security_groups.all())]
    forget(vpc.crn, *tables, *filters)
    VPC.objects.filter(pk=vpc.pk).update(
        default_network_acl=None, default_security_group=None, default_routing_table=None
    )
    SecurityGroupRule.objects.filter(security_group__vpc=vpc).delete()  # the rules refer to each other's groups
    VPC.objects.filter(pk=vpc.pk).delete()


def _lock_with_hubs(vpc: VPC) -> VPC:
    """Lock the VPC along with the VPCs that it is bound to, whose bindings are deleted with it."""
    rows = lock_rows(VPC, [vpc.pk, *vpc.dns_resolution_bindings.values_list("other_id", flat=True)])
    if vpc.pk not in rows:
        raise deleted(VPC)
    return rows[vpc.pk]


def _refuse_residents(vpc: VPC) -> None:
    residents = {
        "bare_metal_server": BareMetalServer.objects.filter(vpc=vpc),
        "virtual_network_interface": vpc.virtual_network_interfaces.all(),
        "subnet": vpc.subnets.all(),
        "public_gateway": vpc.public_gateways.all(),
    }
    for kind, rows in residents.items():
        if names := list(rows.order_by("pk").values_list("name", flat=True)[:5]):
            raise Conflict(
                f"The VPC still has a {kind.replace('_', ' ')}: {', '.join(names)}. Delete what resides in it first.",
                code=f"vpc_in_use_{kind}_exists",
            )


def _refuse_dependents(vpc: VPC) -> None:
    bindings = vpc.dns_resolution_bindings.filter(vpc__enable_hub=True)
    dependents = [*bindings.order_by("pk").values_list("other__name", flat=True)[:5]]
    if names := dependents or [*vpc.resolves_for.order_by("pk").values_list("name", flat=True)[:5]]:
        raise Conflict(
            f"The VPC is the DNS hub of other VPCs: {', '.join(names)}. Delete their DNS resolution bindings, and "
            "change their resolvers where they delegate to it.",
            code="vpc_in_use_dns_resolution_binding_exists",
        )
