"""Keys, key rings and aliases in IBM's Terraform provider, each resource with its calls in the provider's order."""

from contextlib import suppress
from typing import Any

from tests.keyprotect.provider_session import CallFailed, GoClient, Resource, decoded_key, key_collection


class KeyRing(Resource):
    TYPE = "ibm_kms_key_rings"

    def create(self) -> str:
        client = self.session.key_protect(self.configuration["instance_id"])
        ring = self.configuration["key_ring_id"]
        assert client("POST", f"/key_rings/{ring}") is None  # a body would be decoded into nil
        assert ring in [each["id"] for each in client.resources("/key_rings")]
        return f"{ring}:keyRing:{client.crn}"

    def read(self) -> dict[str, Any]:
        """It asks for the key rings, and does not look for its own among them."""
        ring, _, crn = self.id.partition(":keyRing:")
        client = self.session.key_protect(crn.split(":")[-3])
        client.resources("/key_rings")
        return {"instance_id": crn.split(":")[-3], "key_ring_id": ring}

    def delete(self) -> None:
        """A refusal of the deletion is ignored."""
        ring, _, crn = self.id.partition(":keyRing:")
        client = self.session.key_protect(crn.split(":")[-3])
        with suppress(CallFailed):
            client("DELETE", f"/key_rings/{ring}?force=true")


class OfKey(Resource):
    """A resource whose id ends with the CRN of a key."""

    @property
    def key(self) -> str:
        return self.id.split(":")[-1]

    def client(self) -> GoClient:
        """The client for the instance that the id names."""
        return self.session.key_protect(self.id.split(":")[-3])

    def key_there(self, client: GoClient) -> dict[str, Any]:
        """The key; nothing when it is destroyed, or when the answer is 404 or 409."""
        try:
            key = client.key(self.key)
        except CallFailed as error:
            if error.status not in (404, 409):
                raise
            return {}
        return {} if key["state"] == 5 else key


class RootOrStandardKey(OfKey):
    TYPE = "ibm_kms_key"
    DEFAULTS: dict[str, Any] = {
        "key_ring_id": "default",
        "description": "",
        "standard_key": False,
        "expiration_date": "",
        "encrypted_nonce": "",
        "iv_value": "",
        "payload": "",
        "force_delete": False,
    }
    """The payload and ``force_delete`` are kept from the configuration, and not read."""

    PATH = "/keys"

    def prototype(self) -> dict[str, Any]:
        configuration = self.configuration
        return {
            "name": configuration["key_name"],
            "extractable": configuration["standard_key"],
            "description": configuration["description"],
            "expirationDate": configuration["expiration_date"],
            "payload": configuration["payload"],
            "encryptedNonce": configuration["encrypted_nonce"],
            "iv": configuration["iv_value"],
            "encryptionAlgorithm": "RSAES_OAEP_SHA_256" if configuration["iv_value"] else "",
        }

    def create(self) -> str:
        client = self.session.key_protect(self.configuration["instance_id"])
        ring = self.configuration["key_ring_id"]
        key = client.first("POST", self.PATH, key_collection(self.prototype()), X_Kms_Key_Ring=ring)
        return str(decoded_key(key)["crn"])

    def exists(self) -> bool:
        try:
            self.client().key(self.key)
        except CallFailed as error:
            if error.status != 404:
                raise
            return False
        return True

    def read(self) -> dict[str, Any]:
        return self.read_by(self.client())

    def read_by(self, client: GoClient) -> dict[str, Any]:
        key = self.key_there(client)
        if not key:
            return {}
        rows = client.resources(f"/keys/{key['id']}/registrations")
        return {
            "instance_id": self.id.split(":")[-3],
            "key_id": key["id"],
            "key_name": key["name"],
            "crn": key["crn"],
            "standard_key": key["extractable"],
            "description": key["description"],
            "key_ring_id": key["keyRingID"],
            "expiration_date": key["expirationDate"],
            "encrypted_nonce": key["encryptedNonce"],
            "iv_value": key["iv"],
            "registrations": [each["resourceCrn"] for each in rows],
            **{name: self.configuration[name] for name in ("payload", "force_delete")},
        }

    def update(self, changes: dict[str, Any]) -> None:
        """Only ``force_delete`` can be changed, and it is kept by Terraform alone."""
        assert changes.keys() <= {"force_delete"}

    def delete(self) -> None:
        force = str(self.configuration["force_delete"]).lower()
        self.client()("DELETE", f"/keys/{self.key}?force={force}", Prefer="return=representation")


class KeyAlias(OfKey):
    """Another name of the key with this ``key_id`` or ``existing_alias``."""

    TYPE = "ibm_kms_key_alias"

    def create(self) -> str:
        client = self.session.key_protect(self.configuration["instance_id"])
        word = self.configuration.get("key_id") or self.configuration["existing_alias"]
        alias = client.first("POST", f"/keys/{word}/aliases/{self.configuration['alias']}")
        return f"{alias['alias']}:alias:{client.key(alias['keyId'])['crn']}"

    def read(self) -> dict[str, Any]:
        key = self.key_there(self.client())
        if not key:
            return {}
        return {"instance_id": self.id.split(":")[-3], "alias": self.id.partition(":alias:")[0], "key_id": key["id"]}

    def delete(self) -> None:
        try:
            self.client()("DELETE", f"/keys/{self.key}/aliases/{self.id.partition(':alias:')[0]}")
        except CallFailed as error:
            if error.status != 404:
                raise
