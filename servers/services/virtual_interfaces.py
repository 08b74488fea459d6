"""Virtual network interfaces, created alone or together with a network attachment."""

from typing import Any

from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import BadField, Conflict, Target
from controlplane.kernel.etag import refuse_mismatch
from servers import events
from servers.addressing import mac_address
from servers.events import record_change
from servers.models import NetworkAttachment, ReservedIP, VirtualNetworkInterface
from servers.services.addresses import release_address
from servers.services.naming import group_for, random_name, save_named
from servers.services.references import References, at, in_use
from servers.services.resource_changes import count_change, delete_resource, etag_of, save_change
from servers.services.row_locks import lock_row
from servers.services.virtual_interface_prototypes import (
    SPOOFING,
    VirtualInterfacePrototype,
    VirtualInterfaceRows,
    find_virtual_interface_rows,
    refuse_provider_name,
)
from servers.services.vlans import refuse_several_floating_ips
from trustedprofiles.models import Account, ResourceGroup

KIND = "virtual_network_interface"
UNBOUND = "auto_delete must be false: the virtual network interface is attached to nothing."


@transaction.atomic
def create_virtual_interface(
    account: Account, *, region: str, prototype: VirtualInterfacePrototype, by: Party
) -> VirtualNetworkInterface:
    """Create a virtual network interface that is not attached.

    It is in the account's default group if none is named. Raises Refusals with all problems, NotUnique for a name,
    Conflict for an address that is not free.
    """
    references = References()
    rows = find_virtual_interface_rows(account.id, region, prototype, path="", references=references)
    references.require(not prototype.auto_delete, "auto_delete", UNBOUND)
    references.settle()
    return save_virtual_interface(account, rows, auto_delete=False, resource_group=None, by=by)


def save_virtual_interface(
    account: Account, rows: VirtualInterfaceRows, *, auto_delete: bool, resource_group: ResourceGroup | None, by: Party
) -> VirtualNetworkInterface:
    """Create a virtual network interface from rows without problems. Must run in a transaction.

    ``auto_delete`` and ``resource_group`` are for a prototype that names none. Raises NotUnique for a name, Conflict
    for an address that is not free.
    """
    prototype, subnet = rows.prototype, rows.subnet
    assert subnet  # noqa: S101  refused before otherwise
    group = resource_group
    if group is None or prototype.resource_group:
        group = group_for(account, prototype.resource_group, path=at(rows.path, "resource_group"))
    addresses = rows.take_addresses(subnet)
    interface = VirtualNetworkInterface(
        id=ids.zonal_id(subnet.zone),
        name=prototype.name or random_name(),
        account=account,
        resource_group=group,
        region=subnet.region,
        zone=subnet.zone,
        vpc=subnet.vpc,
        subnet=subnet,
        primary_ip=addresses[0],
        auto_delete=auto_delete if prototype.auto_delete is None else prototype.auto_delete,
        allow_ip_spoofing=prototype.allow_ip_spoofing,
        enable_infrastructure_nat=prototype.enable_infrastructure_nat,
        protocol_state_filtering_mode=prototype.protocol_state_filtering_mode,
        mac_address=mac_address(),
        created_at=clock.now(),
    )
    save_named(interface, path=at(rows.path, "name"))
    interface.security_groups.set(rows.security_groups)
    ReservedIP.objects.filter(pk__in=[each.pk for each in addresses]).update(virtual_network_interface=interface)
    record_change(f"{events.VIRTUAL_INTERFACE}.create", interface, by=by, status=201)
    return interface


def find_virtual_interface(account_id: str, region: str, id: str) -> VirtualNetworkInterface | None:
    """Return the virtual network interface with this id, attached or not; None if there is none."""
    own = VirtualNetworkInterface.objects.filter(account_id=account_id, region=region)
    return own.filter(id=id).select_related("subnet__vpc").first()


