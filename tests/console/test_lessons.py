"""Lessons: checks turn green by what really happened since they were begun, and stay so."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from controlplane.activity.events import IDENTITY_TOKEN_CREATE
from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import SYSTEM, Party, record
from controlplane.console.lessons.catalog import LESSONS, find_lesson
from controlplane.console.lessons.command_parts import steps
from controlplane.console.lessons.learner_events import mark_of
from controlplane.console.lessons.lesson import Evidence, LessonRun, LessonServer, evaluate
from controlplane.console.lessons.progress import begin, learner_progress_of
from controlplane.console.models import FinishedCheck, LessonProgress
from controlplane.kernel import clock, context
from controlplane.kernel.errors import Unauthorized
from controlplane.timekeeping.events import CLOCK_SET
from identity.events import KEY_ROTATE
from identity.services import key_rotation
from identity.services.identity_tokens import create_identity_token
from servers.facts import facts_of
from servers.models import BareMetalServer
from servers.selectors import server_by_number
from servers.services.metadata_service import switch_metadata_service
from tests.world import World, make_server
from trustedprofiles.models import User

pytestmark = pytest.mark.usefixtures("keys")
FIRST = LESSONS[0]
NO_INITIATOR = Party()


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="db-1")


@pytest.fixture
def learner(alice: Client) -> Iterator[User]:
    """Alice. She does what happens, unless another user is named."""
    user = User.objects.get(username="alice")
    with called_by(mark_of(user)):
        yield user


def called_by(agent: str) -> AbstractContextManager[None]:
    return context.entered(context.RequestContext("a-request", agent=agent))


def path(leaf: str = "") -> str:
    return f"{FIRST.path}{leaf}"


def refuse(server: BareMetalServer) -> None:
    """A program on the server asks while the service is off."""
    party = Party(server.crn, server.name, "BareMetalServer")
    error = Unauthorized("The metadata service of this server is off.")
    record(IDENTITY_TOKEN_CREATE, initiator=party, target=party, account_id=server.account_id, error=error)


def switch(server: BareMetalServer, *, on: bool, by: Party = NO_INITIATOR) -> None:
    switch_metadata_service(server, enabled=on, by=by)


def get_token(server: BareMetalServer) -> None:
    row = server_by_number(server.number)
    assert row
    create_identity_token(facts_of(row), lifetime=timedelta(hours=1), nonce=None, now=clock.now())


def finished(learner: User) -> list[str]:
    standing = learner_progress_of(learner, FIRST)
    assert standing
    return [check.key for check in FIRST.checks if check.key in standing.finished]


def test_nothing_is_finished_by_beginning(learner: User, server: BareMetalServer) -> None:
    begin(learner, FIRST, server)
    assert finished(learner) == []


def test_each_check_turns_green_by_what_happens(learner: User, server: BareMetalServer) -> None:
    begin(learner, FIRST, server)
    check_keys = []
    for happens in (refuse, lambda s: switch(s, on=True), get_token, lambda s: switch(s, on=False)):
        happens(server)
        check_keys.append(finished(learner)[-1])
    switch(server, on=True)
    get_token(server)
    assert [*check_keys, finished(learner)[-1]] == ["refused", "on", "token", "off", "again"]


def test_what_happened_before_it_was_begun_does_not_count(learner: User, server: BareMetalServer) -> None:
    refuse(server)
    begin(learner, FIRST, server)
    assert finished(learner) == []


def test_what_happens_on_another_server_does_not_count(learner: User, world: World, server: BareMetalServer) -> None:
    begin(learner, FIRST, server)
    refuse(make_server(world.account, name="other"))
    assert finished(learner) == []


@pytest.mark.parametrize("agent", ["", "curl/8.5.0", "learner-{}", "baremint-console learner-{}1"])
def test_what_others_call_on_the_learner_s_server_does_not_count(
    learner: User, server: BareMetalServer, agent: str
) -> None:
    """Another user of the account, a job, another learner, or the *Try it* of another user."""
    begin(learner, FIRST, server)
    with called_by(agent.format(learner.pk)):
        refuse(server)
    assert finished(learner) == []


@pytest.mark.parametrize("agent", ["{}", "link-preview {}", "baremint-console {}"])
def test_what_the_learner_s_programs_and_their_try_it_call_counts(
    learner: User, server: BareMetalServer, agent: str
) -> None:
    begin(learner, FIRST, server)
    with called_by(agent.format(mark_of(learner))):
        refuse(server)
    assert finished(learner) == ["refused"]


@pytest.mark.parametrize(
    ("who", "agent", "counts"),
    [
        ("IBMid-ALICE00001", "Mozilla/5.0", True),
        ("IBMid-ALICE00001", "learner-999", False),
        ("IBMid-VICTOR", "Mozilla/5.0", False),
        ("IBMid-VICTOR", "{}", True),
    ],
    ids=["in the console", "with one key for all", "by another user", "by a key of the deployment"],
)
def test_a_switch_counts_when_it_was_the_learner_s(
    learner: User, server: BareMetalServer, who: str, agent: str, counts: bool
) -> None:
    begin(learner, FIRST, server)
    refuse(server)
    with called_by(agent.format(mark_of(learner))):
        switch(server, on=True, by=Party(who, who, "User"))
    assert ("on" in finished(learner)) == counts


def test_nothing_is_too_long_ago(learner: User, server: BareMetalServer) -> None:
    """However much the learner has called since."""
    begin(learner, FIRST, server)
    refuse(server)
    switch(server, on=True)
    again = {"action": IDENTITY_TOKEN_CREATE, "outcome": "failure", "reason_code": 400, "target_id": server.crn}
    mine = {"account_id": server.account_id, "initiator_agent": mark_of(learner), "time": clock.now()}
    ActivityEvent.objects.bulk_create(ActivityEvent(**again, **mine) for _ in range(2500))
    assert finished(learner) == ["refused", "on"]


def test_the_wrong_order_does_not_count(learner: User, server: BareMetalServer) -> None:
    """Off without a token before it proves nothing."""
    begin(learner, FIRST, server)
    switch(server, on=True)
    get_token(server)
    refuse(server)
    assert finished(learner) == ["refused"]


def test_all_that_happened_unwatched_is_found_at_once(learner: User, server: BareMetalServer) -> None:
    begin(learner, FIRST, server)
    refuse(server)
    switch(server, on=True)
    get_token(server)
    assert finished(learner) == ["refused", "on", "token"]


def test_a_finished_check_stays_finished_when_the_server_is_gone(learner: User, server: BareMetalServer) -> None:
    begin(learner, FIRST, server)
    refuse(server)
    assert finished(learner) == ["refused"]
    LessonProgress.objects.update(instance_id="0717-deleted")
    assert finished(learner) == ["refused"]


@pytest.mark.usefixtures("movable_clock")
def test_a_clock_that_goes_back_confuses_nothing(learner: User, server: BareMetalServer) -> None:
    begin(learner, FIRST, server)
    clock.follow(lambda last: clock.Setting(offset=-timedelta(days=1)))
    refuse(server)
    assert finished(learner) == ["refused"]


def test_looking_twice_at_the_same_moment_keeps_one_of_each(learner: User, server: BareMetalServer) -> None:
    begin(learner, FIRST, server)
    refuse(server)
    finished(learner)
    finished(learner)
    assert FinishedCheck.objects.count() == 1


def test_a_finished_lesson_reads_no_events(learner: User, server: BareMetalServer) -> None:
    progress = begin(learner, FIRST, server)
    FinishedCheck.objects.bulk_create(
        FinishedCheck(progress=progress, check_key=check.key, event_number=1, seen="so") for check in FIRST.checks
    )
    with CaptureQueriesContext(connection) as queries:
        finished(learner)
    assert not any(ActivityEvent._meta.db_table in query["sql"] for query in queries.captured_queries)


def test_beginning_a_lesson_again_forgets_what_was_finished(learner: User, server: BareMetalServer) -> None:
    begin(learner, FIRST, server)
    refuse(server)
    assert finished(learner)
    begin(learner, FIRST, server)
    assert finished(learner) == []


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_a_lesson_finishes_nothing_without_evidence(lesson: object) -> None:
    actual_lesson = find_lesson(getattr(lesson, "slug", ""))
    assert actual_lesson
    assert evaluate(actual_lesson, Evidence(a_place(), [])) == {}


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_every_check_of_a_lesson_is_drawn_or_commanded(lesson: object) -> None:
    """A diagram that cannot fill in, or a check that nothing is pasted for, would leave a learner waiting."""
    actual_lesson = find_lesson(getattr(lesson, "slug", ""))
    assert actual_lesson
    keys = [check.key for check in actual_lesson.checks]
    assert sorted({each.check for each in actual_lesson.messages}) == sorted(keys)
    assert len(set(keys)) == len(keys)
    assert len({each.slug for each in LESSONS}) == len(LESSONS)
    assert steps(actual_lesson, a_place())


def a_place() -> LessonRun:
    here = LessonServer("0717-1", "web-1", "crn:of:web-1", "http://127.64.0.1:8169", "us-south")
    there = LessonServer("0717-2", "web-2", "crn:of:web-2", "http://127.64.0.2:8169", "us-south")
    return LessonRun(here, "a" * 32, "http://127.0.0.1:8000", "/ca.pem", "lesson-1", "learner-1", there)


def rotated(old: str, new: str, **data: str) -> ActivityEvent:
    event = ActivityEvent(action=KEY_ROTATE, outcome="success", initiator_type="System")
    event.data = {"old": old, "new": new, **data}
    return event


def lesson_6(*happened: ActivityEvent) -> list[str]:
    """Its checks that are finished when this has happened since the learner got a token of the key ``two``."""
    lesson = find_lesson("rotation")
    assert lesson
    fresh = ActivityEvent(pk=1, action=IDENTITY_TOKEN_CREATE, outcome="success", data={"kid": "two", "exp": 0})
    for number, event in enumerate(happened, start=2):
        event.pk = number
    own = [fresh, *(event for event in happened if event.action == CLOCK_SET)]
    job_events = [event for event in happened if event.action == KEY_ROTATE]
    before = {check.key: 1 for check in lesson.checks if check.key not in ("due", "home")}
    return list(evaluate(lesson, Evidence(a_place(), own, before, job_events)))


def moved() -> ActivityEvent:
    data = {"to": clock.now().isoformat(), "offset_seconds": 3600, "frozen": False}
    return ActivityEvent(action=CLOCK_SET, outcome="success", data=data)


def test_the_lesson_s_key_ends_by_itself_once_the_learner_moved_the_clock() -> None:
    assert lesson_6(moved(), rotated("two", "three")) == ["due"]


def test_the_end_of_another_key_is_not_that_of_the_lesson_s() -> None:
    assert lesson_6(moved(), rotated("iam-1", "iam-2"), rotated("intermediate_1", "intermediate_2")) == []


def test_a_key_that_ended_before_the_learner_moved_the_clock_does_not_count() -> None:
    assert lesson_6(rotated("two", "three"), moved()) == []


def test_a_change_at_a_persons_request_is_not_one_by_the_system() -> None:
    """Both are the deployment's own: what is typed on its machine is not typed by a particular user."""
    event = rotated("two", "three", asked_at="2026-01-01T00:00:00Z")
    assert lesson_6(moved(), event) == []
    assert lesson_6(moved(), event, rotated("three", "four")) == ["due"]


def test_a_change_that_the_learner_asked_for_counts_when_a_job_carries_it_out(
    learner: User, server: BareMetalServer
) -> None:
    lesson = find_lesson("rotation")
    assert lesson
    begin(learner, lesson, server)
    switch(server, on=True)
    get_token(server)
    key_rotation.rotate("identity", now=clock.now(), by=SYSTEM)
    with called_by(""):
        key_rotation.run_due_steps(now=clock.now() + timedelta(minutes=8))
    standing = learner_progress_of(learner, lesson)
    assert standing
    assert list(standing.finished) == ["token", "rotated"]


@pytest.mark.parametrize("embedded", [True, False])
def test_no_command_asks_for_a_database_that_only_the_deployment_knows(embedded: bool, settings: Any) -> None:
    """``baremint rotate`` opens the database itself."""
    settings.EMBEDDED_DATABASE = embedded
    lesson = find_lesson("rotation")
    assert lesson
    pasted = "\n".join(command.text for command in lesson.commands(a_place()))
    assert ("baremint rotate" in pasted) == embedded
