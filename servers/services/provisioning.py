"""Creating a server: check everything that the request refers to, then make it, or nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from django.conf import settings
from django.db import IntegrityError, transaction

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import ApiError, InvalidValue, NotUnique, OverQuota, ReferenceNotFound, Refusals, Target
from servers import catalog
from servers.addressing import contains
from servers.models import VPC, BareMetalServer, Disk, Image, Initialization, Key, ReservedIP, SecurityGroup, Subnet
from servers.selectors import images_of, keys_of, subnets_of
from servers.services import network, transitions
from servers.services.events import CREATE, record_server_event
from servers.services.naming import random_name
from trustedprofiles.models import Account, ResourceGroup, TrustedProfile
from trustedprofiles.selectors import default_resource_group, find_profile, resource_group
from trustedprofiles.services.links import create_link

T = TypeVar("T")

PRIMARY_IP = "primary_network_interface.primary_ip"
USABLE_IMAGE_STATUSES = ("available", "deprecated")


@dataclass(frozen=True)
class InterfacePrototype:
    """The primary network interface; ids are plain, whatever form of reference the request used."""

    subnet: str
    name: str = ""
    address: str = ""
    address_name: str = ""
    auto_delete: bool = True
    reserved_ip: str = ""
    """Id of an existing reserved IP, instead of an address."""
    security_groups: tuple[str, ...] = ()
    allow_ip_spoofing: bool = False
    enable_infrastructure_nat: bool = True
    allowed_vlans: tuple[int, ...] = ()


@dataclass(frozen=True)
class InitializationPrototype:
    image: str
    keys: tuple[str, ...] = ()
    """Ids or fingerprints."""
    user_data: str = ""
    trusted_profile: dict[str, str] | None = None
    """``{"id": ...}`` or ``{"crn": ...}``."""
    auto_link: bool = True
    """IBM's guides: links unless told otherwise, once a profile is given."""


@dataclass(frozen=True)
class ServerPrototype:
    profile: str
    zone: str
    initialization: InitializationPrototype
    interface: InterfacePrototype
    name: str = ""
    bandwidth: int | None = None
    enable_secure_boot: bool = False
    metadata_enabled: bool = False
    metadata_protocol: str = "http"
    reservation_affinity_policy: str = "automatic"
    resource_group: str = ""
    tpm_mode: str = ""
    vpc: str = ""


@dataclass
class References:
    """What a prototype refers to, found; and what could not be."""

    refusals: list[ApiError] = field(default_factory=list)

    def find(self, path: str, found: T | None) -> T | None:
        if found is None:
            self.refusals.append(ReferenceNotFound(f"{path} names nothing that exists here.", target=Target(path)))
        return found

    def require(self, holds: bool, path: str, message: str) -> None:
        if not holds:
            self.refusals.append(InvalidValue(message, target=Target(path)))


@transaction.atomic
def create_server(account: Account, *, prototype: ServerPrototype, by: Party) -> BareMetalServer:
    """Make a server and start its provisioning.

    Raises Refusals naming all that is wrong with the prototype, NotUnique for a name that is taken, OverQuota, or
    Conflict when the asked address is not free. Nothing is made then.
    """
    _check_quota(account)
    found = _Found(account, prototype)
    if found.references.refusals:
        raise Refusals(found.references.refusals)
    server = _save_server(account, prototype, found)
    _save_disks(server)
    _save_initialization(server, prototype.initialization, found, by=by)
    _attach(server, prototype.interface, found)
    transitions.begin(server, "create")
    record_server_event(CREATE, server, by=by, status=201)
    return server


def _check_quota(account: Account) -> None:
    most = settings.BAREMINT_MOST_SERVERS
    if BareMetalServer.objects.filter(account=account).count() >= most:
        raise OverQuota(
            f"The account has {most} bare metal servers, its quota. Delete one, or raise BAREMINT_MOST_SERVERS."
        )


