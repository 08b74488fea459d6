"""What a virtual network interface is made from, and what such a request refers to."""

from dataclasses import dataclass

from django.conf import settings

from controlplane.kernel.errors import ApiError
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
    return FoundVirtualInterface(account_id, region, asked, path=path).references.refusals


class FoundVirtualInterface:
    """The rows a prototype refers to."""

    def __init__(self, account_id: str, region: str, asked: VirtualInterfacePrototype, *, path: str) -> None:
        self.references = references = References()
        self.asked, self.path = asked, path
        own = {"account_id": account_id, "region": region}
        self.reserved = ReservedIP.objects.filter(subnet__account_id=account_id, subnet__region=region).select_related(
            "subnet__vpc__default_security_group"
        )
        secondary = [(at(path, f"ips[{position}]"), ip) for position, ip in enumerate(asked.ips)]
        wanted = [(at(path, "primary_ip"), asked.primary_ip or IpPrototype()), *secondary]
        self.addresses = [(where, ip, self._existing(ip, where)) for where, ip in wanted]
        """Each with the property that asks for it, and the row if it is there; the primary one first."""
        self.subnet = self._subnet(own)
        for where, ip, row in self.addresses:
            self._place(ip, row, where)
        self._refuse_twins()
        self.groups = self._groups(own)
        if asked.resource_group:
            references.find(at(path, "resource_group"), find_group(account_id, asked.resource_group))
        kept = asked.name.startswith(PROVIDER_NAMES)
        references.require(not kept, at(path, "name"), PROVIDERS)
        references.require(
            asked.enable_infrastructure_nat or not asked.allow_ip_spoofing,
            at(path, "allow_ip_spoofing"),
            SPOOFING,
        )
        most = _most("ips_of_interface")
        fits = len(asked.ips) < most
        references.require(fits, at(path, "ips"), f"An interface has at most {most} addresses, the primary among them.")

    def _existing(self, ip: IpPrototype, path: str) -> ReservedIP | None:
        kept = ip.name.startswith(PROVIDER_NAMES)
        self.references.require(not kept, at(path, "name"), PROVIDERS)
        if not ip.reserved_ip:
            return None
        found = self.references.find(path, self.reserved.filter(id=ip.reserved_ip).first())
        if found:
            require_unbound(found, path=path, references=self.references)
        return found

    def _subnet(self, own: dict[str, str]) -> Subnet | None:
        _, primary, row = self.addresses[0]
        if not self.asked.subnet and primary.reserved_ip:
            return row.subnet if row else None
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

    def _refuse_twins(self) -> None:
        seen: set[str] = set()
        for path, ip, _ in self.addresses:
            if named := ip.reserved_ip or ip.address:
                where = path if ip.reserved_ip else at(path, "address")
                self.references.require(named not in seen, where, f"{named} is asked for twice. Name it once.")
                seen.add(named)

    def _groups(self, own: dict[str, str]) -> list[SecurityGroup]:
        most = _most("security_groups_of_target")
        fits = len(set(self.asked.security_groups)) <= most
        self.references.require(
            fits, at(self.path, "security_groups"), f"An interface is in at most {most} security groups."
        )
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

    def take_addresses(self, subnet: Subnet) -> list[ReservedIP]:
        """The reserved IPs, claimed or made, the primary one first. Must run in a transaction.

        Those that are asked for go first: where any will do, the next free address might be one of them. Raises
        Conflict, NotUnique.
        """
        taken = {}
        for path, ip, row in sorted(self.addresses, key=lambda each: not (each[1].reserved_ip or each[1].address)):
            if row:
                taken[path] = claim_address(row, path=path)
            else:
                taken[path] = reserve_address(
                    subnet, address=ip.address, name=ip.name, auto_delete=ip.auto_delete, path=path
                )
        return [taken[path] for path, _, _ in self.addresses]


def _most(kind: str) -> int:
    return settings.BAREMINT_QUOTAS.get(kind, quotas.QUOTAS[kind])
