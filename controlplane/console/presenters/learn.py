"""Lessons as their pages show them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from controlplane.console.access import Person
from controlplane.console.lessons.catalog import LESSONS, number_of
from controlplane.console.lessons.command_parts import steps
from controlplane.console.lessons.lesson import Check, Command, Lesson, LessonRun, LessonServer
from controlplane.console.lessons.lesson_server import lesson_server, peers_of, run_of
from controlplane.console.lessons.progress import LearnerProgress, progress_by_lesson
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
    """One lesson, and a learner's progress in it."""

    number: int
    lesson: Lesson
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
    """The finding, or what to do next."""
    event_path: str


@dataclass(frozen=True)
class CommandRow:
    number: int
    command: Command
    lacking: str
    """The action that the command needs and the person may not do; empty otherwise."""


def lesson_row(lesson: Lesson, learner_progress: LearnerProgress | None) -> LessonRow:
    count, total = learner_progress.done(lesson) if learner_progress else 0, len(lesson.checks)
    tone = "quiet" if learner_progress is None else "good" if count == total else "busy"
    words = "not begun" if learner_progress is None else "finished" if count == total else f"{count} of {total} checks"
    return LessonRow(number_of(lesson), lesson, count, total, tone, words)


def lesson_rows(learner: User, progress: Mapping[tuple[int, str], LearnerProgress]) -> list[LessonRow]:
    return [lesson_row(lesson, progress.get((learner.pk, lesson.slug))) for lesson in LESSONS]


def lesson_state(person: Person, lesson: Lesson, learner_progress: LearnerProgress | None) -> dict[str, Any]:
    """The live part of a lesson's page: diagram, commands, checks. There are no commands before it is begun."""
    run = _visible_run(person, learner_progress) if learner_progress else None
    finished = learner_progress.finished if learner_progress else {}
    count = learner_progress.done(lesson) if learner_progress else 0
    return {
        "lesson": lesson,
        "run": run,
        "begun": learner_progress is not None,
        "diagram": lesson_diagram(lesson, run, finished),
        "commands": command_rows(person, lesson, run) if run else [],
        "checks": check_rows(lesson, finished),
        "done": count,
        "total": len(lesson.checks),
        "finished": count == len(lesson.checks),
        "following": following(lesson),
    }


def _visible_run(person: Person, learner_progress: LearnerProgress) -> LessonRun | None:
    """The run of the lesson; None when its server was deleted or the person may not see it any more. The peer is
    another server that the person may see."""
    if (run := run_of(learner_progress.progress)) is None:
        return None
    servers = BareMetalServer.objects.filter(account=person.account, id=run.server.id).select_related("vpc")
    if not (readable := first_readable(person, servers, 1)):
        return None
    peers = first_readable(person, peers_of(readable[0]).select_related("vpc"), 1) if run.peer else []
    return replace(run, peer=lesson_server(peers[0]) if peers else None)


def following(lesson: Lesson) -> Lesson | None:
    return next(iter(LESSONS[number_of(lesson) :]), None)


def lesson_diagram(lesson: Lesson, run: LessonRun | None, finished: Mapping[str, Any]) -> Diagram:
    parties = [_named(party, run) for party in lesson.parties]
    messages = [
        Message(each.source, each.target, each.text, each.becomes if each.check in finished else "waiting")
        for each in lesson.messages
    ]
    return diagram(lesson.title, parties, messages)


def _named(party: str, run: LessonRun | None) -> str:
    def name(server: LessonServer | None, otherwise: str) -> str:
        return server.name if server else otherwise

    server, peer = (run.server, run.peer) if run else (None, None)
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


def command_rows(person: Person, lesson: Lesson, run: LessonRun) -> list[CommandRow]:
    commands = steps(lesson, run)
    server = BareMetalServer.objects.select_related("vpc").get(id=run.server.id)
    lacking = {command.needs: _lacks(person, command.needs, server) for command in commands if command.needs}
    return [_command_row(number, each, lacking) for number, each in enumerate(commands, start=1)]


def _lacks(person: Person, action: str, server: BareMetalServer) -> bool:
    return not person.may(action, server.policy_attributes if service_of(action) == "is" else None)


def _command_row(number: int, command: Command, lacking: Mapping[str, bool]) -> CommandRow:
    missing = command.needs if lacking.get(command.needs) else ""
    return CommandRow(number, command, missing)


@dataclass(frozen=True)
class LearnerRow:
    name: str
    lessons: list[LessonRow]
    done: int
    total: int


def class_rows(account_id: str) -> list[LearnerRow]:
    """All active users of the account, by name."""
    learners = list(User.objects.filter(account=account_id, is_active=True).order_by("username"))
    progress = progress_by_lesson(learners)
    return [_learner_row(learner, lesson_rows(learner, progress)) for learner in learners]


def _learner_row(learner: User, rows: list[LessonRow]) -> LearnerRow:
    return LearnerRow(learner.get_username(), rows, sum(row.done for row in rows), sum(row.total for row in rows))
