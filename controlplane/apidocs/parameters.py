"""Every parameter once: where it stands, what it takes, what it means."""

import re
from collections.abc import Iterable

from controlplane.apidocs.json_schema import Schema, prose
from controlplane.apidocs.query import BOOLEAN, IAM_ID, LIMIT, NAME, OBJECT, VPC_ID, Query, one_of, text
from identity.api import apikeys, limits, serviceids
from identity.services.apikeys import LONGEST_VALUE
from servers.api import images, list_orders, rule_fields
from servers.api.base import EARLIEST_VERSION
from servers.reserved_capacity import AUTOMATIC, RESTRICTED
from trustedprofiles import tag_rules
from trustedprofiles.api import group_members, groups, policies, profiles, templates
from trustedprofiles.api.group_base import MEMBERSHIP_TYPES
from trustedprofiles.api.tags import LARGEST_PAGE as LARGEST_TAG_PAGE
from trustedprofiles.models import GroupMember, ProfileIdentity, ProfileLink


def sort_by(names: Iterable[str]) -> Query:
    values = one_of(*(f"{direction}{name}" for name in names for direction in ("", "-")))
    return Query("Order; ``-`` before a name turns it round. Without it, the newest come first.", values)


EVERY_VPC_CALL = {
    "version": Query(
        f"Date of the API version, {EARLIEST_VERSION} or later.", {"type": "string", "format": "date"}, required=True
    ),
    "generation": Query("Generation of the infrastructure.", {"type": "integer", "enum": [2]}, required=True),
}

QUERIES = {
    "start": Query("Token of a page, as ``next`` of the page before it names it."),
    "limit": Query("How many to answer with at most.", LIMIT),
    "name": Query("Only what has exactly this name."),
    "account_id": Query("The account of your token."),
    "format": Query("``display`` adds names and actions of the roles.", one_of(*policies.FORMATS)),
    "service_name": Query("Only what is about this service."),
    "service_type": Query("Only what is about this type of service."),
    "service_group_id": Query("Only what is about this group of services."),
    "source_service_name": Query("Changes nothing: authorization policies are not simulated."),
    "policy_type": Query("Changes nothing: authorization policies are not simulated."),
    "tag_type": Query("Which tags; user tags unless it says so.", one_of(*tag_rules.TYPES)),
    "providers": Query("Where tags are kept: `ghost` here; `ims`, classic infrastructure, has none."),
    "filter": Query('Comparisons such as `name co "web"`, joined by `and` and `or`; operators eq, ne, co, sw, ew.'),
    "timeout": Query("Changes nothing: answers do not time out."),
    "resolve_user_mfa": Query("Changes nothing: nothing more is known of the users named.", BOOLEAN),
    "include_history": Query("Whether to tell what was done to it.", BOOLEAN),
    "show_group_id": Query("Whether to tell the service ID group that it is in.", BOOLEAN),
    "include_activity": Query("Whether to tell when, and how often, it was used to log in.", BOOLEAN),
}

