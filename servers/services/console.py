"""Tokens that open a server's console: only one is valid at a time, for a few minutes."""

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel import clock
from controlplane.kernel.errors import ServerStatusConflict
from servers.events import CONSOLE_TOKEN, record_change
from servers.models import BareMetalServer, ConsoleAccessToken
from servers.services.row_locks import lock_row

LIFETIME = timedelta(minutes=3)
OPEN_IN = ("stopped", "starting", "running")


@transaction.atomic
def create_console_token(
    server: BareMetalServer, *, console_type: str, force: bool = False, by: Party
) -> tuple[str, ConsoleAccessToken]:
    """Create a token, which invalidates the previous one, and return it in clear text with its record.

    The clear text cannot be read again later. Raises ServerStatusConflict unless the server is stopped, starting or
    running.
    """
    server = lock_row(server)
    if server.status not in OPEN_IN:
        raise ServerStatusConflict(f"A server that is {server.status} has no console; it must be {', '.join(OPEN_IN)}.")
    token = secrets.token_urlsafe(32)
    now = clock.now()
    row, _ = ConsoleAccessToken.objects.update_or_create(
        server=server,
        defaults={
            "sha256": hashlib.sha256(token.encode()).hexdigest(),
            "console_type": console_type,
            "force": force,
            "created_at": now,
            "expires_at": now + LIFETIME,
        },
    )
    record_change(f"{CONSOLE_TOKEN}.create", server, by=by)
    return token, row
