"""Lesson 6: keys change under live tokens, and time ends them."""

from datetime import datetime
from typing import Any

from django.conf import settings

from controlplane.activity.events import IDENTITY_TOKEN_CREATE, METADATA_LOGIN
from controlplane.activity.models import ActivityEvent
from controlplane.console.access import CLOCK, ROTATE
from controlplane.console.lessons.command_parts import switch_on
from controlplane.console.lessons.lesson import (
    Check,
    Command,
    Evidence,
    Finding,
    Lesson,
    LessonMessage,
    LessonRun,
    first_event,
)
from controlplane.console.lessons.shell_commands import (
    CREATE_PROFILE,
    exchange,
    get_token,
    link_server,
    make_profile,
    read_member,
    until,
)
from controlplane.timekeeping.events import CLOCK_SET
from identity.events import KEY_ASK_ROTATION, KEY_ROTATE

SYSTEM = "System"


def _rotated(evidence: Evidence) -> Finding | None:
    """A rotation at once, or later by a job, because the learner requested it."""
    first = evidence.finished_by("token")
    if first is None:
        return None
    event = evidence.first(KEY_ROTATE, after="token", where=lambda each: _old(each) == first.data["kid"])
    if request := evidence.first(KEY_ASK_ROTATION, after="token", where=lambda each: _old(each) == first.data["kid"]):
        event = event or _change(evidence, {first.data["kid"]}, after=request.pk, by_request=True)
    return Finding(f"Key {event.data['new']} signs from now on. The old one only verifies.", event) if event else None


def _old(event: ActivityEvent) -> Any:
    """The key that a rotation or a request for one is about."""
    return event.data.get("old")


def _change(evidence: Evidence, kids: set[str], *, after: int, by_request: bool) -> ActivityEvent | None:
    """The first rotation of one of these keys or of their successors, by request or by schedule.

    Without ``asked_at`` it is by schedule: a command on the machine has the same initiator as the background job.
    """
    series = set(kids)
    for event in evidence.job_events:
        if event.action != KEY_ROTATE or event.pk <= after or _old(event) not in series:
            continue
        by_itself = event.initiator_type == SYSTEM and "asked_at" not in event.data
        if by_itself != by_request:
            return event
        series.add(event.data["new"])
    return None


def _overlap(evidence: Evidence) -> Finding | None:
    first = evidence.finished_by("token")
    if first is None:
        return None
    event = evidence.first(
        METADATA_LOGIN,
        on=evidence.run.server.crn,
        after="rotated",
        where=lambda each: each.data.get("identity_jti") == first.data["jti"],
    )
    return Finding("The token of the old key was accepted after the change.", event) if event else None


def _successor(evidence: Evidence) -> Finding | None:
    change = evidence.finished_by("rotated")
    if change is None:
        return None
    event = evidence.first(
        IDENTITY_TOKEN_CREATE,
        on=evidence.run.server.crn,
        after="rotated",
        where=lambda each: each.data["kid"] == change.data["new"],
    )
    return Finding(f"A new token is signed by {event.data['kid']}.", event) if event else None


def _expired(evidence: Evidence) -> Finding | None:
    """The clock was moved beyond the end of both tokens."""
    newest = evidence.finished_by("successor")
    if newest is None:
        return None
    event = evidence.first(CLOCK_SET, after="successor", where=lambda each: _to(each).timestamp() > newest.data["exp"])
    return Finding(f"The clock shows {_to(event):%H:%M:%S} UTC: both tokens have ended.", event) if event else None


def _to(event: ActivityEvent) -> datetime:
    return datetime.fromisoformat(event.data["to"])


def _due(evidence: Evidence) -> Finding | None:
    """The rotation of the key that signed the lesson's last token, after the learner moved the clock."""
    fresh = evidence.finished_by("fresh")
    movement = evidence.first(CLOCK_SET, after="fresh")
    if fresh is None or movement is None:
        return None
    event = _change(evidence, {fresh.data["kid"]}, after=movement.pk, by_request=False)
    return Finding(f"Its time was over: {event.data['new']} took over, on schedule.", event) if event else None


