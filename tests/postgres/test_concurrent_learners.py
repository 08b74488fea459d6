"""A learner with two windows, and a teacher who resets the class while they are looked at."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from controlplane.activity.events import IDENTITY_TOKEN_CREATE
from controlplane.activity.record import Party, record
from controlplane.console.lessons.catalog import LESSONS
from controlplane.console.lessons.learner_events import mark_of
from controlplane.console.lessons.progress import LearnerProgress, begin, learner_progress_of, reset_class
from controlplane.console.models import FinishedCheck, LessonProgress
from controlplane.kernel import context
from controlplane.kernel.errors import Unauthorized
from servers.models import BareMetalServer
from tests.world import make_account, make_server
from trustedprofiles.models import User

Together = Callable[[Sequence[Callable[[], Any]]], list[Any]]
FIRST = LESSONS[0]
AT_ONCE = 4


@pytest.fixture
def server(on_postgresql: None) -> BareMetalServer:
    return make_server(make_account(), name="db-1")


@pytest.fixture
def learner(server: BareMetalServer) -> User:
    return User.objects.create_user("ada", iam_id="IBMid-ADA", account=server.account)


def refuse(learner: User, server: BareMetalServer) -> None:
    """The learner asks on the server while the service is off: the first check of the first lesson."""
    party = Party(server.crn, server.name, "BareMetalServer")
    error = Unauthorized("The metadata service of this server is off.")
    with context.entered(context.RequestContext("a-request", agent=mark_of(learner))):
        record(IDENTITY_TOKEN_CREATE, initiator=party, target=party, account_id=server.account_id, error=error)


def test_a_lesson_that_is_begun_twice_at_once_is_begun(
    learner: User, server: BareMetalServer, together: Together
) -> None:
    results = together([lambda: begin(learner, FIRST, server)] * AT_ONCE)
    assert [type(each) for each in results] == [LessonProgress] * AT_ONCE
    assert LessonProgress.objects.count() == 1


def test_windows_that_look_at_the_same_moment_finish_a_check_once(
    learner: User, server: BareMetalServer, together: Together
) -> None:
    begin(learner, FIRST, server)
    refuse(learner, server)
    results = together([lambda: learner_progress_of(learner, FIRST)] * AT_ONCE)
    assert [list(each.finished) for each in results if isinstance(each, LearnerProgress)] == [["refused"]] * AT_ONCE
    assert FinishedCheck.objects.count() == 1


def test_a_class_is_reset_while_it_is_looked_at(learner: User, server: BareMetalServer, together: Together) -> None:
    begin(learner, FIRST, server)
    refuse(learner, server)
    windows = [lambda: learner_progress_of(learner, FIRST)] * AT_ONCE
    reset, *windows_after = together([lambda: reset_class(server.account, by=Party()), *windows])
    assert reset == 1
    assert not [each for each in windows_after if isinstance(each, Exception)]
    assert (LessonProgress.objects.count(), FinishedCheck.objects.count()) == (0, 0)
