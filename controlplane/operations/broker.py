"""Questions to the broker that Celery itself does not ask."""

import redis
from django.conf import settings
from kombu.exceptions import OperationalError

from controlplane.celery import app


def answers(*, seconds: float) -> bool:
    """Whether the broker answers."""
    return queue_depth(seconds=seconds) is not None


def queue_depth(*, seconds: float) -> int | None:
    """How many tasks no worker has taken yet; None when the broker does not answer."""
    url = f"unix://{settings.VALKEY_SOCKET}" if settings.EMBEDDED_BROKER else settings.REDIS_URL
    client = redis.Redis.from_url(url, socket_timeout=seconds, socket_connect_timeout=seconds)
    try:
        return client.llen(app.conf.task_default_queue)
    except (redis.RedisError, OSError):
        return None
    finally:
        client.close()


def worker_answers(node: str, *, seconds: float) -> bool:
    """Whether the Celery worker of this name answers a ping."""
    try:
        return bool(app.control.ping(destination=[node], timeout=seconds, limit=1))
    except (OperationalError, redis.RedisError, OSError):
        return False
