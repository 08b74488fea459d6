"""Access of people that takes no policy: to their own API keys, and to themselves among the users."""

from collections.abc import Mapping

from identity.models import ApiKey
from identity.services.resource_attributes import is_list
from trustedprofiles import explain_urls, visible_users
from trustedprofiles.explanation_shapes import DecidedBy, Explanation
from trustedprofiles.tagged_resources import plain

API_KEY_ACTIONS = "iam-identity.apikey."
PERSON = "IBMid-"
"""The prefix of the IAM ids of people."""
CREATE_API_KEY = "iam-identity.apikey.create"
OWN_API_KEYS = ("iam-identity.apikey.list", CREATE_API_KEY)
"""The actions on their own API keys that people may do without naming one."""
OWN_KEYS = "people manage their own API keys"
OWN_USER = "people see themselves in the list of users"


def explain_own_access(
    action: str, said: str | Mapping[str, str], resource: dict[str, str], *, subject: str, account_id: str
) -> Explanation | None:
    """Explain people's access to their own API keys and user; None when policies decide."""
    if own := _own_api_key(action, said, resource, subject=subject, account_id=account_id):
        return _own({"type": "own_api_key", "id": own}, OWN_KEYS, subject, action, resource)
    if _is_own_user(action, resource, subject=subject):
        return _own({"type": "own_user", "id": subject}, OWN_USER, subject, action, resource)
    return None


def _own_api_key(
    action: str, said: str | Mapping[str, str], resource: Mapping[str, str], *, subject: str, account_id: str
) -> str:
    """Return the id of the person's own API key that the question is about, or of the person if it is about all of
    them.

    Empty when policies decide. Only people manage their own API keys.
    """
    if not action.startswith(API_KEY_ACTIONS) or not subject.startswith(PERSON):
        return ""
    if "resource" in resource:
        key = ApiKey.objects.filter(account_id=account_id, id=resource["resource"], iam_id=subject).first()
        return key.id if key else ""
    # With a type, the API asks about the keys of all subjects.
    return subject if action in OWN_API_KEYS and "resourceType" not in said else ""


def _is_own_user(action: str, resource: Mapping[str, str], *, subject: str) -> bool:
    """Return whether the action is about seeing users and the subject, a person, is among them."""
    if action not in (visible_users.READ, visible_users.READ_SETTINGS) or not subject.startswith(PERSON):
        return False
    return is_list(action, resource) or resource.get("resource") == subject


def _own(decided_by: DecidedBy, because: str, subject: str, action: str, resource: dict[str, str]) -> Explanation:
    """Return the answer for people's access to their own API keys or user, which takes no policy."""
    return {
        "decision": "allow",
        "because": because,
        "explanation": explain_urls.access_url(subject, action, plain(resource)),
        "subject": subject,
        "action": action,
        "resource": plain(resource),
        "decided_by": decided_by,
        "considered": [],
    }
