"""Checks of the configuration of keys, except for their periods (identity/key_periods.py)."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import Error, register
from django.core.exceptions import ImproperlyConfigured

from identity import key_encryption
from servers.checks import SETTINGS


@register(SETTINGS, deploy=True)
def check_kek(app_configs: Any, **_: Any) -> Sequence[Error]:
    try:
        key_encryption.refuse_unreadable_kek()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="identity.E001")]
    return []
