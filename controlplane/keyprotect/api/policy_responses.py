"""Answers about policies, import tokens and registrations (Key Protect contract, sections 2.1, 2.5 and 2.6)."""

from typing import NotRequired, TypedDict

from controlplane.kernel.timestamps import seconds
from controlplane.keyprotect import base64_text
from controlplane.keyprotect.api.responses import KeyCollectionMetadata, KeyRotation, KeyVersionBody, rotation_body
from controlplane.keyprotect.models import ImportToken, InstancePolicy, KeyPolicy, Registration
from controlplane.keyprotect.policies import ROTATION
from controlplane.keyprotect.policy_requests import POLICY_TYPE

ALLOWED_PORT, REGISTRATION = (
    f"application/vnd.ibm.kms.{each}+json" for each in ("allowed_ip_metadata", "registration")
)


class KeyDualAuthBody(TypedDict):
    enabled: bool


class KeyPolicyBody(TypedDict):
    """One of ``rotation`` and ``dualAuthDelete``. ``id`` and ``crn`` are those of the key."""

    id: str
    crn: str
    type: str
    createdBy: str
    creationDate: str
    updatedBy: str
    lastUpdateDate: str
    rotation: NotRequired[KeyRotation]
    dualAuthDelete: NotRequired[KeyDualAuthBody]


class KeyPolicyList(TypedDict):
    metadata: KeyCollectionMetadata
    resources: NotRequired[list[KeyPolicyBody]]


class InstancePolicyAttributesBody(TypedDict, total=False):
    """Each kind of policy has some of them."""

    interval_month: int
    create_root_key: bool
    create_standard_key: bool
    import_root_key: bool
    import_standard_key: bool
    enforce_token: bool
    allowed_network: str
    allowed_ip: list[str]


class InstancePolicyDataBody(TypedDict):
    enabled: bool
    attributes: NotRequired[InstancePolicyAttributesBody]


class InstancePolicyBody(TypedDict):
    policy_type: str
    policy_data: InstancePolicyDataBody
    createdBy: str
    creationDate: str
    updatedBy: str
    lastUpdated: str


class InstancePolicyList(TypedDict):
    metadata: KeyCollectionMetadata
    resources: NotRequired[list[InstancePolicyBody]]


class AllowedPortList(TypedDict):
    """Always without resources."""

    metadata: KeyCollectionMetadata


class ImportTokenBody(TypedDict):
    creationDate: str
    expirationDate: str
    maxAllowedRetrievals: int
    remainingRetrievals: int


class RetrievedImportToken(ImportTokenBody):
    """``payload`` is the public key, as PEM in base64; ``nonce`` has 12 bytes, in base64."""

    payload: str
    nonce: str


class RegistrationBody(TypedDict):
    keyId: str
    keyName: str
    resourceCrn: str
    createdBy: str
    creationDate: str
    updatedBy: str
    lastUpdated: str
    description: str
    preventKeyDeletion: bool
    keyVersion: KeyVersionBody


class RegistrationList(TypedDict):
    metadata: KeyCollectionMetadata
    resources: NotRequired[list[RegistrationBody]]


def key_policy_body(policy: KeyPolicy) -> KeyPolicyBody:
    body: KeyPolicyBody = {
        "id": policy.key.identifier,
        "crn": policy.key.crn,
        "type": POLICY_TYPE,
        "createdBy": policy.created_by,
        "creationDate": seconds(policy.created_at),
        "updatedBy": policy.updated_by,
        "lastUpdateDate": seconds(policy.updated_at),
    }
    if policy.kind == ROTATION:
        body["rotation"] = rotation_body(policy)
    else:
        body["dualAuthDelete"] = {"enabled": policy.enabled}
    return body


def instance_policy_body(policy: InstancePolicy) -> InstancePolicyBody:
    data: InstancePolicyDataBody = {"enabled": policy.enabled}
    if policy.attributes:
        data["attributes"] = policy.attributes
    return {
        "policy_type": policy.kind,
        "policy_data": data,
        "createdBy": policy.created_by,
        "creationDate": seconds(policy.created_at),
        "updatedBy": policy.updated_by,
        "lastUpdated": seconds(policy.updated_at),
    }


def import_token_body(token: ImportToken) -> ImportTokenBody:
    return {
        "creationDate": seconds(token.created_at),
        "expirationDate": seconds(token.expires_at),
        "maxAllowedRetrievals": token.most_retrievals,
        "remainingRetrievals": token.most_retrievals - token.retrievals,
    }


def retrieved_body(token: ImportToken) -> RetrievedImportToken:
    return {
        **import_token_body(token),
        "payload": base64_text.encode(token.public_key.encode()),
        "nonce": base64_text.encode(bytes(token.challenge)),
    }


def registration_body(registration: Registration) -> RegistrationBody:
    return {
        "keyId": registration.key.identifier,
        "keyName": registration.key.name,
        "resourceCrn": registration.resource_crn,
        "createdBy": registration.created_by,
        "creationDate": seconds(registration.created_at),
        "updatedBy": registration.updated_by,
        "lastUpdated": seconds(registration.updated_at),
        "description": registration.description,
        "preventKeyDeletion": registration.prevents_deletion,
        "keyVersion": {
            "id": registration.version.identifier,
            "creationDate": seconds(registration.version.created_at),
        },
    }
