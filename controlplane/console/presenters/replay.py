"""An event as a curl command that asks for the same again. What is not kept, a body above all, is said, not made up."""

import json
import shlex

from django.conf import settings

from controlplane.activity.models import ActivityEvent
from controlplane.operations.endpoints import metadata_url
from controlplane.operations.program import paste
from identity.inside.views import RENAMED_IN
from identity.services.certificates import EVENT as CERTIFICATE
from identity.services.iam_tokens import EXCHANGE_EVENT
from identity.services.identity_tokens import EVENT as IDENTITY_TOKEN
from servers.addressing import loopback_address
from servers.models import BareMetalServer
from servers.services import events

BODILESS = ("GET", "HEAD", "DELETE")
INSIDE = {
    IDENTITY_TOKEN: ("PUT", "token", "-H 'Metadata-Flavor: ibm'"),
    EXCHANGE_EVENT: ("POST", "iam_tokens", '-H "Authorization: Bearer $TOKEN"'),
    CERTIFICATE: ("POST", "certificates", '-H "Authorization: Bearer $TOKEN" -d @request.json'),
}
NOTES = {
    EXCHANGE_EVENT: "# TOKEN is an identity token of the server: replay its first call.",
    CERTIFICATE: '# TOKEN is an identity token of the server; request.json is {"csr": "..."}, which is not kept.',
}
ON_SERVERS = {
    events.READ: ("GET", ""),
    events.UPDATE: ("PATCH", ""),
    events.DELETE: ("DELETE", ""),
    events.START: ("POST", "/start"),
    events.STOP: ("POST", "/stop"),
    events.RESTART: ("POST", "/restart"),
}


def as_curl(event: ActivityEvent) -> str:
    """Empty for what no call of the APIs does."""
    if event.action in INSIDE:
        return _inside(event)
    lineage = event.data.get("lineage", {})
    if "path" in lineage:
        return _outside(event, lineage["method"], lineage["path"])
    if event.action in ON_SERVERS and ":bare-metal-server:" in event.target_id:
        method, action = ON_SERVERS[event.action]
        return _outside(event, method, f"/v1/bare_metal_servers/{event.target_id.rpartition(':')[2]}{action}")
    return ""


def _inside(event: ActivityEvent) -> str:
    server = BareMetalServer.objects.filter(id=event.target_id.rpartition(":")[2]).first()
    if server is None:
        return ""
    method, leaf, headers = INSIDE[event.action]
    url = metadata_url(loopback_address(server.number), protocol=server.metadata_protocol)
    call = f"curl -s -X {method} '{url}/identity/v1/{leaf}?version={RENAMED_IN}' {headers}"
    return "\n".join(filter(None, [NOTES.get(event.action), call]))


def _outside(event: ActivityEvent, method: str, path: str) -> str:
    query = f"?version={RENAMED_IN}&generation=2" if path.startswith("/v1/") else ""
    url = shlex.quote(f"{settings.BAREMINT_PUBLIC_URL}{path}{query}")
    lines = [f'curl -s -X {method} {url} -H "Authorization: Bearer $({paste("token")})"']
    known = {name: value for name, value in event.data.items() if name == "metadata_service"}
    if method not in BODILESS and known:
        lines[0] += f" -d {shlex.quote(json.dumps(known))}"
    elif path.endswith("/stop"):
        lines[0] += ' -d \'{"type": "soft"}\''
    elif method not in BODILESS:
        lines.insert(0, "# The body of the request is not kept. Put it into request.json.")
        lines[1] += " -d @request.json"
    return "\n".join(lines)
