"""The resource of a question as the API would see it: which attributes a decision about the action is given."""

from collections.abc import Mapping

from controlplane.kernel.crn import Crn
from controlplane.kernel.errors import InvalidValue, ReferenceNotFound, Target
from controlplane.kernel.text import echoed
from identity.services.resource_lookup import (
    ACCESS_GROUP,
    ACL,
    API_KEY,
    FLOATING_IP,
    GROUP_OF_RULES,
    IMAGE,
    INTERFACE,
    KEY,
    NETWORK,
    POLICY,
    PROFILE,
    PUBLIC_GATEWAY,
    RESERVATION,
    RESOURCE_GROUP,
    ROLE,
    SERVER,
    SERVICE_ID,
    SUBNET,
    USER,
    VPC_KIND,
    Asker,
    Kind,
    named,
    nearest_of,
)
from servers.catalog import regions
from trustedprofiles import deployment_administrator, tag_rules
from trustedprofiles.actions import ACTIONS, service_of

EVERY_ACTION = tuple(action for actions in ACTIONS.values() for action in actions)
KNOWN_ACTIONS = frozenset(EVERY_ACTION) | deployment_administrator.ALWAYS
TAGGING = "global-search-tagging"
OUTSIDE = frozenset({"cloud-object-storage"})
"""Services that ask from outside: they alone know what they have."""
DEFAULT_OF_VPC = (ACL, GROUP_OF_RULES)
"""Of which each VPC has one of its own that is read by way of the VPC."""
OF_SEVERAL_GROUPS = frozenset({"iam-groups.members.add", "iam-groups.members.delete"})
"""Asked for one access group, or for all that the caller may change the members of."""
PREFERENCES = "iam-identity.preferences."
WITHOUT_REGION = "is.bare-metal-server.account-settings."
KINDS: tuple[tuple[str, Kind | None], ...] = (
    (WITHOUT_REGION, None),
    ("is.bare-metal-server.bare-metal-server-capacity.", None),
    ("is.bare-metal-server.bare-metal-server-profile.", None),
    ("is.bare-metal-server.", SERVER),
    ("is.image.", IMAGE),
    ("is.key.", KEY),
    ("is.vpc.", VPC_KIND),
    ("is.subnet.", SUBNET),
    ("is.virtual-network-interface.", INTERFACE),
    ("is.floating-ip.", FLOATING_IP),
    ("is.public-gateway.", PUBLIC_GATEWAY),
    ("is.reservation.", RESERVATION),
    ("is.security-group.", GROUP_OF_RULES),
    ("is.network-acl.", ACL),
    ("iam-identity.profile.", PROFILE),
    ("iam-identity.serviceid.", SERVICE_ID),
    ("iam-identity.apikey.", API_KEY),
    ("iam-access-management.role.", ROLE),
    ("iam-access-management.customRole.", ROLE),
    ("iam-access-management.policy.", POLICY),
    *((f"iam-groups.{part}.", ACCESS_GROUP) for part in ("groups", "members", "rules")),
    ("resource-controller.group.", RESOURCE_GROUP),
    ("user-management.user", USER),
)
"""What actions that begin so are about; None: about nothing that has an id."""
ATTRIBUTES = (
    *("accountId", "serviceName", "serviceType", "serviceInstance", "region"),
    *("resourceGroupId", "resourceType", "resource"),
    *(kind.attribute for kind in NETWORK),
)
RESOURCE = Target("resource")


def require_action(action: str) -> None:
    """Raises ReferenceNotFound for an action that no operation asks for, with those that are nearest."""
    if action in KNOWN_ACTIONS:
        return
    nearest = nearest_of(action.lower(), EVERY_ACTION, otherwise=" GET /v2/roles lists them all.")
    raise ReferenceNotFound(f"No operation asks for this action.{nearest}", target=Target("action"))


def kind_of(action: str) -> Kind | None:
    return next((kind for start, kind in KINDS if action.startswith(start)), None)


def is_list(action: str, resource: Mapping[str, str]) -> bool:
    """Whether it is asked for a list of things, not for one of them. Some actions are asked for both."""
    kind = kind_of(action)
    if action in OF_SEVERAL_GROUPS:
        return "resource" not in resource
    if kind is None:  # of what belongs to no account, or is not simulated
        return service_of(action) == "is" and action.endswith(".list")
    if action != kind.list:
        return False
    return action != kind.read or resource.get(kind.attribute, "*") == "*"


