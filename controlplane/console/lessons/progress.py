"""How far learners are: begun, looked at, reset."""

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
from controlplane.console.lessons.lesson import Evidence, Lesson, Place, evaluate
from controlplane.console.lessons.lesson_server import place_of
from controlplane.console.models import FinishedCheck, LessonProgress
from controlplane.kernel import clock
from servers.models import BareMetalServer
from trustedprofiles.models import Account, User

LONGEST_SEEN = 512


@dataclass(frozen=True)
class Standing:
    """How far somebody is with one lesson."""

    progress: LessonProgress
    finished: dict[str, FinishedCheck]
    """By check."""

    def done(self, lesson: Lesson) -> int:
        return sum(check.key in self.finished for check in lesson.checks)


@transaction.atomic
def begin(learner: User, lesson: Lesson, server: BareMetalServer) -> LessonProgress:
    """Begin a lesson, or begin it anew: only what happens from now on counts."""
    # Pressed twice, it begins twice, one after the other.
    User.objects.select_for_update(no_key=True).get(pk=learner.pk)
    _forget(LessonProgress.objects.filter(learner=learner, lesson=lesson.slug))
    return LessonProgress.objects.create(
        learner=learner,
        lesson=lesson.slug,
        instance_id=server.id,
        after_event=ActivityEvent.objects.aggregate(id=Max("id"))["id"] or 0,
        begun_at=clock.now(),
    )


def standings(learners: Sequence[User]) -> dict[tuple[int, str], Standing]:
    """By learner and lesson: how far they are by now, in whatever lessons they have begun. What happened since it was
    last looked at is noted, whoever looks."""
    rows = LessonProgress.objects.filter(learner__in=learners).select_related("learner__account")
    return {(row.learner_id, row.lesson): standing for row, standing in _looked(rows.prefetch_related("finished"))}


def standing_of(learner: User, lesson: Lesson) -> Standing | None:
    """None: not begun."""
    rows = LessonProgress.objects.filter(learner=learner, lesson=lesson.slug).select_related("learner__account")
    return next((standing for _, standing in _looked(rows.prefetch_related("finished"))), None)


def _looked(rows: Iterable[LessonProgress]) -> Iterator[tuple[LessonProgress, Standing]]:
    """What happened is read once for all learners of an account."""
    standing = {row: Standing(row, {each.check_key: each for each in row.finished.all()}) for row in rows}
    unfinished = defaultdict(list)
    for row, each in standing.items():
        lesson = find_lesson(row.lesson)
        if lesson is None or each.done(lesson) == len(lesson.checks):
            yield row, each
        else:
            unfinished[str(row.learner.account_id)].append((each, lesson))
    for account_id, looked_at in unfinished.items():
        events = _happened(account_id, looked_at)
        for each, lesson in looked_at:
            yield each.progress, _look(each, lesson, events)


def _look(standing: Standing, lesson: Lesson, events: Sequence[ActivityEvent]) -> Standing:
    """Note what is seen now of the checks that are not finished. A finished one stays finished."""
    progress, finished = standing.progress, standing.finished
    place = place_of(progress)
    if place is None:
        return standing
    found = {key: each.event_number for key, each in finished.items()}
    seen = evaluate(lesson, _evidence(progress, lesson, place, found, events))
    new = [
        FinishedCheck(progress=progress, check_key=key, event_number=sight.event.pk, seen=sight.text[:LONGEST_SEEN])
        for key, sight in seen.items()
    ]
    if new:
        _note(progress, new)
    return Standing(progress, finished | {each.check_key: each for each in new})


@transaction.atomic
def _note(progress: LessonProgress, new: list[FinishedCheck]) -> None:
    """Another window may look at the same moment, and the class may be reset."""
    if LessonProgress.objects.select_for_update().filter(pk=progress.pk).first():
        FinishedCheck.objects.bulk_create(new, ignore_conflicts=True)


def _happened(account_id: str, looked_at: Sequence[tuple[Standing, Lesson]]) -> list[ActivityEvent]:
    """What learners may have done since the first of these lessons was begun, and whatever finished a check, however
    long ago that was; the oldest first."""
    learners = [standing.progress.learner for standing, _ in looked_at]
    watched = {action for _, lesson in looked_at for action in lesson.watches}
    followed = {action for _, lesson in looked_at for action in lesson.follows}
    rows = events_after(account_id, min(standing.progress.after_event for standing, _ in looked_at))
    seen = rows.filter(Q(may_be_done_by(learners), action__in=watched) | Q(action__in=followed))
    found = {each.event_number for standing, _ in looked_at for each in standing.finished.values()}
    events = {event.pk: event for event in (*seen, *events_of(account_id).filter(pk__in=found))}
    return [events[number] for number in sorted(events)]


def _evidence(
    progress: LessonProgress, lesson: Lesson, place: Place, found: dict[str, int], events: Sequence[ActivityEvent]
) -> Evidence:
    since = [event for event in events if event.pk > progress.after_event]
    own = {event.pk for event in since if event.action in lesson.watches and is_done_by(progress.learner, event)}
    own.update(found.values())
    anybodys = [event for event in since if event.action in lesson.follows]
    return Evidence(place, [event for event in events if event.pk in own], found, anybodys)


@transaction.atomic
def reset_class(account: Account, *, by: Party) -> int:
    """All learners of the account begin anew; what they made stays. Returns how many had begun a lesson."""
    rows = LessonProgress.objects.filter(learner__account=account)
    learners = rows.values("learner").distinct().count()
    _forget(rows)
    target = class_of(account)
    record(CLASS_RESET, initiator=by, target=target, account_id=account.id, data={"learners": learners})
    return learners


def _forget(rows: QuerySet[LessonProgress]) -> None:
    """Held first: no window notes a check of what is going."""
    held = list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
    LessonProgress.objects.filter(pk__in=held).delete()


def class_of(account: Account) -> Party:
    """How events name the learners of an account."""
    return Party(account.id, account.name, "Class")
