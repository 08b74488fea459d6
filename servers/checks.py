"""Checks of the configuration of the VPC API. ``baremint up`` runs them before it makes anything."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import Error, register

from servers import catalog
from servers.quotas import QUOTAS

SETTINGS = "settings"
"""Tag of the checks without which nothing is started. Other commands run them as ``check --deploy`` alone."""


@register(SETTINGS, deploy=True)
def check_region(app_configs: Any, **_: Any) -> Sequence[Error]:
    regions = catalog.regions()
    if settings.BAREMINT_REGION in regions:
        return []
    return [Error(f"BAREMINT_REGION must be one of {', '.join(sorted(regions))}.", id="servers.E001")]


@register(SETTINGS, deploy=True)
def check_quotas(app_configs: Any, **_: Any) -> Sequence[Error]:
    unknown = sorted(settings.BAREMINT_QUOTAS.keys() - QUOTAS.keys())
    if not unknown:
        return []
    message = f"BAREMINT_QUOTAS has the unknown names {', '.join(unknown)}. The quotas are {', '.join(QUOTAS)}."
    return [Error(message, id="servers.E002")]
