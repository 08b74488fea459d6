"""The declaration of Key Protect (Key Protect contract, sections 5 and 6)."""

from controlplane.cloudservice.declaration import Api, CloudService, Offering, Plan, ServiceRole

UNSERVED = frozenset({"kms.registrations.listforkey", "kms.registrations.deactivate", "kms.secrets.eventack"})
READER_PLUS = (
    *("kms.secrets.readmetadata", "kms.secrets.head", "kms.secrets.list", "kms.secrets.listkeyversions"),
    *("kms.secrets.wrap", "kms.secrets.unwrap", "kms.secrets.rewrap", "kms.secrets.read"),
    *("kms.keyrings.list", "kms.registrations.list"),
)
SERVICE = CloudService(
    name="kms",
    title="Key Protect",
    offering=Offering(
        "ee41347f-b18e-4ca6-bf80-b5467c63f9a6",
        (
            Plan("eedd3585-90c6-4c8f-be3d-062069e99fc3", "tiered-pricing"),
            Plan("4e853ad3-5820-49c7-8d07-a179fb15b9ee", "cross-region-resiliency"),
        ),
    ),
    description="Root keys wrap the keys that programs encrypt their data with.",
    instance_rules="controlplane.keyprotect.instance_rules",
    instance_header="bluemix-instance",
    actions={
        "kms.secrets.create": "Writer",
        "kms.secrets.read": "Writer",
        "kms.secrets.list": "Reader",
        "kms.secrets.delete": "Manager",
        "kms.secrets.wrap": "Reader",
        "kms.secrets.unwrap": "Reader",
        "kms.secrets.rotate": "Writer",
        "kms.policies.read": "Manager",
        "kms.policies.write": "Manager",
        "kms.secrets.rewrap": "Reader",
        "kms.importtoken.read": "Writer",
        "kms.importtoken.create": "Writer",
        "kms.registrations.list": "Reader",
        "kms.registrations.listforkey": "Reader",
        "kms.registrations.delete": "Reader",
        "kms.registrations.merge": "Reader",
        "kms.registrations.write": "Reader",
        "kms.registrations.create": "Reader",
        "kms.instancepolicies.read": "Manager",
        "kms.instancepolicies.write": "Manager",
        "kms.registrations.deactivate": "Reader",
        "kms.secrets.setkeyfordeletion": "Writer",
        "kms.secrets.unsetkeyfordeletion": "Writer",
        "kms.secrets.readmetadata": "Reader",
        "kms.secrets.listkeyversions": "Reader",
        "kms.secrets.restore": "Manager",
        "kms.secrets.disable": "Manager",
        "kms.secrets.enable": "Manager",
        "kms.secrets.eventack": "Reader",
        "kms.secrets.sync": "Writer",
        "kms.secrets.createalias": "Writer",
        "kms.secrets.deletealias": "Writer",
        "kms.secrets.patch": "Manager",
        "kms.keyrings.list": "Reader",
        "kms.keyrings.create": "Writer",
        "kms.keyrings.delete": "Manager",
        "kms.secrets.head": "Reader",
        "kms.instance.readallowedipport": "Manager",
        "kms.secrets.purge": None,
    },
    unserved=UNSERVED,
    roles=(
        ServiceRole(
            "ReaderPlus", "ReaderPlus", "Does what a Reader does, and reads keys, standard ones too.", READER_PLUS
        ),
        ServiceRole("KeyPurge", "KeyPurge", "Purges keys that were deleted.", ("kms.secrets.purge",)),
        ServiceRole("KmipAdapterManager", "KmipAdapterManager", "Manages KMIP adapters."),
    ),
    events_action="kms.secrets.list",
    api=Api("controlplane.keyprotect.urls", prefix="api/v2/"),
    hosts=("{region}.kms.cloud.ibm.com", "private.{region}.kms.cloud.ibm.com"),
    terraform=("IBMCLOUD_KP_API_ENDPOINT",),
    sdks=("IBM_KEY_PROTECT_API",),
)