class _Found:
    """The rows a prototype refers to."""

    def __init__(self, account: Account, prototype: ServerPrototype) -> None:
        self.references = references = References()
        self.profile = references.find("profile", catalog.profiles().get(prototype.profile))
        region = catalog.regions()[settings.BAREMINT_REGION]
        self.zone = references.find("zone", prototype.zone if prototype.zone in region.zones else None)
        self.image: Image | None = references.find(
            "initialization.image", images_of(account.id).filter(id=prototype.initialization.image).first()
        )
        self.keys = [
            references.find(f"initialization.keys[{position}]", _find_key(account.id, key))
            for position, key in enumerate(prototype.initialization.keys)
        ]
        self.subnet: Subnet | None = references.find(
            "primary_network_interface.subnet", subnets_of(account.id).filter(id=prototype.interface.subnet).first()
        )
        self.group = (
            references.find("resource_group", resource_group(account.id, prototype.resource_group))
            if prototype.resource_group
            else default_resource_group(account.id)
        )
        self.trusted_profile = self._find_trusted_profile(account, prototype.initialization)
        vpcs = VPC.objects.filter(account=account, id=prototype.vpc)
        self.vpc = references.find("vpc", vpcs.first()) if prototype.vpc else None
        self.reserved_ip = self._find_reserved_ip(account, prototype.interface)
        self.security_groups = self._find_security_groups(account, prototype.interface)
        self._check(prototype)

    def _find_trusted_profile(self, account: Account, asked: InitializationPrototype) -> TrustedProfile | None:
        if asked.trusted_profile is None:
            return None
        found = find_profile(account_id=account.id, **asked.trusted_profile)
        return self.references.find("initialization.default_trusted_profile.target", found)

    def _find_reserved_ip(self, account: Account, asked: InterfacePrototype) -> ReservedIP | None:
        if not asked.reserved_ip:
            return None
        free = ReservedIP.objects.filter(id=asked.reserved_ip, owner="user", network_interface=None)
        free = free.filter(subnet=self.subnet) if self.subnet else free.filter(subnet__account=account)
        return self.references.find(PRIMARY_IP, free.first())

    def _find_security_groups(self, account: Account, asked: InterfacePrototype) -> list[SecurityGroup]:
        if not asked.security_groups:
            default = self.subnet.vpc.default_security_group if self.subnet else None
            return [default] if default else []
        groups = SecurityGroup.objects.filter(account=account)
        if self.subnet:
            groups = groups.filter(vpc=self.subnet.vpc)
        found = [
            self.references.find(
                f"primary_network_interface.security_groups[{position}]", groups.filter(id=group).first()
            )
            for position, group in enumerate(asked.security_groups)
        ]
        return [group for group in found if group is not None]

    def _check(self, asked: ServerPrototype) -> None:
        require: Callable[[bool, str, str], None] = self.references.require
        if self.profile:
            available = settings.BAREMINT_REGION in self.profile.regions
            require(available, "profile", f"Profile {asked.profile} is not offered in {settings.BAREMINT_REGION}.")
            if asked.bandwidth is not None:
                choices = ", ".join(map(str, self.profile.bandwidths))
                require(asked.bandwidth in self.profile.bandwidths, "bandwidth", f"bandwidth must be one of {choices}.")
            if asked.tpm_mode:
                modes = ", ".join(self.profile.tpm_modes)
                require(
                    asked.tpm_mode in self.profile.tpm_modes,
                    "trusted_platform_module.mode",
                    f"The profile supports {modes}.",
                )
        if self.subnet:
            in_zone = self.zone in (None, self.subnet.zone)
            require(in_zone, "zone", f"The subnet is in zone {self.subnet.zone}.")
            require(self.vpc in (None, self.subnet.vpc), "vpc", "The subnet belongs to another VPC.")
            address, cidr = asked.interface.address, self.subnet.ipv4_cidr_block
            require(not address or contains(cidr, address), f"{PRIMARY_IP}.address", f"The subnet is {cidr}.")
        if self.image:
            require(
                self.image.status in USABLE_IMAGE_STATUSES, "initialization.image", f"The image is {self.image.status}."
            )
            needs_rsa = "windows" in self.image.operating_system
            has_rsa = any(key is not None and key.type == "rsa" for key in self.keys)
            require(not needs_rsa or has_rsa, "initialization.keys", "A Windows image needs at least one RSA key.")
        interface = asked.interface
        kept = interface.address_name.startswith("ibm-")
        require(not kept, f"{PRIMARY_IP}.name", "Names that begin with ibm- are the provider's. Choose another.")
        require(
            interface.enable_infrastructure_nat or not interface.allow_ip_spoofing,
            "primary_network_interface.allow_ip_spoofing",
            "allow_ip_spoofing needs enable_infrastructure_nat.",
        )


