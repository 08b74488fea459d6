"""An account with at least one thing of every kind, and the path to it for every path of the OpenAPI document.

A route of a new kind is not found here, and every test that walks the routes fails until something is made for it.
"""

import json
import re
from typing import Any

from controlplane.activity.record import Party
from controlplane.kernel.caller import Caller
from controlplane.objectstore.services import create_bucket
from controlplane.resourcecontroller.api.not_simulated import KINDS as LEFT_OUT
from servers.api.not_simulated import KINDS
from servers.models import VPC
from tests.api.calling import call
from tests.api.vpc import settle
from tests.build import FACTS
from tests.certified import issue
from tests.docs.document import Documented
from tests.instances import KMS, deleted_instance, make_instance, plan_of, store_instance
from tests.policies import attribute
from tests.world import make_server, make_subnet
from trustedprofiles.models import Account, User

PLACEHOLDER = re.compile(r"\{\w+\}")
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKjG3kpn6sbSLUyT8fKwIhLlzZzkmN0cYVmUG1Yb0YwG"
PREFERENCES = "/v1/preferences/accounts/{account_id}/identities/{iam_id}"
# What stands in a path and is no account's own.
CATALOG = {
    "/v1/bare_metal_server/profiles/{name}": "bx2-metal-96x384",
    "/v1/operating_systems/{name}": "ubuntu-22-04-amd64",
    "/v1/regions/{name}": "us-south",
    "/v1/regions/{region_name}": "us-south",
    "/v1/regions/{region_name}/zones/{name}": "us-south-1",
    "/v1/profiles/{profile_id}/identities/{identity_type}": "user",
    f"{PREFERENCES}/{{service}}": "console",
    f"{PREFERENCES}/{{service}}/{{preference_id}}": "landing_page",
    **{f"/v1/{kind.path}/{{id}}": "none" for kind in KINDS},
    "/api/v1/{entry_id}": "kms",
    "/api/v1/{entry_id}/{child_kind}": "plan",
    "/v1/reclamations/{reclamation_id}/actions/{action_name}": "restore",
    **{f"/v2/{kind.many}/{{{kind.one}_id}}": "none" for kind in LEFT_OUT},
}
OWN_SERVER = "/_baremint/bare_metal_servers/{server_id}"
ATTACHMENTS = "/v1/bare_metal_servers/{server_id}/network_attachments"


