from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from controlplane.cli.certificates import rotation, switch_rotation
from controlplane.cli.output import as_json
from controlplane.operations.connection import ENVIRONMENT, connected

SWITCH = {"on": True, "off": False}


class Command(BaseCommand):
    help = (
        "Turn the certificate rotation of a server on or off: whether its certificates are renewed before they expire. "
        f"Without on or off, show it. {ENVIRONMENT}"
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("server", metavar="SERVER", help="name, id or CRN")
        parser.add_argument("switch", metavar="on|off", nargs="?", choices=list(SWITCH))
        parser.add_argument("--json", action="store_true", help="for scripts: the answer as it came")

    def handle(self, *args: Any, **options: Any) -> None:
        server, switch = options["server"], options["switch"]
        with connected() as client:
            found = switch_rotation(client, server, enabled=SWITCH[switch]) if switch else rotation(client, server)
        self.stdout.write(as_json(found) if options["json"] else _sentence(server, found))


def _sentence(server: str, found: dict[str, Any]) -> str:
    if not found["enabled"]:
        return f"The certificate rotation of {server} is off."
    following = found["next_renewal_at"]
    then = f"the next renewal is due at {following}" if following else "there is no certificate to renew"
    return f"The certificate rotation of {server} is on; {then}."
