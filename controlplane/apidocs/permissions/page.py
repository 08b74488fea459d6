"""The table as a page of Markdown: docs/permissions.md."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from controlplane.apidocs.permissions.table import Permission, granting, permissions
from controlplane.apidocs.routes import CONTROL_PLANE, routes
from controlplane.cloudservice.registry import services
from controlplane.kernel.operation import PlainOperation
from trustedprofiles.actions import OF_EVERY_CALLER, service_of
from trustedprofiles.deployment_administrator import ALWAYS, ONCE_SHARED
from trustedprofiles.roles import Role
from trustedprofiles.service_roles import EVERY_ROLE, OWN_ROLES

TITLES = {
    "is": "VPC infrastructure (`is`)",
    "iam-identity": "IAM identity (`iam-identity`)",
    "iam-access-management": "IAM policy (`iam-access-management`)",
    "iam-groups": "IAM access groups (`iam-groups`)",
    "user-management": "User management (`user-management`)",
    "resource-controller": "Resource manager and controller (`resource-controller`)",
    "globalcatalog": "Global catalog (`globalcatalog`)",
    "global-search-tagging": "Global search and tagging (`global-search-tagging`)",
    "baremint": "The deployment itself (`baremint`)",
    **{name: f"{service.title} (`{name}`)" for name, service in services().items()},
}
INTRODUCTION = """\
# Which operation needs which action, and which roles grant it

Generated from the code by `baremint permissions`; a test compares the two. Everything is refused unless a policy grants
it, with one exception: the owner of an account may do everything in it. People may also manage their own API keys, and
ask for explanations of decisions about themselves. They see each other in the list of users, unless the account
restricts that ([iam.md](iam.md#people)).

A role grants an action by the verb with which the action ends; a role of one service, and a custom role, grants the
actions that it lists. Where an operation needs a further action only for some requests, the action is marked *if*.
"""

NO_ROLE = "none is needed: a valid token suffices"
DEPLOYMENT = "; with two accounts or more, the deployment administrator alone"
ADMINISTRATION = f"""\
## The deployment administrator

The owner of the first account, whose API key `baremint up` writes into `credentials.json`, administers the deployment:
only that person may do what affects more than one account, whatever policies grant. Rotating keys, which all accounts
share (`{"`, `".join(sorted(ALWAYS))}`), is always for that person. Moving the clock, and reading about background work
for all accounts (`{"`, `".join(sorted(ONCE_SHARED))}`), is so as soon as there is a second
account; while there is one, its policies decide.
"""
ESCALATION = """\
## What an Editor on `iam-identity` can become

IBM's roles on the IAM Identity service let an Editor create API keys of service IDs and change whom trusted profiles
trust ([roles](https://cloud.ibm.com/docs/account?topic=account-account-services#identity-service-account-management),
[updating trusted profiles](https://cloud.ibm.com/docs/account?topic=account-trusted-profile-update)), and so does this
product. An Editor who creates an API key for a service ID, or adds an identity, a link or a claim rule to a trusted
profile, acts with the policies of that service ID or profile from then on, even if it is an Administrator. So **treat
Editor on `iam-identity` as the most that any service ID or trusted profile of the account may do**, or limit the policy
to single ones (`resourceType` and `resource`). No policy lets a caller create an API key for another person.

The same holds for an Editor on `iam-groups`, and for Groups Service Member Manage: a caller who may add members to an
access group may add itself, and then has what the group's policies grant. `resourceType` `groups` and `resource` limit
a policy to one group.
"""


def page() -> str:
    parts = [INTRODUCTION, *_roles(), ADMINISTRATION, ESCALATION, *_operations(), *_plain_views()]
    return "\n".join(parts).rstrip() + "\n"


def _roles() -> Iterator[str]:
    yield "## Roles\n"
    rows = ((f"**{role.display_name}**", role.kind, _listed_by(role), role.description) for role in EVERY_ROLE)
    yield from _table(("role", "kind", "of", "grants"), rows)


def _listed_by(role: Role) -> str:
    own = [service for service, roles in OWN_ROLES.items() if role in roles]
    return f"`{own[0]}`" if own else "every service" if role.kind == "platform" else "services with data or resources"


def _operations() -> Iterator[str]:
    rows = sorted(permissions(), key=lambda each: list(TITLES).index(each.service_name))
    for service, group in groupby(rows, key=lambda each: each.service_name):
        yield f"## {TITLES[service]}\n"
        columns = ("operation", "request", "action", "roles")
        yield from _table(columns, (row for each in group for row in _rows(each)))


def _rows(each: Permission) -> Iterator[tuple[str, ...]]:
    operation = each.operation
    first = (f"`{operation.name}`", f"`{each.method} {each.path}`")
    for action in (operation.action, *operation.also):
        alone = DEPLOYMENT if action in ONCE_SHARED else ""
        roles = NO_ROLE if action in OF_EVERY_CALLER else ", ".join(granting(action)) + alone
        yield (*first, f"`{action}`", roles)
        first = ("", "")
    for action in operation.further:
        yield ("", "", f"*if* `{action}`", ", ".join(granting(action)))


def _plain_views() -> Iterator[str]:
    """Yield a table for each plain view, which has its operations in its attribute ``plain_operations``."""
    for _, view in routes(CONTROL_PLANE):
        operations: tuple[PlainOperation, ...] = getattr(view, "plain_operations", ())
        if operations:
            yield f"## {TITLES[service_of(operations[0].action)]}\n"
            yield from _table(
                ("operation", "action", "roles"), (row for each in operations for row in _plain_rows(each))
            )


def _plain_rows(each: PlainOperation) -> Iterator[tuple[str, ...]]:
    yield (f"`{each.name}`", f"`{each.action}`", ", ".join(granting(each.action)))
    if each.source_action:
        yield ("", f"on the source, `{each.source_action}`", ", ".join(granting(each.source_action)))


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""
