import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from controlplane.cli.client import CannotCall, Client, NotFound, Refused
from controlplane.cli.words import add_words, run_word
from controlplane.operations import credentials, endpoints
from controlplane.operations.program import paste


class Command(BaseCommand):
    help = (
        "The VPC API in the words of IBM's command line: baremint is bare-metal-servers. A client of the REST API: "
        "of the Baremint that runs here, or of another one, with BAREMINT_URL, BAREMINT_API_KEY and, for https, "
        "BAREMINT_CA_BUNDLE. Names, ids and CRNs will all do."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--region", default="", help="another region than the deployment's own, such as eu-de")
        add_words(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(run_word(_client(options["region"]), options))
        except CannotCall as error:
            raise CommandError(
                f"{error}\nStart Baremint here: {paste('up')}, or name another one: BAREMINT_URL."
            ) from None
        except (Refused, NotFound) as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from None


def _client(region: str) -> Client:
    given = credentials.load()
    key = os.environ.get("BAREMINT_API_KEY") or os.environ.get("IBMCLOUD_API_KEY") or (given.api_key if given else "")
    if not key:
        raise CommandError(f"There is no API key: set BAREMINT_API_KEY, or start Baremint here: {paste('up')}")
    return Client(
        url=os.environ.get("BAREMINT_URL") or endpoints.control_plane_url(),
        api_key=key,
        ca_bundle=os.environ.get("BAREMINT_CA_BUNDLE", ""),
        region=region,
    )
