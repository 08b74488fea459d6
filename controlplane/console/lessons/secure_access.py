"""Lesson 5: what an attacker on the path reads of a token over http, and how https prevents it."""

import shlex
from functools import partial

from controlplane.activity.events import IDENTITY_TOKEN_CREATE
from controlplane.console.lessons.command_parts import CHOOSE_PORT, MAY_SWITCH, QUERY, address, example_path, switch_on
from controlplane.console.lessons.lesson import Check, Command, Lesson, LessonMessage, LessonRun, first_event, seen
from controlplane.console.lessons.shell_commands import first_switch
from servers.events import SERVER


def _commands(run: LessonRun) -> list[Command]:
    name, bundle = run.server.name, shlex.quote(run.ca_bundle)
    path = example_path("https/on_the_path.py")
    through, trusting = " --retry 5 --retry-connrefused --connect-to ::127.0.0.1:$PORT", ' --cacert "$WORK/ca.pem"'

    def ask(base: str, options: str = "") -> str:
        return f"{run.curl} -S{options} -X PUT \\\n  \"{base}/identity/v1/token?{QUERY}\" -H 'Metadata-Flavor: ibm'"

    return [
        Command(
            "Plain http, and an attacker on the path",
            f"{switch_on(name, protocol='http')}\n{CHOOSE_PORT}\nWORK=$(mktemp -d)\nPLAIN={address(name)}\n"
            f'timeout 15m python3 {path} $PORT \\\n  "${{PLAIN#http://}}" > "$WORK/seen" 2>&1 &\nLISTENING=$!',
            "on_the_path.py passes on every byte and notes what it can read. It could be a switch, a proxy, a "
            "sidecar: it needs no right to be there.",
            needs=MAY_SWITCH,
        ),
        Command(
            "Ask for a token through it",
            f'{ask("$PLAIN", through)} > /dev/null\ncut -c 1-100 "$WORK/seen"; kill $LISTENING',
            "Neither side noticed. Everything is there to read: the question, the header that was to protect it, and "
            "the token, whole. A thief can act as this server until it expires.",
        ),
        Command(
            "Switch to https",
            f"{switch_on(name, protocol='https')}\nSECURE={address(name)}",
            "The switch is called secure access. Programs that speak http have to be changed; none of them is let "
            "through for the sake of peace.",
            needs=MAY_SWITCH,
        ),
        Command(
            "Ask over http again",
            f"{ask('$PLAIN')}; echo",
            "403. It is a refusal and not a redirect to https: a redirect would come after the request has gone over "
            "the line for all to read.",
        ),
        Command(
            "Ask over https, and trust whom you always trust",
            ask("$SECURE"),
            "curl does not believe it, and stops before it says what it wants: the certificate is by an authority "
            "that this machine does not know. The service hears nothing but a handshake that breaks off, so there is "
            "no check for this step. An attacker in between, with a certificate of their own, would get the same "
            "answer. With --insecure they would get your token.",
        ),
        Command(
            "Get the authority's certificate, and make sure of it",
            f'{run.curl} {run.control_plane}/pki/ca-bundle.pem -o "$WORK/ca.pem"\n'
            f'cmp "$WORK/ca.pem" {bundle} && echo the same',
            "What is fetched over http may come from an attacker. So it is compared with the copy in Baremint's own "
            "folder. On a real server it comes with the image.",
        ),
        Command(
            "Ask over https, with an attacker on the path",
            f'timeout 15m python3 {path} $PORT \\\n  "${{SECURE#https://}}" > "$WORK/noise" 2>&1 &\nLISTENING=$!\n'
            f"{ask('$SECURE', through + trusting)}"
            ' > "$WORK/token"\ncut -c 1-60 "$WORK/token"; echo\ncut -c 1-100 "$WORK/noise"; kill $LISTENING',
            "The token came through the same pair of hands, and this time they saw noise. They can pass bytes on, or "
            "not; they cannot be the service, for they have no key that its certificate names.",
        ),
        Command(
            "Back to http",
            f"{switch_on(name, protocol='http')}",
            "So that other lessons find the server as it was. In a cloud of your own, leave it at https.",
            needs=MAY_SWITCH,
        ),
    ]


LESSON = Lesson(
    slug="https",
    title="https, and why",
    goal="See what an attacker on the path can read, and prevent it.",
    why=(
        "An identity token is a bearer token: every caller that presents it is accepted, however they got it. "
        "Over plain http it goes as text through everything between the program and the service.",
        "On a server of its own that way is short, and the service's address leads nowhere else. But ways grow: a "
        "proxy for logging, a sidecar, a container network, a tunnel. Each of them can read what it passes on.",
        "With https the bytes are for the service alone. Its certificate proves that it is the service, if you ask the "
        "right question: is it by an authority that I chose to trust, and for the name that I called? A proxy may pass "
        "the bytes on; it cannot end the connection and begin another one unnoticed.",
        "It does not protect against a program on the server itself, which may call as well as any other. That is "
        "what the last lesson is about.",
    ),
    parties=("Program on {server}", "On the path", "Metadata service", "Operator"),
    messages=(
        LessonMessage(3, 2, "http", "http"),
        LessonMessage(0, 2, "PUT token, for all to read", "plain", "refused"),
        LessonMessage(2, 0, "the token, for all to read", "plain", "refused"),
        LessonMessage(3, 2, "https only", "https"),
        LessonMessage(0, 2, "PUT token over http", "refused"),
        LessonMessage(2, 0, "403: https only", "refused", "refused"),
        LessonMessage(0, 2, "PUT token over https", "secure"),
        LessonMessage(2, 0, "the token, for one reader", "secure"),
    ),
    commands=_commands,
    checks=(
        Check(
            "http",
            "Plain http",
            "Set the server to http, with its service on.",
            seen(
                partial(first_switch, protocol="http", after=""),
                lambda event: f"{event.initiator_name or 'An operator'} set it to http.",
            ),
        ),
        Check(
            "plain",
            "A token for all to read",
            "Ask for a token over http.",
            first_event(
                IDENTITY_TOKEN_CREATE,
                lambda _: "A token was sent over http: an attacker on the path has it too.",
                after="http",
            ),
        ),
        Check(
            "https",
            "Switched to https",
            "Set the server to https.",
            seen(
                partial(first_switch, protocol="https", after="plain"),
                lambda event: f"{event.initiator_name or 'An operator'} set it to https, effective at once.",
            ),
        ),
        Check(
            "refused",
            "http refused",
            "Ask over http once more.",
            first_event(
                IDENTITY_TOKEN_CREATE,
                lambda event: f"Plain http got 403: {event.message}",
                after="https",
                success=False,
                where=lambda _, event: event.reason_code == 403,
            ),
        ),
        Check(
            "secure",
            "A token over https",
            "Ask over https, with the right authority to trust.",
            # With the switch at https the service answers only https, so a token can only have been sent over https.
            first_event(
                IDENTITY_TOKEN_CREATE,
                lambda event: f"A token was signed with key {event.data['kid']} and went over https.",
                after="refused",
            ),
        ),
    ),
    watches=(IDENTITY_TOKEN_CREATE, f"{SERVER}.update"),
    lab="In the lab every program trusts Baremint's authority already, and there is no path to attack: two ends of one "
    "cable. Do this lesson on the machine.",
    warning="While the server is at https, programs on it that speak http get no token.",
    prefers=True,
)
