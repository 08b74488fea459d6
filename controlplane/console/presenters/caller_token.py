"""Shell commands that get the token for a pasted call: with the user's own API key, or from a server.

No text here contains a credential. Without a key, or where no server answers, the commands stop before the call itself,
in an interactive shell too, because all of them are one list.
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
# Prints a refusal, which curl -i shows as a line among headers, and keeps a token out of the output.
READ_TOKEN = """sed -n -e 's/.*"access_token": *"\\([^"]*\\)".*/\\1/p' -e '/"error/w /dev/stderr'"""  # noqa: S105  a command
KEY_IS_THERE = ': "${APIKEY:?Put your own API key into APIKEY first}"'
TOKEN_IS_THERE = ': "${TOKEN:?No token was given}"'  # noqa: S105  a command
DOT_SEGMENT = re.compile(r"/\.\.?(?:[/?]|\Z)")


@dataclass(frozen=True)
class TokenSource:
    """Commands that put a token into TOKEN."""

    caller: str
    """The caller with the token, as the subject of a sentence: ``you``, or a server's name as one word."""
    comment: str
    commands: tuple[str, ...]


def word(text: str) -> str:
    """The text as one word of a shell without control characters, which is safe in a comment too."""
    return shlex.quote("".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text))


def curl(method: str, url: str, *options: str) -> str:
    """A curl command for an encoded URL. ``options`` are words of the shell."""
    verb = "--head" if method == "HEAD" else f"-X {shlex.quote(method)}"
    as_is = ["--path-as-is"] if DOT_SEGMENT.search(url) else []  # otherwise curl would normalize the path
    return " ".join(["curl -sS -i", *as_is, verb, shlex.quote(url), *options])


def command_list(source: TokenSource, call: str) -> str:
    """The call after the commands for its token, as one list that stops at the first failure."""
    first = [BODY_IS_THERE] if call.endswith(BODY) else []
    return " &&\n".join([*first, *source.commands, call])


def no_token(server: BareMetalServer) -> TokenSource:
    return TokenSource(word(server.name), "", ())


def own_token() -> TokenSource:
    url = f"{settings.BAREMINT_PUBLIC_URL}/identity/token"
    ask = curl("POST", url, f"-d grant_type={APIKEY_GRANT}", '--data-urlencode "apikey=$APIKEY"')
    comment = "# TOKEN is your own. Put your own API key into APIKEY first: APIKEY=..."
    return TokenSource("you", comment, (KEY_IS_THERE, *_token_from(ask)))


def server_token(server: BareMetalServer) -> TokenSource:
    """Commands for an identity token of the server."""
    comment = f"# TOKEN is an identity token of {word(server.name)}: its own metadata address gives it."
    return TokenSource(
        word(server.name), comment, _token_from(call_inside(server, "PUT", "/identity/v1/token", FLAVOR))
    )


def profile_token(server: BareMetalServer, profile_id: str) -> TokenSource:
    """Commands for an IAM token of the trusted profile, which work while the profile trusts the server."""
    name = word(server.name)
    comment = f"# TOKEN is that of {name} as {word(profile_id)}: its own metadata address gives it."
    content = body({"trusted_profile": {"id": profile_id}})
    exchange = call_inside(server, "POST", "/identity/v1/iam_tokens", BEARER, content)
    return TokenSource(name, comment, (*server_token(server).commands, *_token_from(exchange)))


def call_inside(server: BareMetalServer, method: str, path: str, *options: str) -> str:
    """A curl command that calls the server's own metadata service."""
    url = metadata_url(loopback_address(server.number), protocol=server.metadata_protocol)
    trusting = _trusted() if server.metadata_protocol == "https" else ()
    return curl(method, f"{url}{path}?version={API_VERSION}", *trusting, *options)


def body(content: object) -> str:
    return f"-d {shlex.quote(json.dumps(content))}"


def _trusted() -> Iterable[str]:
    return ("--cacert", shlex.quote(str((settings.HOME.path / CA_BUNDLE).resolve())))


def _token_from(call: str) -> tuple[str, str]:
    return (f"TOKEN=$({call} \\\n  | {READ_TOKEN})", TOKEN_IS_THERE)
