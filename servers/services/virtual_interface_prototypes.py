"""Prototypes of virtual network interfaces, and the rows that such a request refers to."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from servers import quotas
from servers.addressing import contains
from servers.models import ReservedIP, SecurityGroup, Subnet
from servers.services.addresses import claim_address, require_unbound, reserve_address
from servers.services.naming import PROVIDER_NAMES
from servers.services.references import References, at
from trustedprofiles.selectors import resource_group as find_group

PROVIDERS = "Names that begin with ibm- are the provider's. Choose another."
SPOOFING = "allow_ip_spoofing needs enable_infrastructure_nat."


@dataclass(frozen=True)
class IpPrototype:
    """An address: an existing reserved IP, or the properties of a new one."""

    reserved_ip: str = ""
    address: str = ""
    name: str = ""
    auto_delete: bool = True

    def take(self, subnet: Subnet, reserved_ip: ReservedIP | None, *, path: str) -> ReservedIP:
        """Claim the reserved IP if there is one, else reserve a new one.

        Raises the errors of ``claim_address`` and ``reserve_address``.
        """
        if reserved_ip:
            return claim_address(reserved_ip, path=path)
        return reserve_address(subnet, address=self.address, name=self.name, auto_delete=self.auto_delete, path=path)


@dataclass(frozen=True)
class VirtualInterfacePrototype:
    """A virtual network interface to create; ids are plain in every form of reference in the request."""

    subnet: str = ""
    """The id of the subnet, which may be omitted when ``primary_ip`` names a reserved IP."""
    name: str = ""
    primary_ip: IpPrototype | None = None
    ips: tuple[IpPrototype, ...] = ()
    """Secondary addresses."""
    security_groups: tuple[str, ...] = ()
    auto_delete: bool | None = None
    """None stands for the default, which is true for an interface that is created with an attachment."""
    allow_ip_spoofing: bool = False
    enable_infrastructure_nat: bool = True
    protocol_state_filtering_mode: str = "auto"
    resource_group: str = ""


@dataclass(frozen=True)
class AddressRow:
    """An address of a prototype, the property that requests it, and the reserved IP if it exists."""

    path: str
    prototype: IpPrototype
    reserved_ip: ReservedIP | None


@dataclass(frozen=True)
class VirtualInterfaceRows:
    """The rows that a prototype refers to."""

    prototype: VirtualInterfacePrototype
    path: str
    subnet: Subnet | None
    addresses: list[AddressRow]
    """The primary one first."""
    security_groups: list[SecurityGroup]

    def take_addresses(self, subnet: Subnet) -> list[ReservedIP]:
        """Return the reserved IPs, claimed or created, the primary one first. Must run in a transaction.

        Specific addresses are taken first, because the next free address might be one of them. Raises Conflict,
        NotUnique.
        """
        ips = {}
        for each in sorted(self.addresses, key=lambda each: not _identity(each.prototype)):
            ips[each.path] = each.prototype.take(subnet, each.reserved_ip, path=each.path)
        return [ips[each.path] for each in self.addresses]


def find_virtual_interface_rows(
    account_id: str, region: str, prototype: VirtualInterfacePrototype, *, path: str, references: References
) -> VirtualInterfaceRows:
    """Look up the rows that the prototype refers to.

    The problems are added to ``references``, with ``path`` in their targets.
    """
    own = {"account_id": account_id, "region": region}
    secondary = [(at(path, f"ips[{position}]"), ip) for position, ip in enumerate(prototype.ips)]
    ips = [(at(path, "primary_ip"), prototype.primary_ip or IpPrototype()), *secondary]
    addresses = [AddressRow(where, ip, _find_address(own, ip, where, references)) for where, ip in ips]
    subnet = _find_subnet(own, prototype, addresses[0], path=path, references=references)
    if subnet:
        _check_subnet(subnet, addresses, references)
    _refuse_twins(addresses, references)
    groups = _find_groups(own, prototype, subnet, path=path, references=references)
    if prototype.resource_group:
        references.find(at(path, "resource_group"), find_group(account_id, prototype.resource_group))
    refuse_provider_name(prototype.name, path, references)
    is_safe = prototype.enable_infrastructure_nat or not prototype.allow_ip_spoofing
    references.require(is_safe, at(path, "allow_ip_spoofing"), SPOOFING)
    most = _most("ips_of_interface")
    fits = len(prototype.ips) < most
    references.require(fits, at(path, "ips"), f"An interface has at most {most} addresses, the primary among them.")
    return VirtualInterfaceRows(prototype, path, subnet, addresses, groups)


def _identity(ip: IpPrototype) -> str:
    """Return what distinguishes the address from others; empty when any address will do."""
    return ip.reserved_ip or ip.address


def refuse_provider_name(name: str, path: str, references: References) -> None:
    """Note an InvalidValue when the name at ``path`` begins like the provider's names."""
    references.require(not name.startswith(PROVIDER_NAMES), at(path, "name"), PROVIDERS)


