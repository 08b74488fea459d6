"""Lesson 3: call a service, be refused, ask why, and grant no more than that."""

import json
from functools import partial

from controlplane.activity.events import METADATA_LOGIN
from controlplane.activity.models import ActivityEvent
from controlplane.console.lessons.command_parts import QUERY, switch_on
from controlplane.console.lessons.lesson import (
    Check,
    Command,
    Evidence,
    Finding,
    Lesson,
    LessonMessage,
    LessonRun,
    seen,
)
from controlplane.console.lessons.shell_commands import (
    CREATE_PROFILE,
    as_operator,
    exchange,
    get_token,
    iam_id_of,
    link_server,
    login_as,
    make_profile,
    profile_created,
    read_member,
)
from servers.events import SERVER
from trustedprofiles import events
from trustedprofiles.roles import SYSTEM_ROLES

CREATE_POLICY = "iam-access-management.policy.create"
VIEWER = next(role.crn for role in SYSTEM_ROLES if role.display_name == "Viewer")


def _became(evidence: Evidence) -> Finding | None:
    profile = profile_created(evidence)
    if profile and (event := login_as(profile, evidence)):
        return Finding(f"The server has an IAM token of {profile.target_name}.", event)
    return None


def _explanation(evidence: Evidence) -> ActivityEvent | None:
    profile = profile_created(evidence)
    return evidence.first(events.EXPLANATION_READ, after="refused", on=iam_id_of(profile)) if profile else None


def _granted(evidence: Evidence) -> Finding | None:
    profile = profile_created(evidence)
    if profile is None:
        return None
    subject = iam_id_of(profile).lower()
    event = evidence.first(
        f"{events.POLICY}.create", after="refused", where=lambda each: each.data.get("subject") == subject
    )
    if event is None:
        return None
    roles = ", ".join(crn.rpartition(":")[2] for crn in event.data["roles"])
    return Finding(f"A policy makes {profile.target_name} {roles}.", event)


def _call(evidence: Evidence, *, action: str, after: str, success: bool = True) -> ActivityEvent | None:
    """A call of the control plane with the rights of the lesson's profile; a refused one must be refused by
    policies."""
    profile = profile_created(evidence)
    if profile is None:
        return None
    caller = iam_id_of(profile)
    return evidence.first(
        action,
        after=after,
        success=success,
        where=lambda event: event.initiator_id == caller and (success or event.reason_code == 403),
    )


def _commands(run: LessonRun) -> list[Command]:
    query = f"{QUERY}&generation=2"
    servers = f"{run.control_plane}/v1/bare_metal_servers"
    call = f'{run.curl} "{servers}?{query}" -H "Authorization: Bearer $IAM"'
    more_info = 'python3 -c \'import json, sys; print(json.load(sys.stdin)["errors"][0]["more_info"])\''
    names = (
        "python3 -c 'import json, sys; "
        '[print(server["name"], server["status"]) for server in json.load(sys.stdin)["bare_metal_servers"]]\''
    )
    return [
        Command(
            "Become a trusted profile without rights",
            f"{make_profile(run)}\n{link_server(run)}\n{switch_on(run.server.name)}\n{get_token(run)}\n"
            f"IAM=$({exchange(run)} \\\n  | {read_member('access_token')})",
            "Lesson 2 in one go: a profile, a link to the server, its two tokens.",
            needs=CREATE_PROFILE,
        ),
        Command(
            "Call a service",
            f"{call}; echo",
            "The service knows who calls, and answers 403: no policy lets this profile list servers. The message says "
            "so, and more_info leads to the explanation.",
        ),
        Command(
            "Ask why",
            f'WHY=$({call} \\\n  | {more_info})\nbaremint explain "$WHY"',
            "more_info asks the question that the service asked; it opens in a browser, too. The answer: what decided, "
            "what else was looked at, and a call that would change it. Do not paste that one yet.",
            needs="iam-access-management.explanation.read",
        ),
        Command(
            "Grant it, and no more",
            f"{as_operator(run, 'POST', '/v1/policies')} -d @- <<JSON\n{_policy(run)}\nJSON",
            "Viewer on VPC infrastructure: it may look, at every server of this account. To let it look at one server "
            "only would take another attribute, and another call, since a list is of all of them.",
            needs=CREATE_POLICY,
        ),
        Command(
            "Call it again, with the same token",
            f"{call} | {names}",
            "No new token was needed. A token says who calls; what they may do is looked up at each call.",
        ),
        Command(
            "Try to go too far",
            f'{run.curl} -X DELETE "{servers}/{run.server.id}?{query}" -H "Authorization: Bearer $IAM"; echo',
            "A Viewer deletes nothing. If this program is ever taken over, this is all that the thief may do.",
        ),
    ]


