"""How whoever pastes a call gets the token for it: by a key of their own, or from a server that answers them.

No text here has a right in it. What is pasted without a key, or where no server answers, ends before the call itself;
in an interactive shell too, because all commands are one list.
"""

import json
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

from controlplane.deployment.api_version import API_VERSION
from controlplane.deployment.endpoints import metadata_url
from controlplane.deployment.home import CA_BUNDLE
from identity.claims import APIKEY_GRANT
from servers.addressing import loopback_address
from servers.models import BareMetalServer

BODY = "-d @request.json"
BODY_IS_THERE = '{ test -s request.json || { echo "Write the body into request.json first." >&2; false; }; }'
BEARER = '-H "Authorization: Bearer $TOKEN"'
FLAVOR = "-H 'Metadata-Flavor: ibm'"
# With -i as every call, so a refusal is a line among headers: it is shown, and a token is not.
TAKEN_OUT = """sed -n -e 's/.*"access_token": *"\\([^"]*\\)".*/\\1/p' -e '/"error/w /dev/stderr'"""
KEY_IS_THERE = ': "${APIKEY:?Put your own API key into APIKEY first}"'
TOKEN_IS_THERE = ': "${TOKEN:?No token was given}"'  # noqa: S105  a command
DOT_SEGMENT = re.compile(r"/\.\.?(?:[/?]|\Z)")


@dataclass(frozen=True)
class Way:
    """To a token in TOKEN."""

    whose: str
    """Who acts with the token, as a sentence's subject: ``you``, or a server's name as one word."""
    explained: str
    commands: tuple[str, ...]


def word(text: str) -> str:
    """One word for a shell, and nothing that a terminal obeys: safe in a comment too, also where ``#`` begins none."""
    return shlex.quote("".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text))


def curl(method: str, url: str, *options: str) -> str:
    """The call of a URL that is encoded already. ``options`` are words of the shell."""
    verb = "--head" if method == "HEAD" else f"-X {shlex.quote(method)}"
    as_it_is = ["--path-as-is"] if DOT_SEGMENT.search(url) else []  # or curl would ask for another path
    return " ".join(["curl -sS -i", *as_it_is, verb, shlex.quote(url), *options])


def after(way: Way, call: str) -> str:
    """One list of commands: what fails ends it."""
    first = [BODY_IS_THERE] if call.endswith(BODY) else []
    return " &&\n".join([*first, *way.commands, call])


def nothing_needed(server: BareMetalServer) -> Way:
    return Way(word(server.name), "", ())


def as_oneself() -> Way:
    url = f"{settings.BAREMINT_PUBLIC_URL}/identity/token"
    ask = curl("POST", url, f"-d grant_type={APIKEY_GRANT}", '--data-urlencode "apikey=$APIKEY"')
    explained = "# TOKEN is your own. Put your own API key into APIKEY first: APIKEY=..."
    return Way("you", explained, (KEY_IS_THERE, *_token_from(ask)))


def as_server(server: BareMetalServer) -> Way:
    """To an identity token."""
    explained = f"# TOKEN is an identity token of {word(server.name)}: its own metadata address gives it."
    return Way(word(server.name), explained, _token_from(call_inside(server, "PUT", "/identity/v1/token", FLAVOR)))


def as_profile(server: BareMetalServer, profile_id: str) -> Way:
    """To an IAM token of the trusted profile, for as long as the profile trusts the server."""
    name = word(server.name)
    explained = f"# TOKEN is that of {name} as {word(profile_id)}: its own metadata address gives it."
    wanted = body({"trusted_profile": {"id": profile_id}})
    exchange = call_inside(server, "POST", "/identity/v1/iam_tokens", BEARER, wanted)
    return Way(name, explained, (*as_server(server).commands, *_token_from(exchange)))


def call_inside(server: BareMetalServer, method: str, path: str, *options: str) -> str:
    """A call of the server's own metadata service."""
    url = metadata_url(loopback_address(server.number), protocol=server.metadata_protocol)
    trusting = _trusted() if server.metadata_protocol == "https" else ()
    return curl(method, f"{url}{path}?version={API_VERSION}", *trusting, *options)


def body(content: object) -> str:
    return f"-d {shlex.quote(json.dumps(content))}"


def _trusted() -> Iterable[str]:
    return ("--cacert", shlex.quote(str((settings.HOME.path / CA_BUNDLE).resolve())))


def _token_from(call: str) -> tuple[str, str]:
    return (f"TOKEN=$({call} \\\n  | {TAKEN_OUT})", TOKEN_IS_THERE)