# Where a name means something of its own in one operation.
POLICY_QUERIES = {
    "account_id": Query("The account of your token.", required=True),
    "iam_id": Query("Only policies of this subject."),
    "access_group_id": Query("Only policies of this access group."),
    "type": Query("``authorization`` policies are not simulated: answers with none.", one_of(*policies.TYPES)),
    "state": Query("``deleted`` ones can be restored.", one_of(*policies.STATES)),
    "sort": Query("Order; ``-`` before a name turns it round.", one_of(*policies.SORTS)),
    "tag_name": Query("Only policies on resources with this access tag."),
    "tag_value": Query("Only policies on resources with this value of an access tag."),
}
TOKEN_PAGES = {
    "pagesize": Query("How many to answer with at most.", LIMIT),
    "pagetoken": Query("Token of a page, out of ``next`` or ``previous`` of another."),
    "order": Query("Direction of ``sort``.", one_of("asc", "desc")),
}
COUNTED = {
    "serviceid_groups": "groups of service IDs",
    "profiles": "trusted profiles",
    "templates": "templates, of which there are none,",
    "idps": "identity providers, of which there are none,",
    "cr_links": "links",
    "cr_rules": "claim rules for compute resources",
}
COUNTED_PAGES = {
    "limit": Query("How many to answer with at most.", {**LIMIT, "minimum": 0}),
    "offset": Query("How many to leave out before the first.", {"type": "integer", "minimum": 0}),
}
MEMBERSHIP = Query("Members that were added, or by a rule; nobody is a member by a rule.", one_of(*MEMBERSHIP_TYPES))
OWN_ACCOUNT = {"account_id": Query("The account of your token.", required=True)}
GROUP_FORMS = {
    "show_federated": Query("Whether to tell if it has rules.", BOOLEAN),
    "show_crn": Query("Whether to tell the CRN.", BOOLEAN),
}
OWN_QUERIES: dict[str, dict[str, Query]] = {
    "list_profiles": {
        **TOKEN_PAGES,
        "account_id": Query("The account of your token.", required=True),
        "sort": Query("What to order by.", one_of(*profiles.SORTABLE)),
    },
    "list_reservations": {
        "affinity_policy": Query("Only reservations with this policy.", one_of(AUTOMATIC, RESTRICTED)),
    },
    **{
        name: dict.fromkeys(set(each.query) - {"account_id"}, Query("Changes nothing: the list is empty."))
        for name, each in templates.LISTS.items()
    },
    "list_service_ids": {
        **TOKEN_PAGES,
        "account_id": Query("The account of your token.", required=True),
        "group_id": Query("Only service IDs in this group."),
        "sort": Query("What to order by.", one_of(*serviceids.SORTABLE)),
    },
    "list_api_keys": {
        **TOKEN_PAGES,
        "iam_id": Query("Only API keys of this person or service ID; your own without it, unless ``scope`` says more."),
        "scope": Query("``account``: those of everybody in the account.", one_of(*apikeys.SCOPES)),
        "type": Query("Only API keys of persons, or only of service IDs.", one_of(*apikeys.TYPES)),
        "sort": Query("What to order by.", one_of(*apikeys.SORTABLE)),
    },
    "get_explanation": {
        "subject": Query("Name, id or CRN of who would do it; you, without it."),
        "action": Query("IAM action, such as `is.vpc.vpc.list`."),
        "server": Query("Id, CRN or name of a bare metal server."),
        "profile": Query("Id, CRN or name of a trusted profile."),
        "resource": Query("Id, CRN or name of a resource; or its attributes, such as `resource[vpcId]`.", OBJECT),
    },
    "get_account_limits": {
        **{name: Query(f"Whether to count {what} too.", BOOLEAN) for name, what in COUNTED.items()},
        **{
            name: Query(f"{each.owners} to count them of: ids, separated by commas.".replace("_", " ").capitalize())
            for name, each in limits.PER_OWNER.items()
        },
    },
    "list_images": {
        "status": Query(f"Only what has one of these statuses, separated by commas: {', '.join(images.STATUSES)}."),
        "user_data_format": Query(f"Only what has one of these, separated by commas: {', '.join(images.FORMATS)}."),
        "visibility": Query("Only IBM's images, which are public, or only your own.", one_of(*images.VISIBILITIES)),
        "remote.account.id": Query("Only images of this account: `null` for your own, `not:null` for all others."),
        "owner_type": Query("As `remote.account.id`, before version 2025-06-30.", one_of(*images.OWNERS)),
    },
    "list_access_groups": {
        **OWN_ACCOUNT,
        **COUNTED_PAGES,
        **GROUP_FORMS,
        "iam_id": Query("Only groups of this member."),
        "membership_type": MEMBERSHIP,
        "show_membership_type": Query("Whether to tell how ``iam_id`` is a member.", BOOLEAN),
        "search": Query("Only groups with this text: `id:TEXT`, `name:TEXT` or `description:TEXT`."),
        "sort": Query("Order; ``-`` before a name turns it round. By name without it.", one_of(*groups.SORTS)),
        "hide_public_access": Query("Whether to leave out the group of everybody.", BOOLEAN),
    },
    "get_access_group": GROUP_FORMS,
    "delete_access_group": {"force": Query("Whether to delete its members and rules too.", BOOLEAN)},
    "list_access_group_members": {
        **COUNTED_PAGES,
        "membership_type": MEMBERSHIP,
        "type": Query("Only members of this type.", one_of(*GroupMember.Type.values)),
        "verbose": Query("Whether to tell names, email addresses and descriptions.", BOOLEAN),
        "sort": Query("Order, with ``verbose``; the oldest come first without.", one_of(*group_members.SORTS)),
    },
    **dict.fromkeys(
        (
            "create_access_group",
            "add_member_to_multiple_access_groups",
            "remove_member_from_all_access_groups",
            "get_access_groups_settings",
            "update_access_groups_settings",
        ),
        OWN_ACCOUNT,
    ),
    "list_users": {
        "_start": Query("Token of a page, out of ``next_url``."),
        "search": Query(
            "Only users of whom one of these holds, separated by commas: a property, a colon, and a text in it."
        ),
        "user_id": Query("Only who logs in with exactly this email address or name."),
        "include_settings": Query("Whether to tell the settings of each.", BOOLEAN),
    },
    "list_policies": POLICY_QUERIES,
    "list_v2_policies": POLICY_QUERIES,
    "delete_link_by_parameters": {
        "type": Query("Compute resource type of the links.", one_of(*ProfileLink.CrType.values), required=True),
        "crn": Query("Only links to this CRN."),
        "namespace": Query("Only links to this namespace."),
        "name": Query("Only links to a resource of this name."),
        "component_type": Query("Only links to this type of component."),
        "component_name": Query("Only links to a component of this name."),
    },
    "list_tags": {
        "limit": Query("How many to answer with at most.", {**LIMIT, "maximum": LARGEST_TAG_PAGE}),
        "offset": Query("How many to leave out before the first.", {"type": "integer", "minimum": 0}),
        "attached_to": Query("Only tags on the resource with this CRN."),
        "attached_only": Query("Only tags that are on a resource.", BOOLEAN),
        "order_by_name": Query("Direction of the order, which is by name.", one_of("asc", "desc")),
        "full_data": Query("Nothing more is known of a tag than its name: changes nothing."),
    },
    "attach_tag": {
        "replace": Query("Whether all other tags of this type are taken off.", BOOLEAN),
        "update": Query("Whether a tag `key:value` takes the place of those with the same key.", BOOLEAN),
    },
    "search": {
        "limit": Query("How many to answer with at most.", {**LIMIT, "maximum": LARGEST_TAG_PAGE}),
        "sort": Query("Changes nothing: the order is always the same."),
        "is_deleted": Query("Changes nothing: what is deleted is not found."),
        "is_reclaimed": Query("Changes nothing: what is deleted is not found."),
        "can_tag": Query("Changes nothing: whatever is found can be tagged."),
    },
    "list_vpcs": {"classic_access": Query("Only VPCs with access to classic infrastructure, or without.", BOOLEAN)},
    "list_vpc_routing_tables": {"is_default": Query("Only the default routing table, or only the others.", BOOLEAN)},
    "list_subnet_reserved_ips": {"sort": sort_by(list_orders.SORTABLE)},
    "list_virtual_network_interface_ips": {"sort": sort_by(list_orders.SORTABLE)},
    "list_floating_ips": {"sort": sort_by(list_orders.SORTABLE)},
    "list_vpc_dns_resolution_bindings": {"sort": sort_by(list_orders.BY_NAME_OR_AGE)},
    "list_network_interface_floating_ips": {"sort": sort_by(list_orders.SORTABLE)},
    "list_network_acl_rules": {
        "direction": Query("Only rules for traffic in this direction.", one_of(*rule_fields.DIRECTIONS))
    },
    "list_resource_groups": {
        "default": Query("Only the account's default group, or only the others.", BOOLEAN),
        "date": Query("Changes nothing: a group has no state by month."),
        "include_deleted": Query("Whether deleted groups are listed too.", BOOLEAN),
    },
}

