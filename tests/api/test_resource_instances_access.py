"""Who may see and change service instances: platform roles on the instance's service, in the API and in explain."""

from collections.abc import Callable
from typing import Any

import pytest

from controlplane.activity.record import Party
from controlplane.instances.models import ResourceInstance
from controlplane.kernel import clock, ids
from controlplane.kernel.crn import Crn
from tests.api.asking import ask
from tests.api.calling import call, caller_of
from tests.instances import COS, KMS, PATH, instance_body, make_instance
from tests.policies import VICTOR, attribute, make_content
from tests.world import ACCOUNT, ALICE, World, make_profile
from trustedprofiles.models import ResourceGroup, TrustedProfile
from trustedprofiles.services.policies import create_policy
from trustedprofiles.services.tags import attach_tags, create_access_tag

pytestmark = pytest.mark.django_db

BY = Party("IBMid-ALICE00001", "Alice", "User")
CALLER = caller_of(VICTOR)
RETRIEVE, CREATE, UPDATE, DELETE = (
    f"resource-controller.instance.{verb}" for verb in ("retrieve", "create", "update", "delete")
)


@pytest.fixture(autouse=True)
def victor(world: World) -> None:
    """Victor is a trusted profile, so that others may ask about him."""
    profile = make_profile(world.account, name="victor")
    TrustedProfile.objects.filter(pk=profile.pk).update(id=VICTOR.removeprefix("iam-"))


@pytest.fixture
def team(world: World) -> ResourceGroup:
    return ResourceGroup.objects.create(id=ids.hex_id(), account=world.account, name="team", created_at=clock.now())


@pytest.fixture
def instances(world: World, team: ResourceGroup) -> dict[str, ResourceInstance]:
    return {
        "kms": make_instance(world.account, name="kms"),
        "team kms": make_instance(world.account, name="team kms", group=team.id),
        "eu kms": make_instance(world.account, name="eu kms", region="eu-de"),
        "cos": make_instance(world.account, service=COS, name="cos"),
    }


def grant(world: World, *, role: str = "Viewer", service: str | None = KMS, more: tuple[Any, ...] = ()) -> None:
    content = make_content(VICTOR, role, service=service or KMS, more=more)
    if service is None:
        content.resource[:] = [each for each in content.resource if each["key"] != "serviceName"]
    create_policy(world.account, content=content, api_version="v1", by=BY)


def listed(path: str = PATH, caller: Any = CALLER) -> list[str] | int:
    answer = call("GET", path, caller=caller)
    if answer.status_code != 200:
        return int(answer.status_code)
    return sorted(each["name"] for each in answer.json()["resources"])


def permitted(instances: dict[str, ResourceInstance]) -> dict[str, set[str]]:
    """What Victor may do to each instance, by name: as the API answers, which ``explain`` must say as well."""
    may: dict[str, set[str]] = {}
    for name, instance in instances.items():
        one = f"{PATH}/{instance.guid}"
        calls = {
            RETRIEVE: call("GET", one, caller=CALLER),
            UPDATE: call("PATCH", one, {}, caller=CALLER),
            DELETE: call("DELETE", one, caller=CALLER),
        }
        for action, answer in calls.items():
            words = (instance.guid, instance.crn, instance.name, {"serviceInstance": instance.guid})
            for word in words if (name, action) == ("kms", RETRIEVE) else words[-1:]:
                explained = ask(ALICE, subject=VICTOR, action=action, resource=word).json()
                assert (explained["decision"] == "allow") is (answer.status_code != 403), (name, action, word)
            if answer.status_code == 403:
                assert answer.json()["message"] == explained["because"]
                assert answer.json()["details"] == explained["explanation"]
        ResourceInstance.objects.filter(pk=instance.pk).update(state="active")
        granted = {action.rpartition(".")[2] for action, answer in calls.items() if answer.status_code != 403}
        if granted:
            may[name] = granted
    return may


ALL = {"retrieve", "update", "delete"}
GRANTS: dict[str, tuple[Callable[..., dict[str, Any]], dict[str, set[str]], list[str] | int]] = {
    "nothing": (lambda instances, team: {}, {}, 403),
    "Viewer on kms": (
        lambda instances, team: {"role": "Viewer"},
        {"kms": {"retrieve"}, "team kms": {"retrieve"}, "eu kms": {"retrieve"}},
        ["eu kms", "kms", "team kms"],
    ),
    "Editor on kms": (
        lambda instances, team: {"role": "Editor"},
        {"kms": ALL, "team kms": ALL, "eu kms": ALL},
        ["eu kms", "kms", "team kms"],
    ),
    "Editor on kms of one resource group": (
        lambda instances, team: {"role": "Editor", "more": (attribute("resourceGroupId", team.id),)},
        {"team kms": ALL},
        ["team kms"],
    ),
    "Viewer on one instance": (
        lambda instances, team: {"more": (attribute("serviceInstance", instances["kms"].guid),)},
        {"kms": {"retrieve"}},
        ["kms"],
    ),
    "Viewer on kms of one region": (
        lambda instances, team: {"more": (attribute("region", "eu-de"),)},
        {"eu kms": {"retrieve"}},
        ["eu kms"],
    ),
    "Viewer on the object store": (
        lambda instances, team: {"service": COS},
        {"cos": {"retrieve"}},
        ["cos"],
    ),
    "Viewer on all services": (
        lambda instances, team: {"service": None},
        {name: {"retrieve"} for name in ("kms", "team kms", "eu kms", "cos")},
        ["cos", "eu kms", "kms", "team kms"],
    ),
    "Editor on the resource controller": (
        lambda instances, team: {"service": "resource-controller", "role": "Editor"},
        {},
        403,
    ),
    "Manager on kms": (lambda instances, team: {"role": "Manager"}, {}, 403),
}


