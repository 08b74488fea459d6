"""IBM's Terraform provider as a caller: what it and its Go client take for success, and what they read without looking.

Facts from ``ibm/service`` of the provider 2.5.0 and from Key Protect's Go client 0.17.2. Where Go would fail to decode
or dereference nil, these functions raise.
"""

import json
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

from django.http import HttpResponse

from tests.keyprotect.calls import KeyProtect, new_key

INSTANCES = "/v2/resource_instances"
CREATED_AGAIN = {"id": "created again"}
"""The plan for a resource that is gone."""


class CallFailed(Exception):
    """What the provider reports as the error of an operation: an answer that is no success to it."""

    def __init__(self, answer: HttpResponse) -> None:
        super().__init__(f"{answer.status_code}: {answer.content.decode()}")
        self.status = answer.status_code


class GoClient:
    """Key Protect's Go client, for one operation on one instance. It sends no content type."""

    def __init__(self, api: KeyProtect, instance: dict[str, Any]) -> None:
        self.api, self.crn = api, instance["crn"]
        endpoints = instance["extensions"]["endpoints"]
        assert all(isinstance(endpoints[each], str) for each in ("public", "private"))

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The decoded body of 200 or 201; None when there is none.

        Raises CallFailed for every other answer but 204, and ValueError for 200 without JSON.
        """
        answer = self.api(method, path, body, Accept="application/json", **headers)
        if answer.status_code == 204 or (answer.status_code == 201 and not answer.content):
            return None
        if answer.status_code not in (200, 201):
            raise CallFailed(answer)
        return json.loads(answer.content)

    def first(self, method: str, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
        """The first resource of the answer, which the client takes without looking whether there is one."""
        resource: dict[str, Any] = self(method, path, body, **headers)["resources"][0]
        return resource

    def resources(self, path: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self("GET", path).get("resources", [])
        return rows

    def key(self, word: str) -> dict[str, Any]:
        """The key with this id or alias."""
        return decoded_key(self.first("GET", f"/keys/{word}"))


class Session:
    """The provider's session with an operator's token."""

    def __init__(self, operator: KeyProtect) -> None:
        self.operator = operator

    def platform(self, method: str, path: str, body: Any = None) -> Any:
        """The decoded answer of the resource controller, resource manager, catalog, tagging or search.

        Raises CallFailed unless it is 2xx.
        """
        answer: Any = self.operator.client.generic(
            method,
            path,
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            headers={"Authorization": self.operator.headers["Authorization"]},
        )
        if answer.status_code // 100 != 2:
            raise CallFailed(answer)
        return json.loads(answer.content) if answer.content else None

    def instance(self, word: str) -> Any:
        """The instance with this GUID or CRN."""
        return self.platform("GET", f"{INSTANCES}/{quote(word, safe=':')}")

    def key_protect(self, guid: str) -> GoClient:
        """What each operation on a resource of Key Protect begins with: the instance is read for its address."""
        return GoClient(KeyProtect(guid, *self.operator.subject), self.instance(guid))


Kind = TypeVar("Kind", bound="Resource")


class Resource:
    """A resource of a configuration, with what Terraform stores of it.

    ``DEFAULTS`` are the members that a configuration has, except those that Terraform takes from the cloud when it has
    none.
    """

    TYPE = ""
    DEFAULTS: dict[str, Any] = {}

    def __init__(self, session: Session, **configuration: Any) -> None:
        self.session = session
        self.configuration = {**self.DEFAULTS, **configuration}
        self.id = ""
        self.state: dict[str, Any] = {}

    def create(self) -> str:
        """The id that the provider gives the resource."""
        raise NotImplementedError

    def read(self) -> dict[str, Any]:
        """What the provider stores; nothing when it takes the resource for gone."""
        raise NotImplementedError

    def exists(self) -> bool:
        """What a refresh asks before it reads, where the provider has a question of its own for this."""
        return True

    def update(self, changes: dict[str, Any]) -> None:
        raise NotImplementedError

    def delete(self) -> None:
        raise NotImplementedError

    def apply(self, **changes: Any) -> None:
        """Create the resource, or change the members of its configuration that are given."""
        self.configuration |= changes
        if not self.id:
            self.id = self.create()
        else:
            self.update(changes)
        self.state = self.read()

    def plan(self) -> dict[str, Any]:
        """What another ``terraform apply`` would change: pairs of configured and read, or that it would create it."""
        self.state = self.read() if self.exists() else {}
        if not self.state:
            return CREATED_AGAIN
        return {
            name: (value, self.state[name]) for name, value in self.configuration.items() if self.state[name] != value
        }

    def destroy(self) -> None:
        self.delete()


def applied(resource: Kind) -> Kind:
    """The resource after its creation, which a second plan leaves as it is."""
    resource.apply()
    assert resource.plan() == {}
    return resource


def changed(resource: Kind, **changes: Any) -> Kind:
    """The same resource after a change of its configuration, which a second plan leaves as it is."""
    id = resource.id
    resource.apply(**changes)
    assert resource.plan() == {}
    assert resource.id == id
    return resource


def key_collection(key: dict[str, Any]) -> dict[str, Any]:
    """The body that creates this key: the client leaves out what is empty."""
    members = {name: value for name, value in key.items() if value or name == "extractable"}
    return new_key(**members)


def decoded_key(key: dict[str, Any]) -> dict[str, Any]:
    """A key as Go decodes it: a text that is missing is empty, and an instant must be one.

    Raises KeyError for an id, a CRN or a name that is missing, and ValueError for an instant that is none.
    """
    for name, value in key.items():
        if name.endswith("Date"):
            datetime.fromisoformat(value)
    texts = dict.fromkeys(("description", "keyRingID", "expirationDate", "encryptedNonce", "iv"), "")
    assert len(key["crn"].split(":")) == 10
    return texts | key | {"id": key["id"], "name": key["name"]}


def policies_of_key(client: GoClient, word: str) -> dict[str, dict[str, Any]]:
    """The policies of a key by the names of Terraform's blocks, dereferenced as the provider does.

    Raises KeyError for a member that is missing.
    """
    blocks: dict[str, dict[str, Any]] = {}
    for policy in client.resources(f"/keys/{word}/policies"):
        block = {"id": policy["crn"].split(":")[9], "crn": policy["crn"]}
        block |= {"created_by": policy["createdBy"], "updated_by": policy["updatedBy"]}
        for name in ("creationDate", "lastUpdateDate"):
            block[name] = datetime.fromisoformat(policy[name])
        if "rotation" in policy:
            rotation = policy["rotation"]
            block |= {"interval_month": rotation.get("interval_month", 0), "enabled": rotation["enabled"]}
            blocks["rotation"] = block
        else:
            blocks["dual_auth_delete"] = block | {"enabled": policy["dualAuthDelete"]["enabled"]}
    return blocks


BLOCKS_OF_INSTANCES = {
    "dualAuthDelete": "dual_auth_delete",
    "metrics": "metrics",
    "keyCreateImportAccess": "key_create_import_access",
    "rotation": "rotation",
}
"""The types of policies with the names of Terraform's blocks, in the order of the client's requests."""


def policies_of_instance(client: GoClient, query: str = "") -> dict[str, dict[str, Any]]:
    """The policies of an instance by the names of Terraform's blocks, dereferenced as the provider does.

    Raises KeyError for a member that is missing; that of key creation must have attributes, also when it is disabled.
    """
    blocks: dict[str, dict[str, Any]] = {}
    for policy in client.resources(f"/instance/policies{query}"):
        block = {"created_by": policy["createdBy"], "updated_by": policy["updatedBy"]}
        for name in ("creationDate", "lastUpdated"):
            block[name] = datetime.fromisoformat(policy[name])
        kind, data = policy["policy_type"], policy["policy_data"]
        attributes = data["attributes"] if kind == "keyCreateImportAccess" else data.get("attributes", {})
        if kind in BLOCKS_OF_INSTANCES:
            blocks[BLOCKS_OF_INSTANCES[kind]] = block | {"enabled": data["enabled"], **attributes}
    return blocks
