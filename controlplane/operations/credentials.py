"""What the operator was given at first start, kept for ``baremint info`` in a file only this user can read."""

import json
from dataclasses import asdict, dataclass

from django.conf import settings

FILE = "credentials.json"


@dataclass(frozen=True)
class Credentials:
    account_id: str
    api_key: str
    username: str
    password: str
    """Empty when this data directory joined a database whose admin user it did not make."""


def load() -> Credentials | None:
    text = settings.HOME.read_secret(FILE)
    return Credentials(**json.loads(text)) if text else None


def save(credentials: Credentials) -> None:
    settings.HOME.write_secret(FILE, json.dumps(asdict(credentials), indent=2))
