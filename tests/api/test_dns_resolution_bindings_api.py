"""``/v1/vpcs/{id}/dns_resolution_bindings``: VPCs are bound to a hub, which then resolves names for them."""

from typing import Any

import pytest
from ibm_vpc import vpc_v1

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from servers.models import DnsResolutionBinding
from tests.api.calling import caller_of
from tests.api.vpc import Api, errors, fits
from tests.policies import make_content
from tests.tables import assert_rows
from tests.world import MALLORY, World
from trustedprofiles.services.policies import create_policy

VPCS = "/v1/vpcs"
BINDING = "is.vpc.dns-resolution-binding"
HUB = {"dns": {"enable_hub": True}}
OWN_SERVERS = {"type": "manual", "manual_servers": [{"address": "10.0.0.9"}]}
EU_DE = "eu-de.iaas.cloud.ibm.com"
TO_SYSTEM = {"dns": {"resolver": {"type": "system", "vpc": None}}}


def make(api: Api, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    vpc: dict[str, Any] = api.call("POST", VPCS, body, **headers).json()
    return vpc


@pytest.fixture
def hub(api: Api) -> dict[str, Any]:
    return make(api, {"name": "hub", "dns": {"enable_hub": True, "resolver": OWN_SERVERS}})


@pytest.fixture
def spoke(api: Api) -> dict[str, Any]:
    return make(api, {"name": "spoke"})


def bindings_of(vpc: dict[str, Any]) -> str:
    return f"{VPCS}/{vpc['id']}/dns_resolution_bindings"


def bind(api: Api, vpc: dict[str, Any], hub: Any, **rest: Any) -> Any:
    return api.call("POST", bindings_of(vpc), {"vpc": hub, **rest})


@pytest.fixture
def bound(api: Api, hub: dict[str, Any], spoke: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = bind(api, spoke, {"id": hub["id"]}, name="mine").json()
    return body


def change(api: Api, vpc: dict[str, Any], dns: dict[str, Any]) -> Any:
    path = f"{VPCS}/{vpc['id']}"
    return api.call("PATCH", path, {"dns": dns}, If_Match=api.get(path).headers["ETag"])


def delegate(api: Api, vpc: dict[str, Any], hub: dict[str, Any]) -> Any:
    return change(api, vpc, {"resolver": {"type": "delegated", "vpc": {"id": hub["id"]}}})


@pytest.mark.parametrize("form", ["id", "crn", "href"])
def test_both_vpcs_have_a_binding_to_the_other(api: Api, hub: Any, spoke: Any, form: str) -> None:
    # D-153
    answer = bind(api, spoke, {form: hub[form]}, name="mine")
    binding = fits(vpc_v1.VPCDNSResolutionBinding, answer.json())
    assert (answer.status_code, binding.name, binding.lifecycle_state, binding.vpc.id) == (
        201,
        "mine",
        "stable",
        hub["id"],
    )
    assert api.get(f"{bindings_of(spoke)}/{binding.id}").json() == answer.json()
    [own] = fits(vpc_v1.VPCDNSResolutionBindingCollection, api.get(bindings_of(spoke)).json()).dns_resolution_bindings
    [other] = api.get(bindings_of(hub)).json()["dns_resolution_bindings"]
    assert own.id == binding.id
    assert other["vpc"]["id"] == spoke["id"]
    assert [api.get(f"{VPCS}/{vpc['id']}").json()["dns"]["resolution_binding_count"] for vpc in (hub, spoke)] == [1, 1]


def test_both_vpcs_have_an_event_of_their_binding(api: Api, hub: Any, spoke: Any, bound: Any) -> None:
    api.call("PATCH", f"{bindings_of(spoke)}/{bound['id']}", {"name": "new"})
    api.call("DELETE", f"{bindings_of(spoke)}/{bound['id']}")
    rows = ActivityEvent.objects.filter(action__startswith=BINDING).order_by("pk")
    pairs = [(action.rpartition(".")[2], target) for action, target in rows.values_list("action", "target_id")]
    crns = [spoke["crn"], hub["crn"]]
    assert pairs == [
        *(("create", crn) for crn in crns),
        ("update", spoke["crn"]),
        *(("delete", crn) for crn in crns),
    ]


def test_a_binding_is_renamed_on_its_own_side(api: Api, hub: Any, spoke: Any, bound: Any) -> None:
    [other] = api.get(bindings_of(hub)).json()["dns_resolution_bindings"]
    assert api.call("PATCH", f"{bindings_of(spoke)}/{bound['id']}", {"name": "new"}).json()["name"] == "new"
    assert api.get(bindings_of(hub)).json()["dns_resolution_bindings"] == [other]


def test_a_binding_is_deleted_on_both_sides(api: Api, hub: Any, spoke: Any, bound: Any) -> None:
    answer = api.call("DELETE", f"{bindings_of(spoke)}/{bound['id']}")
    binding = fits(vpc_v1.VPCDNSResolutionBinding, answer.json())
    assert (answer.status_code, binding.lifecycle_state) == (202, "deleting")
    assert api.get(f"{bindings_of(spoke)}/{bound['id']}").status_code == 404
    assert not DnsResolutionBinding.objects.exists()


FILTERS = {
    "name": ("name=mine", True),
    "other-name": ("name=other", False),
    "vpc-name": ("vpc.name=hub", True),
    "other-vpc-name": ("vpc.name=spoke", False),
    "other-crn": ("vpc.crn=crn:v1:bluemix:public:is:us-south:a/x::vpc:{id}", False),
    "crn": ("vpc.crn={crn}", True),
    "account": ("account.id={account}", False),
    "sorted": ("sort=-created_at", True),
}


def test_the_list_is_filtered(api: Api, hub: Any, spoke: Any, bound: Any) -> None:
    def found(query: str) -> list[Any]:
        text = query.format(account=MALLORY.account_id, **hub)
        bindings: list[Any] = api.get(bindings_of(spoke), text).json()["dns_resolution_bindings"]
        return bindings

    expected = {name: [bound] if is_found else [] for name, (_, is_found) in FILTERS.items()}
    assert_rows({name: found(query) for name, (query, _) in FILTERS.items()}, expected)


def test_a_hub_lists_its_bindings_by_name(api: Api, hub: Any) -> None:
    for _ in range(3):
        bind(api, make(api, {}), {"id": hub["id"]})
    names = [each["name"] for each in api.get(bindings_of(hub), "sort=name").json()["dns_resolution_bindings"]]
    assert len(names) == 3
    assert names == sorted(names)
    assert errors(api.get(bindings_of(hub), "sort=address")) == [("invalid_value", "sort")]


# --- what cannot be bound ------------------------------------------------------------------------------------------


def test_a_vpc_is_bound_once(api: Api, spoke: Any, bound: Any) -> None:
    """The words are IBM's: the Terraform provider looks for them."""
    answer = bind(api, spoke, {"id": make(api, HUB)["id"]})
    assert (answer.status_code, errors(answer)) == (400, [("invalid_value", "vpc")])
    assert "This VPC already contains DNS Resolution Bindings" in answer.json()["errors"][0]["message"]


def test_a_vpc_that_is_no_hub_cannot_be_bound_to(api: Api, spoke: Any) -> None:
    answer = bind(api, spoke, {"id": make(api, {})["id"]})
    assert (answer.status_code, errors(answer)) == (400, [("invalid_value", "vpc")])
    assert "hub" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("to", ["itself", "another"])
def test_a_hub_cannot_be_bound_to_another_hub(api: Api, hub: Any, to: str) -> None:
    other = hub if to == "itself" else make(api, HUB)
    assert errors(bind(api, hub, {"id": other["id"]})) == [("invalid_value", "vpc")]


def test_a_hub_of_another_account_or_region_looks_like_none(api: Api, world: World, spoke: Any) -> None:
    foreign = make(Api(MALLORY), HUB)
    far = make(api, HUB, Host=EU_DE)
    answers = [bind(api, spoke, {"id": id}) for id in (foreign["id"], far["id"], "r006-none")]
    assert [(answer.status_code, errors(answer)) for answer in answers] == [(400, [("bad_field", "vpc")])] * 3
    assert len({str(answer.json()["errors"]) for answer in answers}) == 1


def test_names_are_unique_in_a_vpc(api: Api, hub: Any, bound: Any) -> None:
    bind(api, make(api, {}), {"id": hub["id"]})
    first, second = api.get(bindings_of(hub)).json()["dns_resolution_bindings"]
    answer = api.call("PATCH", f"{bindings_of(hub)}/{first['id']}", {"name": second["name"]})
    assert errors(answer) == [("validation_unique_failed", "name")]


# --- delegating ----------------------------------------------------------------------------------------------------


def test_a_vpc_that_delegates_has_the_servers_of_its_hub(api: Api, hub: Any, spoke: Any, bound: Any) -> None:
    answer = delegate(api, spoke, hub)
    resolver = fits(vpc_v1.VPCDNSResolverTypeDelegated, answer.json()["dns"]["resolver"])
    assert ([each.address for each in resolver.servers], resolver.vpc.crn) == (["10.0.0.9"], hub["crn"])
    back = api.call("PATCH", f"{VPCS}/{spoke['id']}", TO_SYSTEM).json()["dns"]["resolver"]
    assert back == spoke["dns"]["resolver"]


def test_a_vpc_delegates_to_its_hub_alone(api: Api, hub: Any, spoke: Any, bound: Any) -> None:
    other = make(api, HUB)
    resolvers: dict[str, dict[str, Any]] = {
        "no-vpc": {"type": "delegated"},
        "no-hub-of-its": {"type": "delegated", "vpc": {"id": other["id"]}},
        "made-up": {"type": "delegated", "vpc": {"id": "r006-none"}},
        "other-type": {"type": "system", "vpc": {"id": hub["id"]}},
    }
    answers = {name: change(api, spoke, {"resolver": resolver}) for name, resolver in resolvers.items()}
    expected_error = (400, [("invalid_value", "dns.resolver.vpc")])
    assert_rows(
        {name: (each.status_code, errors(each)) for name, each in answers.items()},
        dict.fromkeys(answers, expected_error),
    )


def test_a_new_vpc_does_not_delegate_name_resolution(api: Api, hub: Any) -> None:
    answer = api.call("POST", VPCS, {"dns": {"resolver": {"type": "delegated", "vpc": {"id": hub["id"]}}}})
    assert (answer.status_code, errors(answer)) == (400, [("invalid_value", "dns.resolver.type")])


def test_delegation_is_given_up_only_in_so_many_words(api: Api, hub: Any, spoke: Any, bound: Any) -> None:
    delegate(api, spoke, hub)
    answer = change(api, spoke, {"resolver": {"type": "system"}})
    assert errors(answer) == [("invalid_value", "dns.resolver.vpc")]


def test_who_delegates_cannot_delete_the_binding(api: Api, hub: Any, spoke: Any, bound: Any) -> None:
    delegate(api, spoke, hub)
    path = f"{bindings_of(spoke)}/{bound['id']}"
    answer = api.call("DELETE", path)
    assert (answer.status_code, errors(answer)) == (409, [("dns_resolution_binding_in_use", "")])
    api.call("PATCH", f"{VPCS}/{spoke['id']}", TO_SYSTEM)
    assert api.call("DELETE", path).status_code == 202


def test_a_vpc_whose_hub_leaves_it_is_degraded_until_it_resolves_otherwise(
    api: Api, hub: Any, spoke: Any, bound: Any
) -> None:
    delegate(api, spoke, hub)
    [other] = api.get(bindings_of(hub)).json()["dns_resolution_bindings"]
    assert api.call("DELETE", f"{bindings_of(hub)}/{other['id']}").status_code == 202
    vpc = fits(vpc_v1.VPC, api.get(f"{VPCS}/{spoke['id']}").json())
    assert (vpc.health_state, vpc.health_reasons[0].code) == ("degraded", "dns_resolution_binding_failed")
    assert errors(api.call("DELETE", f"{VPCS}/{hub['id']}")) == [("vpc_in_use_dns_resolution_binding_exists", "")]
    assert api.call("PATCH", f"{VPCS}/{spoke['id']}", TO_SYSTEM).json()["health_state"] == "ok"
    assert api.call("DELETE", f"{VPCS}/{hub['id']}").status_code == 204


# --- hubs ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["hub", "spoke"])
def test_a_bound_vpc_cannot_become_or_stop_being_a_hub(api: Api, hub: Any, spoke: Any, bound: Any, side: str) -> None:
    vpc = hub if side == "hub" else spoke
    answer = change(api, vpc, {"enable_hub": side != "hub"})
    assert (answer.status_code, errors(answer)) == (400, [("invalid_value", "dns.enable_hub")])
    assert change(api, vpc, {"enable_hub": side == "hub"}).status_code == 200


def test_a_hub_stays_while_vpcs_are_bound_to_it(api: Api, hub: Any, bound: Any) -> None:
    answer = api.call("DELETE", f"{VPCS}/{hub['id']}")
    assert (answer.status_code, errors(answer)) == (409, [("vpc_in_use_dns_resolution_binding_exists", "")])


def test_a_vpc_that_is_deleted_leaves_no_binding_with_its_hub(api: Api, hub: Any, spoke: Any, bound: Any) -> None:
    delegate(api, spoke, hub)
    before = api.get(f"{VPCS}/{hub['id']}").headers["ETag"]
    assert api.call("DELETE", f"{VPCS}/{spoke['id']}").status_code == 204
    after = api.get(f"{VPCS}/{hub['id']}")
    assert after.json()["dns"]["resolution_binding_count"] == 0
    assert after.headers["ETag"] != before


# --- access --------------------------------------------------------------------------------------------------------


EDITOR = "iam-Profile-editor"


def editor_with(world: World, *roles: str) -> Api:
    owner = Party("IBMid-ALICE00001", "Alice", "User")
    create_policy(world.account, content=make_content(EDITOR, *roles), api_version="v1", by=owner)
    return Api(caller_of(EDITOR))


def test_an_editor_binds_with_the_role_of_a_connector_alone(api: Api, world: World, hub: Any, spoke: Any) -> None:
    editor = editor_with(world, "Editor")
    answer = bind(editor, spoke, {"id": hub["id"]})
    assert (answer.status_code, errors(answer)) == (403, [("not_authorized", "vpc")])
    assert bind(editor_with(world, "DNS Binding Connector"), spoke, {"id": hub["id"]}).status_code == 201


def test_an_editor_deletes_a_binding_of_a_vpc_but_not_of_its_hub(
    api: Api, world: World, hub: Any, spoke: Any, bound: Any
) -> None:
    editor = editor_with(world, "Editor")
    [other] = api.get(bindings_of(hub)).json()["dns_resolution_bindings"]
    assert editor.call("DELETE", f"{bindings_of(hub)}/{other['id']}").status_code == 403
    assert editor.call("DELETE", f"{bindings_of(spoke)}/{bound['id']}").status_code == 202
