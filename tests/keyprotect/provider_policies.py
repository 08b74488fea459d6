"""Policies of keys and instances in IBM's Terraform provider, each resource with its calls in the provider's order."""

from contextlib import suppress
from typing import Any

from tests.keyprotect.calls import POLICY_TYPE, policies
from tests.keyprotect.provider_keys import OfKey, RootOrStandardKey
from tests.keyprotect.provider_session import (
    BLOCKS_OF_INSTANCES,
    CallFailed,
    GoClient,
    Resource,
    policies_of_instance,
    policies_of_key,
)


class KeyPolicies(OfKey):
    """The policies of the key with this ``key_id`` or ``alias``. A rotation is enabled unless it says otherwise.

    A dual authorization that is not configured is taken from the cloud; a rotation that is not configured is removed.
    """

    TYPE = "ibm_kms_key_policies"
    DEFAULTS: dict[str, Any] = {"rotation": None}
    BLOCKS: dict[str, dict[str, Any]] = {
        "rotation": {"enabled": True, "interval_month": 0},
        "dual_auth_delete": {"enabled": False},
    }

    def __init__(self, session: Any, **configuration: Any) -> None:
        super().__init__(session, **complete(self.BLOCKS, configuration))

    def create(self) -> str:
        client = self.session.key_protect(self.configuration["instance_id"])
        word = self.configuration.get("alias") or self.configuration["key_id"]
        key = client.key(word)
        set_policies_of_key(client, word, self.configuration)
        return str(key["crn"])

    def read(self) -> dict[str, Any]:
        client = self.client()
        if not self.key_there(client):
            return {}
        blocks = policies_of_key(client, self.key)
        state = {
            name: {each: blocks[name][each] for each in members} if name in blocks else None
            for name, members in self.BLOCKS.items()
        }
        return {"instance_id": self.id.split(":")[-3], "key_id": self.key, **state}

    def update(self, changes: dict[str, Any]) -> None:
        """Each policy of the configuration by a call of its own; a rotation without an interval keeps its interval."""
        self.configuration = complete(self.BLOCKS, self.configuration)
        client = self.client()
        for item, kind in key_policies(self.configuration, interval_of_none=None):
            client.first("PUT", f"/keys/{self.key}/policies?policy={kind}", policies(item))

    def delete(self) -> None:
        """Policies end with their key: the provider calls nothing."""


class InstancePolicies(Resource):
    """The policies of an instance. A policy that the configuration does not have is not looked at."""

    TYPE = "ibm_kms_instance_policies"
    BLOCKS: dict[str, dict[str, Any]] = {
        "dual_auth_delete": {"enabled": False},
        "rotation": {"enabled": False, "interval_month": 0},
        "metrics": {"enabled": False},
        "key_create_import_access": {
            "enabled": False,
            "create_root_key": True,
            "create_standard_key": True,
            "import_root_key": True,
            "import_standard_key": True,
            "enforce_token": False,
        },
    }

    def __init__(self, session: Any, **configuration: Any) -> None:
        super().__init__(session, **complete(self.BLOCKS, configuration))

    def create(self) -> str:
        """The provider ignores it when the policies are refused: the plan that follows shows them missing."""
        client = self.session.key_protect(self.configuration["instance_id"])
        with suppress(CallFailed):
            self.set_policies(client)
        return str(client.crn)

    def set_policies(self, client: GoClient) -> None:
        items = []
        for kind, name in BLOCKS_OF_INSTANCES.items():
            if name in self.configuration:
                block = self.configuration[name]
                attributes = {each: value for each, value in block.items() if each != "enabled"}
                data = {"enabled": block["enabled"]}
                if attributes and block["enabled"]:  # when it is disabled, the provider sends none
                    data["attributes"] = attributes
                items.append({"policy_type": kind, "policy_data": data})
        assert client("PUT", "/instance/policies", policies(*items)) is None

    def read(self) -> dict[str, Any]:
        guid = self.id.split(":")[-3]
        blocks = policies_of_instance(self.session.key_protect(guid))
        state = {
            name: {each: blocks[name].get(each, type(value)()) for each, value in members.items()}
            if name in blocks
            else None
            for name, members in self.BLOCKS.items()
            if name in self.configuration
        }
        return {"instance_id": guid, **state}

    def update(self, changes: dict[str, Any]) -> None:
        self.configuration = complete(self.BLOCKS, self.configuration)
        self.set_policies(self.session.key_protect(self.configuration["instance_id"]))

    def delete(self) -> None:
        """Policies end with their instance: the provider calls nothing."""


class KeyWithPolicyOverrides(RootOrStandardKey):
    """Its policies are taken from the cloud when the configuration has none. It never sends a description."""

    TYPE = "ibm_kms_key_with_policy_overrides"
    PATH = "/keys_with_policy_overrides"

    def prototype(self) -> dict[str, Any]:
        members = {"rotation": "rotation", "dual_auth_delete": "dualAuthDelete"}
        blocks = {member: self.configuration.get(block) for block, member in members.items()}
        return {**super().prototype(), **blocks, "description": ""}

    def create(self) -> str:
        """With both policies, the provider sets them once more after the creation."""
        id = super().create()
        if {"rotation", "dual_auth_delete"} <= self.configuration.keys():
            client = self.session.key_protect(self.configuration["instance_id"])
            set_policies_of_key(client, id.split(":")[-1], self.configuration)
        return id

    def read_by(self, client: GoClient) -> dict[str, Any]:
        state = super().read_by(client)
        if not state:
            return {}
        blocks = policies_of_key(client, state["key_id"])
        members = {"rotation": ("enabled", "interval_month"), "dual_auth_delete": ("enabled",)}
        return state | {name: {each: block[each] for each in members[name]} for name, block in blocks.items()}

    def update(self, changes: dict[str, Any]) -> None:
        if {"rotation", "dual_auth_delete"} <= self.configuration.keys():
            set_policies_of_key(self.client(), self.key, self.configuration)


def complete(blocks: dict[str, dict[str, Any]], configuration: dict[str, Any]) -> dict[str, Any]:
    """The configuration with the defaults of the schema in its blocks."""
    return {
        name: {**blocks[name], **value} if name in blocks and value else value for name, value in configuration.items()
    }


def key_policies(configuration: dict[str, Any], *, interval_of_none: int | None) -> list[tuple[dict[str, Any], str]]:
    """The items of a request to set the configured policies of a key, each with its type."""
    items: list[tuple[dict[str, Any], str]] = []
    if configuration.get("rotation"):
        rotation = {"enabled": configuration["rotation"]["enabled"]}
        interval = configuration["rotation"]["interval_month"] or interval_of_none
        if interval is not None:
            rotation["interval_month"] = interval
        items.append(({"type": POLICY_TYPE, "rotation": rotation}, "rotation"))
    if configuration.get("dual_auth_delete"):
        enabled = configuration["dual_auth_delete"]["enabled"]
        items.append(({"type": POLICY_TYPE, "dualAuthDelete": {"enabled": enabled}}, "dualAuthDelete"))
    return items


def set_policies_of_key(client: GoClient, word: str, configuration: dict[str, Any]) -> None:
    """All policies in one call that names none; without an interval, the client sends -1, to be told what is wrong."""
    items = [item for item, _ in key_policies(configuration, interval_of_none=-1)]
    assert client("PUT", f"/keys/{word}/policies", policies(*items)) is not None
