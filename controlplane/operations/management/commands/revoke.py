from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from controlplane.cli.certificates import REASONS, revoke
from controlplane.cli.output import as_json
from controlplane.operations.connection import ENVIRONMENT, connected


class Command(BaseCommand):
    help = (
        "Revoke an identity certificate of a server, for good. It is on the revocation list, and OCSP tells of it, at "
        f"once. {ENVIRONMENT}"
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("server", metavar="SERVER", help="name, id or CRN")
        parser.add_argument("certificate", metavar="CERTIFICATE", help="id or serial number")
        parser.add_argument(
            "--reason",
            choices=REASONS,
            default="unspecified",
            help="in the words of RFC 5280; keyCompromise revokes all certificates for the same key",
        )
        parser.add_argument("--json", action="store_true", help="for scripts: the answer as it came")

    def handle(self, *args: Any, **options: Any) -> None:
        with connected() as client:
            found = revoke(client, options["server"], options["certificate"], reason=options["reason"])
        told = f"Certificate {found['serial_number']} is revoked since {found['revoked_at']}: "
        self.stdout.write(as_json(found) if options["json"] else f"{told}{found['revocation_reason']}.")
