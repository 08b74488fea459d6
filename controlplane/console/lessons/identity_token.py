"""Lesson 1: switch the metadata service on, and get an identity token."""

import shlex
from functools import partial

from controlplane.activity.events import IDENTITY_TOKEN_CREATE
from controlplane.activity.models import ActivityEvent
from controlplane.console.lessons.command_parts import MAY_SWITCH
from controlplane.console.lessons.lesson import (
    Check,
    Command,
    Evidence,
    Lesson,
    LessonMessage,
    LessonRun,
    first_event,
    seen,
)
from controlplane.console.lessons.shell_commands import (
    ask_token,
    claims_of,
    first_switch,
    get_token,
    metadata_call,
    until,
)
from servers.events import SERVER


def _new_token(evidence: Evidence) -> ActivityEvent | None:
    again = first_switch(evidence, enabled=True, after="off")
    if again is None:
        return None
    return evidence.first(
        IDENTITY_TOKEN_CREATE, on=evidence.run.server.crn, after="off", where=lambda each: each.pk > again.pk
    )


def _commands(run: LessonRun) -> list[Command]:
    name = shlex.quote(run.server.name)
    off, on = (f"baremint is bare-metal-server-update {name} --metadata-service {each}" for each in ("false", "true"))
    ask = ask_token(run)
    return [
        Command(
            "Ask while the service is off",
            f"{off}\n{ask}; echo",
            "The first line sees to it that the service is off. The second is what a program on the server does: it "
            "dials the metadata service, and the address it dials from says which server it is. It gets 403.",
            needs=MAY_SWITCH,
        ),
        Command(
            "Switch it on",
            on,
            "Or turn the switch on the server's page. It takes effect at once, in every process.",
            needs=MAY_SWITCH,
        ),
        Command(
            "Get a token and look into it",
            f"{get_token(run)}\n{claims_of('TOKEN')}",
            "No password was sent. The claims say which server this is (iaas), for whom the token is (aud) and until "
            "when it is good (exp, in seconds since 1970).",
        ),
        Command(
            "Switch it off, and on again",
            f'{off}\n{on}\n{metadata_call(run, "POST", "iam_tokens")} -H "Authorization: Bearer $TOKEN"; echo',
            "The token has not expired, yet it is refused with 401: it is from before the switch. If you suspect "
            "that a server was compromised, switch the service off, and all of its identity tokens are invalid.",
            needs=MAY_SWITCH,
        ),
        Command("Get a new token", get_token(run), "The server has its identity again."),
    ]


LESSON = Lesson(
    slug="identity-token",
    title="Enable the service, get an identity token",
    goal="A program on a server learns who it is, without a password.",
    why=(
        "A program that calls an API has to prove who it is. The usual way is a secret: an API key in a file, in an "
        "image, in the history of a shell. It is copied, it leaks, and changing it may break programs.",
        "A server needs no secret to be known: the platform that runs it knows which one it is. So it offers a "
        "metadata service, at an address that only this server reaches. A program asks it with one HTTP request, and "
        "gets a token: a short text, signed by the platform, that says which server this is and ends within the hour.",
        "The service is off until a user with the right to change the server switches it on. The switch is the first "
        "defence: a server that needs no identity gets none.",
    ),
    parties=("Operator", "Program on {server}", "Metadata service"),
    messages=(
        LessonMessage(1, 2, "PUT /identity/v1/token", "refused"),
        LessonMessage(2, 1, "403: it is off", "refused", "refused"),
        LessonMessage(0, 2, "on", "on"),
        LessonMessage(1, 2, "PUT /identity/v1/token", "token"),
        LessonMessage(2, 1, "identity token", "token"),
        LessonMessage(0, 2, "off: the token is dead", "off", "refused"),
        LessonMessage(2, 1, "a new identity token", "again"),
    ),
    commands=_commands,
    checks=(
        Check(
            "refused",
            "Refused while it is off",
            "Ask for a token while the service is off.",
            first_event(
                IDENTITY_TOKEN_CREATE,
                lambda event: f"A program asked who it is, and got 403: {event.message}",
                success=False,
                where=lambda _, event: event.reason_code == 403,
            ),
        ),
        Check(
            "on",
            "Switched on",
            "Switch the metadata service on.",
            seen(
                partial(first_switch, enabled=True, after="refused"),
                lambda event: f"{event.initiator_name or 'An operator'} switched the service on.",
            ),
        ),
        Check(
            "token",
            "An identity token",
            "Ask for a token again, now that it is on.",
            first_event(
                IDENTITY_TOKEN_CREATE,
                lambda event: f"A token was signed with key {event.data['kid']}. It is good until {until(event)}.",
                after="on",
            ),
        ),
        Check(
            "off",
            "Switched off",
            "Switch it off once more: it ends the token.",
            seen(
                partial(first_switch, enabled=False, after="token"),
                lambda _: "The service was switched off. From this moment the token was worth nothing.",
            ),
        ),
        Check(
            "again",
            "A new token",
            "Switch it on and ask again.",
            seen(
                _new_token, lambda event: f"A new token was signed, good until {until(event)}. The old one stays dead."
            ),
        ),
    ),
    watches=(IDENTITY_TOKEN_CREATE, f"{SERVER}.update"),
    prefers=False,
)
