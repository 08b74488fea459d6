"""An explanation says what the API answers: the same calls, made by the same callers, and asked about."""

from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from controlplane.activity.record import Party
from controlplane.apidocs.permissions.table import permissions
from controlplane.instances.models import ResourceInstance
from controlplane.kernel.caller import Caller
from identity.services.apikeys import create_api_key
from servers.models import Image
from tests.api.asking import ask
from tests.api.calling import call, caller_of
from tests.api.everything import ATTACHMENTS, CATALOG, PLACEHOLDER, Everything
from tests.docs.document import Documented, guarded_operations
from tests.policies import attribute, make_content
from tests.tables import assert_none
from tests.world import ACCOUNT, ALICE, MALLORY, World
from trustedprofiles.models import ServiceId, User
from trustedprofiles.services.policies import create_policy

pytestmark = pytest.mark.thorough

BY = Party.of(ALICE)
BOB = Caller("IBMid-BOB0000001", ACCOUNT, "Bob", "User")
ACTIONS = {each.operation.name: each.operation.action for each in permissions()}
NO_THING = {
    *CATALOG,
    "/v1/accounts/{account_id}",
    "/v2/accounts/{account_id}",
    "/v1/preferences/accounts/{account_id}",
    "/v2/groups/_allgroups/members/{iam_id}",
    "/v3/tags/{tag_name}",
}
# What a call says in its body or its headers is not in its path: these have tests of their own.
ELSEWHERE = {
    *("explain", "get_explanation", "create_api_key", "get_api_keys_details", "list_server_addresses"),
    *("attach_tag", "detach_tag"),
    "list_account_settings_assignments",  # an empty list, by the action of settings
}


def first_id(each: Documented) -> str:
    """The path as far as the thing that is decided about."""
    match = PLACEHOLDER.search(each.path)
    return each.path[: match.end()] if match else ""


def one_of_each_decision() -> list[Documented]:
    operations = {(ACTIONS[str(each)], first_id(each)): each for each in reversed(guarded_operations())}
    return [each for each in operations.values() if str(each) not in ELSEWHERE]


def asked_of(each: Documented, everything: Everything) -> dict[str, Any]:
    start = first_id(each)
    action = ACTIONS[str(each)]
    if not start or start in NO_THING:
        return {"action": action}
    if start.startswith("/v1/serviceid_groups/"):  # by a right on all service IDs
        return {"action": action, "resource": {"resourceType": "serviceid"}}
    id = everything.attached if each.path.startswith(ATTACHMENTS) else everything.value(start)
    if start.startswith("/v1/reclamations/"):  # by a right on the instance
        id = ResourceInstance.objects.get(reclamation_id=id).guid
    by_vpc = start.startswith("/v1/vpcs/") and not action.startswith("is.vpc.")
    return {"action": action, "resource": {"vpcId": id} if by_vpc else id}


def grant(iam_id: str, role: str, *services: str, **selected: str) -> Caller:
    more = tuple(attribute(name, value) for name, value in selected.items())
    account = User.objects.get(iam_id=BOB.iam_id).account
    assert account
    for service in services:
        content = make_content(iam_id, role, service=service, more=more)
        create_policy(account, content=content, api_version="v1", by=BY)
    return BOB if iam_id == BOB.iam_id else caller_of(iam_id)


@pytest.fixture
def alices(world: World, keys: None) -> Everything:
    User.objects.create_user("bob", iam_id=BOB.iam_id, account=world.account)
    return Everything(world.account, ALICE)


@pytest.fixture
def cast(alices: Everything) -> list[Caller]:
    server = alices.server
    return [
        grant(BOB.iam_id, "Viewer", "is", "iam-access-management", "resource-controller"),
        grant("iam-Profile-in-vpc", "Editor", "is", vpcId=server.vpc.id),
        grant("iam-Profile-in-group", "Editor", "is", "resource-controller", resourceGroupId=server.resource_group_id),
        grant("iam-Profile-one-server", "Administrator", "is", bareMetalServerId=server.id)
        and grant("iam-Profile-one-server", "Editor", "iam-identity", resourceType="serviceid"),
    ]


def answered(each: Documented, everything: Everything, caller: Caller) -> Any:
    """By the API; what it changed is undone."""
    with transaction.atomic():
        answer = everything.perform(each, caller)
        transaction.set_rollback(True)
    return answer


