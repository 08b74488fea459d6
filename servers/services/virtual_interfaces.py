"""Virtual network interfaces: by themselves, and along with a network attachment."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import ApiError, Conflict, InvalidValue, NotFound, Target
from controlplane.kernel.etag import refuse_mismatch
from servers import quotas
from servers.addressing import contains, mac_address
from servers.models import NetworkAttachment, ReservedIP, SecurityGroup, Subnet, VirtualNetworkInterface
from servers.services.addresses import claim_address, is_primary, release_address, reserve_address
from servers.services.events import record_change
from servers.services.naming import group_for, random_name, save_named
from servers.services.references import References, at
from servers.services.room import hold
from servers.services.trunks import refuse_several_floating_ips
from trustedprofiles.models import Account, ResourceGroup
from trustedprofiles.selectors import resource_group as find_group
from trustedprofiles.services.tags import forget

EVENT = "is.virtual-network-interface.virtual-network-interface"
PROVIDER_NAMES = "ibm-"


@dataclass(frozen=True)
class IpPrototype:
    """An address: a reserved IP that is there, or what a new one shall be."""

    reserved_ip: str = ""
    address: str = ""
    name: str = ""
    auto_delete: bool = True


@dataclass(frozen=True)
class VirtualInterfacePrototype:
    """A virtual network interface to be; ids are plain, whatever form of reference the request used."""

    subnet: str = ""
    """May be left out when ``primary_ip`` names a reserved IP."""
    name: str = ""
    primary_ip: IpPrototype | None = None
    ips: tuple[IpPrototype, ...] = ()
    """Secondary addresses."""
    security_groups: tuple[str, ...] = ()
    auto_delete: bool | None = None
    """By default, true for one that is made along with an attachment."""
    allow_ip_spoofing: bool = False
    enable_infrastructure_nat: bool = True
    protocol_state_filtering_mode: str = "auto"
    resource_group: str = ""


def find_problems(account_id: str, region: str, asked: VirtualInterfacePrototype, *, path: str) -> list[ApiError]:
    """Everything that is wrong with a prototype; each refusal's target begins with ``path``."""
    return _Found(account_id, region, asked, path=path).references.refusals


class _Found:
    """The rows a prototype refers to."""

    def __init__(self, account_id: str, region: str, asked: VirtualInterfacePrototype, *, path: str) -> None:
        self.references = references = References()
        self.asked, self.path = asked, path
        own = {"account_id": account_id, "region": region}
        self.reserved = ReservedIP.objects.filter(
            subnet__account_id=account_id, subnet__region=region, owner="user"
        ).select_related("subnet__vpc__default_security_group")
        primary = asked.primary_ip or IpPrototype()
        self.primary = self._existing(primary, at(path, "primary_ip"))
        self.subnet = self._subnet(own)
        self._place(primary, self.primary, at(path, "primary_ip"))
        self.secondary: list[ReservedIP | None] = []
        for position, ip in enumerate(asked.ips):
            self.secondary.append(self._existing(ip, at(path, f"ips[{position}]")))
            self._place(ip, self.secondary[-1], at(path, f"ips[{position}]"))
        self.groups = self._groups(own)
        if asked.resource_group:
            references.find(at(path, "resource_group"), find_group(account_id, asked.resource_group))
        kept = asked.name.startswith(PROVIDER_NAMES)
        references.require(not kept, at(path, "name"), "Names that begin with ibm- are the provider's. Choose another.")
        references.require(
            asked.enable_infrastructure_nat or not asked.allow_ip_spoofing,
            at(path, "allow_ip_spoofing"),
            "allow_ip_spoofing needs enable_infrastructure_nat.",
        )
        most = settings.BAREMINT_QUOTAS.get("ips_of_interface", quotas.QUOTAS["ips_of_interface"])
        fits = len(asked.ips) < most
        references.require(fits, at(path, "ips"), f"An interface has at most {most} addresses, the primary among them.")

    def _existing(self, ip: IpPrototype, path: str) -> ReservedIP | None:
        kept = ip.name.startswith(PROVIDER_NAMES)
        self.references.require(not kept, at(path, "name"), "Names that begin with ibm- are the provider's.")
        if not ip.reserved_ip:
            return None
        found = self.references.find(path, self.reserved.filter(id=ip.reserved_ip).first())
        if found:
            bound = found.virtual_network_interface_id or is_primary(found)
            self.references.require(not bound, path, "The reserved IP is bound already. Name another, or leave it out.")
        return found

    def _subnet(self, own: dict[str, str]) -> Subnet | None:
        if not self.asked.subnet and self.primary:
            return self.primary.subnet
        found = Subnet.objects.filter(**own, id=self.asked.subnet).select_related("vpc__default_security_group")
        return self.references.find(at(self.path, "subnet"), found.first())

    def _place(self, ip: IpPrototype, row: ReservedIP | None, path: str) -> None:
        if self.subnet is None:
            return
        cidr = self.subnet.ipv4_cidr_block
        if ip.address:
            self.references.require(contains(cidr, ip.address), at(path, "address"), f"The subnet is {cidr}.")
        if row:
            same = row.subnet_id == self.subnet.pk
            self.references.require(same, path, "The reserved IP is of another subnet.")

    def _groups(self, own: dict[str, str]) -> list[SecurityGroup]:
        if not self.asked.security_groups:
            default = self.subnet.vpc.default_security_group if self.subnet else None
            return [default] if default else []
        groups = SecurityGroup.objects.filter(**own)
        if self.subnet:
            groups = groups.filter(vpc=self.subnet.vpc)
        found = [
            self.references.find(at(self.path, f"security_groups[{position}]"), groups.filter(id=group).first())
            for position, group in enumerate(self.asked.security_groups)
        ]
        return [group for group in found if group]


