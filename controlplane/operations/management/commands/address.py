from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from controlplane.operations import credentials, endpoints, info
from servers.addressing import loopback_address
from servers.models import BareMetalServer
from servers.selectors import servers_of


class Command(BaseCommand):
    help = "Print the loopback address of a server: where a program on it finds the metadata service."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("server", metavar="SERVER", help="name, id or CRN")
        parser.add_argument("--url", action="store_true", help="with protocol and port, such as http://127.64.0.1:8169")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            server = _find(options["server"])
        except info.NothingHere as error:
            raise CommandError(str(error)) from None
        except DatabaseError as error:
            raise CommandError(f"The database cannot be read: {str(error).strip()}") from None
        address = loopback_address(server.number)
        url = endpoints.metadata_url(address, protocol=server.metadata_protocol)
        self.stdout.write(url if options["url"] else address)


def _find(wanted: str) -> BareMetalServer:
    given = credentials.load()
    if given is None:
        raise info.NothingHere
    servers = list(servers_of(given.account_id).order_by("number"))
    for server in servers:
        if wanted in (server.id, server.crn, server.name):
            return server
    names = ", ".join(server.name for server in servers) or "none"
    raise CommandError(f"There is no server {wanted}. Known by name: {names}.")
