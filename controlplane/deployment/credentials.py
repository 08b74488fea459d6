"""What the operator was given at first start, in a file of the data directory that only this user can read."""

import json
from dataclasses import asdict, dataclass

from controlplane.deployment.env import WrongSetting
from controlplane.deployment.home import Home

FILE = "credentials.json"


@dataclass(frozen=True)
class Credentials:
    account_id: str
    api_key: str
    username: str
    password: str
    """Empty if this data directory joined an existing database: its admin user has a password already."""


def read(home: Home) -> Credentials | None:
    """Raises WrongSetting for a file that is not as it was written."""
    try:
        text = home.read_secret(FILE)
        return of(text) if text else None
    except (ValueError, TypeError, IsADirectoryError):
        raise WrongSetting(f"{home.path / FILE} is broken. Remove it: the next start makes another one.") from None


def of(text: str) -> Credentials:
    """Raises ValueError, TypeError for what was not written by ``write``."""
    found = Credentials(**json.loads(text))
    if not all(isinstance(value, str) for value in asdict(found).values()):
        raise TypeError
    return found


def write(home: Home, credentials: Credentials) -> None:
    home.write_secret(FILE, json.dumps(asdict(credentials), indent=2))
