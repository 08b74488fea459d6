from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from controlplane.kernel import clock
from controlplane.operations.program import paste
from identity.keychain import TOKEN_PURPOSES
from identity.services.rotation import rotate_now


class Command(BaseCommand):
    help = (
        "Rotate a signing key now: the prepared key takes over and a new one is prepared. Tokens signed before "
        "still verify until they expire."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "kind",
            metavar="KIND",
            choices=[str(purpose) for purpose in TOKEN_PURPOSES],
            help=f"which key: {' or '.join(str(purpose) for purpose in TOKEN_PURPOSES)}",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            key = rotate_now(options["kind"], now=clock.now()).key
        except KeyError:
            raise CommandError(f"There are no keys yet. Start Baremint first: {paste('up')}") from None
        except (DatabaseError, ImproperlyConfigured) as error:
            raise CommandError(str(error).strip()) from None
        self.stdout.write(f"The {options['kind']} key {key.kid} signs from now on.")
