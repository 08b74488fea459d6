"""The resource of a question as the API would see it: the attributes by which a decision about the action is made."""

from collections.abc import Mapping
from contextlib import suppress

from controlplane.cloudservice.registry import services
from controlplane.instances.models import GLOBAL
from controlplane.kernel.crn import Crn
from controlplane.kernel.errors import InvalidValue, ReferenceNotFound, Target
from controlplane.kernel.text import echoed
from identity.services.instance_lookup import INSTANCE
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
OUTSIDE = services()
"""Services that ask for decisions over HTTP; only they know their resources."""
DEFAULT_OF_VPC = (ACL, GROUP_OF_RULES)
"""Kinds of which each VPC has a default one that is read through the VPC."""
OF_SEVERAL_GROUPS = frozenset({"iam-groups.members.add", "iam-groups.members.delete"})
"""Actions that are asked for one access group, or for all whose members the caller may change."""
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
    ("resource-controller.instance.", INSTANCE),
    ("user-management.user", USER),
)
"""The kind of resource that actions with this prefix are about; None when it has no id."""
ATTRIBUTES = (
    *("accountId", "serviceName", "serviceType", "serviceInstance", "region"),
    *("resourceGroupId", "resourceType", "resource"),
    *(kind.attribute for kind in NETWORK),
)
RESOURCE = Target("resource")


def require_action(action: str) -> None:
    """Raise ReferenceNotFound, which names the nearest actions, for an action that no operation asks for."""
    if action in KNOWN_ACTIONS:
        return
    nearest = nearest_of(action.lower(), EVERY_ACTION, otherwise=" GET /v2/roles lists them all.")
    raise ReferenceNotFound(f"No operation asks for this action.{nearest}", target=Target("action"))


def kind_of(action: str) -> Kind | None:
    return next((kind for start, kind in KINDS if action.startswith(start)), None)


def is_list(action: str, resource: Mapping[str, str]) -> bool:
    """Return whether the action is asked for a list of resources, not for one of them. Some are asked for both."""
    kind = kind_of(action)
    if action in OF_SEVERAL_GROUPS:
        return "resource" not in resource
    if kind is None:  # the resources belong to no account, or are not simulated
        return service_of(action) == "is" and action.endswith(".list")
    if action != kind.list:
        return False
    return action != kind.read or resource.get(kind.attribute, "*") == "*"


def resource_of(action: str, asked: str | Mapping[str, str], asker: Asker) -> dict[str, str]:
    """Return the attributes by which the API would decide; those of the resource itself if a name, id or CRN is given.

    Raises ReferenceNotFound for an unknown resource, and InvalidValue for an unknown attribute and for a single
    resource when the action is about all of them.
    """
    base = {"accountId": asker.caller.account_id, "serviceName": service_of(action)}
    if isinstance(asked, str):
        return base | _of_word(action, asked, asker)
    if service_of(action) in OUTSIDE or asked.get("accountId", base["accountId"]) != base["accountId"]:
        attributes = {name: value for name, value in asked.items() if name != tag_rules.CRN}
        return {**base, **attributes, **_crn_outside(base | attributes, asker.region)}
    if kind_of(action) is INSTANCE:
        return base | _of_instances(action, asked, asker)
    _require_attributes(action, asked)
    if service_of(action) == TAGGING:
        return {**base, **asked}
    if asked.get("serviceName", base["serviceName"]) != base["serviceName"]:
        raise InvalidValue(f"The action is one of {base['serviceName']}.", target=Target("resource.serviceName"))
    attributes = base | _attributes(action, _with_ids(action, asked, asker), asker)
    return base | {name: attributes[name] for name in asked if name in attributes} | attributes


def _crn_outside(resource: Mapping[str, str], region: str) -> dict[str, str]:
    """Return the CRN of a resource in a service instance, or of the whole instance, as the attribute by which access
    tags are found. ``region`` is that of an instance whose region the resource does not say."""
    instance, service = resource.get("serviceInstance", ""), OUTSIDE.get(resource["serviceName"])
    if not instance or service is None:
        return {}
    location = GLOBAL if service.offering.is_global else resource.get("region", region)
    kind, name = resource.get("resourceType", ""), resource.get("resource", "")
    crn = Crn(service.name, location, resource["accountId"], kind, name, instance)
    return {tag_rules.CRN: str(crn)}


