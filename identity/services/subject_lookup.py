"""Lookup of a question's subject: its IAM id, by the id, CRN or name of a person, profile, service ID or server."""

import re
from collections.abc import Iterator
from typing import Any

from controlplane.kernel.caller import Caller
from controlplane.kernel.text import is_storable
from identity.models import ApiKey
from identity.services.resource_lookup import (
    PROFILE,
    SERVER,
    SERVICE_ID,
    Asker,
    Kind,
    listed_names,
    nearest_of,
    not_found,
    readable,
    several,
)
from trustedprofiles.assume import identity_of
from trustedprofiles.models import Account, GroupMember, Policy, ProfileIdentity, ServiceId, TrustedProfile, User
from trustedprofiles.selectors import owned_account

NOUN = "person, trusted profile, service ID or server"
KINDS = (PROFILE, SERVICE_ID, SERVER)
FORMS = re.compile(r"IBMid-.+|iam-(Profile|ServiceId)-.+|crn-crn:v1:.+")
"""The forms of IAM ids, by their prefixes."""
MOST_PEOPLE = 1000


def is_the_caller(word: str, caller: Caller) -> bool:
    """Return whether a word means the caller, by its IAM id, id, CRN or name."""
    if word in (caller.iam_id, caller.iam_id.removeprefix("iam-"), identity_of(caller), caller.compute_resource_crn):
        return bool(word)
    row = _row_of(caller)
    return row is not None and word in (getattr(row, "crn", None), getattr(row, "username", None) or row.name)


def _row_of(caller: Caller) -> Any:
    id = caller.iam_id.removeprefix("iam-")
    for start, model in (("Profile-", TrustedProfile), ("ServiceId-", ServiceId)):
        if id.startswith(start):
            return model.objects.filter(account_id=caller.account_id, id=id).first()
    return User.objects.filter(account_id=caller.account_id, iam_id=caller.iam_id).first()


def subject_of(word: str, asker: Asker, *, may_be_foreign: bool = False) -> str:
    """Return the IAM id of the subject that a word means.

    With ``may_be_foreign``, any IAM id is accepted: a trusted profile may trust people and programs of other accounts,
    and this deployment cannot know whether they exist. Raises ReferenceNotFound, with the nearest names that the asker
    may list, for a subject that the account does not know, and in the same way for one that the asker may not read;
    InvalidValue for a name that several subjects have.
    """
    if asker.own:
        server = (asker.caller.compute_resource_crn, identity_of(asker.caller))
        return identity_of(asker.caller) if word in server else asker.caller.iam_id
    is_iam_id = FORMS.fullmatch(word) is not None
    if is_iam_id and may_be_foreign:
        return word
    kind, id = _kind_and_id(word)
    row = kind.by_id(asker.caller.account_id, id.rpartition(":")[2]) if kind and is_storable(id) else None
    if kind and row is not None and id in (str(row.id), row.crn) and readable(kind, row, asker):
        return _iam_id(row)
    if is_iam_id and row is None and _is_known(word, asker.caller.account_id):
        return word
    ids = list(_by_name(word, asker))
    if len(ids) > 1:
        raise several(NOUN, ids, target="subject")
    if ids:
        return ids[0]
    raise not_found(NOUN, nearest_of(word, _listed(word, asker)), target="subject")


def _kind_and_id(word: str) -> tuple[Kind | None, str]:
    """Return the kind that a word may be the id or CRN of, and the id.

    The kind is None for a person's IAM id or a name.
    """
    id = word.removeprefix("iam-").removeprefix("crn-")
    starts = {"Profile-": PROFILE, "ServiceId-": SERVICE_ID}
    types = {":profile:": PROFILE, ":serviceid:": SERVICE_ID, ":bare-metal-server:": SERVER}
    kind = next((kind for start, kind in starts.items() if id.startswith(start)), None)
    if id.startswith("crn:"):
        kind = next((kind for type, kind in types.items() if type in id), None)
    return kind, id


def _by_name(word: str, asker: Asker) -> Iterator[str]:
    if not is_storable(word):
        return
    account_id = asker.caller.account_id
    person = User.objects.filter(account_id=account_id, username=User.normalize_username(word)).first()
    if person and person.iam_id:
        yield person.iam_id
    for kind in KINDS:
        rows = kind.rows(account_id).filter(name=word)
        if kind is SERVER:
            rows = rows.filter(region=asker.region) or rows
        yield from (_iam_id(row) for row in rows if readable(kind, row, asker))
    server = SERVER.by_id(account_id, word)
    if server is not None and readable(SERVER, server, asker):
        yield _iam_id(server)


def _iam_id(row: Any) -> str:
    """Return the IAM id of a row. A server has none; trusted profiles know it by its CRN, after ``crn-``."""
    return str(getattr(row, "iam_id", None) or f"crn-{row.crn}")


def _is_known(iam_id: str, account_id: str) -> bool:
    """Return whether the account itself refers to this IAM id.

    It does for its owner, a person in it or with an API key of it, a member of its access groups, and a subject of its
    policies and profiles.
    """
    return (
        User.objects.filter(account_id=account_id, iam_id=iam_id).exists()
        or Account.objects.filter(id=account_id, owner_iam_id=iam_id).exists()
        or Policy.objects.filter(account_id=account_id, subject_iam_id=iam_id.lower()).exists()
        or GroupMember.objects.filter(group__account_id=account_id, iam_id=iam_id).exists()
        or ApiKey.objects.filter(account_id=account_id, iam_id=iam_id).exists()
        or ProfileIdentity.objects.filter(profile__account_id=account_id, iam_id=iam_id).exists()
    )


def _listed(word: str, asker: Asker) -> list[str]:
    """Return the names that a word may mean, among those that the asker may list. Only the owner may list people."""
    names = [name for kind in KINDS for name in listed_names(kind, word, asker)]
    if owned_account(account_id=asker.caller.account_id, iam_id=asker.caller.iam_id):
        people = User.objects.filter(account_id=asker.caller.account_id).exclude(iam_id=None)
        for username, iam_id in people.values_list("username", "iam_id")[:MOST_PEOPLE]:
            names += [username, str(iam_id)]
    return names
