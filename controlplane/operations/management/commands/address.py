from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from controlplane.operations import info


class Command(BaseCommand):
    help = "Print the loopback address of a server: where a program on it finds the metadata service."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("server", metavar="SERVER", help="name, id or CRN")
        parser.add_argument("--url", action="store_true", help="with protocol and port, such as http://127.64.0.1:8169")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            url = info.find_server(info.collect(), options["server"])["metadata_url"]
        except (info.NothingHere, info.UnknownServer) as error:
            raise CommandError(str(error)) from None
        except DatabaseError as error:
            raise CommandError(f"The database cannot be read: {str(error).strip()}") from None
        self.stdout.write(url if options["url"] else urlsplit(url).hostname)