def _of_word(action: str, word: str, asker: Asker) -> dict[str, str]:
    if service_of(action) == TAGGING:
        return _tagged(word, asker)
    kind = kind_of(action)
    if kind is API_KEY and action in kind.of_all:
        kind = SERVICE_ID  # the owner of the keys
    if service_of(action) in OUTSIDE or kind is None or action in kind.of_all:
        raise InvalidValue(f"{action} is not asked for one thing by name. Leave the resource out.", target=RESOURCE)
    return kind.attributes(named(kind, word, asker, target="resource"), asker.caller.account_id)


def _tagged(word: str, asker: Asker) -> dict[str, str]:
    """Return the attributes of a tagged resource by its CRN. It need not exist, but must be of the account."""
    try:
        crn = tag_rules.parse_resource(word)
    except ValueError as problem:
        raise InvalidValue(str(problem), target=RESOURCE) from None
    if crn.account_id != asker.caller.account_id:
        raise ReferenceNotFound("There is no resource of this CRN in your account.", target=RESOURCE)
    return tag_rules.attributes_of(crn)


def _of_instances(action: str, asked: Mapping[str, str], asker: Asker) -> dict[str, str]:
    """Return the attributes of the service instance that is named; else those of a new one, or of all of them."""
    if (id := asked.get(INSTANCE.attribute, "*")) != "*":
        if action in INSTANCE.of_all:
            raise InvalidValue(f"{action} is about every {INSTANCE.noun}, not about one.", target=RESOURCE)
        return INSTANCE.attributes(named(INSTANCE, id, asker, target="resource"), asker.caller.account_id)
    _require_attributes(action, {name: value for name, value in asked.items() if (name, value) != ("region", GLOBAL)})
    attributes = {**INSTANCE.everything, **asked}
    with suppress(ReferenceNotFound):  # the API decides about an unknown group, too
        attributes |= _with_ids(action, asked, asker)
    return attributes


def _require_attributes(action: str, asked: Mapping[str, str]) -> None:
    tagging_asks = service_of(action) == TAGGING  # about any kind of resource
    for name in asked:
        if name not in ATTRIBUTES and not (tagging_asks and name.endswith("Id")):
            nearest = nearest_of(name, ATTRIBUTES, otherwise=f" There are: {', '.join(ATTRIBUTES)}.")
            raise InvalidValue(f"A resource has no such attribute.{nearest}", target=Target(f"resource.{echoed(name)}"))
    if (region := asked.get("region")) is not None and region not in regions():
        nearest = nearest_of(region, regions(), otherwise=f" There are: {', '.join(regions())}.")
        raise ReferenceNotFound(f"There is no such region.{nearest}", target=Target("resource.region"))


def _with_ids(action: str, asked: Mapping[str, str], asker: Asker) -> dict[str, str]:
    """Return the attributes with an id in place of each name of a resource other than the one the action is about."""
    own = kind_of(action)
    if own and asked.get(own.attribute, "*") != "*":
        return dict(asked)  # the resource's own attributes count, not those that the question gives
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
    if kind is API_KEY and said.get("resourceType") == "serviceid":  # its API keys belong to it (D-72)
        kind = SERVICE_ID
    id = said.get(kind.attribute, "*")
    if id != "*":
        if action in kind.of_all:
            raise InvalidValue(f"{action} is about every {kind.noun}, not about one.", target=RESOURCE)
        return kind.attributes(named(kind, id, asker, target="resource"), asker.caller.account_id)
    if kind in DEFAULT_OF_VPC and said.get("vpcId", "*") != "*":
        return named(VPC_KIND, said["vpcId"], asker, target="resource.vpcId").policy_attributes
    if action in kind.of_all:
        # The list of addresses asks about all regions at once in this way.
        return dict(kind.everything) if "region" not in said and kind.attribute in said else kind.every(region)
    place = {"region": region} if kind in NETWORK else {}
    return place | {name: value for name, value in said.items() if name not in ("serviceName", "serviceType")}
