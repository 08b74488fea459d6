"""Policies as tests write them: a role for a subject on VPC infrastructure, in the store's form and in both APIs'."""

from typing import Any

from tests.world import ACCOUNT
from trustedprofiles.services.policies import PolicyContent

GENERIC = ("Reader", "Writer", "Manager")
OWN_ROLES = {
    "Service Configuration Reader": "crn:v1:bluemix:public:iam::::role:ConfigReader",
    "Bare Metal Advanced Network Operator": "crn:v1:bluemix:public:iam::::serviceRole:BareMetalAdvancedNetworkOperator",
    "Bare Metal Console Admin": "crn:v1:bluemix:public:iam::::serviceRole:BareMetalConsoleAdmin",
    "IP Spoofing Operator": "crn:v1:bluemix:public:iam::::serviceRole:IPSpoofingOperator",
    "Console Administrator": "crn:v1:bluemix:public:iam::::serviceRole:VirtualServerConsoleAdmin",
    "VPN Client": "crn:v1:bluemix:public:iam::::serviceRole:VPNClient",
    "DNS Binding Connector": "crn:v1:bluemix:public:is::::serviceRole:DNSBindingConnector",
    "Content Reader": "crn:v1:bluemix:public:cloud-object-storage::::serviceRole:ContentReader",
    "Object Reader": "crn:v1:bluemix:public:cloud-object-storage::::serviceRole:ObjectReader",
    "Object Writer": "crn:v1:bluemix:public:cloud-object-storage::::serviceRole:ObjectWriter",
    "Service ID creator": "crn:v1:bluemix:public:iam-identity::::serviceRole:ServiceIdCreator",
    "User API key creator": "crn:v1:bluemix:public:iam-identity::::serviceRole:UserApiKeyCreator",
    "Groups Service Member Manage": "crn:v1:bluemix:public:iam-groups::::serviceRole:MemberManage",
    "Key Manager": "crn:v1:bluemix:public:resource-controller::::role:KeyManager",
    "ReaderPlus": "crn:v1:bluemix:public:kms::::serviceRole:ReaderPlus",
    "KeyPurge": "crn:v1:bluemix:public:kms::::serviceRole:KeyPurge",
    "KmipAdapterManager": "crn:v1:bluemix:public:kms::::serviceRole:KmipAdapterManager",
    "Monitor": "crn:v1:bluemix:public:cloudantnosqldb::::serviceRole:Monitor",
    "Satellite Link Administrator": "crn:v1:bluemix:public:satellite::::serviceRole:SatelliteLinkAdministrator",
}
VICTOR = "iam-Profile-11111111-1111-4111-8111-111111111111"


def role_crn(name: str) -> str:
    """The CRN by which ``GET /v2/roles`` lists the role of this name."""
    return OWN_ROLES.get(name) or f"crn:v1:bluemix:public:iam::::{'serviceRole' if name in GENERIC else 'role'}:{name}"


def attribute(key: str, value: Any, operator: str = "stringEquals") -> dict[str, Any]:
    return {"key": key, "operator": operator, "value": value}


def v1_attribute(name: str, value: Any, **operator: str) -> dict[str, Any]:
    return {"name": name, "value": value, **operator}


def make_content(
    iam_id: str = VICTOR, *roles: str, service: str = "is", more: tuple[dict[str, Any], ...] = (), **changes: Any
) -> PolicyContent:
    return PolicyContent(
        subject=changes.pop("subject", [attribute("iam_id", iam_id)]),
        resource=[attribute("accountId", ACCOUNT), attribute("serviceName", service), *more],
        roles=[role_crn(name) for name in roles or ["Viewer"]],
        **changes,
    )


def v1_policy(iam_id: str = VICTOR, *roles: str, **changes: Any) -> dict[str, Any]:
    resource = {"attributes": [v1_attribute("accountId", ACCOUNT), v1_attribute("serviceName", "is")]}
    return {
        "type": "access",
        "subjects": [{"attributes": [v1_attribute("iam_id", iam_id)]}],
        "roles": [{"role_id": role_crn(name)} for name in roles or ["Viewer"]],
        "resources": [resource],
    } | changes


def v2_policy(
    iam_id: str = VICTOR, *roles: str, more: tuple[dict[str, Any], ...] = (), **changes: Any
) -> dict[str, Any]:
    return {
        "type": "access",
        "subject": {"attributes": [attribute("iam_id", iam_id)]},
        "control": {"grant": {"roles": [{"role_id": role_crn(name)} for name in roles or ["Viewer"]]}},
        "resource": {"attributes": [attribute("accountId", ACCOUNT), attribute("serviceName", "is"), *more]},
    } | changes
