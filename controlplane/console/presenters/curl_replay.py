"""An event as a curl command that repeats the call with the rights of the user who pastes it (caller_token.py).

The command says what events do not keep, such as the body, and does not invent it.
"""

from collections.abc import Iterator
from urllib.parse import quote

from django.conf import settings

from controlplane.activity.events import IDENTITY_TOKEN_CREATE, METADATA_LOGIN
from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import LONGEST_PATH, SYSTEM
from controlplane.console.presenters import caller_token
from controlplane.console.presenters.caller_token import BEARER, FLAVOR, TokenSource, word
from controlplane.deployment.api_version import API_VERSION
from controlplane.kernel.redaction import CONCEALED
from identity.events import (
    METADATA_CERTIFICATE_CREATE,
    METADATA_CERTIFICATE_READ,
    METADATA_INITIALIZATION_READ,
    METADATA_SERVER_READ,
)
from servers import events
from servers.models import BareMetalServer
from servers.selectors import servers_of

BODILESS = ("GET", "HEAD", "DELETE")
LOOKING = (".read", ".list")
"""The ends of event names of a POST that only reads."""
ACTING = {"start": "starts", "stop": "stops", "restart": "restarts"}
"""The verbs for a POST to a path with this last part, which changes a server's state."""
UNDOING = ("/lock", "/disable")
"""The ends of paths whose DELETE can be undone."""
NO_BODY = "# The body of the request is not kept. Write it into request.json."
NO_QUERY = "# The query of the request is not kept, if it had one."
NO_TAG_QUERY = "# The query of the request is not kept. Add which type of tags was meant."
NO_METHOD = "# The method that was refused is not kept: this is one that is taken."
INSIDE = {
    IDENTITY_TOKEN_CREATE: ("PUT", "/identity/v1/token"),
    METADATA_LOGIN: ("POST", "/identity/v1/iam_tokens"),
    METADATA_CERTIFICATE_CREATE: ("POST", "/identity/v1/certificates"),
    METADATA_CERTIFICATE_READ: ("GET", "/identity/v1/certificates"),
    METADATA_SERVER_READ: ("GET", "/metadata/v1/bare_metal_servers/{id}"),
    METADATA_INITIALIZATION_READ: ("GET", "/metadata/v1/bare_metal_servers/{id}/initialization"),
}
"""Method and path; ``{id}`` is the server's own."""
ON_SERVERS = {
    f"{events.SERVER}.read": ("GET", ""),
    f"{events.SERVER}.update": ("PATCH", ""),
    f"{events.SERVER}.delete": ("DELETE", ""),
    f"{events.SERVER}.start": ("POST", "/start"),
    f"{events.SERVER}.stop": ("POST", "/stop"),
    f"{events.SERVER}.restart": ("POST", "/restart"),
}


def as_curl(event: ActivityEvent) -> str:
    """The curl command; empty when no call caused the event, or it cannot be repeated."""
    if event.action in INSIDE:
        return _inside(event)
    lineage = event.data.get("lineage", {})
    if "path" in lineage:
        # A truncated or redacted path would address another resource.
        whole = len(lineage["path"]) < LONGEST_PATH and CONCEALED not in lineage["path"]
        return _outside(event, lineage["method"], lineage["path"]) if whole else ""
    if event.action in ON_SERVERS and ":bare-metal-server:" in event.target_id:
        method, action = ON_SERVERS[event.action]
        return _outside(event, method, f"/v1/bare_metal_servers/{_leaf(event.target_id)}{action}")
    return ""


