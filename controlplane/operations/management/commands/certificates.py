from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from controlplane.cli.certificates import CERTIFICATE_TABLE, list_certificates
from controlplane.cli.output import as_json, as_table
from controlplane.kernel import clock
from controlplane.operations import renewals
from controlplane.operations.connection import ENVIRONMENT, connected
from controlplane.operations.program import paste


class Command(BaseCommand):
    help = (
        "List the identity certificates of a server; or, with --due, say how many of all servers are to be renewed, "
        f"and how far that has come. {ENVIRONMENT} --due asks the database of the Baremint here."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("server", metavar="SERVER", nargs="?", help="name, id or CRN")
        parser.add_argument("--due", action="store_true", help="of all servers: what is to be renewed")
        parser.add_argument("--json", action="store_true", help="for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["server"]) == options["due"]:
            raise CommandError(f"Whose? {paste('certificates SERVER')}, or of all what is due: --due")
        self.stdout.write(self._due(options["json"]) if options["due"] else self._list(options))

    def _list(self, options: dict[str, Any]) -> str:
        with connected() as client:
            found = list_certificates(client, options["server"])
        return as_json(found) if options["json"] else as_table(found, CERTIFICATE_TABLE)

    def _due(self, json: bool) -> str:
        try:
            found = renewals.collect(now=clock.now())
        except DatabaseError as error:
            raise CommandError(f"The database cannot be read: {str(error).strip()}") from None
        return as_json(found) if json else renewals.as_text(found)
