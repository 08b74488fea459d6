"""Checks and repairs by a Celery worker before it takes its first message."""

import sys
from typing import Any

from celery.signals import worker_init
from django.core.exceptions import ImproperlyConfigured

from controlplane.jobs import broker, broker_transport
from identity import key_encryption

BROKER_SECONDS = 5.0


@worker_init.connect
def remove_keys_of_other_kinds(**_: Any) -> None:
    """A key with the name of a queue may be no list. A worker that reads it would end with an error."""
    with broker.connected(seconds=BROKER_SECONDS) as client:
        broker_transport.remove_keys_of_other_kinds(client)


@worker_init.connect
def refuse_wrong_kek(**_: Any) -> None:
    """A worker that cannot read the keys does not start."""
    try:
        key_encryption.refuse_wrong_kek()
    except ImproperlyConfigured as error:
        sys.exit(f"The worker does not start: {error}")
