"""Security groups, and what is in them."""

from django.conf import settings
from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import Conflict, InvalidValue, NotFound
from servers import events, quotas
from servers.events import record_change
from servers.models import (
    VPC,
    NetworkAttachment,
    NetworkInterface,
    SecurityGroup,
    SecurityGroupRule,
    VirtualNetworkInterface,
)
from servers.protocols import ANYWHERE, EVERYTHING
from servers.services.metadata_service import refuse_deleting
from servers.services.naming import group_for, random_name, save_named
from servers.services.row_locks import lock_row, make_room
from servers.services.security_group_rules import RulePrototype, add_rule, problems, refuse
from trustedprofiles.models import Account
from trustedprofiles.services.tags import forget

Target = NetworkInterface | VirtualNetworkInterface


def add_default_rules(group: SecurityGroup) -> None:
    """What a VPC's default group begins with: its members reach each other, and they reach everything."""
    own = {
        "security_group": group,
        "protocol": EVERYTHING,
        "created_at": group.created_at,
    }
    SecurityGroupRule.objects.create(
        id=ids.regional_id(group.region),
        name="inbound-icmp-tcp-udp-from-this-security-group",
        direction="inbound",
        remote_group=group,
        **own,
    )
    SecurityGroupRule.objects.create(
        id=ids.regional_id(group.region), name="outbound-icmp-tcp-udp", direction="outbound", remote=ANYWHERE, **own
    )


@transaction.atomic
def create_security_group(
    account: Account,
    *,
    vpc: VPC,
    name: str = "",
    resource_group: str = "",
    rules: list[RulePrototype] | None = None,
    by: Party,
) -> SecurityGroup:
    """Make a group in a VPC.

    Raises Refusals naming all that is wrong with the rules, BadField, NotUnique, OverQuota.
    """
    asked = list(enumerate(rules or []))
    refuse(each for position, rule in asked for each in problems(rule, path=f"rules[{position}]"))
    group = group_for(account, resource_group)
    make_room("security_groups", within=vpc, beside=vpc.security_groups.all())
    made = SecurityGroup(
        id=ids.regional_id(vpc.region),
        name=name or random_name(),
        account=account,
        resource_group=group,
        region=vpc.region,
        vpc=vpc,
        created_at=clock.now(),
    )
    save_named(made)
    for position, rule in asked:
        add_rule(made, rule, path=f"rules[{position}]")
    record_change(f"{events.SECURITY_GROUP}.create", made, by=by, status=201)
    return made


@transaction.atomic
def delete_security_group(group: SecurityGroup, *, by: Party) -> None:
    """Raises Conflict for a VPC's default group, and for one that something is in or refers to."""
    vpc = lock_row(group.vpc)
    group = lock_row(group)
    if vpc.default_security_group_id == group.pk:
        raise Conflict(
            "The default security group of a VPC goes with the VPC. Delete that.", code="security_group_in_use_default"
        )
    if targets_of(group):
        raise Conflict(
            "Network interfaces are in the security group. Take them out first.",
            code="security_group_in_use_target_exists",
        )
    if group.remote_rules.exclude(security_group=group).exists():
        raise Conflict(
            "Rules of other security groups refer to this one. Delete those first.",
            code="security_group_in_use_rule_exists",
        )
    record_change(f"{events.SECURITY_GROUP}.delete", group, by=by, status=204)
    forget(group.crn)
    group.rules.all().delete()
    group.delete()


def targets_of(group: SecurityGroup) -> list[Target]:
    """The interfaces in a group, oldest first."""
    rows: list[Target] = [*group.network_interfaces.all(), *group.virtual_network_interfaces.all()]
    return sorted(rows, key=lambda row: (row.created_at, row.id))


def find_target(account_id: str, region: str, id: str) -> Target | None:
    """The network interface of a server, or virtual network interface, of this id.

    An attachment's id, under which it shows as a network interface, finds what is attached.
    """
    own = {"account_id": account_id, "region": region, "id": id}
    interface = NetworkInterface.objects.filter(server__account_id=account_id, server__region=region, id=id)
    attached = NetworkAttachment.objects.filter(server__account_id=account_id, server__region=region, id=id)
    if found := interface.select_related("server", "subnet").first():
        return found
    if attachment := attached.select_related("virtual_network_interface__subnet").first():
        return attachment.virtual_network_interface
    return VirtualNetworkInterface.objects.filter(**own).select_related("subnet", "attachment__server").first()


@transaction.atomic
def add_target(group: SecurityGroup, target: Target, *, by: Party) -> None:
    """Put an interface into the group. In it already, it stays. Raises InvalidValue, OverQuota."""
    group = lock_row(group)
    target = lock_row(target)
    if target.security_groups.filter(pk=group.pk).exists():
        return
    if isinstance(target, NetworkInterface):
        refuse_deleting(target.server)
    if target.subnet.vpc_id != group.vpc_id:
        raise InvalidValue("The interface and the security group must be of the same VPC.")
    own = settings.BAREMINT_QUOTAS
    quotas.require_room("security_groups_of_target", taken=target.security_groups.count(), quotas=own)
    taken = group.network_interfaces.count() + group.virtual_network_interfaces.count()
    quotas.require_room("security_group_targets", taken=taken, quotas=own)
    target.security_groups.add(group)
    _notice(target)
    record_change(f"{events.SECURITY_GROUP}.update", group, by=by)


@transaction.atomic
def remove_target(group: SecurityGroup, target: Target, *, by: Party) -> None:
    """Take an interface out of the group.

    Raises NotFound when it is not in the group, Conflict when that is its only one: the VPC API asks for another.
    """
    target = lock_row(target)
    if not target.security_groups.filter(pk=group.pk).exists():
        raise NotFound("The interface is not in the security group.")
    if target.security_groups.count() == 1:
        raise Conflict(
            "An interface is always in a security group, and this is its only one. Put it into another first.",
            code="security_group_last_of_target",
        )
    target.security_groups.remove(group)
    _notice(target)
    record_change(f"{events.SECURITY_GROUP}.update", group, by=by, status=204)


def _notice(target: Target) -> None:
    """A virtual network interface shows its groups, so that its entity tag is another one now."""
    if isinstance(target, VirtualNetworkInterface):
        target.revision += 1
        target.save(update_fields=["revision"])