@pytest.mark.thorough
@pytest.mark.parametrize("which", GRANTS)
def test_platform_roles_on_the_service_decide_in_the_api_the_list_and_explain(
    world: World, instances: dict[str, ResourceInstance], team: ResourceGroup, which: str
) -> None:
    make_grant, expected, names = GRANTS[which]
    if options := make_grant(instances, team):
        grant(world, **options)
    assert listed() == names
    explained = ask(ALICE, subject=VICTOR, action=RETRIEVE).json()
    assert explained["decision"] == ("deny" if names == 403 else "allow")
    assert permitted(instances) == expected


def test_a_policy_on_an_access_tag_selects_the_instances_that_carry_it(
    world: World, instances: dict[str, ResourceInstance]
) -> None:
    create_access_tag(world.account, name="env:dev", by=BY)
    crn = Crn.parse(instances["kms"].crn)
    attach_tags(world.account, crn=crn, type="access", names=["env:dev"], by=BY)
    tag = {"key": "env", "operator": "stringEquals", "value": "dev"}
    content = make_content(VICTOR, service=KMS, resource_tags=[tag])
    create_policy(world.account, content=content, api_version="v1", by=BY)
    assert listed() == ["kms"]
    assert permitted(instances) == {"kms": {"retrieve"}}


CREATIONS: dict[str, tuple[dict[str, Any], dict[str, int]]] = {
    "Viewer on kms": ({"role": "Viewer"}, {"kms": 403, "team": 403, "cos": 403}),
    "Editor on kms": ({"role": "Editor"}, {"kms": 201, "team": 201, "cos": 403}),
    "Manager on kms": ({"role": "Manager"}, {"kms": 403, "team": 403, "cos": 403}),
    "Editor on kms of one resource group": ({"role": "Editor", "in_team": True}, {"kms": 403, "team": 201, "cos": 403}),
}


@pytest.mark.parametrize("which", CREATIONS)
def test_an_editor_of_the_service_or_of_its_part_in_a_resource_group_creates_instances(
    world: World, team: ResourceGroup, which: str
) -> None:
    options, expected = CREATIONS[which]
    options = dict(options)
    more = (attribute("resourceGroupId", team.id),) if options.pop("in_team", False) else ()
    grant(world, more=more, **options)
    bodies = {
        "kms": instance_body(ACCOUNT),
        "team": instance_body(ACCOUNT, resource_group=team.id),
        "cos": instance_body(ACCOUNT, service=COS),
    }
    answers = {name: call("POST", PATH, body, caller=CALLER) for name, body in bodies.items()}
    assert {name: answer.status_code for name, answer in answers.items()} == expected
    for name, answer in answers.items():
        resource = {
            "serviceName": COS if name == "cos" else KMS,
            "region": bodies[name]["target"],
            "resourceGroupId": bodies[name]["resource_group"],
        }
        explained = ask(ALICE, subject=VICTOR, action=CREATE, resource=resource).json()
        assert explained["decision"] == ("allow" if answer.status_code == 201 else "deny")
        if answer.status_code == 403:
            assert answer.json()["message"] == explained["because"]
            assert answer.json()["details"] == explained["explanation"]


def test_an_unknown_resource_group_is_not_told_to_a_caller_who_may_create_nothing(world: World) -> None:
    body = instance_body(ACCOUNT, resource_group="unknown")
    assert call("POST", PATH, body, caller=CALLER).status_code == 403
    grant(world, role="Editor")
    assert call("POST", PATH, body, caller=CALLER).status_code == 400


def test_reclamations_are_shown_to_viewers_and_acted_on_by_editors(
    world: World, instances: dict[str, ResourceInstance]
) -> None:
    for name in ("kms", "cos"):
        call("DELETE", f"{PATH}/{instances[name].guid}")
    grant(world)
    [entry] = call("GET", "/v1/reclamations", caller=CALLER).json()["resources"]
    assert entry["resource_instance_id"] == instances["kms"].guid
    path = f"/v1/reclamations/{entry['id']}/actions/restore"
    assert call("POST", path, caller=CALLER).status_code == 403
    grant(world, role="Editor")
    assert call("POST", path, caller=CALLER).status_code == 200


def test_explain_names_the_nearest_instance_that_the_asker_may_list(
    world: World, instances: dict[str, ResourceInstance]
) -> None:
    answer = ask(ALICE, subject=VICTOR, action=RETRIEVE, resource="team kmz")
    assert answer.status_code == 400
    assert "team kms" in answer.json()["errors"][0]["message"]


def test_two_instances_of_a_name_are_told_apart_by_their_guids(world: World) -> None:
    guids = {make_instance(world.account, name="twin").guid for _ in range(2)}
    message = ask(ALICE, action=DELETE, resource="twin").json()["errors"][0]["message"]
    assert all(guid in message for guid in guids)


def test_an_editor_of_the_service_tags_an_instance_that_it_creates(world: World) -> None:
    """The right on the instance suffices (D-25)."""
    grant(world, role="Editor")
    body = instance_body(ACCOUNT, tags=["env"])
    assert call("POST", PATH, body, caller=CALLER).status_code == 201
