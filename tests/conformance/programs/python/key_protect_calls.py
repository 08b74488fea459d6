"""Calls of IBM's Key Protect client. What goes in and comes out has the same names in all languages."""

from collections.abc import Callable
from typing import Any

from ibm_cloud_sdk_core import DetailedResponse
from keyprotect import IbmKeyProtectApiV2

KEY = "application/vnd.ibm.kms.key+json"
POLICY = "application/vnd.ibm.kms.policy+json"
Answer = dict[str, Any]
Call = dict[str, Any]


def create(client: IbmKeyProtectApiV2, call: Call) -> Answer:
    prototype = {"type": KEY, "name": call["name"], "extractable": False}
    body = {"metadata": {"collectionType": KEY, "collectionTotal": 1}, "resources": [prototype]}
    return {"key": first(client.create_key(call["instance"], body))}


def get(client: IbmKeyProtectApiV2, call: Call) -> Answer:
    return {"key": first(client.get_key(call["key"], call["instance"]))}


def list_keys(client: IbmKeyProtectApiV2, call: Call) -> Answer:
    return ids(client.get_keys(call["instance"]))


def wrap(client: IbmKeyProtectApiV2, call: Call) -> Answer:
    wrapped = client.wrap_key(call["key"], call["instance"]).get_result()
    version = wrapped["keyVersion"]["id"]
    return {"plaintext": wrapped["plaintext"], "ciphertext": wrapped["ciphertext"], "version": version}


def unwrap(client: IbmKeyProtectApiV2, call: Call) -> Answer:
    body = {"ciphertext": call["ciphertext"]}
    unwrapped = client.unwrap_key(call["key"], call["instance"], body).get_result()
    return {"plaintext": unwrapped["plaintext"], "rewrapped": unwrapped.get("ciphertext", "")}


def delete(client: IbmKeyProtectApiV2, call: Call) -> Answer:
    prefer = "return=minimal" if call.get("minimal") else "return=representation"
    return {"key": first(client.delete_key(call["key"], call["instance"], prefer=prefer))}


def rotate(client: IbmKeyProtectApiV2, call: Call) -> Answer:
    client.rotate_key(call["key"], call["instance"])
    return {}


def versions(client: IbmKeyProtectApiV2, call: Call) -> Answer:
    return ids(client.get_key_versions(call["key"], call["instance"]))


def disable(client: IbmKeyProtectApiV2, call: Call) -> Answer:
    client.disable_key(call["key"], call["instance"])
    return {}


def set_rotation_policy(client: IbmKeyProtectApiV2, call: Call) -> Answer:
    body = collection({"type": POLICY, "rotation": {"interval_month": call["months"]}})
    return {"policy": first(client.put_policy(call["key"], call["instance"], body, policy="rotation"))}


def rotation_policy(client: IbmKeyProtectApiV2, call: Call) -> Answer:
    return {"policy": first(client.get_policy(call["key"], call["instance"], policy="rotation"))}


def set_instance_rotation_policy(client: IbmKeyProtectApiV2, call: Call) -> Answer:
    data = {"enabled": call["enabled"], "attributes": {"interval_month": call["months"]}}
    body = collection({"policy_type": "rotation", "policy_data": data})
    client.put_instance_policy(call["instance"], body, policy="rotation")
    return {}


def instance_rotation_policy(client: IbmKeyProtectApiV2, call: Call) -> Answer:
    return {"policy": first(client.get_instance_policy(call["instance"], policy="rotation"))}


def create_import_token(client: IbmKeyProtectApiV2, call: Call) -> Answer:
    life = {"expiration": call["seconds"], "max_allowed_retrievals": call["reads"]}
    return {"token": client.post_import_token(call["instance"], **life).get_result()}


def import_token(client: IbmKeyProtectApiV2, call: Call) -> Answer:
    return {"token": client.get_import_token(call["instance"]).get_result()}


def collection(policy: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"collectionType": POLICY, "collectionTotal": 1}, "resources": [policy]}


def first(response: DetailedResponse) -> Any:
    """The first resource of an answer; None where it has none."""
    result = response.get_result()
    return result.get("resources", [None])[0] if isinstance(result, dict) else None


def ids(response: DetailedResponse) -> Answer:
    return {"ids": [each["id"] for each in response.get_result().get("resources", [])]}


CALLS: dict[str, Callable[[IbmKeyProtectApiV2, Call], Answer]] = {
    "create": create,
    "get": get,
    "list": list_keys,
    "wrap": wrap,
    "unwrap": unwrap,
    "delete": delete,
    "rotate": rotate,
    "versions": versions,
    "disable": disable,
    "set_rotation_policy": set_rotation_policy,
    "rotation_policy": rotation_policy,
    "set_instance_rotation_policy": set_instance_rotation_policy,
    "instance_rotation_policy": instance_rotation_policy,
    "create_import_token": create_import_token,
    "import_token": import_token,
}
