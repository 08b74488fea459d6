"""Lesson 4: two servers prove to each other who they are, and a revoked certificate ends that."""

import shlex

from controlplane.console.lessons.command_parts import A_PORT, MAY_REVOKE, MAY_SWITCH, address, example, switched
from controlplane.console.lessons.lesson import Check, Command, Drawn, Evidence, Lesson, Place, Seen
from identity.events import CERTIFICATE_REVOKE as REVOKED
from identity.events import METADATA_CERTIFICATE_CREATE as CERTIFICATE
from identity.events import REVOCATION_LIST_READ


def _peer_certified(evidence: Evidence) -> Seen | None:
    """Whichever it is: which server is proposed changes with the switches of others."""
    event = evidence.first(CERTIFICATE, where=lambda each: each.target_id != evidence.place.server.crn)
    return Seen(f"{event.initiator_name} has certificate {event.data['serial_number']}.", event) if event else None


def _certified(evidence: Evidence) -> Seen | None:
    event = evidence.first(CERTIFICATE, on=evidence.place.server.crn, after="serves")
    return Seen(f"{event.initiator_name} has certificate {event.data['serial_number']}.", event) if event else None


def _revoked(evidence: Evidence) -> Seen | None:
    """Any that the server got in this lesson, for whoever did a step twice."""
    got = {event.data["id"] for event in evidence.events if event.action == CERTIFICATE and event.data.get("id")}
    event = evidence.first(
        REVOKED, on=evidence.place.server.crn, after="calls", where=lambda each: each.data.get("id") in got
    )
    return Seen(f"{event.initiator_name or 'Baremint'} revoked it, for good.", event) if event else None


def _list_read(evidence: Evidence) -> Seen | None:
    event = evidence.first(REVOCATION_LIST_READ, after="revoked")
    if event is None:
        return None
    return Seen(f"List {event.data['number']}, the first that names it, was fetched from the authority.", event)


def _commands(place: Place) -> list[Command]:
    server, peer = place.server, place.peer
    if peer is None:
        return []
    certify, call = example("mutual-tls/certify.sh"), example("mutual-tls/call.py")
    calling = f'python3 {call} "$WORK/calls" \\\n  "$(cat "$WORK/serves/server")" $PORT'
    return [
        Command(
            "Two servers that may ask",
            f"{switched(server.name)}\n{switched(peer.name)}\n"
            f"WORK=$(mktemp -d)\nAUTHORITIES={shlex.quote(place.ca_bundle)}",
            "Both need their metadata service. The last line names the root certificates: whom both will believe.",
            needs=MAY_SWITCH,
        ),
        Command(
            "A certificate for the server that serves",
            f'sh {certify} "{address(peer.name)}" \\\n  "$WORK/serves" "$AUTHORITIES"\n'
            'openssl x509 -in "$WORK/serves/chain.pem" -noout -subject -issuer -dates',
            f"As a program on {peer.name} does it: a key that stays there, a request with the public half of it, an "
            "identity token to show who asks. The request names nobody. The service puts the name in: CN is the id of "
            "the server that called. Read certify.sh, it is short.",
        ),
        Command(
            "A certificate for the server that calls",
            f'sh {certify} "{address(server.name)}" \\\n  "$WORK/calls" "$AUTHORITIES"',
            f"The same as a program on {server.name}.",
        ),
        Command(
            "Serve, and call",
            f"{A_PORT}\n"
            f'timeout 15m python3 {example("mutual-tls/serve.py")} \\\n  "$WORK/serves" $PORT > "$WORK/log" 2>&1 &\n'
            f'SERVING=$!\n{calling}\ncat "$WORK/log"',
            "Each has shown its certificate and has proved, by a signature, that it holds the key of it. Each knows "
            "the other by name. No password went over the line, and nobody had to be given one.",
        ),
        Command(
            "Call without a certificate",
            'curl -sS --insecure "https://127.0.0.1:$PORT/"; tail -n 1 "$WORK/log"',
            "Whoever cannot say who they are does not get as far as a request: the handshake fails. --insecure only "
            "means that curl does not mind who serves. It does not help, for the server minds who calls.",
        ),
        Command(
            "Revoke it",
            f"baremint revoke {shlex.quote(server.name)} \\\n"
            '  "$(cat "$WORK/calls/certificate")" --reason keyCompromise',
            "As if the key had been copied. The certificate looks as good as before: the signature is right, it has "
            "not expired. So whoever meets it has to ask.",
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
        "A token is shown to everybody who should believe it, and whoever has seen it can show it too. A certificate "
        "is different: it says whose a public key is, and may be seen by all. Only who holds the private key can "
        "prove that it is theirs, and that key never leaves the server.",
        "With https as you know it, the server proves who it is, and the caller proves nothing. With mutual TLS both "
        "do. These certificates say who somebody is, not where: the name in them is the id of a server and not a host "
        "name. So a caller has to compare the name itself, for every server has a certificate of the same authority.",
        "A certificate is believed until it expires. For the case that a key is lost before, the authority publishes "
        "what it has revoked: as a list (CRL), or one by one on request (OCSP). It helps only those who ask.",
        "What two servers say to each other, the platform does not see, and neither does this page: the drawing shows "
        "what the authority is asked for. Whether you were let in or refused, your shell tells.",
    ),
    parties=("{server}, calls", "Metadata service", "{peer}, serves", "Operator"),
    drawn=(
        Drawn(2, 1, "request for its key", "serves"),
        Drawn(1, 2, "certificate", "serves"),
        Drawn(0, 1, "request for its key", "calls"),
        Drawn(1, 0, "certificate", "calls"),
        Drawn(3, 1, "revoke it", "revoked", "refused"),
        Drawn(2, 1, "what is revoked?", "list"),
        Drawn(1, 2, "a list that names it", "list", "refused"),
    ),
    commands=_commands,
    checks=(
        Check("serves", "Who serves is certified", "Get a certificate as the server that will serve.", _peer_certified),
        Check("calls", "Who calls is certified", "Get one as the server that will call.", _certified),
        Check("revoked", "Revoked", "Let them talk; then revoke the certificate of the one that calls.", _revoked),
        Check("list", "Somebody looked", "Call once more: the other side has to ask what is revoked.", _list_read),
    ),
    watches=(CERTIFICATE, REVOKED, REVOCATION_LIST_READ),
    lab="With the lab it is the same. There servers reach the metadata service and nobody else, so the two programs "
    "meet on the machine's loopback address, as they do here.",
    warning="It takes a second server of the same region; where there is none, create one first. The certificate that "
    "you revoke is your own server's, made in this lesson; others stay good. Certificates carry the time of "
    "the deployment's clock, while OpenSSL looks at the machine's: if somebody moved the clock, have it reset first.",
    prefers=True,
)
