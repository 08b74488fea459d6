"""Questions about several resources at once: one answer for each, in their order."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel.caller import Caller
from tests.api.asking import ask
from tests.api.calling import caller_of, refusal
from tests.policies import VICTOR, attribute, make_content
from tests.tables import check_each
from tests.world import ACCOUNT, World
from trustedprofiles.models import TrustedProfile
from trustedprofiles.services.policies import create_policy
from trustedprofiles.services.tags import create_access_tag

BY = Party("IBMid-ALICE00001", "Alice", "User")
GET = "cloud-object-storage.object.get"


def bucket(name: str) -> dict[str, str]:
    return {"serviceInstance": "one", "resourceType": "bucket", "resource": name}


@pytest.fixture
def reader(world: World) -> None:
    """Victor may read objects of the bucket ``a``, and of those with the tag ``env:dev``."""
    one = make_content(VICTOR, "Reader", service="cloud-object-storage", more=[attribute("resource", "a")])
    create_policy(world.account, content=one, api_version="v1", by=BY)
    create_access_tag(world.account, name="env:dev", by=BY)
    tagged = make_content(VICTOR, "Reader", service="cloud-object-storage", resource_tags=[attribute("env", "dev")])
    create_policy(world.account, content=tagged, api_version="v2", by=BY)


def test_each_decision_is_that_of_a_question_about_its_resource(reader: None) -> None:
    resources: list[dict[str, str]] = [bucket("b"), bucket("a"), {}]
    answer = ask(subject=VICTOR, action=GET, resources=resources).json()
    alone = [ask(subject=VICTOR, action=GET, resource=each).json() for each in resources]
    members = ("decision", "because", "explanation", "decided_by", "depends_on")
    assert answer == {"decisions": [{name: one[name] for name in members if name in one} for one in alone]}
    assert [each["decision"] for each in answer["decisions"]] == ["deny", "allow", "deny"]


WAYS: dict[str, dict[str, Any]] = {
    "of a bucket, by policies": {"subject": VICTOR, "action": GET},
    "of a bucket, by ownership": {"action": GET},
    "of the deployment": {"action": "baremint.key.rotate"},
    "of a list": {"subject": VICTOR, "action": "is.bare-metal-server.bare-metal-server.list"},
}


def test_the_queries_do_not_depend_on_the_number_of_resources(reader: None) -> None:
    def queries(question: dict[str, Any], number: int) -> int:
        attributes = [bucket(f"b{each}") if question["action"] == GET else {} for each in range(number)]
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert len(ask(**question, resources=attributes).json()["decisions"]) == number
        return len(captured)

    def check(name: str) -> None:
        assert queries(WAYS[name], 50) == queries(WAYS[name], 1)

    check_each(WAYS, check)


def test_a_question_about_several_resources_leaves_one_event(reader: None) -> None:
    ask(subject=VICTOR, action=GET, resources=[bucket("a"), bucket("b")])
    assert ActivityEvent.objects.filter(action="iam-am.explanation.read").count() == 1


def test_about_another_subject_it_needs_the_same_action_as_a_question_about_one(
    reader: None, profile: TrustedProfile
) -> None:
    caller: Caller = caller_of(VICTOR)
    assert refusal(ask(caller, subject=BY.id, action=GET, resources=[{}])) == (403, "not_authorized")
    assert ask(caller, action=GET, resources=[{}]).status_code == 200


def test_a_refused_token_is_refused_for_each(world: World, keys: None) -> None:
    answer = ask(action=GET, token="a.b.c", resources=[{}, {}]).json()
    assert [each["decision"] for each in answer["decisions"]] == ["deny", "deny"]
    assert ACCOUNT not in str(answer)
