"""What is loaded before the first fork, so that each service finds it there and all share its memory.

Nothing here opens a connection, makes a TLS context or reads a private key: a fork would have them too.
"""

import gc
from importlib import import_module

from django.conf import settings
from django.urls import URLResolver, get_resolver

from controlplane.celery import app
from servers import catalog

HTTP = (
    "controlplane.urls_inside",
    "controlplane.wsgi",
    "controlplane.runtime.http.service",
    # Django loads these when it first needs them.
    "django.contrib.messages.storage.fallback",
    "django.contrib.sessions.serializers",
    "django.db.models.sql.compiler",
)
OTHERS = (
    "controlplane.jobs.tasks",
    "controlplane.runtime.tls.loopback",
    # Celery loads these when it starts a worker or beat.
    "billiard.dummy",
    "billiard.pool",
    "celery.app.amqp",
    "celery.app.control",
    "celery.app.events",
    "celery.app.log",
    "celery.app.routes",
    "celery.apps.worker",
    "celery.concurrency.thread",
    "celery.events.receiver",
    "celery.worker.autoscale",
    "celery.worker.components",
    "celery.worker.consumer",
    "celery.worker.consumer.delayed_delivery",
    "celery.worker.strategy",
    "kombu.transport.redis",
)


def load_http() -> None:
    """What the HTTP services need."""
    _load(HTTP)


def load_everything() -> None:
    """What all services need."""
    _load(HTTP + OTHERS)
    app.loader.import_default_modules()
    app.finalize()


def _load(modules: tuple[str, ...]) -> None:
    for module in modules:
        import_module(module)
    for known in (catalog.regions, catalog.profiles, catalog.operating_systems, catalog.stock_images):
        known()
    for urlconf in (settings.ROOT_URLCONF, "controlplane.urls_inside"):
        _compile(get_resolver(urlconf))
    # What is loaded by now stays for good. The collector would look through it again and again, and write to it, so
    # that each process had a copy of its own.
    gc.collect()
    gc.freeze()


def _compile(resolver: URLResolver) -> None:
    """Django compiles the pattern of a route when a request first comes by it."""
    for each in resolver.url_patterns:
        each.pattern.regex  # noqa: B018
        if isinstance(each, URLResolver):
            _compile(each)
