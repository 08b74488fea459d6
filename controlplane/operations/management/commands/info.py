import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from controlplane.operations import info, welcome
from controlplane.operations.program import paste
from controlplane.operations.supervisor import homelock


class Command(BaseCommand):
    help = "Say where everything is: addresses, credentials, servers, commands to paste. Works while stopped, too."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for scripts: one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            facts = info.collect()
        except info.NothingHere as error:
            raise CommandError(str(error)) from None
        except DatabaseError as error:
            raise CommandError(f"The database cannot be read: {str(error).strip()}") from None
        if options["json"]:
            self.stdout.write(json.dumps(facts, indent=2))
            return
        pid = homelock.holder(settings.HOME)
        self.stdout.write(
            f"Baremint is up (process {pid})." if pid else f"Baremint is stopped. Start it: {paste('up')}"
        )
        self.stdout.write("\n" + welcome.block(facts))
