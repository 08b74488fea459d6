"""Load modules before the first fork, so that all services share their memory.

Nothing here may open a connection, create a TLS context or read a private key, because every fork would inherit it.
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
    """Load the modules of the HTTP services."""
    _load(HTTP)


def load_everything() -> None:
    """Load the modules of all services."""
    _load(HTTP + OTHERS)
    app.loader.import_default_modules()
    app.finalize()


def _load(modules: tuple[str, ...]) -> None:
    for module in modules:
        import_module(module)
    for read_catalog in (catalog.regions, catalog.profiles, catalog.operating_systems, catalog.stock_images):
        read_catalog()
    for urlconf in (settings.ROOT_URLCONF, "controlplane.urls_inside"):
        _compile(get_resolver(urlconf))
    # The loaded modules stay until the process ends. The collector would examine them repeatedly and write to their
    # memory pages, so that each process would get its own copy.
    gc.collect()
    gc.freeze()


def _compile(resolver: URLResolver) -> None:
    """Compile the patterns of all routes, which Django compiles at the first request otherwise."""
    for each in resolver.url_patterns:
        each.pattern.regex  # noqa: B018
        if isinstance(each, URLResolver):
            _compile(each)