HEADERS: dict[str, Schema] = {
    name: {"name": name, "in": "header", "description": meaning, "schema": schema, **more}
    for name, meaning, schema, more in (
        ("Entity-Lock", "Whether it is locked from the start.", one_of("true", "false"), {}),
        ("Entity-Disable", "Whether it is disabled from the start.", one_of("true", "false"), {}),
        ("IAM-ApiKey", "The value of the API key.", text(LONGEST_VALUE), {"required": True}),
    )
}
"""Request headers of single operations."""

# A parameter such as ``vpc.id`` selects by a member of what a resource refers to.
MEMBER = re.compile(r"(?P<of>[a-z_.]+)\.(?P<member>id|crn|name|href|address|resource_type)")


def query_parameter(operation: str, name: str) -> Schema:
    """A parameter of this operation; one that nobody described here has no description, and a test says so."""
    known = {**EVERY_VPC_CALL, **QUERIES, **OWN_QUERIES.get(operation, {})}
    if name in known:
        found = known[name]
    elif member := MEMBER.fullmatch(name):
        found = Query(f"Only those whose {words(member['of'].replace('.', ' '))} has this {member['member']}.")
    else:
        found = Query("")
    return {
        "name": name,
        "in": "query",
        **({"description": prose(found.meaning)} if found.meaning else {}),
        "schema": found.schema,
        **({"required": True} if found.required else {}),
        **({"style": "deepObject", "explode": True} if found.schema is OBJECT else {}),
    }


SUFFIX = re.compile("_(id|name|type)$")


def path_parameter(name: str, *, vpc: bool) -> Schema:
    if name == "tag_name":
        schema, meaning = {"type": "string", "pattern": f"^{tag_rules.NAMES[tag_rules.USER].pattern}$"}, "Name"
    elif name == "identity_type":
        schema, meaning = one_of(*ProfileIdentity.Type.values), "Type"
    elif name in ("identifier_id", "preference_id"):
        schema, meaning = text(), "Id"
    elif not name.endswith("_id"):
        schema, meaning = NAME, "Name"
    else:
        schema, meaning = VPC_ID if vpc else IAM_ID, "Id"
    what = "" if name in ("name", "id") else f" of the {words(SUFFIX.sub('', name))}"
    return {"name": name, "in": "path", "required": True, "description": f"{meaning}{what}.", "schema": schema}


ABBREVIATIONS = {
    **{word: word.upper() for word in ("acl", "api", "crn", "iam", "id", "ip", "pci", "ssh", "vlan", "vni", "vpc")},
    "acls": "ACLs",
    "ids": "IDs",
    "ips": "IPs",
    "serviceid": "service ID",
    "vpcs": "VPCs",
}


def words(name: str) -> str:
    """``list_subnet_reserved_ips`` as a reader says it: list subnet reserved IPs."""
    return " ".join(ABBREVIATIONS.get(word, word) for word in name.replace("_", " ").split())