class Everything:
    """What one account has."""

    def __init__(self, account: Account, owner: Caller) -> None:
        self.account, self.owner = account, owner
        self.query = f"version=2025-08-26&generation=2&account_id={account.id}"
        hub = self.post("/v1/vpcs", {"dns": {"enable_hub": True}})
        make_subnet(account, vpc=VPC.objects.get(id=self.post("/v1/vpcs", {})))
        user = f"IBMid-{account.id[:10].upper()}"
        self.server = make_server(account, name="everything")
        subnet = {"id": self.server.vpc.subnets.get().id}
        source = {"file": {"href": "cos://us-south/b/i.qcow2"}, "operating_system": {"name": "ubuntu-22-04-amd64"}}
        image = self.post("/v1/images", source)
        self._make_bucket()
        self.post(f"/v1/images/{image}/export_jobs", {"storage_bucket": {"name": "everything"}})
        attached = self.post(
            "/v1/bare_metal_servers",
            {
                "profile": {"name": "bx2-metal-96x384"},
                "zone": {"name": "us-south-1"},
                "initialization": {"image": {"id": image}, "keys": []},
                "primary_network_attachment": {"virtual_network_interface": {"subnet": subnet}},
            },
        )
        settle(attached)
        interface = self.first(f"/v1/bare_metal_servers/{self.server.id}/network_interfaces")
        virtual = self.post("/v1/virtual_network_interfaces", {"subnet": subnet})
        for target in (interface, virtual):
            self.post("/v1/floating_ips", {"target": {"id": target}})
        gateway = {"vpc": {"id": self.server.vpc.id}, "zone": {"name": "us-south-1"}}
        attached_gateway = self.post("/v1/public_gateways", gateway)
        self.call("PUT", f"/v1/subnets/{subnet['id']}/public_gateway", {"id": attached_gateway})
        route = {"zone": {"name": "us-south-1"}, "destination": "10.9.0.0/24", "action": "drop"}
        self.post(f"/v1/vpcs/{self.server.vpc.id}/routes", route)
        self.post(f"/v1/vpcs/{self.server.vpc.id}/dns_resolution_bindings", {"vpc": {"id": hub}})
        reservation = {
            "capacity": {"total": 1},
            "committed_use": {"term": "one_year"},
            "profile": {"name": "bx2-metal-96x384", "resource_type": "bare_metal_server_profile"},
            "zone": {"name": "us-south-2"},
        }
        self.post("/v1/reservations", reservation)
        self.post("/v1/keys", {"public_key": KEY})
        profile = self.post("/v1/profiles", {"name": "everything", "account_id": account.id})
        self.post(f"/v1/profiles/{profile}/links", {"cr_type": "BMS", "link": {"crn": self.server.crn}})
        self.post(f"/v1/profiles/{profile}/rules", CLAIM_RULE)
        self.post(f"/v1/profiles/{profile}/identities/user", {"type": "user", "identifier": user})
        User.objects.create_user(f"person-{account.id}", iam_id=user, account=account)
        self.post("/v2/policies", self.policy)
        role = {"name": "Own", "display_name": "Own", "account_id": account.id, "service_name": "is"}
        self.post("/v2/roles", role | {"actions": ["is.vpc.vpc.read"]})
        group = self.post("/v2/groups", {"name": "everything"})
        self.call("PUT", f"/v2/groups/{group}/members", {"members": [{"iam_id": f"iam-{profile}", "type": "profile"}]})
        condition = {"claim": "department", "operator": "EQUALS", "value": '"sales"'}
        rule = {"expiration": 1, "realm_name": "https://idp.example.com", "conditions": [condition]}
        self.post(f"/v2/groups/{group}/rules", rule)
        self.post("/v1/serviceid_groups", {"name": "everything", "account_id": account.id})
        preferences = f"/v1/preferences/accounts/{account.id}/identities/iam-{profile}"
        self.call("PUT", f"{preferences}/console/landing_page", {"value_string": "/iam"})
        service_id = self.post("/v1/serviceids", {"name": "everything", "account_id": account.id})
        key = {"name": "everything", "iam_id": f"iam-{service_id}", "account_id": account.id}
        api_key = self.call("POST", "/v1/apikeys", key).json()
        self.headers = {"get_api_keys_details": {"IAM_ApiKey": api_key["apikey"]}}
        self.values = CATALOG | {
            "/v1/apikeys/{api_key_id}": api_key["id"],
            "/v1/accounts/{account_id}": account.id,
            "/v1/bare_metal_servers/{server_id}": self.server.id,
            "/v1/preferences/accounts/{account_id}": account.id,
            "/v1/preferences/accounts/{account_id}/identities/{iam_id}": f"iam-{profile}",
            "/v2/accounts/{account_id}": account.id,
            "/v2/accounts/{account_id}/users/{iam_id}": user,
            f"{ATTACHMENTS}/{{attachment_id}}": self.first(f"/v1/bare_metal_servers/{attached}/network_attachments"),
            OWN_SERVER: self.server.id,
            f"{OWN_SERVER}/certificates/{{certificate_id}}": issue(self.server).id,
            "/v1/images/{image_id}": image,
            "/v1/reclamations/{reclamation_id}": deleted_instance(account).reclamation_id,
            "/v2/resource_instances/{instance_id}": make_instance(account).guid,
            "/v1/virtual_network_interfaces/{interface_id}": virtual,
            "/v1/profiles/{profile_id}/identities/{identity_type}/{identifier_id}": user,
            "/v2/groups/{access_group_id}": group,
            "/v2/groups/{access_group_id}/members/{iam_id}": f"iam-{profile}",
            "/v2/groups/_allgroups/members/{iam_id}": f"iam-{profile}",
            "/v3/tags/{tag_name}": f"tag-of-{account.id}",
        }
        self.attached = attached
        tagged = {"tag_name": f"tag-of-{account.id}", "resources": [{"resource_id": self.server.crn}]}
        self.call("POST", "/v3/tags/attach", tagged)

    def _make_bucket(self) -> None:
        place = {"name": "everything", "service_instance": store_instance(self.account.id).guid, "location": "us-south"}
        by = Party(self.owner.iam_id)
        create_bucket(self.account.id, **place, event="cloud-object-storage.bucket.create", by=by)

    @property
    def policy(self) -> dict[str, Any]:
        return {
            "type": "access",
            "subject": {"attributes": [attribute("iam_id", "iam-Profile-outsider")]},
            "control": {"grant": {"roles": [{"role_id": "crn:v1:bluemix:public:iam::::role:Viewer"}]}},
            "resource": {"attributes": [attribute("accountId", self.account.id), attribute("serviceName", "is")]},
        }

    def call(self, method: str, path: str, body: Any = None, *, caller: Caller | None = None) -> Any:
        """As the owner unless another caller is named."""
        return call(method, f"{path}?{self.query}", body, caller=caller or self.owner)

    def post(self, path: str, body: dict[str, Any]) -> str:
        """The id of what is made."""
        answer = self.call("POST", path, body)
        assert answer.status_code in (200, 201), (path, answer.content)
        return str(answer.json().get("id", ""))

    def first(self, collection: str) -> str:
        """The id of the first thing in a list."""
        answer = self.call("GET", collection)
        assert answer.status_code == 200, (collection, answer.content)
        items = next((value for value in answer.json().values() if isinstance(value, list)), [])
        assert items, f"There is nothing at {collection}: make something."
        return str(items[0]["id"])

    def value(self, template: str) -> str:
        """What stands for the last placeholder of a path that ends with one."""
        if template not in self.values:
            collection = template.rpartition("/")[0]
            self.values[template] = self.first(self.path(collection))
        return self.values[template]

    def path(self, template: str) -> str:
        """A path of the document to something that is there."""
        if template.startswith(ATTACHMENTS):
            rest = template.removeprefix(ATTACHMENTS)
            filled = PLACEHOLDER.sub(lambda _: self.value(f"{ATTACHMENTS}/{{attachment_id}}"), rest)
            return f"/v1/bare_metal_servers/{self.attached}/network_attachments{filled}"
        return PLACEHOLDER.sub(lambda found: self.value(template[: found.end()]), template)

    def perform(self, operation: Documented, caller: Caller, path: str = "") -> Any:
        """The answer to a caller that asks for this operation on what is here, or at another path."""
        headers = self.headers.get(str(operation), {})
        return perform(operation, path or self.path(operation.path), self.query, caller, **headers)