def _find_key(account_id: str, reference: str) -> Key | None:
    field_name = "fingerprint" if reference.startswith("SHA256:") else "id"
    return keys_of(account_id).filter(**{field_name: reference}).first()


def _save_server(account: Account, asked: ServerPrototype, found: _Found) -> BareMetalServer:
    assert found.profile and found.subnet and found.group  # noqa: S101, PT018  refused before otherwise
    group: ResourceGroup = found.group
    server = BareMetalServer(
        id=ids.zonal_id(asked.zone),
        name=asked.name or random_name(),
        account=account,
        resource_group=group,
        zone=asked.zone,
        vpc=found.subnet.vpc,
        profile=found.profile.name,
        bandwidth=asked.bandwidth or found.profile.default_bandwidth,
        enable_secure_boot=asked.enable_secure_boot,
        tpm_mode=asked.tpm_mode or found.profile.tpm_modes[0],
        reservation_affinity_policy=asked.reservation_affinity_policy,
        metadata_enabled=asked.metadata_enabled,
        metadata_protocol=asked.metadata_protocol,
        created_at=clock.now(),
    )
    try:
        with transaction.atomic():
            server.save(force_insert=True)
    except IntegrityError:
        raise NotUnique(f"Provided Name ({server.name}) is not unique", target=Target("name")) from None
    return server


def _save_disks(server: BareMetalServer) -> None:
    profile = catalog.profiles()[server.profile]
    sizes = [profile.secondary_disk_size] * profile.secondary_disk_count
    disks = [(profile.boot_interface, profile.boot_disk_size)] if profile.boot_disk_size else []
    for position, (interface, size) in enumerate([*disks, *(("nvme", size) for size in sizes)]):
        Disk.objects.create(
            id=ids.zonal_id(server.zone),
            name=random_name(),
            server=server,
            is_boot=position == 0,
            interface_type=interface,
            size=size,
            created_at=server.created_at,
        )


def _save_initialization(server: BareMetalServer, asked: InitializationPrototype, found: _Found, *, by: Party) -> None:
    assert found.image  # noqa: S101  refused before otherwise
    profile = found.trusted_profile
    initialization = Initialization.objects.create(
        server=server,
        image=found.image,
        user_data=asked.user_data,
        default_trusted_profile_id=profile.id if profile else "",
        auto_link=asked.auto_link and profile is not None,
    )
    initialization.keys.set([key for key in found.keys if key])
    if profile and asked.auto_link:
        create_link(profile, cr_type="BMS", crn=server.crn, name=server.name, by=by)


def _attach(server: BareMetalServer, asked: InterfacePrototype, found: _Found) -> None:
    assert found.subnet  # noqa: S101  refused before otherwise
    address = found.reserved_ip or network.reserve_address(
        found.subnet, address=asked.address, name=asked.address_name, auto_delete=asked.auto_delete
    )
    network.attach_primary_interface(
        server,
        found.subnet,
        name=asked.name,
        primary_ip=address,
        security_groups=found.security_groups,
        allow_ip_spoofing=asked.allow_ip_spoofing,
        enable_infrastructure_nat=asked.enable_infrastructure_nat,
        allowed_vlans=list(asked.allowed_vlans),
    )
