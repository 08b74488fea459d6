"""Policies grant at once, stop at once, and never say the same thing twice."""

from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel.errors import Conflict, NotFound
from tests.policies import VICTOR, attribute, make_content
from tests.world import World
from trustedprofiles.models import Policy
from trustedprofiles.services.policies import (
    PolicyConflict,
    PolicyContent,
    create_policy,
    delete_policy,
    replace_policy,
    restore_policy,
)

BY = Party("IBMid-ALICE00001", "Alice", "User")


def make(world: World, content: PolicyContent | None = None, **changes: Any) -> Policy:
    return create_policy(
        world.account, **{"content": content or make_content(), "api_version": "v1", "by": BY, **changes}
    )


def last_event() -> ActivityEvent:
    return ActivityEvent.objects.order_by("-pk")[0]


def test_a_new_policy_is_active_and_knows_its_maker(world: World) -> None:
    policy = make(world)
    assert (policy.state, policy.created_by_id, policy.last_modified_by_id) == ("active", BY.id, BY.id)


def test_creating_leaves_one_event_with_roles_and_subject(world: World) -> None:
    policy = make(world)
    assert (last_event().action, last_event().target_id) == ("iam-am.policy.create", str(policy.id))
    assert last_event().data == {"roles": policy.roles, "subject": VICTOR.lower()}


@pytest.mark.parametrize(
    "content",
    [
        make_content(),
        make_content(VICTOR.upper()),
        make_content(description="another description"),
        PolicyContent(
            subject=[attribute("iam_id", VICTOR)],
            resource=list(reversed(make_content().resource)),
            roles=make_content().roles,
        ),
    ],
    ids=["word-for-word", "subject-in-capitals", "another-description", "attributes-in-another-order"],
)
def test_the_same_policy_twice_conflicts_with_the_first(world: World, content: PolicyContent) -> None:
    first = make(world)
    with pytest.raises(PolicyConflict) as error:
        make(world, content)
    assert error.value.rival == first
    assert Policy.objects.count() == 1


@pytest.mark.parametrize(
    "content",
    [
        make_content("iam-Profile-other"),
        make_content(VICTOR, "Editor"),
        make_content(VICTOR, "Viewer", "Editor"),
        make_content(service="iam-identity"),
        make_content(resource_tags=[attribute("env", "prod")]),
    ],
    ids=["another-subject", "another-role", "one-role-more", "another-service", "with-a-tag"],
)
def test_a_policy_that_differs_does_not_conflict(world: World, content: PolicyContent) -> None:
    make(world)
    make(world, content)
    assert Policy.objects.count() == 2


def test_replacing_changes_the_grant_and_the_entity_tag(world: World) -> None:
    policy = make(world)
    before = policy.entity_tag
    replaced = replace_policy(policy, content=make_content("iam-Profile-other", "Editor"), by=Party("IBMid-BOB"))
    assert replaced.subject_iam_id == "iam-profile-other"
    assert replaced.entity_tag.startswith("2-")
    assert replaced.entity_tag != before
    assert (replaced.created_by_id, replaced.last_modified_by_id) == (BY.id, "IBMid-BOB")


def test_a_policy_may_be_replaced_by_itself(world: World) -> None:
    assert replace_policy(make(world), content=make_content(), by=BY).revision == 2


def test_a_policy_cannot_become_another_one(world: World) -> None:
    make(world)
    policy = make(world, make_content(VICTOR, "Editor"))
    with pytest.raises(PolicyConflict):
        replace_policy(policy, content=make_content(), by=BY)
    policy.refresh_from_db()
    assert policy.revision == 1


def test_of_two_replacements_from_the_same_reading_the_second_is_refused(world: World) -> None:
    policy = make(world)
    same = Policy.objects.get()
    replace_policy(policy, content=make_content(VICTOR, "Editor"), by=BY)
    with pytest.raises(Conflict, match="Read it again"):
        replace_policy(same, content=make_content(VICTOR, "Operator"), by=BY)
    assert Policy.objects.get().roles == make_content(VICTOR, "Editor").roles


def test_a_deleted_policy_stays_readable_in_another_state(world: World) -> None:
    delete_policy(make(world), by=BY)
    assert (Policy.objects.get().state, last_event().action) == ("deleted", "iam-am.policy.delete")


def test_a_policy_is_deleted_once(world: World) -> None:
    policy = make(world)
    delete_policy(policy, by=BY)
    with pytest.raises(NotFound, match="Restore it first"):
        delete_policy(policy, by=BY)


def test_a_deleted_policy_is_not_replaced(world: World) -> None:
    policy = make(world)
    delete_policy(policy, by=BY)
    with pytest.raises(NotFound):
        replace_policy(policy, content=make_content(VICTOR, "Editor"), by=BY)


def test_a_deleted_policy_is_no_rival(world: World) -> None:
    delete_policy(make(world), by=BY)
    assert make(world).state == "active"


def test_a_restored_policy_is_active_again(world: World) -> None:
    policy = make(world)
    delete_policy(policy, by=BY)
    assert restore_policy(policy, by=BY).state == "active"
    assert last_event().action == "iam-am.policy.update"


def test_a_policy_whose_place_was_taken_is_not_restored(world: World) -> None:
    policy = make(world)
    delete_policy(policy, by=BY)
    make(world)
    with pytest.raises(PolicyConflict):
        restore_policy(policy, by=BY)
    assert Policy.objects.filter(state="active").count() == 1
