"""Lesson 2: a trusted profile, and the IAM token that a server gets through it."""

from controlplane.activity.events import METADATA_LOGIN
from controlplane.console.lessons.command_parts import switch_on
from controlplane.console.lessons.lesson import (
    Check,
    Command,
    Evidence,
    Finding,
    Lesson,
    LessonMessage,
    LessonRun,
    seen,
)
from controlplane.console.lessons.shell_commands import (
    CREATE_PROFILE,
    LINK,
    as_operator,
    claims_of,
    exchange,
    get_token,
    link_server,
    login_as,
    make_profile,
    profile_created,
    read_member,
)
from trustedprofiles import events


def _refused(evidence: Evidence) -> Finding | None:
    return _refusal(evidence, after="made")


def _refusal(evidence: Evidence, *, after: str, since: int = 0) -> Finding | None:
    """A refused exchange for the lesson's profile, which the message names; after the event with number ``since``."""
    event = evidence.first(
        METADATA_LOGIN,
        on=evidence.run.server.crn,
        after=after,
        success=False,
        where=lambda each: (
            each.pk > since and each.reason_type == "profile_not_linked" and f" {evidence.run.name} " in each.message
        ),
    )
    return Finding(f"{event.reason_code} {event.reason_type}: {event.message}", event) if event else None


def _trusted(evidence: Evidence) -> Finding | None:
    profile = evidence.finished_by("made")
    if profile is None:
        return None
    link = evidence.first(
        f"{events.LINK}.create",
        on=profile.target_id,
        after="refused",
        where=lambda event: event.data["crn"] == evidence.run.server.crn,
    )
    rule = evidence.first(f"{events.RULE}.create", on=profile.target_id, after="refused")
    if link:
        return Finding(f"A link names the server: {profile.target_name} trusts it.", link)
    return Finding(f"A claim rule says which servers {profile.target_name} trusts.", rule) if rule else None


def _became(evidence: Evidence) -> Finding | None:
    profile = evidence.finished_by("made")
    if profile and (event := login_as(profile, evidence, after="trusted")):
        return Finding(f"An IAM token of {profile.target_name} was issued: {event.data['because']}.", event)
    return None


def _unlinked(evidence: Evidence) -> Finding | None:
    profile = evidence.finished_by("made")
    event = evidence.first(f"{events.LINK}.delete", on=profile.target_id, after="became") if profile else None
    return _refusal(evidence, after="became", since=event.pk) if event else None


def _commands(run: LessonRun) -> list[Command]:
    return [
        Command(
            "Make a trusted profile",
            make_profile(run),
            "An identity that is not in use yet. It has no password and no key: only what it trusts can become it.",
            needs=CREATE_PROFILE,
        ),
        Command(
            "Try to become it",
            f"{switch_on(run.server.name)}\n{get_token(run)}\n{exchange(run)}; echo",
            "The server proves who it is with its identity token. The profile does not trust it yet: 400, and the "
            "message says what is missing.",
        ),
        Command(
            "Let it trust the server",
            link_server(run),
            "A link names one server. A claim rule describes many, by zone, name or image; try one out on the "
            "profile's page.",
            needs=LINK,
        ),
        Command(
            "Become it",
            f"IAM=$({exchange(run)} \\\n  | {read_member('access_token')})\n{claims_of('IAM')}",
            "Compare it with the identity token: iam_id is the profile's now, and authn says which server stands "
            "behind it.",
        ),
        Command(
            "Take the trust back",
            f"{as_operator(run, 'DELETE', '/v1/profiles/$PROFILE/links/$LINK')}\n{exchange(run)}; echo",
            "The next exchange is refused at once. The IAM token from before is good until it expires, within the "
            "hour: services check it without asking whether the link is still there. That is why such tokens are "
            "short.",
            needs=LINK,
        ),
    ]


LESSON = Lesson(
    slug="trusted-profile",
    title="Trusted profiles and the IAM token",
    goal="A server gets an identity that services know: it exchanges its identity token for an IAM token.",
    why=(
        "An identity token says which server this is. That is not yet a reason to let it do anything: there may be "
        "hundreds of servers, they come and go, and rules for each of them would be too many.",
        "A trusted profile stands between. It is an identity with rights but without a secret, and it says whom it "
        "trusts: servers that a link names, or that a claim rule describes. A server that is trusted may exchange its "
        "identity token for an IAM token of the profile, and services know the profile, not the server.",
        "So trust and rights are two decisions, and each can be changed without touching the program. A new server in "
        "the right place has the rights of its kind on its first day; taken out of it, it loses them.",
    ),
    parties=("Operator", "Program on {server}", "Metadata service", "IAM"),
    messages=(
        LessonMessage(0, 3, "make a trusted profile", "made"),
        LessonMessage(1, 2, "POST /identity/v1/iam_tokens", "refused"),
        LessonMessage(2, 1, "400: it does not trust you", "refused", "refused"),
        LessonMessage(0, 3, "trust the server", "trusted"),
        LessonMessage(1, 2, "POST /identity/v1/iam_tokens", "became"),
        LessonMessage(2, 3, "who is trusted?", "became"),
        LessonMessage(2, 1, "IAM token", "became"),
        LessonMessage(0, 3, "delete the link", "unlinked"),
        LessonMessage(2, 1, "400 again", "unlinked", "refused"),
    ),
    commands=_commands,
    checks=(
        Check(
            "made",
            "A trusted profile",
            "Make the trusted profile that the first command names.",
            seen(
                profile_created,
                lambda event: f"{event.initiator_name} made the trusted profile {event.target_name}.",
            ),
        ),
        Check("refused", "Not trusted yet", "Ask for an IAM token of it, from the server.", _refused),
        Check("trusted", "Trust", "Link the server to the profile, or write a claim rule.", _trusted),
        Check("became", "An IAM token", "Ask again: the server is trusted now.", _became),
        Check("unlinked", "Trust taken back", "Delete the link, and ask once more.", _unlinked),
    ),
    watches=(
        f"{events.PROFILE}.create",
        METADATA_LOGIN,
        f"{events.LINK}.create",
        f"{events.LINK}.delete",
        f"{events.RULE}.create",
    ),
    prefers=True,
)
