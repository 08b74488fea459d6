"""People of an account, and their roles in the console: policies like any other, written in one go.

A viewer looks at everything. An operator also makes, changes, switches and deletes servers and what they need. An owner
does everything, as the owner of the account does.
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
"""By role: roles of IAM, on one service or on all."""
MARK = "Role in the console"
"""Description of the policies that a role is made of: with another role, these go, and others stay."""
CRNS = {role.display_name: role.crn for role in EVERY_ROLE}
NEWCOMER = "viewer"
KEY_NAME = "made by the operator"
PASSWORD_BYTES = 12


@transaction.atomic
def give_role(account: Account, *, username: str, role: str = "", by: Party = SYSTEM) -> str:
    """Make a person of the account, or give one who is there another role. Returns the password of a new person.

    Without ``role``, a new person is a viewer, and one who is there keeps what they have. Raises InvalidValue for what
    is no name, IntegrityError when somebody of another account has it.
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
        role = role or NEWCOMER
    if not role:
        return password
    subject = str(user.iam_id)
    old = Policy.objects.filter(account=account, subject_iam_id=subject.lower(), description=MARK, state="active")
    for policy in old:
        delete_policy(policy, by=by)
    for names, service in GRANTS[role]:
        create_policy(account, content=_content(account, subject, names, service), api_version="v1", by=by)
    return password


def give_api_key(account: Account, *, username: str) -> str:
    """An API key of a person's own, as they would make it with a token of theirs; they have none before the first one.

    Raises OverQuota beyond 20 keys, Conflict for a person who is not active.
    """
    user = User.objects.get(account=account, username=User.normalize_username(username))
    if not user.is_active:
        raise Conflict(f"{user} is not active, so an API key of theirs would be refused. Activate them in the admin.")
    own = Party(str(user.iam_id), user.get_username(), "User")
    _, value = create_api_key(account, iam_id=own.id, name=KEY_NAME, by=own)
    return value


def _content(account: Account, subject: str, names: tuple[str, ...], service: str) -> PolicyContent:
    named = {"accountId": account.id, **({"serviceName": service} if service else {})}
    return PolicyContent(
        subject=[_attribute("iam_id", subject)],
        resource=[_attribute(key, value) for key, value in named.items()],
        roles=[CRNS[name] for name in names],
        description=MARK,
    )


def _attribute(key: str, value: str) -> dict[str, str]:
    return {"key": key, "operator": "stringEquals", "value": value}
