"""A bare metal server and what belongs to it, in the shapes of IBM's API reference."""

from typing import Literal, NotRequired, TypedDict

from servers.api.shared_responses import (
    Deleted,
    DiskReference,
    ImageRemote,
    KeyReference,
    NamedReference,
    NetworkInterfaceReference,
    Reference,
    ReservedIPReference,
    ResourceGroupReference,
    SubnetReference,
    VirtualNetworkInterfaceReference,
    VPCReference,
)


class BareMetalServerCPU(TypedDict):
    architecture: Literal["amd64", "s390x"]
    core_count: int
    socket_count: int
    threads_per_core: int


class DiskAllowedUse(TypedDict):
    api_version: str
    bare_metal_server: str


class BareMetalServerDisk(DiskReference):
    created_at: str
    interface_type: Literal["fcp", "nvme", "sata"]
    size: int
    allowed_use: NotRequired[DiskAllowedUse]


class BareMetalServerDiskCollection(TypedDict):
    disks: list[BareMetalServerDisk]


class BareMetalServerFirmware(TypedDict):
    update: Literal["none", "optional", "required"]


class Reason(TypedDict):
    code: str
    message: str
    more_info: NotRequired[str]


class MetadataServiceSwitch(TypedDict):
    enabled: bool
    protocol: Literal["http", "https"]


class ReservationReference(Reference):
    resource_type: Literal["reservation"]


class PooledReservation(ReservationReference):
    deleted: NotRequired[Deleted]


class ReservationAffinity(TypedDict):
    policy: Literal["automatic", "disabled", "manual"]
    pool: list[PooledReservation]


class TrustedPlatformModule(TypedDict):
    enabled: bool
    mode: Literal["disabled", "tpm_2"]
    supported_modes: list[Literal["disabled", "tpm_2"]]


class BareMetalServerProfileReference(NamedReference):
    resource_type: Literal["bare_metal_server_profile"]


class BareMetalServerNetworkAttachmentReference(TypedDict):
    href: str
    id: str
    name: str
    primary_ip: ReservedIPReference
    resource_type: Literal["bare_metal_server_network_attachment"]
    subnet: SubnetReference
    virtual_network_interface: VirtualNetworkInterfaceReference


class BareMetalServer(TypedDict):
    bandwidth: int
    boot_target: DiskReference
    cpu: BareMetalServerCPU
    created_at: str
    crn: str
    disks: list[BareMetalServerDisk]
    enable_secure_boot: bool
    firmware: BareMetalServerFirmware
    health_reasons: list[Reason]
    health_state: Literal["ok", "degraded", "faulted", "inapplicable"]
    href: str
    id: str
    lifecycle_reasons: list[Reason]
    lifecycle_state: Literal["deleting", "failed", "pending", "stable", "suspended", "updating", "waiting"]
    memory: int
    metadata_service: MetadataServiceSwitch
    name: str
    network_attachments: NotRequired[list[BareMetalServerNetworkAttachmentReference]]
    network_interfaces: list[NetworkInterfaceReference]
    primary_network_attachment: NotRequired[BareMetalServerNetworkAttachmentReference]
    primary_network_interface: NetworkInterfaceReference
    profile: BareMetalServerProfileReference
    reservation: NotRequired[ReservationReference]
    reservation_affinity: ReservationAffinity
    resource_group: ResourceGroupReference
    resource_type: Literal["bare_metal_server"]
    status: Literal[
        "deleting",
        "failed",
        "maintenance",
        "pending",
        "reinitializing",
        "restarting",
        "running",
        "starting",
        "stopped",
    ]
    status_reasons: list[Reason]
    trusted_platform_module: TrustedPlatformModule
    vpc: VPCReference
    zone: NamedReference


class InitializedImage(Reference):
    resource_type: Literal["image"]
    deleted: NotRequired[Deleted]
    remote: NotRequired[ImageRemote]


class InitializedKey(KeyReference):
    deleted: NotRequired[Deleted]


class TrustedProfileReference(TypedDict):
    crn: str
    id: str
    resource_type: Literal["trusted_profile"]


class DefaultTrustedProfile(TypedDict):
    auto_link: bool
    target: TrustedProfileReference


class HostUserAccount(TypedDict):
    encrypted_password: str
    encryption_key: InitializedKey
    resource_type: Literal["host_user_account"]
    username: str


class BareMetalServerInitialization(TypedDict):
    image: InitializedImage
    keys: list[InitializedKey]
    user_accounts: list[HostUserAccount]
    default_trusted_profile: NotRequired[DefaultTrustedProfile]


class BareMetalServerConsoleAccessToken(TypedDict):
    access_token: str
    console_type: Literal["serial", "vnc"]
    created_at: str
    expires_at: str
    force: bool
    href: str


class BareMetalServerNetworkInterface(NetworkInterfaceReference):
    """Of type ``pci`` with ``allowed_vlans``, of type ``vlan`` with ``vlan`` and ``allow_interface_to_float``."""

    allow_interface_to_float: NotRequired[bool]
    allow_ip_spoofing: bool
    allowed_vlans: NotRequired[list[int]]
    created_at: str
    enable_infrastructure_nat: bool
    floating_ips: list[Reference]
    interface_type: Literal["hipersocket", "pci", "vlan"]
    mac_address: str
    port_speed: int
    security_groups: list[Reference]
    status: Literal["available", "deleting", "failed", "pending"]
    type: Literal["primary", "secondary"]
    vlan: NotRequired[int]


class BareMetalServerNetworkAttachment(BareMetalServerNetworkAttachmentReference):
    """Of type ``pci`` with ``allowed_vlans``, of type ``vlan`` with ``vlan`` and ``allow_to_float``."""

    allow_to_float: NotRequired[bool]
    allowed_vlans: NotRequired[list[int]]
    created_at: str
    interface_type: Literal["pci", "vlan"]
    lifecycle_state: Literal["deleting", "failed", "pending", "stable", "suspended", "updating", "waiting"]
    port_speed: int
    type: Literal["primary", "secondary"]
    vlan: NotRequired[int]
