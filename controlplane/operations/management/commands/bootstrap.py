from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from controlplane.database.migration_state import compare
from controlplane.kernel import clock
from controlplane.operations import bootstrap


class Command(BaseCommand):
    help = (
        "Create what a new database lacks: keys, account, owner, API key and a small demo world. "
        "`baremint up` does this; run it yourself if you start the processes one by one. It can be repeated."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        compare().require_known()
        try:
            is_new = bootstrap.bootstrap(now=clock.now(), progress=self.stdout.write)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
        self.stdout.write("Created." if is_new else "Nothing to do: everything exists already.")
