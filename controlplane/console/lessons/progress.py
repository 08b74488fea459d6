"""How far learners are: begun, looked at, reset."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max, QuerySet

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party, record
from controlplane.activity.selectors import events_after, events_of
from controlplane.console.lessons.catalog import find_lesson
from controlplane.console.lessons.lesson import Evidence, Lesson, Place, evaluate
from controlplane.console.lessons.ownership import done_by
from controlplane.console.lessons.places import place_of
from controlplane.console.models import FinishedCheck, LessonProgress
from controlplane.kernel import clock
from servers.models import BareMetalServer
from trustedprofiles.models import Account, User

CLASS_RESET = "baremint.class.reset"
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
        server_id=server.id,
        after_event=ActivityEvent.objects.aggregate(id=Max("id"))["id"] or 0,
        begun_at=clock.now(),
    )


def standings(learners: Sequence[User]) -> dict[tuple[int, str], Standing]:
    """By learner and lesson: how far they are by now, in whatever lessons they have begun. What happened since it was
    last looked at is noted, whoever looks."""
    rows = LessonProgress.objects.filter(learner__in=learners).select_related("learner__account")
    return {(row.learner_id, row.lesson): look(row) for row in rows.prefetch_related("finished")}


def standing_of(learner: User, lesson: Lesson) -> Standing | None:
    """None: not begun."""
    rows = LessonProgress.objects.filter(learner=learner, lesson=lesson.slug).select_related("learner__account")
    row = rows.prefetch_related("finished").first()
    return look(row) if row else None


def look(progress: LessonProgress) -> Standing:
    """Note what is seen now of the checks that are not finished. A finished one stays finished."""
    lesson = find_lesson(progress.lesson)
    finished = {each.check_key: each for each in progress.finished.all()}
    if lesson is None or all(check.key in finished for check in lesson.checks):
        return Standing(progress, finished)
    place = place_of(progress)
    if place is None:
        return Standing(progress, finished)
    found = {key: each.event_number for key, each in finished.items()}
    seen = evaluate(lesson, _evidence(progress, lesson, place, found))
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


def _evidence(progress: LessonProgress, lesson: Lesson, place: Place, found: dict[str, int]) -> Evidence:
    """What happened since the lesson was begun, and whatever finished a check, however long ago that was."""
    rows = events_after(place.account_id, progress.after_event)
    own = rows.filter(done_by(progress.learner), action__in=lesson.watches)
    anybodys = list(rows.filter(action__in=lesson.follows).order_by("id")) if lesson.follows else []
    events = {event.pk: event for event in (*own, *events_of(place.account_id).filter(pk__in=found.values()))}
    return Evidence(place, [events[number] for number in sorted(events)], found, anybodys)


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
