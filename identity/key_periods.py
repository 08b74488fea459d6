"""The times of keys in this deployment, from the settings, read once in a process."""

from collections.abc import Mapping
from datetime import timedelta
from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from identity.key_schedule import KeyTimes, Purpose, contradiction, key_times

SETTINGS: Mapping[Purpose, str] = {
    "root": "BAREMINT_ROOT_DAYS",
    "intermediate": "BAREMINT_INTERMEDIATE_DAYS",
    "tls": "BAREMINT_ENDPOINT_CERTIFICATE_HOURS",
    "iam": "BAREMINT_SIGNING_KEY_HOURS",
    "identity": "BAREMINT_SIGNING_KEY_HOURS",
}


@cache
def configured_key_times() -> Mapping[Purpose, KeyTimes]:
    """Return the times of keys by purpose, in the order in which keys depend on each other.

    Raises ImproperlyConfigured for periods that contradict each other.
    """
    table = key_times(
        signing_key=timedelta(hours=settings.BAREMINT_SIGNING_KEY_HOURS),
        endpoint_certificate=timedelta(hours=settings.BAREMINT_ENDPOINT_CERTIFICATE_HOURS),
        intermediate=timedelta(days=settings.BAREMINT_INTERMEDIATE_DAYS),
        root=timedelta(days=settings.BAREMINT_ROOT_DAYS),
    )
    if problem := contradiction(table, tick=timedelta(seconds=settings.BAREMINT_TICK_SECONDS)):
        purpose, reason = problem
        raise ImproperlyConfigured(f"{SETTINGS[purpose]}: the period of the {purpose} key {reason}.")
    return table
