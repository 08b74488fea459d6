"""Network ACLs."""

from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel import ids
from controlplane.kernel.errors import Conflict
from servers import events
from servers.events import record_change
from servers.models import VPC, NetworkACL, NetworkACLRule
from servers.protocols import ANYWHERE, EVERYTHING
from servers.services.network_acl_rules import AclRulePrototype, add_rule
from servers.services.resource_changes import delete_resource, lock_both
from servers.services.traffic_rules import create_with_rules
from trustedprofiles.models import Account


def add_default_rules(acl: NetworkACL) -> None:
    """Add the rules of a network ACL for which none are given: they allow all traffic in both directions."""
    for position, direction in enumerate(("inbound", "outbound"), start=1):
        NetworkACLRule.objects.create(
            id=ids.regional_id(acl.region),
            name=f"allow-{direction}",
            network_acl=acl,
            position=position,
            action="allow",
            direction=direction,
            protocol=EVERYTHING,
            source=ANYWHERE,
            destination=ANYWHERE,
            created_at=acl.created_at,
        )


@transaction.atomic
def create_network_acl(
    account: Account,
    *,
    vpc: VPC,
    name: str = "",
    resource_group: str = "",
    rules: list[AclRulePrototype] | None = None,
    source: NetworkACL | None = None,
    by: Party,
) -> NetworkACL:
    """Create an ACL in a VPC with the given rules, or with copies of another ACL's rules.

    Without any rule, it allows no traffic. Raises Refusals with all problems of the rules, BadField, NotUnique,
    OverQuota.
    """
    acl = create_with_rules(
        NetworkACL,
        "network_acls",
        account=account,
        vpc=vpc,
        name=name,
        resource_group=resource_group,
        rules=rules or [],
        add_rule=add_rule,
    )
    for rule in source.rules.all() if source else ():
        rule.pk, rule.id, rule.network_acl = None, ids.regional_id(vpc.region), acl
        rule.created_at = acl.created_at
        rule.save(force_insert=True)
    record_change(f"{events.NETWORK_ACL}.create", acl, by=by, status=201)
    return acl


@transaction.atomic
def delete_network_acl(acl: NetworkACL, *, by: Party) -> None:
    """Delete a network ACL. Raises Conflict for a VPC's default ACL, and for one that subnets use."""
    vpc, acl = lock_both(acl.vpc, acl)
    if vpc.default_network_acl_id == acl.pk:
        raise Conflict(
            "The default network ACL of a VPC goes with the VPC. Delete that.", code="network_acl_in_use_default"
        )
    if acl.subnets.exists():
        raise Conflict(
            "Subnets use the network ACL. Give them another one first.", code="network_acl_in_use_subnet_exists"
        )
    delete_resource(acl, f"{events.NETWORK_ACL}.delete", acl, by=by)
