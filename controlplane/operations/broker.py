"""Questions to the broker that Celery itself does not ask."""

import redis
from django.conf import settings
from kombu.exceptions import OperationalError

from controlplane.celery import app


def answers(*, seconds: float) -> bool:
    """Whether the broker answers a PING."""
    url = f"unix://{settings.VALKEY_SOCKET}" if settings.EMBEDDED_BROKER else settings.REDIS_URL
    client = redis.Redis.from_url(url, socket_timeout=seconds, socket_connect_timeout=seconds)
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
