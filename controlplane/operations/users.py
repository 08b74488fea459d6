"""Users of an account and their roles in the console. A role is a set of ordinary IAM policies.

A viewer may view everything. An operator may also create, change and delete servers and what they need. An owner may do
everything, like the owner of the account.
"""

import secrets

from django.core.exceptions import ValidationError
from django.db import transaction

from controlplane.activity.record import SYSTEM, Party, record
from controlplane.kernel import clock
from controlplane.kernel.errors import Conflict, InvalidValue, Target
from controlplane.operations.events import PERSON_CREATE
from identity.services.apikeys import create_api_key
from trustedprofiles.models import Account, Policy, User
from trustedprofiles.service_roles import EVERY_ROLE
from trustedprofiles.services.policies import PolicyContent, create_policy, delete_policy

GRANTS: dict[str, tuple[tuple[tuple[str, ...], str], ...]] = {
    "viewer": ((("Viewer",), ""),),
    "operator": ((("Viewer",), ""), (("Editor",), "is")),
    "owner": (
        (("Administrator",), ""),
        (("Bare Metal Console Admin", "Bare Metal Advanced Network Operator"), "is"),
    ),
}
"""The IAM roles of each role, with the service that they are limited to; empty for all services."""
ROLE_DESCRIPTION = "Role in the console"
"""Description of the policies of a role. A change of the role replaces these and keeps other policies."""
CRNS = {role.display_name: role.crn for role in EVERY_ROLE}
DEFAULT_ROLE = "viewer"
KEY_NAME = "made by the operator"
PASSWORD_BYTES = 12


@transaction.atomic
def give_role(account: Account, *, username: str, role: str = "", by: Party = SYSTEM) -> str:
    """Create a user of the account or change the role of an existing one. Returns the password of a new user.

    Without ``role``, a new user is a viewer, and an existing user keeps the present role. Raises InvalidValue for an
    invalid name, IntegrityError when a user of another account has it.
    """
    username = User.normalize_username(username)
    try:
        User._meta.get_field("username").clean(username, None)
    except ValidationError as error:
        raise InvalidValue(" ".join(error.messages), target=Target("name")) from None
    user = User.objects.filter(account=account, username=username).first()
    password = ""
    if user is None:
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        iam_id = f"IBMid-{secrets.token_hex(5).upper()[:9]}"
        user = User.objects.create_user(
            username, password=password, iam_id=iam_id, account=account, date_joined=clock.now()
        )
        record(PERSON_CREATE, initiator=by, target=Party(iam_id, username, "User"), account_id=account.id, status=201)
        role = role or DEFAULT_ROLE
    if not role:
        return password
    subject = str(user.iam_id)
    old = Policy.objects.filter(
        account=account, subject_iam_id=subject.lower(), description=ROLE_DESCRIPTION, state="active"
    )
    for policy in old:
        delete_policy(policy, by=by)
    for names, service in GRANTS[role]:
        content = role_content(account, subject, names, service, description=ROLE_DESCRIPTION)
        create_policy(account, content=content, api_version="v1", by=by)
    return password


def give_api_key(account: Account, *, username: str) -> str:
    """Create an API key of a user, who needs a first one to get tokens. Returns its value.

    Raises OverQuota beyond 20 keys, Conflict for a user who is not active.
    """
    user = User.objects.get(account=account, username=User.normalize_username(username))
    if not user.is_active:
        raise Conflict(f"{user} is not active, so an API key of theirs would be refused. Activate them in the admin.")
    party = Party(str(user.iam_id), user.get_username(), "User")
    _, value = create_api_key(account, iam_id=party.id, name=KEY_NAME, by=party)
    return value


def role_content(
    account: Account, subject: str, names: tuple[str, ...], service: str, *, description: str = ""
) -> PolicyContent:
    """Return a policy with the IAM roles of these names in the account, for one service or, when empty, for all."""
    attributes = {"accountId": account.id, **({"serviceName": service} if service else {})}
    return PolicyContent(
        subject=[_attribute("iam_id", subject)],
        resource=[_attribute(key, value) for key, value in attributes.items()],
        roles=[CRNS[name] for name in names],
        description=description,
    )


def _attribute(key: str, value: str) -> dict[str, str]:
    return {"key": key, "operator": "stringEquals", "value": value}
