"""Network ACLs."""

from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import Conflict
from servers import events
from servers.events import record_change
from servers.models import VPC, NetworkACL, NetworkACLRule
from servers.protocols import ANYWHERE, EVERYTHING
from servers.services.naming import group_for, random_name, save_named
from servers.services.network_acl_rules import AclRulePrototype, add_rule, problems
from servers.services.row_locks import lock_row, make_room
from servers.services.security_group_rules import refuse
from trustedprofiles.models import Account
from trustedprofiles.services.tags import forget


def add_default_rules(acl: NetworkACL) -> None:
    """What a network ACL begins with unless its rules are given: everything may pass, both ways."""
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
    """Make an ACL in a VPC, with these rules, or copies of another one's; with none, it lets nothing pass.

    Raises Refusals naming all that is wrong with the rules, BadField, NotUnique, OverQuota.
    """
    asked = list(enumerate(rules or []))
    refuse(each for position, rule in asked for each in problems(rule, path=f"rules[{position}]"))
    group = group_for(account, resource_group)
    make_room("network_acls", within=vpc, beside=vpc.network_acls.all())
    acl = NetworkACL(
        id=ids.regional_id(vpc.region),
        name=name or random_name(),
        account=account,
        resource_group=group,
        region=vpc.region,
        vpc=vpc,
        created_at=clock.now(),
    )
    save_named(acl)
    for position, rule in asked:
        add_rule(acl, rule, path=f"rules[{position}]")
    for copied in source.rules.all() if source else ():
        copied.pk, copied.id, copied.network_acl = None, ids.regional_id(vpc.region), acl
        copied.created_at = acl.created_at
        copied.save(force_insert=True)
    record_change(f"{events.NETWORK_ACL}.create", acl, by=by, status=201)
    return acl


@transaction.atomic
def delete_network_acl(acl: NetworkACL, *, by: Party) -> None:
    """Raises Conflict for a VPC's default ACL, and for one that subnets use."""
    vpc = lock_row(acl.vpc)
    acl = lock_row(acl)
    if vpc.default_network_acl_id == acl.pk:
        raise Conflict(
            "The default network ACL of a VPC goes with the VPC. Delete that.", code="network_acl_in_use_default"
        )
    if acl.subnets.exists():
        raise Conflict(
            "Subnets use the network ACL. Give them another one first.", code="network_acl_in_use_subnet_exists"
        )
    record_change(f"{events.NETWORK_ACL}.delete", acl, by=by, status=204)
    forget(acl.crn)
    acl.delete()
