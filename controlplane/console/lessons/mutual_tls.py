"""Lesson 4: two servers prove to each other who they are, and a revoked certificate ends that."""

import shlex

from controlplane.activity.models import ActivityEvent
from controlplane.console.lessons.command_parts import (
    CHOOSE_PORT,
    MAY_REVOKE,
    MAY_SWITCH,
    address,
    example_path,
    switch_on,
)
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
from identity.events import CERTIFICATE_REVOKE, METADATA_CERTIFICATE_CREATE, REVOCATION_LIST_READ


def _certified(event: ActivityEvent) -> str:
    return f"{event.initiator_name} has certificate {event.data['serial_number']}."


def _revocation(evidence: Evidence) -> ActivityEvent | None:
    """The revocation of any certificate that the server got in this lesson; a learner may have repeated a step."""
    ids = {
        event.data["id"]
        for event in evidence.events
        if event.action == METADATA_CERTIFICATE_CREATE and event.data.get("id")
    }
    return evidence.first(
        CERTIFICATE_REVOKE, on=evidence.run.server.crn, after="calls", where=lambda each: each.data.get("id") in ids
    )


def _commands(run: LessonRun) -> list[Command]:
    server, peer = run.server, run.peer
    if peer is None:
        return []
    certify, call = example_path("mutual-tls/certify.sh"), example_path("mutual-tls/call.py")
    calling = f'python3 {call} "$WORK/calls" \\\n  "$(cat "$WORK/serves/server")" $PORT'
    return [
        Command(
            "Two servers that may ask",
            f"{switch_on(server.name)}\n{switch_on(peer.name)}\n"
            f"WORK=$(mktemp -d)\nAUTHORITIES={shlex.quote(run.ca_bundle)}",
            "Both need their metadata service. The last line names the root certificates: whom both will believe.",
            needs=MAY_SWITCH,
        ),
        Command(
            "A certificate for the server that serves",
            f'sh {certify} "{address(peer.name)}" \\\n  "$WORK/serves" "$AUTHORITIES"\n'
            'openssl x509 -in "$WORK/serves/chain.pem" -noout -subject -issuer -dates',
            f"As a program on {peer.name} does it: a key that stays there, a request with the public half of it, an "
            "identity token to show who asks. The request has no name. The service adds it: CN is the id of "
            "the server that called. Read certify.sh, it is short.",
        ),
        Command(
            "A certificate for the server that calls",
            f'sh {certify} "{address(server.name)}" \\\n  "$WORK/calls" "$AUTHORITIES"',
            f"The same as a program on {server.name}.",
        ),
        Command(
            "Serve, and call",
            f"{CHOOSE_PORT}\n"
            f"timeout 15m python3 {example_path('mutual-tls/serve.py')} \\\n"
            '  "$WORK/serves" $PORT > "$WORK/log" 2>&1 &\n'
            f'SERVING=$!\n{calling}\ncat "$WORK/log"',
            "Each has shown its certificate and has proved, by a signature, that it holds the key of it. Each knows "
            "the other by name. No password went over the network, and neither server needed one.",
        ),
        Command(
            "Call without a certificate",
            'curl -sS --insecure "https://127.0.0.1:$PORT/"; tail -n 1 "$WORK/log"',
            "A caller without a certificate cannot send a request: the handshake fails. --insecure only "
            "means that curl does not check the server. It does not help, because the server checks the caller.",
        ),
        Command(
            "Revoke it",
            f"baremint revoke {shlex.quote(server.name)} \\\n"
            '  "$(cat "$WORK/calls/certificate")" --reason keyCompromise',
            "As if the key had been copied. The certificate looks as good as before: the signature is right, it has "
            "not expired. So every peer has to ask whether it is revoked.",
            needs=MAY_REVOKE,
        ),
        Command(
            "Call again",
            f'{calling}; tail -n 1 "$WORK/log"\nkill $SERVING',
            "serve.py fetches the authority's list of revoked certificates before each handshake, and refuses: "
            "certificate revoked. One that did not ask would have let it in until it expires, within the hour.",
        ),
    ]


LESSON = Lesson(
    slug="mutual-tls",
    title="Identity certificates and mutual TLS",
    goal="Two servers know each other by certificates, and stop when one is revoked.",
    why=(
        "A token is sent to every service that should accept it, and anyone who has seen it can use it. A certificate "
        "is different: it says whose a public key is, and is not secret. Only the owner of the private key can "
        "prove that it is theirs, and that key never leaves the server.",
        "With https as you know it, the server proves who it is, and the caller proves nothing. With mutual TLS both "
        "do. These certificates say who a server is, not where: the name in them is the id of a server and not a host "
        "name. So a caller has to compare the name itself, for every server has a certificate of the same authority.",
        "A certificate is believed until it expires. For the case that a key is lost before, the authority publishes "
        "what it has revoked: as a list (CRL), or one by one on request (OCSP). It helps only those who ask.",
        "What two servers say to each other, the platform does not see, and neither does this page: the drawing shows "
        "what the authority is asked for. Whether you were let in or refused, your shell tells.",
    ),
    parties=("{server}, calls", "Metadata service", "{peer}, serves", "Operator"),
    messages=(
        LessonMessage(2, 1, "request for its key", "serves"),
        LessonMessage(1, 2, "certificate", "serves"),
        LessonMessage(0, 1, "request for its key", "calls"),
        LessonMessage(1, 0, "certificate", "calls"),
        LessonMessage(3, 1, "revoke it", "revoked", "refused"),
        LessonMessage(2, 1, "what is revoked?", "list"),
        LessonMessage(1, 2, "a list that names it", "list", "refused"),
    ),
    commands=_commands,
    checks=(
        Check(
            "serves",
            "Who serves is certified",
            "Get a certificate as the server that will serve.",
            # A certificate of any other server: the proposed peer changes when other users switch services.
            first_event(
                METADATA_CERTIFICATE_CREATE,
                _certified,
                on_server=False,
                where=lambda evidence, event: event.target_id != evidence.run.server.crn,
            ),
        ),
        Check(
            "calls",
            "Who calls is certified",
            "Get one as the server that will call.",
            first_event(METADATA_CERTIFICATE_CREATE, _certified, after="serves"),
        ),
        Check(
            "revoked",
            "Revoked",
            "Let them talk; then revoke the certificate of the one that calls.",
            seen(_revocation, lambda event: f"{event.initiator_name or 'Baremint'} revoked it, permanently."),
        ),
        Check(
            "list",
            "Revocation checked",
            "Call once more: the other side has to ask what is revoked.",
            first_event(
                REVOCATION_LIST_READ,
                lambda event: f"List {event.data['number']}, the first that names it, was fetched from the authority.",
                after="revoked",
                on_server=False,
            ),
        ),
    ),
    watches=(METADATA_CERTIFICATE_CREATE, CERTIFICATE_REVOKE, REVOCATION_LIST_READ),
    lab="With the lab it is the same. There servers reach only the metadata service, so the two programs "
    "meet on the machine's loopback address, as they do here.",
    warning="It takes a second server of the same region; where there is none, create one first. The certificate that "
    "you revoke is your own server's, made in this lesson; others stay good. Certificates carry the time of "
    "the deployment's clock, while OpenSSL uses the machine's: if the clock was moved, have it reset first.",
    prefers=True,
)
