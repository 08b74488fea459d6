"""Putting a Celery task into the queue from within a request, by name: an app does not import those above it."""

import structlog
from celery import current_app
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)


def enqueue(task: str, *arguments: str, after_seconds: float = 0) -> None:
    """Send a task, without waiting for a broker that is away: what is due is in the database, where a tick finds it.

    ``after_seconds`` are real ones, whatever the domain's clock does.

    ``retry=False`` alone lets kombu try to connect for six seconds, within the request; ``max_retries`` does not.
    """
    try:
        with current_app.connection_for_write(transport_options={"max_retries": 0}) as connection:
            current_app.send_task(
                task, args=list(arguments), countdown=after_seconds, retry=False, connection=connection
            )
    except OperationalError:
        log.warning("the broker is away; the next tick will do it", task=task, arguments=arguments)