@transaction.atomic
def create_virtual_interface(
    account: Account,
    *,
    region: str,
    prototype: VirtualInterfacePrototype,
    auto_delete_default: bool = False,
    resource_group: ResourceGroup | None = None,
    path: str = "",
    by: Party,
) -> VirtualNetworkInterface:
    """Make a virtual network interface that is not attached; in the account's default group if none is named.

    Raises Refusals naming all that is wrong, NotUnique for a name, Conflict for an address that is not free.
    """
    found = _Found(account.id, region, prototype, path=path)
    found.references.settle()
    subnet = found.subnet
    assert subnet  # noqa: S101  refused before otherwise
    group = resource_group
    if group is None or prototype.resource_group:
        group = group_for(account, prototype.resource_group, path=at(path, "resource_group"))
    primary = _take(subnet, prototype.primary_ip or IpPrototype(), found.primary, at(path, "primary_ip"))
    interface = VirtualNetworkInterface(
        id=ids.zonal_id(subnet.zone),
        name=prototype.name or random_name(),
        account=account,
        resource_group=group,
        region=region,
        zone=subnet.zone,
        vpc=subnet.vpc,
        subnet=subnet,
        primary_ip=primary,
        auto_delete=auto_delete_default if prototype.auto_delete is None else prototype.auto_delete,
        allow_ip_spoofing=prototype.allow_ip_spoofing,
        enable_infrastructure_nat=prototype.enable_infrastructure_nat,
        protocol_state_filtering_mode=prototype.protocol_state_filtering_mode,
        mac_address=mac_address(),
        created_at=clock.now(),
    )
    save_named(interface, path=at(path, "name"))
    interface.security_groups.set(found.groups)
    addresses = [primary]
    for position, (ip, row) in enumerate(zip(prototype.ips, found.secondary, strict=True)):
        addresses.append(_take(subnet, ip, row, at(path, f"ips[{position}]")))
    ReservedIP.objects.filter(pk__in=[each.pk for each in addresses]).update(virtual_network_interface=interface)
    record_change(f"{EVENT}.create", interface, by=by, status=201)
    return interface


def _take(subnet: Subnet, ip: IpPrototype, row: ReservedIP | None, path: str) -> ReservedIP:
    if row:
        return claim_address(row, path=path)
    return reserve_address(subnet, address=ip.address, name=ip.name, auto_delete=ip.auto_delete, path=path)


def free_virtual_interface(account_id: str, region: str, id: str) -> VirtualNetworkInterface | None:
    """The virtual network interface of this id, if it is attached to nothing."""
    own = VirtualNetworkInterface.objects.filter(account_id=account_id, region=region, attachment=None)
    return own.filter(id=id).select_related("subnet__vpc").first()


