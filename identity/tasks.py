"""Celery tasks of the identity side: doorbells, without logic."""

from celery import shared_task
from django.db import OperationalError

from controlplane.kernel import clock
from controlplane.kernel.enqueue import ring
from identity.services import certificate_renewal
from identity.services.renewal_progress import RENEW


@shared_task(ignore_result=True, autoretry_for=(OperationalError,), retry_backoff=True, max_retries=5)
def renew_certificates() -> None:
    """Renew one chunk of what is due, and send for the next: other tasks get their turn in between."""
    if certificate_renewal.renew_chunk(now=clock.now()):
        ring(RENEW)