def _policy(run: LessonRun) -> str:
    """``PROFILE`` is filled in by the shell."""
    policy = {
        "type": "access",
        "subjects": [{"attributes": [{"name": "iam_id", "value": "iam-$PROFILE"}]}],
        "roles": [{"role_id": VIEWER}],
        "resources": [
            {
                "attributes": [
                    {"name": "accountId", "value": run.account_id},
                    {"name": "serviceName", "value": "is"},
                ]
            }
        ],
    }
    members = ",\n ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in policy.items())
    return f"{{{members}}}"


LESSON = Lesson(
    slug="policy",
    title="Call a service, be refused, fix the policy",
    goal="A refusal is read, understood, and answered by the smallest policy that helps.",
    why=(
        "To know who calls is authentication; to decide what they may do is authorization. They are kept apart: the "
        "token carries the first, and policies say the second. Nothing is allowed unless a policy allows it.",
        "A policy has three parts: a subject, such as a trusted profile; roles, each a bundle of actions; and the "
        "resources it is about. A call asks for one action on one resource, and the service looks for a policy that "
        "has all three.",
        "After a refusal, it is tempting to grant Administrator and go on. It works, and it means that a thief of this "
        "program's token owns the account. Better ask why it was refused, grant just that, and see what is still "
        "refused.",
    ),
    parties=("Operator", "Program on {server}", "VPC service", "IAM"),
    messages=(
        LessonMessage(1, 3, "become the profile", "became"),
        LessonMessage(1, 2, "GET /v1/bare_metal_servers", "refused"),
        LessonMessage(2, 3, "may it?", "refused"),
        LessonMessage(2, 1, "403: no policy", "refused", "refused"),
        LessonMessage(0, 3, "why?", "explained"),
        LessonMessage(0, 3, "a policy: Viewer", "granted"),
        LessonMessage(1, 2, "GET /v1/bare_metal_servers", "allowed"),
        LessonMessage(2, 1, "200", "allowed"),
        LessonMessage(1, 2, "DELETE a server", "limited"),
        LessonMessage(2, 1, "403: only a Viewer", "limited", "refused"),
    ),
    commands=_commands,
    checks=(
        Check("became", "An identity without rights", "Become the trusted profile of the first command.", _became),
        Check(
            "refused",
            "Refused",
            "List the servers with the IAM token.",
            seen(
                partial(_call, action=f"{SERVER}.read", after="became", success=False),
                lambda event: f"{event.reason_code} {event.reason_type}: {event.message}",
            ),
        ),
        Check(
            "explained",
            "Explained",
            "Ask why: with the command, or open more_info in a browser.",
            seen(_explanation, lambda _: "An explanation was requested: why, and what would allow it."),
        ),
        Check("granted", "Granted", "Write a policy for the profile.", _granted),
        Check(
            "allowed",
            "Allowed",
            "Call again with the same token.",
            seen(
                partial(_call, action=f"{SERVER}.read", after="granted"),
                lambda _: "The same call with the same token was answered: 200.",
            ),
        ),
        Check(
            "limited",
            "And no further",
            "Try to delete the server.",
            seen(
                partial(_call, action=f"{SERVER}.delete", after="granted", success=False),
                lambda event: f"{event.reason_code}: {event.message}",
            ),
        ),
    ),
    watches=(
        f"{events.PROFILE}.create",
        METADATA_LOGIN,
        f"{SERVER}.read",
        events.EXPLANATION_READ,
        f"{events.POLICY}.create",
        f"{SERVER}.delete",
    ),
    prefers=True,
)
