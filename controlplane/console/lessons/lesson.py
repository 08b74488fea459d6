"""Lessons: texts, commands, and checks that look for what happened.

A lesson is plain data. Its checks are pure functions: evidence in, a finding or None out. They read activity events,
not clicks, and count from the number of an event, not from a time, because lessons move the clock.
"""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

from controlplane.activity.models import ActivityEvent


@dataclass(frozen=True)
class LessonServer:
    """A server in a learner's commands."""

    id: str
    name: str
    crn: str
    url: str
    """The URL of its metadata service at its loopback address; http or https as it is switched now."""
    region: str


@dataclass(frozen=True)
class LessonRun:
    """One learner's run of one lesson: the server and what the commands need to know."""

    server: LessonServer
    account_id: str
    control_plane: str
    """The URL of the control plane: the VPC API is below ``/v1``, IAM at the URL itself."""
    ca_bundle: str
    """The path of the CA bundle, which TLS clients have to trust."""
    name: str
    """The name of what the lesson creates, such as a trusted profile. It is unique to this run."""
    mark: str
    """The User-Agent of the learner's commands and programs (learner_events.py)."""
    peer: LessonServer | None = None
    """Another server of the account, for lessons that need two; None when there is none."""

    @property
    def curl(self) -> str:
        """curl with the learner's mark."""
        return f"curl -s -A {self.mark}"

    @property
    def curl_inside(self) -> str:
        """curl with what the server's metadata service needs now."""
        secure = self.server.url.startswith("https:")
        return f"{self.curl} --cacert {shlex.quote(self.ca_bundle)}" if secure else self.curl


@dataclass(frozen=True)
class Finding:
    """What finishes a check: an event and a sentence about it."""

    text: str
    event: ActivityEvent


@dataclass(frozen=True)
class Evidence:
    """The events that a check may look at."""

    run: LessonRun
    events: Sequence[ActivityEvent]
    """The learner's events since the lesson was begun, oldest first, with the actions in the lesson's ``watches``."""
    finished: Mapping[str, int] = field(default_factory=dict)
    """The number of the event that finished each check, by its key."""
    job_events: Sequence[ActivityEvent] = ()
    """The events of any initiator with the actions in the lesson's ``follows``."""

    def first(
        self,
        action: str,
        *,
        after: str = "",
        on: str = "",
        success: bool = True,
        where: Callable[[ActivityEvent], bool] = lambda event: True,
    ) -> ActivityEvent | None:
        """The first event with this action and outcome, and with the target ``on`` (a CRN or id) if one is given.

        ``after`` is the key of a check: only events after the one that finished it count; without one, there is none.
        """
        if after and after not in self.finished:
            return None
        outcome = ActivityEvent.Outcome.SUCCESS if success else ActivityEvent.Outcome.FAILURE
        for event in self.events:
            right_kind = event.action == action and event.outcome == outcome and on in ("", event.target_id)
            if right_kind and event.pk > self.finished.get(after, 0) and where(event):
                return event
        return None

    def finished_by(self, check: str) -> ActivityEvent | None:
        """The event that finished another check."""
        events = (*self.events, *self.job_events)
        return next((event for event in events if event.pk == self.finished.get(check)), None)


def seen(
    find: Callable[[Evidence], ActivityEvent | None], sentence: Callable[[ActivityEvent], str]
) -> Callable[[Evidence], Finding | None]:
    """The ``look`` of a check: the event that ``find`` returns, with the sentence about it."""

    def look(evidence: Evidence) -> Finding | None:
        event = find(evidence)
        return Finding(sentence(event), event) if event else None

    return look


def first_event(
    action: str,
    sentence: Callable[[ActivityEvent], str],
    *,
    after: str = "",
    on_server: bool = True,
    success: bool = True,
    where: Callable[[Evidence, ActivityEvent], bool] = lambda evidence, event: True,
) -> Callable[[Evidence], Finding | None]:
    """The ``look`` of a check for the first such event (``Evidence.first``), with the run's server as its target, or
    with any target."""

    def find(evidence: Evidence) -> ActivityEvent | None:
        return evidence.first(
            action,
            after=after,
            on=evidence.run.server.crn if on_server else "",
            success=success,
            where=partial(where, evidence),
        )

    return seen(find, sentence)


@dataclass(frozen=True)
class Check:
    key: str
    title: str
    todo: str
    """What to do next, while the check is not finished."""
    look: Callable[[Evidence], Finding | None]


@dataclass(frozen=True)
class Command:
    title: str
    text: str
    """To paste into one shell, after the commands before it."""
    note: str = ""
    """Why the command is needed, and what it prints."""
    needs: str = ""
    """The IAM action that the caller of the command needs; empty for what programs on the server do."""


@dataclass(frozen=True)
class LessonMessage:
    """A message of the diagram, which is faint until its check is finished."""

    source: int
    target: int
    text: str
    check: str
    becomes: Literal["done", "refused"] = "done"


@dataclass(frozen=True)
class Lesson:
    slug: str
    title: str
    goal: str
    why: Sequence[str]
    """Paragraphs of background for a learner who knows HTTP, to read before the commands."""
    parties: Sequence[str]
    """The parties of the diagram, left to right. ``{server}`` is the name of the learner's server, ``{peer}`` the
    other's."""
    messages: Sequence[LessonMessage]
    commands: Callable[[LessonRun], Sequence[Command]]
    checks: Sequence[Check]
    watches: Sequence[str]
    """The actions of the learner's events that its checks look at."""
    follows: Sequence[str] = ()
    """The actions of events that its checks look at with any initiator, such as those of background jobs."""
    lab: str = ""
    """A note about the lab; empty when there is nothing to note."""
    warning: str = ""
    """A warning about effects outside the lesson."""
    prefers: bool = True
    """Whether servers with the metadata service on suit it best, and are offered first."""

    @property
    def path(self) -> str:
        return f"/learn/{self.slug}"


def evaluate(lesson: Lesson, evidence: Evidence) -> dict[str, Finding]:
    """The findings of checks that were not finished yet, in their order; each check may build on those before it."""
    finished, findings = dict(evidence.finished), {}
    for check in lesson.checks:
        if check.key in finished:
            continue
        if finding := check.look(replace(evidence, finished=finished)):
            finished[check.key], findings[check.key] = finding.event.pk, finding
    return findings
