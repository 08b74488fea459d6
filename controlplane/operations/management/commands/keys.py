from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from controlplane.cli import output
from controlplane.kernel import clock, timestamps
from controlplane.operations.program import paste
from identity.selectors import ScheduledKey, key_schedule

COLUMNS = [(name.upper().replace("_", " "), name) for name in ("purpose", "region", "state", "since", "next")]
COLUMNS += [("IN SECONDS", "in_seconds"), ("KID", "kid")]


class Command(BaseCommand):
    help = "Say which keys there are, in which state they are since when, and what becomes of each next."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for scripts: one JSON array")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            keys = [_members(key) for key in key_schedule(clock.now())]
        except DatabaseError as error:
            raise CommandError(f"The database cannot be read: {str(error).strip()}") from None
        if not keys:
            raise CommandError(f"There are no keys yet. Start Baremint first: {paste('up')}")
        self.stdout.write(output.as_json(keys) if options["json"] else output.as_table(keys, COLUMNS))


def _members(key: ScheduledKey) -> dict[str, Any]:
    return {
        "purpose": key.purpose,
        "region": key.region,
        "kid": key.kid,
        "state": key.state,
        "since": timestamps.seconds(key.since),
        "next": key.next_state,
        "in_seconds": None if key.seconds is None else round(key.seconds),
    }
