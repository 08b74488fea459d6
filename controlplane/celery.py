"""The Celery application; ``celery -A controlplane.celery worker`` finds it here."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "controlplane.settings")
app = Celery("baremint")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
