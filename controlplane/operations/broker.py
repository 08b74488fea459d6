"""Questions to the broker that Celery itself does not ask."""

import redis
from django.conf import settings
from kombu.exceptions import OperationalError

from controlplane.celery import app


def answers(*, seconds: float) -> bool:
    """Whether the broker answers a PING."""
    limits = {"socket_timeout": seconds, "socket_connect_timeout": seconds}
    if settings.EMBEDDED_BROKER:
        client = redis.Redis(unix_socket_path=str(settings.VALKEY_SOCKET), **limits)
    else:
        client = redis.Redis.from_url(settings.REDIS_URL, **limits)
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()


def worker_answers(node: str, *, seconds: float) -> bool:
    """Whether the Celery worker of this name answers a ping."""
    try:
        return bool(app.control.ping(destination=[node], timeout=seconds, limit=1))
    except (OperationalError, redis.RedisError, OSError):
        return False
