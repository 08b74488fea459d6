"""The ``search`` query of the list of users: ``state:ACTIVE,email:example.com`` finds users that match either term."""

from collections.abc import Callable, Mapping
from functools import reduce

from django.db.models import Q

from controlplane.kernel.errors import InvalidValue, Target
from trustedprofiles.models import User

ACTIVE, SUSPENDED = "ACTIVE", "SUSPENDED"
REALM = "IBMid"


def state_of(user: User) -> str:
    """Return one of the states that IBM documents. A deactivated user may not act, so its state is SUSPENDED."""
    return ACTIVE if user.is_active else SUSPENDED


def user_id_of(user: User) -> str:
    """Return the name that a user logs in with: the email address, or else the user name."""
    return user.email or user.username


def of_user_id(user_id: str) -> Q:
    """Return the condition for users with this ``user_id``."""
    return Q(email=user_id) | Q(email="", username=user_id)


def _in_state(text: str) -> Q:
    states = [active for active, name in ((True, ACTIVE), (False, SUSPENDED)) if text.upper() in name]
    return Q(is_active__in=states)


def _all_or_none(holds: bool) -> Q:
    return Q(pk__isnull=not holds)


FIELDS: Mapping[str, Callable[[str], Q]] = {
    "firstname": lambda text: Q(first_name__icontains=text),
    "lastname": lambda text: Q(last_name__icontains=text),
    "email": lambda text: Q(email__icontains=text),
    "state": _in_state,
    "substate": lambda text: _all_or_none(False),  # no user has one here
    "iam_id": lambda text: Q(iam_id__icontains=text),
    "realm": lambda text: _all_or_none(text.lower() in REALM.lower()),
    "userId": lambda text: Q(email__icontains=text) | Q(email="", username__icontains=text),
}
"""The condition for users whose property contains a text, in upper or lower case, by the name of the property."""


def searched(text: str) -> Q:
    """Return the condition for users that match a search. Raises InvalidValue for an invalid search."""
    return reduce(Q.__or__, map(_searched_by_one, text.split(",")))


def _searched_by_one(part: str) -> Q:
    name, colon, value = part.partition(":")
    if not colon or name not in FIELDS:
        raise InvalidValue(
            f"search is made of a property, a colon and a text, such as state:ACTIVE. It knows {', '.join(FIELDS)}.",
            target=Target("search", "parameter", part),
        )
    return FIELDS[name](value)
