"""The product's settings, but a message that no worker has acknowledged is delivered again after a second."""

from controlplane.settings import *  # noqa: F403

CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 1}
