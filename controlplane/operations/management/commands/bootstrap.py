from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from controlplane.database.migration_state import compare
from controlplane.kernel import clock
from controlplane.operations import bootstrap


class Command(BaseCommand):
    help = (
        "Make what a fresh database lacks: keys, account, owner, API key and a small demo world. "
        "`baremint up` does this; run it yourself where you start the processes one by one. Harmless when repeated."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        compare().require_known()
        try:
            made = bootstrap.bootstrap(now=clock.now(), progress=self.stdout.write)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
        self.stdout.write("Made." if made else "Nothing to do: all of it is there.")
