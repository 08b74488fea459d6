"""``baremint explain``: send a question to ``/_baremint/explain`` and render the explanation."""

import json
import re
import shlex
from argparse import ArgumentTypeError
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from controlplane.cli.arguments import argument, arguments
from controlplane.cli.client import VERSION
from controlplane.cli.output import as_table
from controlplane.deployment.env import agent

PATH = "/_baremint/explain"
ATTRIBUTE = re.compile(r"resource\[(\w+)\]")
TEXTS = ("subject", "token", "action", "server", "profile")
COLUMNS = (("ID", "id"), ("KIND", "type"), ("ROLES", "roles"), ("APPLIES", "applies"), ("MISSING", "missing"))


def resource(text: str) -> str | tuple[str, str]:
    """Parse the id, CRN or name of a resource, or one attribute."""
    name, equals, value = text.partition("=")
    if equals and not (name and value):
        raise ArgumentTypeError("it must be a name, an id, a CRN, or NAME=VALUE, such as vpcId=r006-...")
    return (name, value) if equals else text


question_arguments = arguments(
    argument("url", nargs="?", metavar="URL", help="more_info of a refusal, to explain that refusal"),
    argument("--action", help="IAM action, such as is.vpc.vpc.create"),
    argument(
        "--subject",
        help="name, id or CRN of the identity: a user, a trusted profile, a service ID, a server (default: you)",
    ),
    argument("--token", help="IAM access token of the identity, or - to read it from standard input"),
    argument(
        "--resource",
        type=resource,
        action="append",
        default=[],
        metavar="RESOURCE",
        help="name, id or CRN of the resource, or NAME=VALUE, an attribute of it; may be repeated for attributes",
    ),
    argument("--server", help="name, id or CRN of a bare metal server"),
    argument("--profile", help="name, id or CRN of a trusted profile"),
)


def question(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body for the options or the URL. Raises ValueError for two resources at once."""
    if options["url"]:
        body = dict(parse_qsl(urlsplit(options["url"]).query))
        attributes = {match[1]: body.pop(name) for name in list(body) if (match := ATTRIBUTE.fullmatch(name))}
    else:
        body = {name: options[name] for name in TEXTS if options[name]}
        attributes = dict(each for each in options["resource"] if not isinstance(each, str))
        names = [each for each in options["resource"] if isinstance(each, str)]
        if len(names) > 1 or (names and attributes):
            raise ValueError("Give --resource one name, id or CRN, or else attributes.")
        body |= {"resource": names[0]} if names else {}
    return body | ({"resource": attributes} if attributes else {})


def as_text(answer: Mapping[str, Any], *, url: str, token_command: str) -> str:
    """Return the decision, what was considered, and a command that would change it, as text."""
    return "\n".join(_lines(answer, url, token_command))


def _lines(answer: Mapping[str, Any], url: str, token_command: str) -> Iterator[str]:
    yield f"{answer['decision'].upper()}: {answer['because']}"
    yield ""
    about = {name: answer[name] for name in ("subject", "action", "server", "profile") if name in answer}
    if "resource" in answer:
        about["resource"] = ", ".join(f"{name}={value}" for name, value in answer["resource"].items())
    if by := answer.get("decided_by"):
        role = f", role {by['role']['display_name']}" if "role" in by else ""
        group = f" of access group {by['access_group']['name']}" if "access_group" in by else ""
        about["decided by"] = f"{by['type'].replace('_', ' ')} {by['id']}{group}{role}"
    yield from (f"{name:<11} {value}" for name, value in about.items())
    if answer["considered"]:
        yield ""
        yield as_table(answer["considered"], COLUMNS)
    if nearest := answer.get("nearest"):
        yield ""
        yield f"Nearest: {nearest['because']}"
        if request := nearest.get("request"):
            yield "This would allow it:"
            yield f"  {_curl(request, url, token_command)}"


def _curl(request: Mapping[str, Any], url: str, token_command: str) -> str:
    query = f"?{urlencode(VERSION)}" if request["path"].startswith("/v1/bare_metal_servers/") else ""
    name = ["-A", user_agent] if (user_agent := agent(default="")) else []
    commands = ["curl", "-s", *name, "-X", request["method"], f"{url}{request['path']}{query}"]
    body = ["-H", "Content-Type: application/json", "-d", json.dumps(request["body"])]
    return f'{shlex.join(commands)} -H "Authorization: Bearer $({token_command})" {shlex.join(body)}'
