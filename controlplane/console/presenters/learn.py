"""Lessons as their pages show them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from controlplane.console.access import Person
from controlplane.console.lessons.catalog import LESSONS, number_of
from controlplane.console.lessons.command_parts import steps
from controlplane.console.lessons.lesson import At, Check, Command, Lesson, Place
from controlplane.console.lessons.lesson_server import at, peers_of, place_of
from controlplane.console.lessons.progress import Standing, standings
from controlplane.console.models import FinishedCheck
from controlplane.console.presenters.diagrams import Diagram, Message, diagram
from controlplane.console.server_choices import first_readable
from servers.models import BareMetalServer
from trustedprofiles.actions import service_of
from trustedprofiles.models import User

CheckState = Literal["done", "next", "later"]
TONES = {"done": "good", "next": "busy", "later": "quiet"}


@dataclass(frozen=True)
class LessonRow:
    """One lesson, and how far somebody is."""

    number: int
    title: str
    path: str
    goal: str
    done: int
    total: int
    tone: str
    words: str


@dataclass(frozen=True)
class CheckRow:
    key: str
    title: str
    state: CheckState
    tone: str
    text: str
    """What was seen, or what to do next."""
    event_path: str


@dataclass(frozen=True)
class CommandRow:
    number: int
    title: str
    text: str
    note: str
    lacking: str
    """The action that the person may not, and the command takes; empty otherwise."""


def lesson_row(lesson: Lesson, standing: Standing | None) -> LessonRow:
    done, total = standing.done(lesson) if standing else 0, len(lesson.checks)
    tone = "quiet" if standing is None else "good" if done == total else "busy"
    words = "not begun" if standing is None else "finished" if done == total else f"{done} of {total} checks"
    return LessonRow(number_of(lesson), lesson.title, lesson.path, lesson.goal, done, total, tone, words)


def lesson_rows(learner: User, known: Mapping[tuple[int, str], Standing]) -> list[LessonRow]:
    return [lesson_row(lesson, known.get((learner.pk, lesson.slug))) for lesson in LESSONS]


def lesson_state(person: Person, lesson: Lesson, standing: Standing | None) -> dict[str, Any]:
    """The live part of a lesson's page: diagram, commands, checks. Nothing to paste before it is begun."""
    place = _visible_place(person, standing) if standing else None
    finished = standing.finished if standing else {}
    done = standing.done(lesson) if standing else 0
    return {
        "lesson": lesson,
        "place": place,
        "begun": standing is not None,
        "diagram": lesson_diagram(lesson, place, finished),
        "commands": command_rows(person, lesson, place) if place else [],
        "checks": check_rows(lesson, finished),
        "done": done,
        "total": len(lesson.checks),
        "finished": done == len(lesson.checks),
        "following": following(lesson),
    }


def _visible_place(person: Person, standing: Standing) -> Place | None:
    """None when the server is gone, or may not be seen any more. Nor is another server that may not be seen named."""
    if (place := place_of(standing.progress)) is None:
        return None
    own = BareMetalServer.objects.filter(account=person.account, id=place.server.id).select_related("vpc")
    if not (seen := first_readable(person, own, 1)):
        return None
    peers = first_readable(person, peers_of(seen[0]).select_related("vpc"), 1) if place.peer else []
    return replace(place, peer=at(peers[0]) if peers else None)


def following(lesson: Lesson) -> Lesson | None:
    return next(iter(LESSONS[number_of(lesson) :]), None)


def lesson_diagram(lesson: Lesson, place: Place | None, finished: Mapping[str, Any]) -> Diagram:
    parties = [_named(party, place) for party in lesson.parties]
    messages = [
        Message(each.source, each.target, each.text, each.becomes if each.check in finished else "waiting")
        for each in lesson.drawn
    ]
    return diagram(lesson.title, parties, messages)


def _named(party: str, place: Place | None) -> str:
    def name(server: At | None, otherwise: str) -> str:
        return server.name if server else otherwise

    server, peer = (place.server, place.peer) if place else (None, None)
    return party.replace("{server}", name(server, "your server")).replace("{peer}", name(peer, "another server"))


def check_rows(lesson: Lesson, finished: Mapping[str, FinishedCheck]) -> list[CheckRow]:
    coming = next((check.key for check in lesson.checks if check.key not in finished), "")
    return [_check_row(check, finished.get(check.key), check.key == coming) for check in lesson.checks]


def _check_row(check: Check, finished: FinishedCheck | None, is_next: bool) -> CheckRow:
    if finished:
        path = f"/activity/{finished.event_number}"
        return CheckRow(check.key, check.title, "done", TONES["done"], finished.seen, path)
    state: CheckState = "next" if is_next else "later"
    return CheckRow(check.key, check.title, state, TONES[state], check.todo, "")


def command_rows(person: Person, lesson: Lesson, place: Place) -> list[CommandRow]:
    commands = steps(lesson, place)
    server = BareMetalServer.objects.select_related("vpc").get(id=place.server.id)
    lacking = {command.needs: _lacks(person, command.needs, server) for command in commands if command.needs}
    return [_command_row(number, each, lacking) for number, each in enumerate(commands, start=1)]


def _lacks(person: Person, action: str, server: BareMetalServer) -> bool:
    return not person.may(action, server.policy_attributes if service_of(action) == "is" else None)


def _command_row(number: int, command: Command, lacking: Mapping[str, bool]) -> CommandRow:
    missing = command.needs if lacking.get(command.needs) else ""
    return CommandRow(number, command.title, command.text, command.note, missing)


@dataclass(frozen=True)
class LearnerRow:
    name: str
    lessons: list[LessonRow]
    done: int
    total: int


def class_rows(account_id: str) -> list[LearnerRow]:
    """Everybody of the account who may sign in, by name."""
    learners = list(User.objects.filter(account=account_id, is_active=True).order_by("username"))
    known = standings(learners)
    return [_learner_row(learner, lesson_rows(learner, known)) for learner in learners]


def _learner_row(learner: User, rows: list[LessonRow]) -> LearnerRow:
    return LearnerRow(learner.get_username(), rows, sum(row.done for row in rows), sum(row.total for row in rows))