def _commands(run: LessonRun) -> list[Command]:
    period = settings.BAREMINT_SIGNING_KEY_HOURS + 1
    renew = f"IAM=$({exchange(run)} \\\n  | {read_member('access_token')}) && echo accepted"
    rotate = f"baremint rotate identity --region {run.server.region}\n"
    button = "Instead of the first line you may press the button on the page of keys."
    if not settings.EMBEDDED_DATABASE:  # which the command would have to know
        rotate, button = "", "First press the button on the page of keys that rotates the key of identity tokens."
    return [
        Command(
            "Get a token, and look at the keys",
            f"{make_profile(run)}\n{link_server(run)}\n{switch_on(run.server.name)}\n{get_token(run)}\nbaremint keys",
            "A profile that trusts the server, so that the token can be used. Of each key one is active, it signs; "
            "and one is prepared, it is published already, so that all verifiers know it when it begins to sign.",
            needs=CREATE_PROFILE,
        ),
        Command(
            "Change the key",
            f"{rotate}baremint clock advance 10m\nbaremint keys",
            f"{button} A key signs as soon as every "
            "verifier can know it: seven minutes after it was published, when no old copy of the published keys is "
            "in use any more. One that has been there for hours signs at once; a newer one waits, and the clock is "
            "moved for that. Then the old key is retiring: it signs nothing any more, and still verifies.",
            needs=ROTATE,
        ),
        Command(
            "Use the token of the old key",
            renew,
            "It is accepted. A key retires only when everything that it signed has ended; that is the overlap, and why "
            "programs do not notice a change of keys.",
        ),
        Command("Get a token of the new key", get_token(run), "The kid in its header names the new key."),
        Command(
            "Let two hours pass",
            f"baremint clock advance 2h\n{exchange(run)}; echo\n{get_token(run)}",
            "The exchange is refused with 401: the token has expired. Nothing has to be revoked or "
            "remembered. A program asks for a new one, as the last line does.",
            needs=CLOCK,
        ),
        Command(
            "Let the key's time pass",
            f"baremint clock advance {period}h\nbaremint keys",
            f"It signs for {settings.BAREMINT_SIGNING_KEY_HOURS} hours. Then its successor takes over by itself.",
            needs=CLOCK,
        ),
        Command(
            "Come back",
            "baremint clock reset",
            "Tokens of the time that was taken back are not valid yet. A key that was made in it is replaced within "
            "seconds; until then a call may ask you to try again.",
            needs=CLOCK,
        ),
    ]


LESSON = Lesson(
    slug="rotation",
    title="Rotation and the moving clock",
    goal="Keys change while programs run, tokens end by themselves, and nothing breaks.",
    why=(
        "Every signature hangs on a private key, and the longer a key is used, the more a thief of it gains. So keys "
        "are changed on schedule, by a machine, before there is a reason to. What is risky by hand once in two years "
        "is routine here every day.",
        "The difficulty is on the other side. Verifiers keep copies of public keys, and tokens of the old key are "
        "still in use. Therefore a key is published before it signs, and stays published after it has stopped, until "
        "the last token that it signed has ended. A token's header names its key, the kid, so that verifiers pick the "
        "right one.",
        "Tokens end too, by their exp, without being called back. To see that in a lesson, time has to pass: this "
        "deployment has a clock of its own, and you can move it.",
    ),
    parties=("Operator", "Program on {server}", "Metadata service", "Keys"),
    messages=(
        LessonMessage(1, 2, "PUT /identity/v1/token", "token"),
        LessonMessage(2, 1, "token, signed by the old key", "token"),
        LessonMessage(0, 3, "rotate", "rotated"),
        LessonMessage(1, 2, "use the old key's token", "overlap"),
        LessonMessage(2, 1, "accepted", "overlap"),
        LessonMessage(2, 1, "token, signed by the new key", "successor"),
        LessonMessage(0, 3, "two hours pass", "expired"),
        LessonMessage(2, 1, "401: it has ended", "expired", "refused"),
        LessonMessage(2, 1, "a fresh token", "fresh"),
        LessonMessage(3, 3, "its successor takes over", "due"),
        LessonMessage(0, 3, "the clock goes home", "home"),
    ),
    commands=_commands,
    checks=(
        Check(
            "token",
            "A token",
            "Get an identity token.",
            first_event(
                IDENTITY_TOKEN_CREATE,
                lambda event: f"Key {event.data['kid']} signed a token that is good until {until(event)}.",
            ),
        ),
        Check("rotated", "The key changed", "Rotate the key of identity tokens, and let ten minutes pass.", _rotated),
        Check("overlap", "The old token still works", "Use the token that you got before.", _overlap),
        Check("successor", "The new key signs", "Get another token.", _successor),
        Check("expired", "Time passed", "Move the clock on by two hours.", _expired),
        Check(
            "fresh",
            "A fresh token",
            "Get a token by the moved clock.",
            first_event(
                IDENTITY_TOKEN_CREATE,
                lambda event: f"A fresh token was signed, good until {until(event)} by the moved clock.",
                after="expired",
            ),
        ),
        Check("due", "A change on schedule", "Move the clock beyond the key's own time.", _due),
        Check(
            "home",
            "Home",
            "Let the clock show the machine's time again.",
            first_event(
                CLOCK_SET,
                lambda _: "The clock shows the machine's time again.",
                after="due",
                on_server=False,
                where=lambda _, event: event.data["offset_seconds"] == 0 and not event.data["frozen"],
            ),
        ),
    ),
    watches=(IDENTITY_TOKEN_CREATE, METADATA_LOGIN, KEY_ASK_ROTATION, KEY_ROTATE, CLOCK_SET),
    follows=(KEY_ROTATE,),
    warning="The clock is one for the whole deployment: when it moves, all tokens age. In a class, do this "
    "lesson together, or let the teacher show it.",
    prefers=True,
)
