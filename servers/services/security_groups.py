"""Security groups and the interfaces in them."""

from django.conf import settings
from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel import ids
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
from servers.services.resource_changes import count_change, delete_resource, lock_both
from servers.services.row_locks import lock_row
from servers.services.security_group_rules import RulePrototype, add_rule
from servers.services.traffic_rules import create_with_rules
from trustedprofiles.models import Account

Target = NetworkInterface | VirtualNetworkInterface


def add_default_rules(group: SecurityGroup) -> None:
    """Add the rules of a VPC's default group: its members may reach each other and everything else."""
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
    """Create a group in a VPC.

    Raises Refusals with all problems of the rules, BadField, NotUnique, OverQuota.
    """
    group = create_with_rules(
        SecurityGroup,
        "security_groups",
        account=account,
        vpc=vpc,
        name=name,
        resource_group=resource_group,
        rules=rules or [],
        add_rule=add_rule,
    )
    record_change(f"{events.SECURITY_GROUP}.create", group, by=by, status=201)
    return group


@transaction.atomic
def delete_security_group(group: SecurityGroup, *, by: Party) -> None:
    """Delete a security group.

    Raises Conflict for a VPC's default group, for a group with interfaces in it, and for one that something refers to.
    """
    vpc, group = lock_both(group.vpc, group)
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
    group.rules.all().delete()
    delete_resource(group, f"{events.SECURITY_GROUP}.delete", group, by=by)


def targets_of(group: SecurityGroup) -> list[Target]:
    """Return the interfaces in a group, oldest first."""
    rows: list[Target] = [*group.network_interfaces.all(), *group.virtual_network_interfaces.all()]
    return sorted(rows, key=lambda row: (row.created_at, row.id))


def find_target(account_id: str, region: str, id: str) -> Target | None:
    """Return the network interface of a server, or virtual network interface, with this id; None if there is none.

    For the id of an attachment, under which it is shown as a network interface, return the attached interface.
    """
    own = {"account_id": account_id, "region": region, "id": id}
    interfaces = NetworkInterface.objects.filter(server__account_id=account_id, server__region=region, id=id)
    attachments = NetworkAttachment.objects.filter(server__account_id=account_id, server__region=region, id=id)
    if interface := interfaces.select_related("server", "subnet").first():
        return interface
    if attachment := attachments.select_related("virtual_network_interface__subnet").first():
        return attachment.virtual_network_interface
    return VirtualNetworkInterface.objects.filter(**own).select_related("subnet", "attachment__server").first()


@transaction.atomic
def add_target(group: SecurityGroup, target: Target, *, by: Party) -> None:
    """Put an interface into the group; do nothing if it is in the group already. Raises InvalidValue, OverQuota."""
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
    members = group.network_interfaces.count() + group.virtual_network_interfaces.count()
    quotas.require_room("security_group_targets", taken=members, quotas=own)
    target.security_groups.add(group)
    _count_change(target)
    record_change(f"{events.SECURITY_GROUP}.update", group, by=by)


@transaction.atomic
def remove_target(group: SecurityGroup, target: Target, *, by: Party) -> None:
    """Take an interface out of the group.

    Raises NotFound when it is not in the group, Conflict when it is in no other group: the VPC API requires one.
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
    _count_change(target)
    record_change(f"{events.SECURITY_GROUP}.update", group, by=by, status=204)


def _count_change(target: Target) -> None:
    """Change the entity tag of a virtual network interface, which shows its groups; other interfaces have none."""
    if isinstance(target, VirtualNetworkInterface):
        count_change(target)
