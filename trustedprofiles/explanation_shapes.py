"""The shapes of the answers of ``/_baremint/explain``."""

from typing import Any, Literal, NotRequired, TypedDict


class NamedRole(TypedDict):
    crn: str
    display_name: str


class NamedGroup(TypedDict):
    """The access group of a policy."""

    id: str
    name: str


class DecidedBy(TypedDict):
    """The item that decided; ``id`` is the id of the policy, link, rule, account or API key."""

    type: Literal[
        "policy",
        "link",
        "rule",
        "identity",
        "account_owner",
        "deployment_administrator",
        "own_api_key",
        "own_user",
        "metadata_service",
    ]
    id: str
    role: NotRequired[NamedRole]
    access_group: NotRequired[NamedGroup]


class Considered(TypedDict):
    """One policy of the subject or of its access groups, or one link, rule or identity of the trusted profile."""

    type: Literal["policy", "link", "rule", "identity"]
    id: str
    applies: bool
    access_group: NotRequired[NamedGroup]
    roles: NotRequired[list[str]]
    missing: list[str]


class Request(TypedDict):
    """A call that would change the decision."""

    method: Literal["POST", "PATCH"]
    path: str
    body: dict[str, Any]


class Nearest(TypedDict):
    because: str
    request: NotRequired[Request]


class Explanation(TypedDict):
    """``explanation`` is the URL of this answer, absent for a refused token. In ``considered``, the items that lack the
    least come first. ``depends_on`` names the attributes of resources that policies compare which grant the
    action on this resource, or on one that has the same attributes and more."""

    decision: Literal["allow", "deny"]
    because: str
    explanation: NotRequired[str]
    subject: NotRequired[str]
    action: NotRequired[str]
    resource: NotRequired[dict[str, str]]
    server: NotRequired[str]
    profile: NotRequired[str]
    decided_by: NotRequired[DecidedBy]
    considered: list[Considered]
    depends_on: NotRequired[list[str]]
    nearest: NotRequired[Nearest]


class Decision(TypedDict):
    """The decision on one of several resources. Its ``explanation`` is the URL of the rest."""

    decision: Literal["allow", "deny"]
    because: str
    explanation: NotRequired[str]
    decided_by: NotRequired[DecidedBy]
    depends_on: NotRequired[list[str]]


class Decisions(TypedDict):
    """The decisions on several resources, in the order of the question."""

    decisions: list[Decision]
