"""The credentials of the first start, in a file of the data directory that only this user can read."""

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
    """Return the stored credentials. Raises WrongSetting for a file that cannot be parsed."""
    try:
        text = home.read_secret(FILE)
        return of(text) if text else None
    except (ValueError, TypeError, IsADirectoryError):
        raise WrongSetting(f"{home.path / FILE} is broken. Remove it: the next start makes another one.") from None


def of(text: str) -> Credentials:
    """Parse the text of ``write``. Raises ValueError, TypeError."""
    credentials = Credentials(**json.loads(text))
    if not all(isinstance(value, str) for value in asdict(credentials).values()):
        raise TypeError
    return credentials


def write(home: Home, credentials: Credentials) -> None:
    home.write_secret(FILE, json.dumps(asdict(credentials), indent=2))
