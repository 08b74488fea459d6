"""The client of the REST API that commands use: of the Baremint that runs here, or of another one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from controlplane.cli.client import CannotCall, Client, NotFound, Refused
from controlplane.operations import credentials
from controlplane.operations.commands.command import CommandFailed
from controlplane.operations.place import Place
from controlplane.operations.program import paste

ENVIRONMENT = (
    "A client of the REST API: of the Baremint that runs here, or of another one, with BAREMINT_URL, BAREMINT_API_KEY "
    "and, for https, BAREMINT_CA_BUNDLE."
)


@contextmanager
def connected(place: Place, region: str = "") -> Iterator[Client]:
    """Raises CommandFailed for whatever goes wrong on the way, for a person to read."""
    try:
        yield _client(place, region)
    except CannotCall as error:
        raise CommandFailed(
            f"{error}\nStart Baremint here: {paste('up')}, or name another one: BAREMINT_URL."
        ) from None
    except (Refused, NotFound) as error:
        raise CommandFailed(str(error)) from None
    except BrokenPipeError:  # nobody reads the output any more
        raise
    except OSError as error:
        raise CommandFailed(f"{error.filename}: {error.strerror}") from None


def _client(place: Place, region: str) -> Client:
    known = credentials.read(place.home)
    key = os.environ.get("BAREMINT_API_KEY") or os.environ.get("IBMCLOUD_API_KEY") or (known.api_key if known else "")
    if not key:
        raise CommandFailed(f"There is no API key: set BAREMINT_API_KEY, or start Baremint here: {paste('up')}")
    return Client(
        url=os.environ.get("BAREMINT_URL") or place.control_plane_url,
        api_key=key,
        ca_bundle=os.environ.get("BAREMINT_CA_BUNDLE", ""),
        region=region,
    )
