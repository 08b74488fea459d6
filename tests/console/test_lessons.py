"""Lessons: checks turn green by what really happened since they were begun, and stay so."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import SYSTEM, Party, record
from controlplane.console.lessons.catalog import LESSONS, find_lesson
from controlplane.console.lessons.lesson import At, Evidence, Place, evaluate
from controlplane.console.lessons.progress import begin, standing_of
from controlplane.console.models import FinishedCheck, LessonProgress
from controlplane.kernel import clock
from controlplane.kernel.errors import Unauthorized
from identity.services import rotation
from identity.services.identity_tokens import EVENT as IDENTITY_TOKEN
from identity.services.identity_tokens import create_identity_token
from servers.facts import facts_of
from servers.models import BareMetalServer
from servers.selectors import server_by_number
from servers.services.metadata_service import switch_metadata_service
from tests.world import World, make_server
from trustedprofiles.models import User

pytestmark = pytest.mark.usefixtures("keys")
FIRST = LESSONS[0]
NOBODY = Party()


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="db-1")


@pytest.fixture
def learner(alice: Client) -> User:
    return User.objects.get(username="alice")


def path(leaf: str = "") -> str:
    return f"{FIRST.path}{leaf}"


def refuse(server: BareMetalServer) -> None:
    """A program on the server asks while the service is off."""
    party = Party(server.crn, server.name, "BareMetalServer")
    error = Unauthorized("The metadata service of this server is off.")
    record(IDENTITY_TOKEN, initiator=party, target=party, account_id=server.account_id, error=error)


def switch(server: BareMetalServer, *, on: bool) -> None:
    switch_metadata_service(server, enabled=on, by=NOBODY)


def get_token(server: BareMetalServer) -> None:
    row = server_by_number(server.number)
    assert row
    create_identity_token(facts_of(row), lifetime=timedelta(hours=1), nonce=None, now=clock.now())


def finished(learner: User) -> list[str]:
    standing = standing_of(learner, FIRST)
    assert standing
    return [check.key for check in FIRST.checks if check.key in standing.finished]


def test_nothing_is_finished_by_beginning(learner: User, server: BareMetalServer) -> None:
    begin(learner, FIRST, server)
    assert finished(learner) == []


def test_each_check_turns_green_by_what_happens(learner: User, server: BareMetalServer) -> None:
    begin(learner, FIRST, server)
    found = []
    for happens in (refuse, lambda s: switch(s, on=True), get_token, lambda s: switch(s, on=False)):
        happens(server)
        found.append(finished(learner)[-1])
    switch(server, on=True)
    get_token(server)
    assert [*found, finished(learner)[-1]] == ["refused", "on", "token", "off", "again"]


def test_what_happened_before_it_was_begun_does_not_count(learner: User, server: BareMetalServer) -> None:
    refuse(server)
    begin(learner, FIRST, server)
    assert finished(learner) == []


def test_what_happens_on_another_server_does_not_count(learner: User, world: World, server: BareMetalServer) -> None:
    begin(learner, FIRST, server)
    refuse(make_server(world.account, name="other"))
    assert finished(learner) == []


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
    LessonProgress.objects.update(server_id="0717-deleted")
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
    with CaptureQueriesContext(connection) as asked:
        finished(learner)
    assert not any(ActivityEvent._meta.db_table in query["sql"] for query in asked.captured_queries)


def test_beginning_anew_forgets_what_was_finished(learner: User, server: BareMetalServer) -> None:
    begin(learner, FIRST, server)
    refuse(server)
    assert finished(learner)
    begin(learner, FIRST, server)
    assert finished(learner) == []


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_a_lesson_finishes_nothing_without_evidence(lesson: object) -> None:
    found = find_lesson(getattr(lesson, "slug", ""))
    assert found
    assert evaluate(found, Evidence(a_place(), [])) == {}


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_every_check_of_a_lesson_is_drawn_or_commanded(lesson: object) -> None:
    """A diagram that cannot fill in, or a check that nothing is pasted for, would leave a learner waiting."""
    found = find_lesson(getattr(lesson, "slug", ""))
    assert found
    keys = [check.key for check in found.checks]
    assert sorted({each.check for each in found.drawn}) == sorted(keys)
    assert len(set(keys)) == len(keys)
    assert len({each.slug for each in LESSONS}) == len(LESSONS)
    assert found.commands(a_place())


def a_place() -> Place:
    here = At("0717-1", "web-1", "crn:of:web-1", "http://127.64.0.1:8169", "us-south")
    there = At("0717-2", "web-2", "crn:of:web-2", "http://127.64.0.2:8169", "us-south")
    return Place(here, "a" * 32, "http://127.0.0.1:8000", "/ca.pem", "lesson-1", there)


@pytest.mark.parametrize("asked", [True, False])
def test_a_hand_over_that_somebody_asked_for_is_not_the_one_that_nobody_asked_for(asked: bool) -> None:
    """Both are the deployment's own: what is typed on its machine is typed by nobody in particular."""
    rotation_lesson = find_lesson("rotation")
    assert rotation_lesson
    if asked:
        rotation.rotate("identity", now=clock.now(), by=SYSTEM)
        later = clock.now() + timedelta(minutes=8)
    else:
        later = clock.now() + timedelta(hours=25)
    rotation.run_due_steps(now=later)
    events = list(ActivityEvent.objects.filter(action=rotation.ROTATED).order_by("id"))[-1:]
    before = {check.key: 0 for check in rotation_lesson.checks if check.key not in ("due", "home")}
    seen = evaluate(rotation_lesson, Evidence(a_place(), events, before))
    assert ("due" in seen) == (not asked)
