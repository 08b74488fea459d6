"""Requests to the broker beside those of Celery."""

from contextlib import suppress
from typing import Any
from urllib.parse import quote

from django.conf import settings
from kombu.exceptions import OperationalError

from controlplane.celery import app
from controlplane.kernel.database_failures import one_line

COUNTS = "baremint:count:"
COUNT_SECONDS = 0.5
RESTARTED = "It is started again by itself; see baremint.log in BAREMINT_HOME."


class BrokerFailed(Exception):
    """The message says what is wrong with the broker and what to do."""


def queue_depth(*, seconds: float) -> int:
    """Return how many tasks no worker has taken yet. Raises BrokerFailed."""
    redis = _redis()
    with connected(seconds=seconds) as client:
        try:
            return client.llen(app.conf.task_default_queue)
        except redis.AuthenticationError:
            raise BrokerFailed("The broker refuses the user name or the password of REDIS_URL. Correct them.") from None
        except (redis.ConnectionError, redis.TimeoutError, OSError):
            remedy = RESTARTED if settings.EMBEDDED_BROKER else "Start it, or correct REDIS_URL."
            raise BrokerFailed(f"The broker does not answer. {remedy}") from None
        except redis.RedisError as error:
            raise BrokerFailed(f"The broker cannot be used: {one_line(error)}") from None


def _redis() -> Any:
    import redis  # noqa: PLC0415  most processes send no request to the broker

    return redis


def connected(*, seconds: float) -> Any:
    url = f"unix://{quote(str(settings.VALKEY_SOCKET))}" if settings.EMBEDDED_BROKER else settings.REDIS_URL
    # A client that is not made by from_url retries.
    return _redis().Redis.from_url(url, socket_timeout=seconds, socket_connect_timeout=seconds)


def count(name: str, *, within: int) -> int | None:
    """Count a call for this name and return how many all processes have made since the first one, which was at most
    ``within`` seconds ago.

    None when the broker does not answer.
    """
    redis = _redis()
    with connected(seconds=COUNT_SECONDS) as client:
        try:
            total, _ = client.pipeline().incr(COUNTS + name).expire(COUNTS + name, within, nx=True).execute()
        except (redis.RedisError, OSError):
            return None
    return int(total)


def forget_count(name: str) -> None:
    redis = _redis()
    with connected(seconds=COUNT_SECONDS) as client, suppress(redis.RedisError, OSError):
        client.delete(COUNTS + name)


def first_worker_to_answer(*, seconds: float) -> str | None:
    """Return the name of a Celery worker that answers a ping; None when no worker answers, or the broker does not."""
    redis = _redis()
    try:
        answers = app.control.ping(timeout=seconds, limit=1)
    except (OperationalError, redis.RedisError, OSError):
        return None
    return next((name for answer in answers or () for name in answer), None)
