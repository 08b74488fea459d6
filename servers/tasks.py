"""Celery tasks of the servers: doorbells, without logic."""

from celery import shared_task

from controlplane.kernel import clock
from servers.services import transitions


@shared_task(ignore_result=True)
def advance_server(server_id: str) -> None:
    """Take the next step of a server's transition, if it is due."""
    transitions.advance(server_id, now=clock.now())