def _inside(event: ActivityEvent) -> str:
    server = _server(event, event.target_id)
    if server is None:
        return ""
    method, path = INSIDE[event.action]
    if event.action == IDENTITY_TOKEN_CREATE:
        source, options = caller_token.no_token(server), [FLAVOR]
    else:
        source, options = caller_token.server_token(server), [BEARER]
    notes = [*_refusal(event, source), *([NO_METHOD] if event.reason_code == 405 else [])]
    if event.action == METADATA_CERTIFICATE_CREATE:
        notes.insert(
            0, f"# This changes {source.caller} with POST /identity/v1/certificates: it is given a certificate."
        )
        notes.append('# The request is not kept. Write {"csr": "..."} into request.json; openssl req makes a CSR.')
        options.append(caller_token.BODY)
    elif profile_id := event.data.get("profile_id"):
        options.append(caller_token.body({"trusted_profile": {"id": profile_id}}))
    elif event.action == METADATA_LOGIN:
        notes.append("# The trusted profile that was asked for is not kept: this asks for the default one.")
    return _text(notes, source, caller_token.call_inside(server, method, path.format(id=server.id), *options))


def _outside(event: ActivityEvent, method: str, path: str) -> str:
    query = f"?version={API_VERSION}&generation=2" if path.startswith("/v1/") else ""
    url = f"{settings.BAREMINT_PUBLIC_URL}{quote(path, safe='/:')}{query}"
    source, options = _token_source(event), [BEARER]
    notes = [*_warning(event, method, path), *_refusal(event, source)]
    settings_sent = {name: value for name, value in event.data.items() if name == "metadata_service"}
    if method not in BODILESS and settings_sent:
        options.append(caller_token.body(settings_sent))
    elif method not in BODILESS:
        notes.append(NO_BODY)
        options.append(caller_token.BODY)
    if path.startswith("/v3/tags"):
        notes.append(NO_TAG_QUERY)
    elif method == "GET":
        notes.append(NO_QUERY)
    return _text(notes, source, caller_token.curl(method, url, *options))


def _text(notes: list[str], source: TokenSource, call: str) -> str:
    comment = [source.comment] if source.comment else []
    return "\n".join([*notes, *comment, caller_token.command_list(source, call)])


def _token_source(event: ActivityEvent) -> TokenSource:
    """The token of the server that called, with the same trusted profile, if it still exists; otherwise the user's
    own."""
    server = _server(event, event.data.get("lineage", {}).get("server", ""))
    profile_id = event.initiator_id.removeprefix("iam-")
    if server and event.initiator_type == "ComputeResource" and profile_id.startswith("Profile-"):
        return caller_token.profile_token(server, profile_id)
    return caller_token.own_token()


def _server(event: ActivityEvent, crn: str) -> BareMetalServer | None:
    """The server with this CRN, if it belongs to the event's account."""
    return servers_of(event.account_id).filter(id=_leaf(crn)).first() if ":bare-metal-server:" in crn else None


def _leaf(crn: str) -> str:
    return crn.rpartition(":")[2]


def _warning(event: ActivityEvent, method: str, path: str) -> Iterator[str]:
    """A comment about what a changing call does. Names in it are single words of the shell."""
    call = f"{method} {word(path)}"
    touched, verb = _touched(event, path), ACTING.get(path.rpartition("/")[2], "")
    if method == "DELETE" and not path.endswith(UNDOING):
        yield f"# This deletes {touched} with {call}. It cannot be undone."
    elif method == "POST" and verb:
        yield f"# This {verb} {touched.removeprefix('something of ')} with {call}."
    elif method == "POST" and touched == "something" and not event.action.endswith(LOOKING):
        yield f"# This creates or changes something with {call}."
    elif method not in ("GET", "HEAD") and not (method == "POST" and event.action.endswith(LOOKING)):
        yield f"# This changes {touched} with {call}."


def _touched(event: ActivityEvent, path: str) -> str:
    """The event's target, if the path names it: the deletion of a server also causes events about its links."""
    last, target = path.rpartition("/")[2], _leaf(event.target_id)
    if not (target and event.target_name and target in path.split("/")):
        return "something"
    return word(event.target_name) if target == last else f"something of {word(event.target_name)}"


def _refusal(event: ActivityEvent, source: TokenSource) -> Iterator[str]:
    if event.outcome != ActivityEvent.Outcome.FAILURE:
        return
    has_initiator = event.initiator_name and event.initiator_type != SYSTEM.type
    what = f"{word(event.initiator_name)} was refused this" if has_initiator else "This failed"
    yield f"# {what} with {event.reason_code}. When you paste it, it is done if {source.caller} may do it."
