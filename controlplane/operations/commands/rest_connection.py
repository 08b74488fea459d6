"""The client of the REST API for commands, of the local Baremint or another one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from controlplane.cli.client import CannotCall, Client, NotFound, Refused, WrongOption
from controlplane.deployment import credentials, process_lock
from controlplane.deployment.command_line import command_hint
from controlplane.deployment.location import Location
from controlplane.operations.commands.command import CommandFailed

ENVIRONMENT = (
    "A client of the REST API of the local Baremint, or of another one with BAREMINT_URL, BAREMINT_API_KEY and, for "
    "https, BAREMINT_CA_BUNDLE."
)


def _own_key(location: Location, url: str) -> str:
    """Return the API key of the data directory, but only for the URLs of its own Baremint while that runs.

    Another program on its port, or at another URL, must not receive the key. Raises CommandFailed.
    """
    account_credentials = credentials.read(location.home)
    if account_credentials is None or url.rstrip("/") not in (location.control_plane_url, location.public_url):
        return ""
    if location.embedded_database and process_lock.holder(location.home) is None:
        raise CommandFailed(f"Baremint does not run in {location.home.path}. Start it: {command_hint('up')}")
    return account_credentials.api_key


@contextmanager
def connected(location: Location, region: str = "") -> Iterator[Client]:
    """Yield a client, and convert its errors to CommandFailed with a message for the user."""
    try:
        yield _client(location, region)
    except CannotCall as error:
        raise CommandFailed(
            f"{error}\nStart Baremint here: {command_hint('up')}, or name another one: BAREMINT_URL."
        ) from None
    except (Refused, NotFound, WrongOption) as error:
        raise CommandFailed(str(error)) from None
    except BrokenPipeError:  # the reader of the output has closed it
        raise
    except OSError as error:
        raise CommandFailed(f"{error.filename}: {error.strerror}") from None


def _client(location: Location, region: str) -> Client:
    url = os.environ.get("BAREMINT_URL") or location.control_plane_url
    key = os.environ.get("BAREMINT_API_KEY") or os.environ.get("IBMCLOUD_API_KEY") or _own_key(location, url)
    if not key:
        raise CommandFailed(f"There is no API key: set BAREMINT_API_KEY, or start Baremint here: {command_hint('up')}")
    return Client(
        url=url,
        api_key=key,
        ca_bundle=os.environ.get("BAREMINT_CA_BUNDLE", ""),
        region=region,
    )
