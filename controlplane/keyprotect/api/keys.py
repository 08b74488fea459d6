"""``/api/v2/keys`` and ``/api/v2/keys/{id}``."""

from collections.abc import Sequence
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.operation import BOOLEAN, OFFSET, Operation, Parameter, limit_parameter
from controlplane.kernel.query_parameters import boolean
from controlplane.keyprotect import events, key_lists
from controlplane.keyprotect.api import requests, responses
from controlplane.keyprotect.api.base import MINIMAL, PREFER, REPRESENTATION, RING, RING_ID, KeyView
from controlplane.keyprotect.api.key_actions import ACTIONS
from controlplane.keyprotect.api.responses import collection, identifying_body, import_members, key_body
from controlplane.keyprotect.api.ring_lists import RingListView
from controlplane.keyprotect.errors import InvalidQuery, parameter
from controlplane.keyprotect.key_requests import KEY_TYPE, prototype_of
from controlplane.keyprotect.list_query import LARGEST_LIMIT, ListQuery
from controlplane.keyprotect.models import DEFAULT_RING
from controlplane.keyprotect.policies import KeyPolicySetting
from controlplane.keyprotect.policy_requests import overrides_of
from controlplane.keyprotect.selectors import payload_of
from controlplane.keyprotect.services.key_creation import create_key
from controlplane.keyprotect.services.key_states import delete_key, move_key, purge_key

STATE = Parameter("state", "Only keys in one of these states, such as `1,2`; without it, all that are not destroyed.")
EXTRACTABLE = Parameter("extractable", "`true`: only standard keys. `false`: only root keys.", BOOLEAN)
FILTER = Parameter("filter", 'Only keys with these values, such as `state=1 creationDate=gt:"2026-01-01T00:00:00Z"`.')
SEARCH = Parameter("search", "Only keys with this text in their names or aliases, after prefixes such as `exact:`.")
SORT = Parameter("sort", "Members to sort by, separated by commas; with `-` in front, the largest comes first.")
TOTAL = Parameter("totalCount", "Whether to answer with the number of all keys that match.", BOOLEAN)
FORCE = Parameter("force", "Whether to delete a key that protects resources.", BOOLEAN)
NEW_KEY_RING = Parameter(RING, "The key ring to create the key in; `default` without it.", RING_ID, names_resource=True)
LIMIT = limit_parameter(largest=LARGEST_LIMIT)


class NewKeyView(RingListView):
    """A view that creates keys."""

    @property
    def ring(self) -> str:
        """Return the key ring of the request. A new key is in ``default`` unless there is one."""
        return super().ring or (DEFAULT_RING if self.request.method == "POST" else "")

    def create(self, overrides: Sequence[KeyPolicySetting] | None) -> Response:
        """Create the key that the body describes, with these policies; None for those that its instance has."""
        prototype = prototype_of(self.body, ring=self.ring, now=self.now, overrides=overrides)
        key = create_key(self.instance, prototype=prototype, by=self.call.by)
        if self.prefers == MINIMAL:
            return self.answer(collection(KEY_TYPE, [identifying_body(key)]))
        payload = payload_of(key) if self.prefers == REPRESENTATION else None
        return self.answer(collection(KEY_TYPE, [key_body(key, now=self.now, payload=payload)]))


class Keys(NewKeyView):
    operations = {
        "GET": Operation(
            "get_keys",
            "kms.secrets.list",
            events.LIST,
            answer=responses.KeyProtectKeyList,
            query=(LIMIT, OFFSET, STATE, EXTRACTABLE, SEARCH, SORT, FILTER, TOTAL),
            headers=(RING,),
        ),
        "HEAD": Operation(
            "get_key_collection_metadata",
            "kms.secrets.head",
            events.HEAD,
            query=(STATE, EXTRACTABLE, FILTER),
            headers=(RING,),
        ),
        "POST": Operation(
            "create_kms_key",
            "kms.secrets.create",
            events.CREATE,
            recorded_by_service=True,
            status=201,
            body=requests.KeyCreation,
            answer=responses.KeyProtectKeys,
            headers=(PREFER, NEW_KEY_RING),
        ),
    }

    def get(self, request: Request) -> Response:
        query = ListQuery.parse(request.GET)
        keys = key_lists.list_keys(self.instance, query, rings=self.rings, now=self.now)
        more: dict[str, Any] = {"totalCount": keys.total} if query.total_count else {}
        if query.search:
            more["searchQuery"] = query.search.as_json()
        if keys.incomplete_search:
            more["incompleteSearch"] = True
        return self.answer(collection(KEY_TYPE, [key_body(each, now=self.now) for each in keys.rows], **more))

    def head(self, request: Request) -> Response:
        query = ListQuery.parse(request.GET)
        total = key_lists.count_keys(self.instance, query, rings=self.rings, now=self.now)
        response = self.answer()
        response["Key-Total"] = str(total)
        return response

    def post(self, request: Request) -> Response:
        return self.create(overrides=None)


