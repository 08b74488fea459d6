"""Actions of services that are not simulated: ``GET /v2/roles`` lists them, and custom roles are made of them.

Source: IBM's table of roles and actions by service, in its order.
"""

from collections.abc import Collection, Iterator, Mapping

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
"""By service: each action, and the smallest of Reader, Writer and Manager that has it."""


def listed_actions(role_name: str, services: Collection[str]) -> Iterator[str]:
    """What Reader, Writer or Manager is listed with for these services."""
    for action, least in ((action, least) for each in services for action, least in ACTIONS.get(each, {}).items()):
        if LADDER.get(role_name, -1) >= least:
            yield action