def resource_of(action: str, asked: str | Mapping[str, str], asker: Asker) -> dict[str, str]:
    """The attributes that the API would decide by: of the thing itself where one is named, by its name, id or CRN.

    Raises ReferenceNotFound for a thing and InvalidValue for an unknown attribute, and for a thing where the action is
    about all of them.
    """
    base = {"accountId": asker.caller.account_id, "serviceName": service_of(action)}
    if isinstance(asked, str):
        return base | _of_word(action, asked, asker)
    if service_of(action) in OUTSIDE or asked.get("accountId", base["accountId"]) != base["accountId"]:
        attributes = {name: value for name, value in asked.items() if name != tag_rules.CRN}
        return {**base, **attributes, **_crn_outside(base | attributes)}
    _require_attributes(action, asked)
    if service_of(action) == TAGGING:
        return {**base, **asked}
    if asked.get("serviceName", base["serviceName"]) != base["serviceName"]:
        raise InvalidValue(f"The action is one of {base['serviceName']}.", target=Target("resource.serviceName"))
    attributes = base | _attributes(action, _with_ids(action, asked, asker), asker)
    return base | {name: attributes[name] for name in asked if name in attributes} | attributes


def _crn_outside(resource: Mapping[str, str]) -> dict[str, str]:
    """The CRN of a bucket, or of a whole service instance, by which its access tags are known."""
    instance, name = resource.get("serviceInstance", ""), resource.get("resource", "")
    if not instance or resource["serviceName"] not in OUTSIDE:
        return {}
    crn = Crn(
        resource["serviceName"], "global", resource["accountId"], resource.get("resourceType", ""), name, instance
    )
    return {tag_rules.CRN: str(crn)}


def _of_word(action: str, word: str, asker: Asker) -> dict[str, str]:
    if service_of(action) == TAGGING:
        return _tagged(word, asker)
    kind = kind_of(action)
    if kind is API_KEY and action in kind.of_all:
        kind = SERVICE_ID  # whose keys they are
    if service_of(action) in OUTSIDE or kind is None or action in kind.of_all:
        raise InvalidValue(f"{action} is not asked for one thing by name. Leave the resource out.", target=RESOURCE)
    return kind.attributes(named(kind, word, asker, target="resource"), asker.caller.account_id)


def _tagged(word: str, asker: Asker) -> dict[str, str]:
    """What carries tags goes by its CRN; it need not be there, but it is of the account."""
    try:
        crn = tag_rules.parse_resource(word)
    except ValueError as problem:
        raise InvalidValue(str(problem), target=RESOURCE) from None
    if crn.account_id != asker.caller.account_id:
        raise ReferenceNotFound("There is no resource of this CRN in your account.", target=RESOURCE)
    return tag_rules.attributes_of(crn)


def _require_attributes(action: str, asked: Mapping[str, str]) -> None:
    tagging_asks = service_of(action) == TAGGING  # of whatever its CRN says that it is
    for name in asked:
        if name not in ATTRIBUTES and not (tagging_asks and name.endswith("Id")):
            nearest = nearest_of(name, ATTRIBUTES, otherwise=f" There are: {', '.join(ATTRIBUTES)}.")
            raise InvalidValue(f"A resource has no such attribute.{nearest}", target=Target(f"resource.{echoed(name)}"))
    if (region := asked.get("region")) is not None and region not in regions():
        nearest = nearest_of(region, regions(), otherwise=f" There are: {', '.join(regions())}.")
        raise ReferenceNotFound(f"There is no such region.{nearest}", target=Target("resource.region"))


def _with_ids(action: str, asked: Mapping[str, str], asker: Asker) -> dict[str, str]:
    """The same attributes, and for each thing that they name beside the one that the action is about, its id."""
    own = kind_of(action)
    if own and asked.get(own.attribute, "*") != "*":
        return dict(asked)  # what that one is in counts, not what the question says it is in
    others = [*((kind.attribute, kind) for kind in NETWORK), ("resourceGroupId", RESOURCE_GROUP)]
    ids = {
        name: str(named(kind, asked[name], asker, target=f"resource.{name}").id)
        for name, kind in others
        if asked.get(name, "*") != "*"
    }
    return {**asked, **ids}


def _attributes(action: str, said: Mapping[str, str], asker: Asker) -> dict[str, str]:
    kind = kind_of(action)
    region = said.get("region", asker.region)
    if action.startswith(PREFERENCES):
        return {"resourceType": "preferences"}
    if kind is None:
        everywhere = service_of(action) != "is" or action.startswith(WITHOUT_REGION)
        return {} if everywhere else {"region": region}
    if kind is API_KEY and said.get("resourceType") == "serviceid":  # whose keys belong to it (D-72)
        kind = SERVICE_ID
    id = said.get(kind.attribute, "*")
    if id != "*":
        if action in kind.of_all:
            raise InvalidValue(f"{action} is about every {kind.noun}, not about one.", target=RESOURCE)
        return kind.attributes(named(kind, id, asker, target="resource"), asker.caller.account_id)
    if kind in DEFAULT_OF_VPC and said.get("vpcId", "*") != "*":
        return named(VPC_KIND, said["vpcId"], asker, target="resource.vpcId").policy_attributes
    if action in kind.of_all:
        # Of all regions at once, the list of addresses asks so.
        return dict(kind.everything) if "region" not in said and kind.attribute in said else kind.every(region)
    place = {"region": region} if kind in NETWORK else {}
    return place | {name: value for name, value in said.items() if name not in ("serviceName", "serviceType")}