class KeysWithPolicyOverrides(NewKeyView):
    """The policies of the new key are those of the request: without them it has none, whatever its instance says."""

    operations = {
        "POST": Operation(
            "create_key_with_policies_overrides",
            "kms.secrets.create",
            events.CREATE,
            also=("kms.policies.write",),
            recorded_by_service=True,
            status=201,
            body=requests.KeyCreationWithOverrides,
            answer=responses.KeyProtectKeys,
            headers=(PREFER, NEW_KEY_RING),
        ),
    }

    def post(self, request: Request) -> Response:
        return self.create(overrides=overrides_of(self.body))


class KeyByID(KeyView):
    operations = {
        "GET": Operation("get_kms_key", "kms.secrets.read", events.READ, answer=responses.KeyProtectKeys),
        "PATCH": Operation(
            "patch_key",
            "kms.secrets.patch",
            events.PATCH,
            recorded_by_service=True,
            body=requests.KeyPatch,
            answer=responses.KeyProtectKeys,
        ),
        "DELETE": Operation(
            "delete_kms_key",
            "kms.secrets.delete",
            events.DELETE,
            recorded_by_service=True,
            status=204,
            representation=responses.KeyProtectKeys,
            query=(FORCE,),
            headers=(PREFER,),
            refusals=(410,),
        ),
    }

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Hand the old form of an action, ``POST /keys/{id}?action=wrap``, to the view of its path."""
        names = request.GET.getlist("action") if request.method == "POST" else []
        action = ACTIONS.get(names[0]) if len(names) == 1 else None
        return action.as_view()(request, *args, **kwargs) if action else super().dispatch(request, *args, **kwargs)

    def require_operation(self) -> Operation:
        """Return the operation of the request. Raises InvalidQuery for an unknown action, and MethodNotAllowed."""
        if self.request.method == "POST":
            message = f"The query_param `action` must be: one of {', '.join(sorted(ACTIONS))}, once"
            raise InvalidQuery(message, target=parameter("action"))
        return super().require_operation()

    def get(self, request: Request, key_id: str) -> Response:
        key = self.key
        body = {**key_body(key, now=self.now, payload=payload_of(key)), **import_members(key)}
        return self.answer(collection(KEY_TYPE, [body]))

    def patch(self, request: Request, key_id: str) -> Response:
        ring = self.body["keyRingID"]
        key = self.key
        into_ring = {**self.instance_attributes(), "resourceType": "key", "keyRing": ring}
        self.call.require("kms.secrets.patch", into_ring)
        return self.answer_key(move_key(key, ring=ring, by=self.call.by))

    def delete(self, request: Request, key_id: str) -> Response:
        is_forced = boolean(request.GET, FORCE)
        by, person = self.call.by, self.call.bearer.person
        key = delete_key(self.key, force=is_forced, by=by, person=person, status=self.deletion_status)
        return self.answer_deletion(key_body(key, now=self.now))


class KeyMetadata(KeyView):
    operations = {
        "GET": Operation(
            "get_key_metadata", "kms.secrets.readmetadata", events.READ_METADATA, answer=responses.KeyProtectKeys
        ),
    }

    def get(self, request: Request, key_id: str) -> Response:
        return self.answer_key(self.key)


class Purge(KeyView):
    operations = {
        "DELETE": Operation(
            "purge_key",
            "kms.secrets.purge",
            events.PURGE,
            recorded_by_service=True,
            status=204,
            representation=responses.KeyProtectKeys,
            headers=(PREFER,),
        ),
    }

    def delete(self, request: Request, key_id: str) -> Response:
        key = self.key
        body = key_body(key, now=self.now)  # before its aliases are gone
        purge_key(key, by=self.call.by, status=self.deletion_status)
        return self.answer_deletion(body)
