"""Actions that IBM publishes and no simulated operation uses: custom roles may list them, without effect.

Source: IBM's table of roles and actions by service, in its order.
"""

from collections.abc import Collection, Iterator, Mapping

FIVE = "create read list update delete"
SIX = f"{FIVE} operate"
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
    "cloud-object-storage": {
        "account": "delete_fasp_connection_info list_account_backup_vaults",
        "bucket": "get_acl put_acl get_cors put_cors delete_cors get_website put_website delete_website get_location "
        "get_versioning put_versioning get_versions get_uploads get_lifecycle put_lifecycle get_activity_tracking "
        "put_activity_tracking get_metrics_monitoring put_metrics_monitoring get_protection put_protection "
        "get_firewall put_firewall get_public_access_block put_public_access_block delete_public_access_block "
        "get_basic list_bucket_crn list_crk_id get_notifications put_notifications post_bucket get_quota put_quota "
        "get_replication put_replication delete_replication get_object_lock_configuration "
        "put_object_lock_configuration get_fasp_connection_info",
        "object": "get_version head_version delete_version post post_md post_initiate_upload put_part copy_part "
        "copy_part_get post_complete_upload copy copy_get get_acl put_acl get_acl_version put_acl_version get_tagging "
        "put_tagging delete_tagging get_tagging_version put_tagging_version delete_tagging_version get_uploads "
        "delete_upload restore restore_version post_multi_delete post_legal_hold get_legal_hold post_extend_retention "
        "get_object_lock_retention put_object_lock_retention get_object_lock_legal_hold put_object_lock_legal_hold "
        "get_object_lock_retention_version put_object_lock_retention_version get_object_lock_legal_hold_version "
        "put_object_lock_legal_hold_version copy_get_version copy_part_get_version",
    },
}
"""The verbs by service and kind of resource."""


def published_actions(service: str) -> Iterator[str]:
    """Yield the actions that a simulated service has in IBM Cloud. Operations here may require some of them too."""
    for kind, verbs in PUBLISHED.get(service, {}).items():
        yield from (f"{service}.{kind}.{verb}" for verb in verbs.split())


READER, WRITER, MANAGER = range(3)
LADDER = {"Reader": READER, "Writer": WRITER, "Manager": MANAGER}
ACTIONS: Mapping[str, Mapping[str, int]] = {
    "kms": {
        "kms.secrets.create": WRITER,
        "kms.secrets.read": WRITER,
        "kms.secrets.list": READER,
        "kms.secrets.delete": MANAGER,
        "kms.secrets.wrap": READER,
        "kms.secrets.unwrap": READER,
        "kms.secrets.rotate": WRITER,
        "kms.policies.read": MANAGER,
        "kms.policies.write": MANAGER,
        "kms.secrets.rewrap": READER,
        "kms.importtoken.read": WRITER,
        "kms.importtoken.create": WRITER,
        "kms.registrations.list": READER,
        "kms.registrations.listforkey": READER,
        "kms.registrations.delete": READER,
        "kms.registrations.merge": READER,
        "kms.registrations.write": READER,
        "kms.registrations.create": READER,
        "kms.instancepolicies.read": MANAGER,
        "kms.instancepolicies.write": MANAGER,
        "kms.registrations.deactivate": READER,
        "kms.secrets.setkeyfordeletion": WRITER,
        "kms.secrets.unsetkeyfordeletion": WRITER,
        "kms.secrets.readmetadata": READER,
        "kms.secrets.listkeyversions": READER,
        "kms.secrets.restore": MANAGER,
        "kms.secrets.disable": MANAGER,
        "kms.secrets.enable": MANAGER,
        "kms.secrets.eventack": READER,
        "kms.secrets.sync": WRITER,
        "kms.secrets.createalias": WRITER,
        "kms.secrets.deletealias": WRITER,
        "kms.secrets.patch": MANAGER,
        "kms.keyrings.list": READER,
        "kms.keyrings.create": WRITER,
        "kms.keyrings.delete": MANAGER,
    },
}
"""The actions of each service, with the smallest of Reader, Writer and Manager that has the action."""


def listed_actions(role_name: str, services: Collection[str]) -> Iterator[str]:
    """Yield the actions that Reader, Writer or Manager lists for these services."""
    for action, least in ((action, least) for each in services for action, least in ACTIONS.get(each, {}).items()):
        if LADDER.get(role_name, -1) >= least:
            yield action
