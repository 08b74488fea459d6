"""Read the data of commands from the database, for commands while Baremint does not run."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from controlplane.deployment import credentials
from controlplane.deployment.credentials import Credentials
from controlplane.instances.models import ResourceInstance
from controlplane.kernel import clock
from controlplane.kernel.database_failures import for_operators
from controlplane.operations import certificate_renewals
from controlplane.operations.api import keys
from controlplane.operations.commands.command import CommandFailed
from controlplane.operations.info import EmptyDataDirectory
from controlplane.resourcecontroller.api.responses import instance_body
from servers.api import addresses


class DatabaseSource:
    """A Source that reads the database. All methods raise CommandFailed when it cannot be read."""

    runs = False

    def credentials(self) -> Credentials | None:
        return credentials.read(settings.HOME)

    def servers(self, account_id: str, *, named: str = "") -> list[dict[str, Any]]:
        with _command_errors():
            return [
                {**addresses.server_address(server)} for server in addresses.servers_of(account_id).order_by("number")
            ]

    def instances(self, account_id: str) -> list[dict[str, Any]]:
        with _command_errors():
            rows = ResourceInstance.objects.filter(account_id=account_id, state=ResourceInstance.State.ACTIVE)
            return [{**instance_body(instance)} for instance in rows.order_by("pk")]

    def keys(self) -> list[dict[str, Any]]:
        with _command_errors():
            return [{**key} for key in keys.schedule()]

    def renewals(self) -> dict[str, Any]:
        with _command_errors():
            return {**certificate_renewals.collect(now=clock.now())}


@contextmanager
def _command_errors() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        if credentials.read(settings.HOME) is None:
            raise CommandFailed(str(EmptyDataDirectory(settings.HOME))) from None
        raise CommandFailed(for_operators(error)) from None