@transaction.atomic
def update_virtual_interface(
    interface: VirtualNetworkInterface, *, if_match: str | None = None, by: Party, **changes: Any
) -> VirtualNetworkInterface:
    """Change what is given: ``name``, ``auto_delete``, ``allow_ip_spoofing``, ``enable_infrastructure_nat``,
    ``protocol_state_filtering_mode``. Raises PreconditionFailed, InvalidValue, NotUnique."""
    interface = hold(interface)
    refuse_mismatch(if_match, current=str(interface.revision))
    for attribute, value in changes.items():
        setattr(interface, attribute, value)
    if interface.name.startswith(PROVIDER_NAMES):
        raise InvalidValue("Names that begin with ibm- are the provider's. Choose another.", target=Target("name"))
    if interface.allow_ip_spoofing and not interface.enable_infrastructure_nat:
        raise InvalidValue("allow_ip_spoofing needs enable_infrastructure_nat.", target=Target("allow_ip_spoofing"))
    if changes.get("enable_infrastructure_nat"):
        refuse_several_floating_ips(interface)
    interface.revision += 1
    save_named(interface)
    record_change(f"{EVENT}.update", interface, by=by)
    return interface


@transaction.atomic
def delete_virtual_interface(interface: VirtualNetworkInterface, *, if_match: str | None = None, by: Party) -> None:
    """Its addresses with ``auto_delete`` go along, floating IPs are unbound.

    Raises PreconditionFailed, Conflict while it is attached.
    """
    interface = hold(interface)
    refuse_mismatch(if_match, current=str(interface.revision))
    attachment = NetworkAttachment.objects.filter(virtual_network_interface=interface).first()
    if attachment:
        raise Conflict(
            f"The virtual network interface is attached, as {attachment.name}. Delete that network attachment first.",
            code="virtual_network_interface_in_use_target_exists",
        )
    _remove(interface, by=by)


def detach(interface: VirtualNetworkInterface, *, by: Party) -> None:
    """What becomes of an interface whose attachment is gone: with ``auto_delete`` it goes, without it stays free."""
    if interface.auto_delete:
        _remove(interface, by=by)


def _remove(interface: VirtualNetworkInterface, *, by: Party) -> None:
    record_change(f"{EVENT}.delete", interface, by=by, status=202)
    addresses = {ip.pk: ip for ip in [interface.primary_ip, *interface.ips.all()]}
    forget(interface.crn)
    interface.delete()
    for ip in addresses.values():
        release_address(ip)


@transaction.atomic
def bind_address(interface: VirtualNetworkInterface, id: str, *, by: Party) -> ReservedIP:
    """Make a reserved IP of the same subnet a secondary address. Bound already, it stays so.

    Raises NotFound, Conflict when something else has it, OverQuota.
    """
    hold(interface.subnet)  # before the interface, as whoever reserves an address for it does
    interface = hold(interface)
    found = ReservedIP.objects.filter(subnet=interface.subnet, id=id, owner="user").select_related("subnet").first()
    if found is None:
        raise NotFound("There is no reserved IP of this id in the interface's subnet.")
    if found.virtual_network_interface_id == interface.pk:
        return found
    quotas.require_room("ips_of_interface", taken=interface.ips.count(), quotas=settings.BAREMINT_QUOTAS)
    ip = claim_address(found, path="id")
    ip.virtual_network_interface = interface
    ip.save(update_fields=["virtual_network_interface"])
    _count_change(interface, by=by)
    return ip


@transaction.atomic
def unbind_address(interface: VirtualNetworkInterface, ip: ReservedIP, *, by: Party) -> None:
    """Raises Conflict for the primary address. With ``auto_delete`` the address is freed."""
    hold(interface.subnet)
    interface = hold(interface)
    if interface.primary_ip_id == ip.pk:
        raise Conflict("The primary address stays as long as its interface.", code="primary_ip")
    ReservedIP.objects.filter(pk=ip.pk, virtual_network_interface=interface).update(virtual_network_interface=None)
    release_address(ip)
    _count_change(interface, by=by)


def _count_change(interface: VirtualNetworkInterface, *, by: Party) -> None:
    interface.revision += 1
    interface.save(update_fields=["revision"])
    record_change(f"{EVENT}.update", interface, by=by)
