"""Custom roles: create, replace, delete."""

import re
import uuid
from collections.abc import Sequence

from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import Conflict, InvalidValue, Target
from controlplane.kernel.text import echoed
from controlplane.kernel.unique_names import unique_name
from trustedprofiles import events
from trustedprofiles.actions import service_of
from trustedprofiles.limits import CUSTOM_ROLES_PER_ACCOUNT, require_room
from trustedprofiles.models import Account, CustomRole
from trustedprofiles.service_roles import known_actions
from trustedprofiles.services.naming import name_taken
from trustedprofiles.services.revisions import delete_row, lock_account, revise

SERVICE_NAME = re.compile(r"[a-z0-9][a-z0-9-]*(\.[A-Za-z0-9-]+)?")


@transaction.atomic
def create_role(
    account: Account,
    *,
    name: str,
    display_name: str,
    service_name: str,
    actions: Sequence[str],
    description: str = "",
    by: Party,
) -> CustomRole:
    """Make a role that has some actions of one service.

    Services that are not simulated are accepted too: the role is stored, and grants nothing here.

    Raises InvalidValue for a name that cannot be a service's, and for actions that the service does not have; Conflict
    when the name is taken, OverQuota beyond 40.
    """
    _check(service_name, actions)
    lock_account(account.id)
    require_room(account.custom_roles, CUSTOM_ROLES_PER_ACCOUNT, owner="An account", things="custom roles")
    now = clock.now()
    role = CustomRole(
        id=uuid.uuid4(),
        account=account,
        name=name,
        display_name=display_name,
        description=description,
        service_name=service_name,
        actions=list(dict.fromkeys(actions)),
        revision_hash=ids.hex_id(),
        created_at=now,
        created_by_id=by.id,
        last_modified_at=now,
        last_modified_by_id=by.id,
    )
    with unique_name(CustomRole, name_taken("a role", name, code="role_conflict_error")):
        role.save(force_insert=True)
    _record(f"{events.ROLE}.create", role, by=by, status=201)
    return role


@transaction.atomic
def replace_role(
    role: CustomRole, *, display_name: str, actions: Sequence[str], description: str = "", by: Party
) -> CustomRole:
    """Give a role other actions; every policy that grants it grants those from now on.

    Raises InvalidValue for an action that the service does not have, Conflict when the role was changed since it was
    read.
    """
    _check(role.service_name, actions)
    revise(
        role,
        display_name=display_name,
        description=description,
        actions=list(dict.fromkeys(actions)),
        last_modified_at=clock.now(),
        last_modified_by_id=by.id,
    )
    _record(f"{events.ROLE}.update", role, by=by)
    return role


@transaction.atomic
def delete_role(role: CustomRole, *, by: Party) -> None:
    """Delete a role that no policy grants. Raises Conflict while one does, NotFound when it is gone."""
    lock_account(role.account_id)  # policies are made under this lock
    granting = [row.id for row in role.account.policies.filter(state="active") if role.crn in row.roles]
    if granting:
        raise Conflict(f"Policy {granting[0]} grants the role. Delete it first.", code="role_conflict_error")
    delete_row(role, name="role", code="role_not_found")
    _record(f"{events.ROLE}.delete", role, by=by, status=204)


def _check(service_name: str, actions: Sequence[str]) -> None:
    """Raise InvalidValue for a name that cannot be a service's, and for actions that the service does not have.

    A simulated service has the actions that its operations ask for and that its roles list. For other services only
    the form is checked: a role of one service must not grant the actions of another.
    """
    if not SERVICE_NAME.fullmatch(service_name):
        raise InvalidValue(f"{echoed(service_name)} is no name of a service.", target=Target("service_name"))
    all_actions = known_actions(service_of(service_name))
    own = [each for each in actions if each.startswith(f"{service_name}.") and (not all_actions or each in all_actions)]
    if unknown := [each for each in actions if each not in own]:
        raise InvalidValue(
            f"{service_name} has no action {echoed(unknown[0])}. GET /v2/roles?service_name={service_name} lists them.",
            target=Target("actions"),
        )


def _record(event: str, role: CustomRole, *, by: Party, status: int = 200) -> None:
    data = {"service_name": role.service_name, "actions": role.actions}
    events.record_change(event, role, by=by, status=status, data=data)