def stripped(answer: Any, *ids: str) -> tuple[int, str]:
    """Status and body of an answer without its trace, and without what the caller named itself."""
    body = answer.json() if answer.content else {}
    for name in ("trace", "transaction_id"):
        body.pop(name, None)
    body.get("context", {}).pop("transaction_id", None)
    text = json.dumps(body, sort_keys=True)
    for each in ids:
        text = text.replace(each, "ID")
    return answer.status_code, text


CLAIM_RULE = {
    "type": "Profile-CR",
    "cr_type": "BMS",
    "conditions": [{"claim": "zone", "operator": "EQUALS", "value": '"us-south-1"'}],
}
SOMETHING_TAGGED = {"tag_name": "everything", "resources": [{"resource_id": FACTS.crn}]}
# What a request must say before the product decides about it.
BODIES: dict[str, Any] = {
    "attach_tag": SOMETHING_TAGGED,
    "detach_tag": SOMETHING_TAGGED,
    "search": {"query": "tags:everything"},
    "create_link": {"cr_type": "BMS", "link": {"crn": FACTS.crn}},
    "create_claim_rule": CLAIM_RULE,
    "update_claim_rule": CLAIM_RULE,
    "update_service_id_group": {"name": "everything"},
    "set_profile_identities": {"identities": []},
    "set_profile_identity": {"type": "user", "identifier": "IBMid-OUTSIDER1"},
    "create_resource_instance": {
        "name": "everything",
        "target": "us-south",
        "resource_group": "unknown",
        "resource_plan_id": plan_of(KMS),
    },
    "explain": {"subject": "iam-Profile-outsider", "action": "is.vpc.vpc.read"},
}
QUERIES = {
    "get_explanation": "subject=iam-Profile-outsider&action=is.vpc.vpc.read",
    "delete_link_by_parameters": "type=BMS",
}


def perform(
    operation: Documented, path: str, query: str, caller: Caller | None, *, method: str = "", **headers: str
) -> Any:
    """The answer to an operation asked for at a path. ``method`` is the operation's own unless given."""
    name = str(operation)
    body = None if operation.method in ("GET", "DELETE") else BODIES.get(name, {})
    query = "&".join(part for part in (query, QUERIES.get(name)) if part)
    return call(method or operation.method, f"{path}?{query}", body, caller=caller, If_Match="*", **headers)
