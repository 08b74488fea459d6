"""Commands that several lessons share, and how checks find their events."""

import json
from datetime import UTC, datetime
from typing import Any

from controlplane.activity.events import METADATA_LOGIN
from controlplane.activity.models import ActivityEvent
from controlplane.console.lessons.command_parts import QUERY
from controlplane.console.lessons.lesson import Evidence, LessonRun
from servers.events import SERVER
from trustedprofiles import events

CREATE_PROFILE = "iam-identity.profile.create"
LINK = "iam-identity.profile.linkToResource"


def read_member(name: str) -> str:
    """A command that prints a member of the JSON object on its standard input."""
    return f"python3 -c 'import json, sys; print(json.load(sys.stdin)[\"{name}\"])'"


def claims_of(variable: str) -> str:
    """A command that prints the claims of a token, which are not encrypted."""
    return (
        "python3 -c 'import base64, json, sys; "
        'print(json.dumps(json.loads(base64.urlsafe_b64decode(sys.argv[1].split(".")[1] + "==")), indent=1))\' '
        f'"${variable}"'
    )


def metadata_call(run: LessonRun, method: str, leaf: str) -> str:
    """A command that calls the metadata service as a program on the server does."""
    return f"{run.curl_inside} -X {method} '{run.server.url}/identity/v1/{leaf}?{QUERY}'"


def ask_token(run: LessonRun) -> str:
    return f"{metadata_call(run, 'PUT', 'token')} -H 'Metadata-Flavor: ibm'"


def get_token(run: LessonRun) -> str:
    """A command that puts an identity token into TOKEN."""
    return f"TOKEN=$({ask_token(run)} -d '{{\"expires_in\": 3600}}' | {read_member('access_token')})"


def exchange(run: LessonRun) -> str:
    """A command that exchanges the identity token in TOKEN for an IAM token of the lesson's trusted profile."""
    body = json.dumps({"trusted_profile": {"name": run.name}})
    return f"{metadata_call(run, 'POST', 'iam_tokens')} \\\n  -H \"Authorization: Bearer $TOKEN\" -d '{body}'"


def as_operator(run: LessonRun, method: str, path: str) -> str:
    """A command that calls the control plane with the operator's key; a body may follow."""
    return f'{run.curl} -X {method} "{run.control_plane}{path}" \\\n  -H "Authorization: Bearer $(baremint token)"'


def make_profile(run: LessonRun) -> str:
    """A command that creates the lesson's trusted profile and puts its id into PROFILE."""
    body = json.dumps({"name": run.name, "account_id": run.account_id})
    return f"PROFILE=$({as_operator(run, 'POST', '/v1/profiles')} -d '{body}' | {read_member('id')})\necho $PROFILE"


def link_server(run: LessonRun) -> str:
    """A command that links the server to the profile and puts the id of the link into LINK."""
    body = json.dumps({"cr_type": "BMS", "link": {"crn": run.server.crn}})
    return f"LINK=$({as_operator(run, 'POST', '/v1/profiles/$PROFILE/links')} \\\n  -d '{body}' | {read_member('id')})"


def first_switch(evidence: Evidence, *, after: str, **properties: bool | str) -> ActivityEvent | None:
    """The first change that set these properties of the server's metadata service: ``enabled``, ``protocol``."""
    return evidence.first(
        f"{SERVER}.update",
        on=evidence.run.server.crn,
        after=after,
        where=lambda event: properties.items() <= event.data.get("metadata_service", {}).items(),
    )


def profile_created(evidence: Evidence) -> ActivityEvent | None:
    """The event of the creation of the lesson's trusted profile; its target is the profile."""
    return evidence.first(f"{events.PROFILE}.create", where=lambda event: event.target_name == evidence.run.name)


def iam_id_of(profile: ActivityEvent) -> str:
    """The IAM id of the profile that this event created."""
    return f"iam-{profile.target_id.rpartition(':')[2]}"


def login_as(profile: ActivityEvent, evidence: Evidence, *, after: str = "") -> ActivityEvent | None:
    """The first exchange of the server's identity token for an IAM token of the profile that this event created."""
    return evidence.first(
        METADATA_LOGIN,
        on=evidence.run.server.crn,
        after=after,
        where=lambda each: f"iam-{each.data.get('profile_id')}" == iam_id_of(profile),
    )


def until(event: Any) -> str:
    """The expiry of the token that this event issued."""
    return f"{datetime.fromtimestamp(event.data['exp'], UTC):%H:%M:%S} UTC"
