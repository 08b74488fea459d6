"""Send Celery tasks from requests, by name, because an app does not import those above it."""

import structlog
from celery import current_app
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)


def enqueue(task: str, *arguments: str, after_seconds: float = 0) -> None:
    """Send a task, without waiting for a broker that is away: a tick finds in the database what is due.

    ``after_seconds`` is real time, also when the domain's clock is moved. ``max_retries`` is 0 because with
    ``retry=False`` alone, kombu would try to connect for six seconds within the request.
    """
    try:
        with current_app.connection_for_write(transport_options={"max_retries": 0}) as connection:
            current_app.send_task(
                task, args=list(arguments), countdown=after_seconds, retry=False, connection=connection
            )
    except OperationalError:
        log.warning("the broker is away; the next tick will do it", task=task, arguments=arguments)
