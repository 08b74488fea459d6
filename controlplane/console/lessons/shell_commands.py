"""What several lessons say in the shell, in the same words, and how their checks find what those words made."""

import json
from datetime import UTC, datetime
from typing import Any

from controlplane.activity.models import ActivityEvent
from controlplane.console.lessons.command_parts import QUERY
from controlplane.console.lessons.lesson import Evidence, Place
from servers.events import UPDATE
from trustedprofiles.events import PROFILE_CREATE

CREATE_PROFILE = "iam-identity.profile.create"
LINK = "iam-identity.profile.linkToResource"


def member(name: str) -> str:
    """Reads a member of the JSON object that comes in."""
    return f"python3 -c 'import json, sys; print(json.load(sys.stdin)[\"{name}\"])'"


def claims_of(variable: str) -> str:
    """Prints the second part of a token, which anybody can read."""
    return (
        "python3 -c 'import base64, json, sys; "
        'print(json.dumps(json.loads(base64.urlsafe_b64decode(sys.argv[1].split(".")[1] + "==")), indent=1))\' '
        f'"${variable}"'
    )


def inside(place: Place, method: str, leaf: str) -> str:
    """A call of the metadata service by a program on the server."""
    return f"{place.curl_inside} -X {method} '{place.server.url}/identity/v1/{leaf}?{QUERY}'"


def ask_token(place: Place) -> str:
    return f"{inside(place, 'PUT', 'token')} -H 'Metadata-Flavor: ibm'"


def get_token(place: Place) -> str:
    """Puts an identity token into TOKEN."""
    return f"TOKEN=$({ask_token(place)} -d '{{\"expires_in\": 3600}}' | {member('access_token')})"


def exchange(place: Place) -> str:
    """The identity token in TOKEN for an IAM token of the lesson's own trusted profile."""
    body = json.dumps({"trusted_profile": {"name": place.name}})
    return f"{inside(place, 'POST', 'iam_tokens')} \\\n  -H \"Authorization: Bearer $TOKEN\" -d '{body}'"


def as_operator(place: Place, method: str, path: str) -> str:
    """A call of the control plane with the operator's key; a body may follow."""
    return f'{place.curl} -X {method} "{place.control_plane}{path}" \\\n  -H "Authorization: Bearer $(baremint token)"'


def make_profile(place: Place) -> str:
    """Puts the id of the lesson's own trusted profile into PROFILE."""
    body = json.dumps({"name": place.name, "account_id": place.account_id})
    return f"PROFILE=$({as_operator(place, 'POST', '/v1/profiles')} -d '{body}' | {member('id')})\necho $PROFILE"


def link_server(place: Place) -> str:
    """Puts the id of the link into LINK."""
    body = json.dumps({"cr_type": "BMS", "link": {"crn": place.server.crn}})
    return f"LINK=$({as_operator(place, 'POST', '/v1/profiles/$PROFILE/links')} \\\n  -d '{body}' | {member('id')})"


def first_switch(evidence: Evidence, *, after: str, **wanted: bool | str) -> ActivityEvent | None:
    """The first change that set the server's metadata service to all of this: ``enabled``, ``protocol``."""
    return evidence.first(
        UPDATE,
        on=evidence.place.server.crn,
        after=after,
        where=lambda event: wanted.items() <= event.data.get("metadata_service", {}).items(),
    )


def made_profile(evidence: Evidence) -> ActivityEvent | None:
    """The event with which the lesson's own trusted profile was made; its target is the profile."""
    return evidence.first(PROFILE_CREATE, where=lambda event: event.target_name == evidence.place.name)


def iam_id_of(profile: ActivityEvent) -> str:
    """Of the profile that this event made."""
    return f"iam-{profile.target_id.rpartition(':')[2]}"


def until(event: Any) -> str:
    """When the token that was issued ends."""
    return f"{datetime.fromtimestamp(event.data['exp'], UTC):%H:%M:%S} UTC"