def require_unattached(interface: VirtualNetworkInterface, *, path: str, references: References) -> None:
    """Note a Conflict when the virtual network interface is attached."""
    message = "The virtual network interface is attached to a server. Name another, or delete that attachment first."
    references.require_free(_attachment(interface) is None, path, KIND, message)


def claim_virtual_interface(account_id: str, region: str, id: str, *, path: str) -> VirtualNetworkInterface:
    """Return the unattached virtual network interface with this id, for the caller to attach.

    Must run in a transaction. The interface is locked, so that no other transaction attaches or deletes it before this
    one ends. Raises BadField when it was deleted meanwhile, Conflict when it was attached.
    """
    interface = find_virtual_interface(account_id, region, id)
    if interface:
        lock_row(interface.subnet)  # before the interface, as everywhere
        interface = VirtualNetworkInterface.objects.select_for_update(no_key=True).filter(pk=interface.pk).first()
    if interface is None:
        raise BadField(f"{path} names a virtual network interface that was deleted meanwhile.", target=Target(path))
    if _attachment(interface):
        raise in_use(KIND, "The virtual network interface was attached elsewhere meanwhile.", path=path)
    count_change(interface)
    return interface


@transaction.atomic
def update_virtual_interface(
    interface: VirtualNetworkInterface, *, if_match: str | None = None, by: Party, **changes: Any
) -> VirtualNetworkInterface:
    """Change the given properties.

    These are ``name``, ``auto_delete``, ``allow_ip_spoofing``, ``enable_infrastructure_nat`` and
    ``protocol_state_filtering_mode``. Raises PreconditionFailed, Refusals with all problems, NotUnique, Conflict for
    several floating IPs.
    """
    interface = lock_row(interface)
    refuse_mismatch(if_match, current=etag_of(interface))
    for attribute, value in changes.items():
        setattr(interface, attribute, value)
    references = References()
    refuse_provider_name(interface.name, "", references)
    alone = interface.auto_delete and not _attachment(interface)
    references.require(not alone, "auto_delete", UNBOUND)
    risky = interface.allow_ip_spoofing and not interface.enable_infrastructure_nat
    references.require(not risky, "allow_ip_spoofing", SPOOFING)
    references.settle()
    if changes.get("enable_infrastructure_nat"):
        refuse_several_floating_ips(interface)
    interface.revision += 1
    return save_change(interface, f"{events.VIRTUAL_INTERFACE}.update", interface, by=by)


@transaction.atomic
def delete_virtual_interface(interface: VirtualNetworkInterface, *, if_match: str | None = None, by: Party) -> None:
    """Delete a virtual network interface with its addresses that have ``auto_delete``.

    Floating IPs are unbound. Raises PreconditionFailed, Conflict while it is attached.
    """
    interface = lock_row(interface)
    refuse_mismatch(if_match, current=etag_of(interface))
    if attachment := _attachment(interface):
        raise Conflict(
            f"The virtual network interface is attached, as {attachment.name}. Delete that network attachment first.",
            code="virtual_network_interface_in_use_target_exists",
        )
    _remove(interface, by=by)


def detach(interface: VirtualNetworkInterface, *, by: Party) -> None:
    """Delete an interface with ``auto_delete`` whose attachment was deleted; any other one can be attached again.

    Must run in the transaction that deletes the attachment.
    """
    interface = lock_row(interface)
    if interface.auto_delete:
        _remove(interface, by=by)
    else:
        count_change(interface)


def _remove(interface: VirtualNetworkInterface, *, by: Party) -> None:
    addresses = {ip.pk: ip for ip in [interface.primary_ip, *interface.ips.all()]}
    delete_resource(interface, f"{events.VIRTUAL_INTERFACE}.delete", interface, by=by, status=202)
    for ip in addresses.values():
        release_address(ip)


def _attachment(interface: VirtualNetworkInterface) -> NetworkAttachment | None:
    return NetworkAttachment.objects.filter(virtual_network_interface=interface).first()