def _find_address(own: dict[str, str], ip: IpPrototype, path: str, references: References) -> ReservedIP | None:
    refuse_provider_name(ip.name, path, references)
    if not ip.reserved_ip:
        return None
    rows = ReservedIP.objects.filter(subnet__account_id=own["account_id"], subnet__region=own["region"])
    rows = rows.select_related("subnet__vpc__default_security_group")
    if row := references.find(path, rows.filter(id=ip.reserved_ip).first()):
        require_unbound(row, path=path, references=references)
    return row


def _find_subnet(
    own: dict[str, str], prototype: VirtualInterfacePrototype, primary: AddressRow, *, path: str, references: References
) -> Subnet | None:
    if not prototype.subnet and primary.prototype.reserved_ip:
        return primary.reserved_ip.subnet if primary.reserved_ip else None
    rows = Subnet.objects.filter(**own, id=prototype.subnet).select_related("vpc__default_security_group")
    return references.find(at(path, "subnet"), rows.first())


def _check_subnet(subnet: Subnet, addresses: list[AddressRow], references: References) -> None:
    cidr = subnet.ipv4_cidr_block
    for each in addresses:
        if each.prototype.address:
            is_inside = contains(cidr, each.prototype.address)
            references.require(is_inside, at(each.path, "address"), f"The subnet is {cidr}.")
        if each.reserved_ip:
            is_same = each.reserved_ip.subnet_id == subnet.pk
            references.require(is_same, each.path, "The reserved IP is of another subnet.")


def _refuse_twins(addresses: list[AddressRow], references: References) -> None:
    identities: set[str] = set()
    for each in addresses:
        if identity := _identity(each.prototype):
            where = each.path if each.prototype.reserved_ip else at(each.path, "address")
            references.require(identity not in identities, where, f"{identity} is asked for twice. Name it once.")
            identities.add(identity)


def _find_groups(
    own: dict[str, str],
    prototype: VirtualInterfacePrototype,
    subnet: Subnet | None,
    *,
    path: str,
    references: References,
) -> list[SecurityGroup]:
    most = _most("security_groups_of_target")
    fits = len(set(prototype.security_groups)) <= most
    references.require(fits, at(path, "security_groups"), f"An interface is in at most {most} security groups.")
    return find_security_groups(own, prototype.security_groups, subnet, path=path, references=references)


def find_security_groups(
    own: dict[str, str], ids: Sequence[str], subnet: Subnet | None, *, path: str, references: References
) -> list[SecurityGroup]:
    """Return the security groups with these ids, or the default one of the subnet's VPC.

    Groups that do not exist are added to ``references``.
    """
    if not ids:
        default = subnet.vpc.default_security_group if subnet else None
        return [default] if default else []
    rows = SecurityGroup.objects.filter(**own, **({"vpc": subnet.vpc} if subnet else {}))
    groups = [
        references.find(at(path, f"security_groups[{position}]"), rows.filter(id=id).first())
        for position, id in enumerate(ids)
    ]
    return [group for group in groups if group]


def _most(kind: str) -> int:
    return settings.BAREMINT_QUOTAS.get(kind, quotas.QUOTAS[kind])
