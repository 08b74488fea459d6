"""Questions to the broker that Celery itself does not ask.

The client is imported when one is asked: most processes never ask.
"""

from urllib.parse import quote

from django.conf import settings
from kombu.exceptions import OperationalError

from controlplane.celery import app


def answers(*, seconds: float) -> bool:
    """Whether the broker answers."""
    return queue_depth(seconds=seconds) is not None


def queue_depth(*, seconds: float) -> int | None:
    """How many tasks no worker has taken yet; None when the broker does not answer."""
    import redis  # noqa: PLC0415

    url = f"unix://{quote(str(settings.VALKEY_SOCKET))}" if settings.EMBEDDED_BROKER else settings.REDIS_URL
    # By from_url: what is made in another way tries again and again.
    client = redis.Redis.from_url(url, socket_timeout=seconds, socket_connect_timeout=seconds)
    try:
        return client.llen(app.conf.task_default_queue)
    except (redis.RedisError, OSError):
        return None
    finally:
        client.close()


def first_worker_to_answer(*, seconds: float) -> str | None:
    """The name of a Celery worker that answers a ping; None when none does, or the broker does not."""
    import redis  # noqa: PLC0415

    try:
        answers = app.control.ping(timeout=seconds, limit=1)
    except (OperationalError, redis.RedisError, OSError):
        return None
    return next((name for answer in answers or () for name in answer), None)
