"""The Celery application; ``celery -A controlplane.celery worker`` finds it here."""

import os
import sys
from typing import Any

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "controlplane.settings")
app = Celery("baremint")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def refuse_wrong_kek(**_: Any) -> None:
    """A worker that cannot read the keys does not start."""
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415  this module is loaded before the apps

    from controlplane.operations import serving  # noqa: PLC0415

    try:
        serving.refuse_wrong_kek()
    except ImproperlyConfigured as error:
        sys.exit(f"The worker does not start: {error}")
