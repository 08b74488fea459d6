"""The client of the REST API that commands use: of the Baremint that runs here, or of another one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from controlplane.cli.client import CannotCall, Client, NotFound, Refused, WrongOption
from controlplane.deployment import credentials, process_lock
from controlplane.deployment.command_line import command_hint
from controlplane.deployment.location import Location
from controlplane.operations.commands.command import CommandFailed

ENVIRONMENT = (
    "A client of the REST API: of the Baremint that runs here, or of another one, with BAREMINT_URL, BAREMINT_API_KEY "
    "and, for https, BAREMINT_CA_BUNDLE."
)


def _own_key(location: Location, url: str) -> str:
    """The key in the data directory, for the Baremint of that directory alone: whoever listens on its port while it
    does not run, or anywhere else, is not told it. Raises CommandFailed."""
    known = credentials.read(location.home)
    if known is None or url.rstrip("/") not in (location.control_plane_url, location.public_url):
        return ""
    if location.embedded_database and process_lock.holder(location.home) is None:
        raise CommandFailed(f"Baremint does not run in {location.home.path}. Start it: {command_hint('up')}")
    return known.api_key


@contextmanager
def connected(location: Location, region: str = "") -> Iterator[Client]:
    """Raises CommandFailed for whatever goes wrong on the way, for a person to read."""
    try:
        yield _client(location, region)
    except CannotCall as error:
        raise CommandFailed(
            f"{error}\nStart Baremint here: {command_hint('up')}, or name another one: BAREMINT_URL."
        ) from None
    except (Refused, NotFound, WrongOption) as error:
        raise CommandFailed(str(error)) from None
    except BrokenPipeError:  # nobody reads the output any more
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
