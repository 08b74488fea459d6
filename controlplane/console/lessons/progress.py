"""The progress of learners: begin a lesson, update its checks, reset a class."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max, Q, QuerySet

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party, record
from controlplane.activity.selectors import events_after, events_of
from controlplane.console.events import CLASS_RESET
from controlplane.console.lessons.catalog import find_lesson
from controlplane.console.lessons.learner_events import is_done_by, may_be_done_by
from controlplane.console.lessons.lesson import Evidence, Lesson, LessonRun, evaluate
from controlplane.console.lessons.lesson_server import run_of
from controlplane.console.models import FinishedCheck, LessonProgress
from controlplane.kernel import clock
from servers.models import BareMetalServer
from trustedprofiles.models import Account, User

LONGEST_SEEN = 512


@dataclass(frozen=True)
class LearnerProgress:
    """The progress of one learner in one lesson, with the finished checks."""

    progress: LessonProgress
    finished: dict[str, FinishedCheck]
    """By the key of the check."""

    def done(self, lesson: Lesson) -> int:
        return sum(check.key in self.finished for check in lesson.checks)


@transaction.atomic
def begin(learner: User, lesson: Lesson, server: BareMetalServer) -> LessonProgress:
    """Begin a lesson, or restart it: only what happens from now on counts."""
    # If the button is pressed twice, the second start follows the first.
    User.objects.select_for_update(no_key=True).get(pk=learner.pk)
    _delete(LessonProgress.objects.filter(learner=learner, lesson=lesson.slug))
    return LessonProgress.objects.create(
        learner=learner,
        lesson=lesson.slug,
        instance_id=server.id,
        after_event=ActivityEvent.objects.aggregate(id=Max("id"))["id"] or 0,
        begun_at=clock.now(),
    )


def progress_by_lesson(learners: Sequence[User]) -> dict[tuple[int, str], LearnerProgress]:
    """The progress in all begun lessons, by learner and lesson. It is updated with what happened since the last
    update."""
    rows = LessonProgress.objects.filter(learner__in=learners).select_related("learner__account")
    return {
        (row.learner_id, row.lesson): learner_progress
        for row, learner_progress in _updated(rows.prefetch_related("finished"))
    }


def learner_progress_of(learner: User, lesson: Lesson) -> LearnerProgress | None:
    """The progress of a learner in a lesson; None when it is not begun."""
    rows = LessonProgress.objects.filter(learner=learner, lesson=lesson.slug).select_related("learner__account")
    return next((learner_progress for _, learner_progress in _updated(rows.prefetch_related("finished"))), None)


def _updated(rows: Iterable[LessonProgress]) -> Iterator[tuple[LessonProgress, LearnerProgress]]:
    """The updated progress of each row. Events are read once for all learners of an account."""
    learner_progress = {
        row: LearnerProgress(row, {each.check_key: each for each in row.finished.all()}) for row in rows
    }
    unfinished = defaultdict(list)
    for row, each in learner_progress.items():
        lesson = find_lesson(row.lesson)
        if lesson is None or each.done(lesson) == len(lesson.checks):
            yield row, each
        else:
            unfinished[str(row.learner.account_id)].append((each, lesson))
    for account_id, unfinished_lessons in unfinished.items():
        events = _events_since(account_id, unfinished_lessons)
        for each, lesson in unfinished_lessons:
            yield each.progress, _update(each, lesson, events)


def _update(learner_progress: LearnerProgress, lesson: Lesson, events: Sequence[ActivityEvent]) -> LearnerProgress:
    """Evaluate the checks that are not finished, and store the findings. A finished check stays finished."""
    progress, finished = learner_progress.progress, learner_progress.finished
    run = run_of(progress)
    if run is None:
        return learner_progress
    numbers = {key: each.event_number for key, each in finished.items()}
    findings = evaluate(lesson, _evidence(progress, lesson, run, numbers, events))
    new = [
        FinishedCheck(progress=progress, check_key=key, event_number=finding.event.pk, seen=finding.text[:LONGEST_SEEN])
        for key, finding in findings.items()
    ]
    if new:
        _store(progress, new)
    return LearnerProgress(progress, finished | {each.check_key: each for each in new})


@transaction.atomic
def _store(progress: LessonProgress, new: list[FinishedCheck]) -> None:
    """Store finished checks. Another window may do the same at this moment, and the class may be reset."""
    if LessonProgress.objects.select_for_update().filter(pk=progress.pk).first():
        FinishedCheck.objects.bulk_create(new, ignore_conflicts=True)


def _events_since(account_id: str, unfinished_lessons: Sequence[tuple[LearnerProgress, Lesson]]) -> list[ActivityEvent]:
    """The events of learners since the first of these lessons was begun, and all events that finished a check, the
    oldest first."""
    learners = [each.progress.learner for each, _ in unfinished_lessons]
    watched = {action for _, lesson in unfinished_lessons for action in lesson.watches}
    followed = {action for _, lesson in unfinished_lessons for action in lesson.follows}
    rows = events_after(account_id, min(each.progress.after_event for each, _ in unfinished_lessons))
    candidates = rows.filter(Q(may_be_done_by(learners), action__in=watched) | Q(action__in=followed))
    numbers = {check.event_number for each, _ in unfinished_lessons for check in each.finished.values()}
    events = {event.pk: event for event in (*candidates, *events_of(account_id).filter(pk__in=numbers))}
    return [events[number] for number in sorted(events)]


def _evidence(
    progress: LessonProgress, lesson: Lesson, run: LessonRun, numbers: dict[str, int], events: Sequence[ActivityEvent]
) -> Evidence:
    since = [event for event in events if event.pk > progress.after_event]
    relevant = {event.pk for event in since if event.action in lesson.watches and is_done_by(progress.learner, event)}
    relevant.update(numbers.values())
    job_events = [event for event in since if event.action in lesson.follows]
    return Evidence(run, [event for event in events if event.pk in relevant], numbers, job_events)


@transaction.atomic
def reset_class(account: Account, *, by: Party) -> int:
    """Delete the progress of all learners of the account; what they created stays. Returns how many had begun a
    lesson."""
    rows = LessonProgress.objects.filter(learner__account=account)
    learners = rows.values("learner").distinct().count()
    _delete(rows)
    target = class_of(account)
    record(CLASS_RESET, initiator=by, target=target, account_id=account.id, data={"learners": learners})
    return learners


def _delete(rows: QuerySet[LessonProgress]) -> None:
    """Delete progress. The rows are locked first, so that no window stores a check for them."""
    ids = list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
    LessonProgress.objects.filter(pk__in=ids).delete()


def class_of(account: Account) -> Party:
    """The learners of an account as events name them."""
    return Party(account.id, account.name, "Class")