def test_what_is_explained_is_what_the_api_answers(alices: Everything, cast: list[Caller]) -> None:
    compared, differences = 0, {}
    for each in one_of_each_decision():
        question = asked_of(each, alices)
        for number, caller in enumerate(cast):
            status = answered(each, alices, caller).status_code
            # By turns the owner asks about others, and each caller about itself.
            asker = {"subject": caller.iam_id} if (number + len(str(each))) % 2 else {}
            explained = ask(ALICE if asker else caller, **question, **asker)
            compared += 1
            decision = explained.json().get("decision", explained.content)
            if decision != ("deny" if status == 403 else "allow"):
                differences[f"{each} by {caller.iam_id}"] = (status, decision)
    assert_none(differences, among=cast)
    assert compared > 400


def test_what_is_missing_or_foreign_is_not_explained(alices: Everything) -> None:
    """At the API each is answered 404, to the owner too; the two explanations are the same."""
    for each in one_of_each_decision():
        question = asked_of(each, alices)
        if "resourceType" in question.get("resource", {"resourceType"}):  # about nothing that there is one of
            continue
        missing = (
            {"resource": "unknown"} if isinstance(question["resource"], str) else {"resource": {"vpcId": "unknown"}}
        )
        answers = [ask(MALLORY, **question), ask(MALLORY, **question | missing)]
        assert [answer.status_code for answer in answers] == [400, 400], each
        assert answers[0].json()["errors"] == answers[1].json()["errors"], each


def test_of_a_persons_api_keys_only_their_own_need_no_policy(alices: Everything, world: World) -> None:
    own, _ = create_api_key(world.account, iam_id=BOB.iam_id, name="own", by=Party.of(BOB))
    other, _ = create_api_key(world.account, iam_id=ALICE.iam_id, name="other", by=BY)
    questions: dict[str, tuple[str, Any]] = {
        f"/v1/apikeys/{own.id}": ("read", own.id),
        f"/v1/apikeys/{other.id}": ("read", other.id),
        "/v1/apikeys": ("list", {}),
    }
    for path, (verb, resource) in questions.items():
        status = alices.call("GET", path, caller=BOB).status_code
        answer = ask(action=f"iam-identity.apikey.{verb}", subject="bob", resource=resource).json()
        assert answer["decision"] == ("allow" if status == 200 else "deny"), path


def test_an_image_of_ibms_cannot_be_changed(alices: Everything) -> None:
    image = Image.objects.filter(account=None, region="us-south").first()
    assert image
    for method, verb in (("GET", "read"), ("PATCH", "update"), ("DELETE", "delete")):
        answer = alices.call(method, f"/v1/images/{image.id}", {"name": "mine"} if method == "PATCH" else None)
        explained = ask(action=f"is.image.image.{verb}", resource=image.name).json()
        assert explained["decision"] == ("deny" if answer.status_code == 403 else "allow"), verb
        if answer.status_code == 403:
            [error] = answer.json()["errors"]
            assert (error["more_info"], error["message"]) == (explained["explanation"], explained["because"])


def test_the_api_keys_of_a_service_id_go_by_its_name(alices: Everything) -> None:
    grant(BOB.iam_id, "Viewer", "iam-identity", resourceType="serviceid")
    service_id = ServiceId.objects.get()
    decisions = {}
    for verb, method in (("list", "GET"), ("create", "POST")):
        body = {"name": "new", "iam_id": service_id.iam_id, "account_id": ACCOUNT} if method == "POST" else None
        path = f"/v1/apikeys?account_id={ACCOUNT}&iam_id={service_id.iam_id}"
        status = call(method, path, body, caller=BOB).status_code
        answer = ask(subject="bob", action=f"iam-identity.apikey.{verb}", resource=service_id.name).json()
        decisions[verb] = (status, answer["decision"])
    assert decisions == {"list": (200, "allow"), "create": (403, "deny")}


def test_policies_decide_about_the_api_keys_of_all_identities(alices: Everything) -> None:
    answer = call("GET", f"/v1/apikeys?account_id={ACCOUNT}&scope=account", caller=BOB)
    [error] = answer.json()["errors"]
    assert answer.status_code == 403
    explained = call("GET", error["details"].removeprefix(settings.BAREMINT_PUBLIC_URL), caller=BOB).json()
    assert (explained["decision"], explained["because"]) == ("deny", error["message"])
