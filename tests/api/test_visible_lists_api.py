"""Every list over HTTP: 200 with the rows whose GET answers 200, and nothing about others."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from controlplane.apidocs.permissions.table import permissions
from controlplane.instances.models import ResourceInstance
from controlplane.kernel.caller import Caller
from servers.models import BareMetalServer
from tests.api.calling import call, caller_of
from tests.policies import attribute, make_content
from tests.selecting import BY, kinds, populate
from tests.tables import assert_rows
from tests.world import ACCOUNT, ALICE, World
from trustedprofiles.access import SHARED
from trustedprofiles.models import Policy, ResourceGroup, ServiceId, TrustedProfile
from trustedprofiles.permissions import Nothing
from trustedprofiles.services.policies import create_policy

SERVICES = ("is", "iam-identity", "iam-access-management", "iam-groups", "resource-controller")
PLACEHOLDER = re.compile(r"\{\w+\}")
EUROPE = "eu-de.iaas.cloud.ibm.com"
QUERY = {"version": "2025-08-26", "generation": "2", "account_id": ACCOUNT}
MORE = {"list_api_keys": {"scope": "account"}}
ROWS = {"list_roles": "custom_roles"}
PAGING = {
    "is": ("limit", "start"),
    "iam-groups": ("limit", "offset"),
    "iam-identity": ("pagesize", "pagetoken"),
    "policies": ("limit", "start"),
}
"""The parameters for the size of a page and for its token."""
UNPAGED = {"list_roles", "list_resource_groups", "list_service_id_group"}


@dataclass(frozen=True)
class List:
    name: str
    path: str
    service: str
    kind: str = "rows"
    """rows, of the account; nothing, always empty; shared, the same for every caller."""

    @property
    def item(self) -> str:
        """Where one of the rows is read. Addresses of servers are of servers."""
        return self.path.replace("/_baremint/", "/v1/")

    @property
    def paging(self) -> tuple[str, str]:
        return PAGING.get("policies" if "policies" in self.path else self.service, ("", ""))

    @property
    def query(self) -> dict[str, str]:
        return QUERY | MORE.get(self.name, {})


def lists() -> Iterator[List]:
    for each in permissions():
        operation = each.operation
        if each.method != "GET" or PLACEHOLDER.search(each.path):
            continue
        if operation.lists is ResourceInstance:
            continue  # of all services, not of the API's own: tests/api/test_resource_instances_access.py
        if operation.lists or (operation.action.startswith(SHARED) and operation.name.startswith("list_")):
            kind = {Nothing: "nothing", None: "shared"}.get(operation.lists, "rows")
            yield List(operation.name, each.path, each.service_name, kind)


LISTS = list(lists())
OF_ROWS = [each for each in LISTS if each.kind == "rows"]


@dataclass
class Shown:
    """What all pages of a list say."""

    status: int
    ids: list[str] = field(default_factory=list)
    totals: set[int] = field(default_factory=set)
    pages: int = 0


def get(path: str, caller: Caller, query: dict[str, str], *, host: str = "testserver") -> Any:
    return call(
        "GET", f"{path}?{'&'.join(f'{name}={value}' for name, value in query.items())}", caller=caller, Host=host
    )


def rows_of(name: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = next(
        value for key, value in body.items() if isinstance(value, list) and key == ROWS.get(name, key)
    )
    return rows


def following(body: dict[str, Any]) -> str:
    """The URL of the next page; empty at the end."""
    answer = body.get("next", "")
    return str(answer["href"]) if isinstance(answer, dict) else answer


def shown(each: List, caller: Caller, *, size: int, host: str = "testserver") -> Shown:
    """All pages of so many rows."""
    query = each.query | ({} if each.name in UNPAGED else {each.paging[0]: str(size)})
    shown_rows = Shown(0)
    while True:
        answer = get(each.path, caller, query, host=host)
        shown_rows.status, body = answer.status_code, answer.json()
        if answer.status_code != 200:
            return shown_rows
        shown_rows.pages += 1
        shown_rows.ids += [str(row.get("id")) for row in rows_of(each.name, body)]
        shown_rows.totals |= {body["total_count"]} if "total_count" in body else set()
        if not (url := following(body)):
            return shown_rows
        query = QUERY | dict(parse_qsl(urlsplit(url).query))


def may_read(each: List, id: str, caller: Caller) -> bool:
    status = get(f"{each.item}/{id}", caller, QUERY).status_code
    if each.name == "list_server_addresses" and status == 404:
        status = get(f"{each.item}/{id}", caller, QUERY, host=EUROPE).status_code
    assert status in (200, 403), (each, id)
    return status == 200


@pytest.fixture
def group(world: World) -> ResourceGroup:
    return populate(world)


def allow(world: World, caller: Caller, service: str, *attributes: dict[str, Any], **more: Any) -> Policy:
    content = make_content(caller.iam_id, service=service, more=attributes, **more)
    return create_policy(world.account, content=content, api_version="v2", by=BY)


def one_of_each(world: World) -> list[tuple[str, list[dict[str, Any]]]]:
    """For the oldest row of each kind a service and attributes that select it alone."""
    rows = []
    for kind in kinds(world.account).values():
        row = kind.rows.order_by("pk").first()
        attributes = kind.attributes(row, world.account) if row else {}
        attributes_of_type = [
            attribute(name, attributes[name]) for name in ("resourceType", "resource") if name in attributes
        ]
        own = [name for name in attributes if name.endswith("Id") and name not in ("resourceGroupId", "vpcId")]
        own = own or [name for name in attributes if name == "vpcId"]
        rows.append((kind.service, attributes_of_type or [attribute(name, attributes[name]) for name in own]))
    return [each for place, each in enumerate(rows) if each[1] and each not in rows[:place]]


def grant(world: World, caller: Caller, by: str, group: ResourceGroup) -> None:
    """Viewer of some of what there is in each service."""
    for service in SERVICES:
        match by:
            case "resource group":
                allow(world, caller, service, attribute("resourceGroupId", group.id))
            case "tag":
                allow(world, caller, service, resource_tags=[attribute("env", "dev")])
            case "region":
                allow(world, caller, service, attribute("region", "eu-de"))
            case "rule":
                expected_attribute = attribute("{{resource.attributes.resourceGroupId}}", group.id)
                pattern = "attribute-based-condition:resource:literal-and-wildcard"
                allow(world, caller, service, rule=expected_attribute, pattern=pattern)
            case "wildcard":
                name = "bareMetalServerId" if service == "is" else "resource"
                allow(world, caller, service, attribute(name, "*1*", "stringMatch"))
            case "everything":
                allow(world, caller, service)
    if by == "one resource":
        for service, attributes in one_of_each(world):
            allow(world, caller, service, *attributes)
    if by == "resource type":
        for service, kind in (("iam-identity", "serviceid"), ("resource-controller", "resource-group")):
            allow(world, caller, service, attribute("resourceType", kind))
        allow(world, caller, "is", attribute("bareMetalServerId", "*"))
        allow(world, caller, "iam-access-management", attribute("resourceType", "role"))
        allow(world, caller, "iam-groups", attribute("resourceType", "groups"))


QUICK = ("resource group", "one resource", "tag")
THOROUGH = (*QUICK[1:], "region", "resource type", "rule", "wildcard", "everything")


@pytest.mark.parametrize("by", [QUICK[0], *(pytest.param(each, marks=pytest.mark.thorough) for each in THOROUGH)])
def test_every_list_has_the_rows_whose_get_answers_200_and_counts_no_others(
    world: World, group: ResourceGroup, by: str
) -> None:
    victor = caller_of("iam-Profile-victor")
    grant(world, victor, by, group)
    results, expected, count, hidden = {}, {}, 0, 0
    for each in OF_ROWS:
        every = shown(each, ALICE, size=100).ids
        assert every, each
        ids = [id for id in every if may_read(each, id, victor)]
        rows_shown = shown(each, victor, size=2)
        paged = each.name not in UNPAGED
        results[each.name] = (rows_shown.status, rows_shown.ids, rows_shown.totals, rows_shown.pages)
        totals = {len(ids)} if each.service in ("is", "iam-groups") else set()
        expected[each.name] = (200, ids, totals, max(1, -(-len(ids) // 2)) if paged else 1)
        count, hidden = count + len(ids), hidden + len(every) - len(ids)
    assert_rows(results, expected)
    assert count
    assert hidden or by == "everything"


@pytest.mark.thorough
def test_a_list_is_refused_only_to_a_caller_without_a_policy_of_its_service(world: World, group: ResourceGroup) -> None:
    # D-130
    """Whatever else they may do; and any policy of the service suffices, of something that is not there, too."""
    statuses = {}
    for service in SERVICES:
        without, only = (caller_of(f"iam-Profile-{word}-{service}") for word in ("without", "only"))
        for other in set(SERVICES) - {service}:
            allow(world, without, other)
        allow(world, only, service, attribute("resourceGroupId", "none"))
        for each in LISTS:
            if each.service == service:
                pages = (shown(each, caller, size=100) for caller in (without, only))
                statuses[each.name] = tuple(answer.status for answer in pages)
    assert_rows(statuses, {each.name: (403, 200) for each in LISTS})


@pytest.mark.thorough
def test_what_is_in_a_resource_is_shown_to_who_may_read_it(world: World, group: ResourceGroup) -> None:
    victor = caller_of("iam-Profile-victor")
    for by in QUICK:
        grant(world, victor, by, group)
    compared = {}
    for each in permissions():
        if each.method == "GET" and PLACEHOLDER.search(each.path) and not each.path.endswith("}"):
            for path in paths(each.path):
                parent = path[: path.rindex("/")]
                codes = [get(one, victor, QUERY).status_code for one in (parent.replace("/_baremint/", "/v1/"), path)]
                compared[path] = tuple(codes)
    statuses = set(compared.values())
    assert {(200, 200), (403, 403)} <= statuses
    assert {path: pair for path, pair in compared.items() if pair[0] != pair[1] and 404 not in pair} == {}


def paths(template: str) -> list[str]:
    """The paths of a template to everything that is there, as the owner sees it."""
    match = PLACEHOLDER.search(template)
    if match is None:
        return [template]
    collection = template[: match.start() - 1]
    answer = get(collection.replace("/_baremint/", "/v1/"), ALICE, QUERY)
    body = answer.json() if answer.status_code == 200 else {}
    items = next((value for value in body.values() if isinstance(value, list)), [])
    rest = template[match.end() :]
    return [path for item in items[:4] if "id" in item for path in paths(f"{collection}/{item['id']}{rest}")]


def test_each_page_is_decided_by_the_policies_of_its_moment(world: World, group: ResourceGroup) -> None:
    """What is not granted any more is not on the next page, whose token is still good."""
    results = {}
    for each in (LISTS_BY_NAME[name] for name in ("list_bare_metal_servers", "list_service_ids", "list_v2_policies")):
        victor = caller_of(f"iam-Profile-{each.name}")
        policies = [allow(world, victor, service) for service in ("is", "iam-identity", "iam-access-management")]
        first = get(each.path, victor, each.query | page_of_one(each)).json()
        query = QUERY | dict(parse_qsl(urlsplit(following(first)).query))
        before = get(each.path, victor, query).json()
        Policy.objects.filter(pk__in=[policy.pk for policy in policies]).update(
            resource=[attribute("accountId", ACCOUNT), attribute("serviceName", each.service), attribute("region", "x")]
        )
        narrowed = get(each.path, victor, query)
        Policy.objects.filter(pk__in=[policy.pk for policy in policies]).update(state="deleted")
        status = get(each.path, victor, query).status_code
        assert rows_of(each.name, before), each
        results[each.name] = (narrowed.status_code, rows_of(each.name, narrowed.json()), status)
    assert_rows(results, {name: (200, [], 403) for name in results})


def page_of_one(each: List) -> dict[str, str]:
    return {each.paging[0]: "1"}


LISTS_BY_NAME = {each.name: each for each in LISTS}


@pytest.mark.thorough
def test_a_token_of_a_page_is_good_for_the_caller_the_list_and_the_filter_that_it_was_made_for(
    world: World, group: ResourceGroup
) -> None:
    other = caller_of("iam-Profile-other")
    for service in SERVICES:
        allow(world, other, service)
    paged = [each for each in OF_ROWS if each.name not in UNPAGED and each.paging[1] != "offset"]
    accepted = {}
    for place, each in enumerate(paged):
        first = get(each.path, ALICE, each.query | page_of_one(each)).json()
        assert following(first), each
        query = QUERY | dict(parse_qsl(urlsplit(following(first)).query))
        assert get(each.path, ALICE, query).status_code == 200, each
        another = paged[place - 1]
        parameters = {**another.query, **page_of_one(another)}
        for name, path, caller, query_of_call in (
            ("another caller", each.path, other, query),
            ("another list", another.path, ALICE, parameters | {another.paging[1]: query[each.paging[1]]}),
            ("another filter", each.path, ALICE, query | {"name": "web-1", "iam_id": "x"}),
        ):
            answer = get(path, caller, query_of_call)
            if answer.status_code != 400 or b"is not a page token of this collection" not in answer.content:
                accepted[f"{each.name}: {name}"] = answer.content
    assert accepted == {}


def test_a_page_token_says_nothing_of_the_rows_that_it_skips(world: World, group: ResourceGroup) -> None:
    """Neither do its length and its links: with and without a hidden row between two visible ones, pages are equal."""
    victor = caller_of("iam-Profile-victor")
    servers = BareMetalServer.objects.filter(region="us-south").order_by("-number")
    newest, hidden, oldest = servers[:3]
    for server in (newest, oldest):
        allow(world, victor, "is", attribute("bareMetalServerId", server.id))
    rows = []
    for _ in range(2):
        body = get("/v1/bare_metal_servers", victor, QUERY | {"limit": "1"}).json()
        token = dict(parse_qsl(urlsplit(following(body)).query))["start"]
        assert str(newest.number) not in token
        rows.append((len(token), body["total_count"], [row["id"] for row in body["bare_metal_servers"]]))
        assert hidden.name not in json.dumps(body)
        BareMetalServer.objects.filter(pk=hidden.pk).update(region="eu-gb")
    assert rows[0] == rows[1]


def test_names_of_what_is_hidden_find_nothing(world: World, group: ResourceGroup) -> None:
    """Filters pick among the rows that the caller may see."""
    victor = caller_of("iam-Profile-victor")
    grant(world, victor, "resource group", group)
    hidden = BareMetalServer.objects.exclude(resource_group=group).filter(region="us-south")[0]
    for filter in ({"name": hidden.name}, {"vpc.id": hidden.vpc.id}, {"resource_group.id": hidden.resource_group_id}):
        body = get("/v1/bare_metal_servers", victor, QUERY | filter).json()
        assert (body["total_count"], body["bare_metal_servers"]) == (0, []), filter
    for path, model in (("profiles", TrustedProfile), ("serviceids", ServiceId)):
        name = model.objects.filter(account=world.account)[0].name  # type: ignore[attr-defined]
        assert get(f"/v1/{path}", victor, QUERY | {"name": name}).json()[path] == []
