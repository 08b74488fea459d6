"""What a lesson is: words, commands, and checks that look for what really happened.

A lesson is plain data. Its checks are pure functions: evidence in, what was seen or nothing out. They read activity
events, never a click, and count from the number of an event, never from a time: the clock may move meanwhile.
"""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from controlplane.activity.models import ActivityEvent
from controlplane.console.presenters.diagrams import State


@dataclass(frozen=True)
class At:
    """A server, as a learner's commands name it."""

    id: str
    name: str
    crn: str
    url: str
    """Of its metadata service, by its loopback address; http or https as it is switched now."""
    region: str


@dataclass(frozen=True)
class Place:
    """Where one learner does one lesson."""

    server: At
    account_id: str
    control_plane: str
    """Its address: the VPC API is below ``/v1``, IAM at the address itself."""
    ca_bundle: str
    """A file: what TLS clients have to trust."""
    name: str
    """For what the lesson makes, a trusted profile above all. Nobody else's lesson, and no other attempt, has it."""
    mark: str
    """How the learner's commands and programs call themselves: see ``ownership``."""
    peer: At | None = None
    """Another server of the account, for lessons that take two; None when there is none."""

    @property
    def curl(self) -> str:
        """curl, by the name of the learner."""
        return f"curl -s -A {self.mark}"

    @property
    def curl_inside(self) -> str:
        """curl, as the server's metadata service has to be asked now."""
        secure = self.server.url.startswith("https:")
        return f"{self.curl} --cacert {shlex.quote(self.ca_bundle)}" if secure else self.curl


@dataclass(frozen=True)
class Seen:
    """What finishes a check: an event, and a sentence about it."""

    text: str
    event: ActivityEvent


@dataclass(frozen=True)
class Evidence:
    """What a check may look at."""

    place: Place
    events: Sequence[ActivityEvent]
    """Of what the learner did since the lesson was begun, oldest first: those of the lesson's ``watches``."""
    found: Mapping[str, int] = field(default_factory=dict)
    """By check: the number of the event that finished it."""
    anybodys: Sequence[ActivityEvent] = ()
    """Whoever did it: those of the lesson's ``follows``."""

    def first(
        self,
        action: str,
        *,
        after: str = "",
        on: str = "",
        success: bool = True,
        where: Callable[[ActivityEvent], bool] = lambda event: True,
    ) -> ActivityEvent | None:
        """The first event of this action and outcome, on the target ``on`` (a CRN or id) if one is named.

        ``after`` names a check: only events after the one that finished it count, and none before it is finished.
        """
        if after and after not in self.found:
            return None
        outcome = ActivityEvent.Outcome.SUCCESS if success else ActivityEvent.Outcome.FAILURE
        for event in self.events:
            right_kind = event.action == action and event.outcome == outcome and on in ("", event.target_id)
            if right_kind and event.pk > self.found.get(after, 0) and where(event):
                return event
        return None

    def finished_by(self, check: str) -> ActivityEvent | None:
        """The event that finished another check."""
        events = (*self.events, *self.anybodys)
        return next((event for event in events if event.pk == self.found.get(check)), None)


@dataclass(frozen=True)
class Check:
    key: str
    title: str
    todo: str
    """What to do next, as long as it is not finished."""
    look: Callable[[Evidence], Seen | None]


@dataclass(frozen=True)
class Command:
    title: str
    text: str
    """To paste into one shell, after the commands before it."""
    note: str = ""
    """Why, and what it prints."""
    needs: str = ""
    """The IAM action of the caller whose key it uses; empty for what programs on the server do, which have no key."""


@dataclass(frozen=True)
class Drawn:
    """A message of the diagram. It is faint until its check is finished."""

    source: int
    target: int
    text: str
    check: str
    becomes: State = "done"


@dataclass(frozen=True)
class Lesson:
    slug: str
    title: str
    goal: str
    why: Sequence[str]
    """Paragraphs: what a learner who knows HTTP should understand before the commands."""
    parties: Sequence[str]
    """Of the diagram, left to right. ``{server}`` is the name of the learner's server, ``{peer}`` the other one's."""
    drawn: Sequence[Drawn]
    commands: Callable[[Place], Sequence[Command]]
    checks: Sequence[Check]
    watches: Sequence[str]
    """The actions of the activity events that its checks look at, where the learner did it."""
    follows: Sequence[str] = ()
    """The actions of what background jobs do because of the learner; its checks look at them whoever did it."""
    lab: str = ""
    """What of it needs the lab; empty when it works without."""
    warning: str = ""
    """What others notice of it."""
    prefers: bool = True
    """Whether the metadata service of the server that suits it best, and is offered first, is on."""

    @property
    def path(self) -> str:
        return f"/learn/{self.slug}"


def evaluate(lesson: Lesson, evidence: Evidence) -> dict[str, Seen]:
    """What is seen now of checks that are not finished yet, in their order; each may build on those before it."""
    found, seen = dict(evidence.found), {}
    for check in lesson.checks:
        if check.key in found:
            continue
        if sight := check.look(replace(evidence, found=found)):
            found[check.key], seen[check.key] = sight.event.pk, sight
    return seen
