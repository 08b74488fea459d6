"""``baremint keys``, ``certificates``, ``certificate-rotation`` and ``revoke``."""

from typing import Any

from controlplane.cli.arguments import argument, arguments, json_option
from controlplane.cli.certificates import (
    CERTIFICATE_TABLE,
    REASONS,
    list_certificates,
    revoke,
    rotation,
    switch_rotation,
)
from controlplane.cli.output import as_json, as_table
from controlplane.deployment.command_line import command_hint
from controlplane.operations.commands.command import Command, CommandFailed, Context, Options
from controlplane.operations.commands.rest_connection import ENVIRONMENT, connected

KEY_COLUMNS = [(name.upper().replace("_", " "), name) for name in ("purpose", "region", "state", "since", "next")]
KEY_COLUMNS += [("IN SECONDS", "in_seconds"), ("KID", "kid")]
SWITCH = {"on": True, "off": False}
_server_argument = argument("server", metavar="SERVER", help="name, id or CRN")


def _keys(options: Options, context: Context) -> None:
    keys = context.source.keys()
    if not keys:
        raise CommandFailed(f"There are no keys yet. Start Baremint first: {command_hint('up')}")
    context.write(as_json(keys) if options["json"] else as_table(keys, KEY_COLUMNS))


def _certificates(options: Options, context: Context) -> None:
    server, due = options["server"], options["due"]
    if bool(server) == due:
        raise CommandFailed(f"Name a server: {command_hint('certificates SERVER')}, or list all that are due: --due")
    if due:
        renewals = context.source.renewals()
        context.write(as_json(renewals) if options["json"] else _renewals_as_text(renewals))
        return
    with connected(context.location) as client:
        certificates = list_certificates(client, server)
    context.write(as_json(certificates) if options["json"] else as_table(certificates, CERTIFICATE_TABLE))


def _renewals_as_text(renewals: dict[str, Any]) -> str:
    next_due = f", the next at {renewals['next_due_at']}" if renewals["next_due_at"] else ""
    lines = [f"Due now       {renewals['due']:,}", f"Due later     {renewals['later']:,}{next_due}"]
    if last := renewals["last"]:
        progress = f"{last['renewed']:,} of {last['due']:,} renewed"
        more = [f"{last[name]:,} {name}" for name in ("stopped", "failed") if last[name]]
        when = f"from {last['begun_at']} to {last['ended_at']}" if last["ended_at"] else f"since {last['begun_at']}"
        lines.append(f"{'Last renewal' if last['ended_at'] else 'Renewing':13} {', '.join([progress, *more])} {when}")
    return "\n".join(lines)


def _rotation(options: Options, context: Context) -> None:
    server, switch = options["server"], options["switch"]
    with connected(context.location) as client:
        state = switch_rotation(client, server, enabled=SWITCH[switch]) if switch else rotation(client, server)
    context.write(as_json(state) if options["json"] else _rotation_as_text(server, state))


def _rotation_as_text(server: str, state: dict[str, Any]) -> str:
    if not state["enabled"]:
        return f"The certificate rotation of {server} is off."
    following = state["next_renewal_at"]
    then = f"the next renewal is due at {following}" if following else "there is no certificate to renew"
    return f"The certificate rotation of {server} is on; {then}."


def _revoke(options: Options, context: Context) -> None:
    with connected(context.location) as client:
        certificate = revoke(client, options["server"], options["certificate"], reason=options["reason"])
    text = "Certificate {serial_number} is revoked since {revoked_at}: {revocation_reason}.".format(**certificate)
    context.write(as_json(certificate) if options["json"] else text)


COMMANDS = {
    "keys": Command(
        "Show all keys: their states, since when, and which state is next.",
        json_option("for scripts: one JSON array"),
        _keys,
    ),
    "certificates": Command(
        "List the identity certificates of a server; or, with --due, show how many certificates of all servers are due "
        f"for renewal, and its progress. {ENVIRONMENT} --due reads the local Baremint.",
        arguments(
            argument("server", metavar="SERVER", nargs="?", help="name, id or CRN"),
            argument("--due", action="store_true", help="of all servers: how many are due for renewal"),
            json_option("for scripts"),
        ),
        _certificates,
    ),
    "certificate-rotation": Command(
        "Turn the certificate rotation of a server on or off: whether its certificates are renewed before they expire. "
        f"Without on or off, show it. {ENVIRONMENT}",
        arguments(
            _server_argument,
            argument("switch", metavar="on|off", nargs="?", choices=list(SWITCH)),
            json_option(),
        ),
        _rotation,
    ),
    "revoke": Command(
        "Revoke an identity certificate of a server permanently. The revocation list and OCSP report it at once. "
        f"{ENVIRONMENT}",
        arguments(
            _server_argument,
            argument("certificate", metavar="CERTIFICATE", help="id or serial number"),
            argument(
                "--reason",
                choices=REASONS,
                default="unspecified",
                help="in the words of RFC 5280; keyCompromise revokes all certificates for the same key",
            ),
            json_option(),
        ),
        _revoke,
    ),
}
