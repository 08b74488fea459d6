"""Actions that IBM publishes and no simulated operation uses: custom roles may list them, without effect.

Source: IBM's table of roles and actions by service, in its order. Services that declare themselves
(controlplane/cloudservice/declaration.py) have theirs in their declarations.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from controlplane.cloudservice.registry import services as declared_services

FIVE = "create read list update delete"
SIX = f"{FIVE} operate"
DECLARED = declared_services()
PUBLISHED: Mapping[str, Mapping[str, str]] = {
    "is": {
        "backup-policy.backup-policy": FIVE,
        "cluster-network.cluster-network": FIVE,
        "cluster-network.interface": SIX,
        "cluster-network.subnet": SIX,
        "cluster-network.subnet-reserved-ip": FIVE,
        "cluster-network.profile": "read list",
        "dedicated-host.dedicated-host": f"{SIX} provision",
        "dedicated-host.dedicated-host-group": f"{SIX} append provision",
        "endpoint-gateway.endpoint-gateway": SIX,
        "floating-ip.floating-ip": "operate",
        "flow-log-collector.flow-log-collector": SIX,
        "image.image": "provision config.read obsolete deprecate manage-allowed-use",
        "instance.instance": f"{SIX} ip-spoofing console config.read",
        "instance.instance-template": "read create update delete",
        "instance-group.instance-group": f"{FIVE} config.read",
        "key.key": "operate",
        "load-balancer.load-balancer": "view manage operate",
        "network-acl.network-acl": "operate",
        "placement-group.placement-group": SIX,
        "public-address-range.public-address-range": FIVE,
        "public-gateway.public-gateway": SIX,
        "reservation.reservation": f"{SIX} activate expire",
        "security-group.security-group": "operate",
        "share.share": f"{SIX} config.read allow-remote-account-access",
        "share.accessor-binding": "create delete read list",
        "share.snapshot": FIVE,
        "snapshot.snapshot": f"{SIX} restore config.read allow-remote-account-restore manage-allowed-use",
        "snapshot.snapshot-clone": "create delete",
        "snapshot-consistency-group.snapshot-consistency-group": FIVE,
        "subnet.subnet": "operate",
        "virtual-network-interface.virtual-network-interface": "operate manage-protocol-state-filtering-mode",
        "volume.volume": f"{SIX} config.read allow-remote-account-snapshot-restore manage-allowed-use",
        "volume.profile": "view",
        "vpc.vpc": "operate",
        "vpc.routing-table": "operate advertise",
        "vpn.vpn": FIVE,
        "vpn-server.vpn-server": "create delete operate read update connect",
    },
    "iam-identity": {
        "account": "create delete get update enable_idp disable_idp",
        "account-settings-assignment": "create read update delete",
        "account-settings-template": "create read update delete",
        "activity": "get",
        "apikey": "get manage review",
        "crnmapping": "create read delete",
        "idp": "create get list update delete test",
        "mfa-status": "get",
        "profile": "get get_session revoke_session",
        "profile-assignment": "create read update delete",
        "profile-template": "create read update delete",
        "report": "create get",
        "serviceid": "get",
        "serviceid-group": "create get list update delete",
        "session": "manage",
    },
    "iam-access-management": {
        "customRole": "read",
        "insight": "get",
        "settings": "read update",
        "user-access-list": "read",
    },
    "iam-groups": {
        "group-assignment": "create read update delete",
        "group-template": "create read update delete",
        "groups": "audit",
    },
    "user-management": {
        "invitation-email": "create",
        "preference": "update retrieve",
        "user": "state-change",
        "vpn": "update",
    },
}
"""The verbs by service and kind of resource."""


def published_actions(service: str) -> Iterator[str]:
    """Yield the actions that a simulated service has in IBM Cloud. Operations here may require some of them too."""
    if service in DECLARED:
        yield from DECLARED[service].published_actions()
    for kind, verbs in PUBLISHED.get(service, {}).items():
        yield from (f"{service}.{kind}.{verb}" for verb in verbs.split())


def listed_actions(role_name: str, services: Collection[str]) -> Iterator[str]:
    """Yield the actions without an operation that Reader, Writer or Manager lists for these services."""
    for declared in (DECLARED[name] for name in services if name in DECLARED):
        yield from declared.listed_actions(role_name)


def in_ibms_order(actions: Iterable[str]) -> list[str]:
    """Return the actions in the order of IBM's lists, from which clients select by position; others come last."""
    places = {action: place for each in DECLARED.values() for place, action in enumerate(each.actions)}
    return sorted(actions, key=lambda action: places.get(action, len(places)))
