"""The operator's credentials, of the data directory that Django's settings name."""

import json
from dataclasses import asdict

from django.conf import settings

from controlplane.operations import given
from controlplane.operations.given import FILE, Credentials

__all__ = ["FILE", "Credentials", "load", "save"]


def load() -> Credentials | None:
    return given.read(settings.HOME)


def save(credentials: Credentials) -> None:
    settings.HOME.write_secret(FILE, json.dumps(asdict(credentials), indent=2))
