"""``/api/v2/keys`` and ``/api/v2/keys/{id}``."""

from collections.abc import Collection
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.cloudservice.iam import Decision
from controlplane.kernel.operation import BOOLEAN, OFFSET, Operation, Parameter, limit_parameter
from controlplane.kernel.query_parameters import boolean
from controlplane.keyprotect import events, key_lists, key_names
from controlplane.keyprotect.api import requests, responses
from controlplane.keyprotect.api.base import MINIMAL, PREFER, REPRESENTATION, RING, RING_ID, KeyProtectView, KeyView
from controlplane.keyprotect.api.responses import collection, identifying_body, key_body
from controlplane.keyprotect.errors import NotServed
from controlplane.keyprotect.key_requests import KEY_TYPE, prototype_of
from controlplane.keyprotect.list_query import LARGEST_LIMIT, ListQuery
from controlplane.keyprotect.models import DEFAULT_RING
from controlplane.keyprotect.selectors import payload_of, rings_of
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


class Keys(KeyProtectView):
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
            refusals=(501,),
        ),
    }

    rings: Collection[str] | None = None
    """The key rings whose keys the caller may list; None for all."""

    def resource_attributes(self) -> dict[str, str]:
        # What cannot be a key ring is decided about as the instance, before the caller learns that there is none.
        return {"resourceType": "key", **({"keyRing": self.ring} if key_names.is_ring(self.ring) else {})}

    @property
    def ring(self) -> str:
        """Return the key ring of the request. A new key is in ``default`` unless there is one."""
        return self.request.headers.get(RING, "") or (DEFAULT_RING if self.request.method == "POST" else "")

    def ask_iam(self, operation: Operation) -> None:
        """Ask for its decision on the operation; on a list also for each key ring, if need be. Raises NotAuthorized."""
        if self.ring:
            super().ask_iam(operation)
            self.rings = [self.ring]
            return
        attributes = {**self.instance_attributes(), **self.resource_attributes()}
        decision = self.call.ask(operation.action, attributes)
        if decision.refusal:
            self.rings = self._permitted_rings(operation.action, attributes, decision)

    def _permitted_rings(self, action: str, attributes: dict[str, str], decision: Decision) -> list[str]:
        """Return the key rings whose keys the caller may list (Key Protect contract, section 5.3).

        Empty when the caller may use single keys only. Raises NotAuthorized when the caller may use none.
        """
        rings_of_instance = rings_of(self.instance_row).values_list("name", flat=True) if self.instance_row else ()
        names = [DEFAULT_RING, *rings_of_instance]
        decisions = self.call.ask_each(action, [{**attributes, "keyRing": name} for name in names])
        rings = [name for name, each in zip(names, decisions, strict=True) if each.refusal is None]
        if not rings and not decision.may_depend_on("resource"):
            decision.require()
        return rings

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
        prototype = prototype_of(self.body, ring=self.ring, now=self.now)
        key = create_key(self.instance, prototype=prototype, by=self.call.by)
        if self.prefers == MINIMAL:
            return self.answer(collection(KEY_TYPE, [identifying_body(key)]))
        payload = payload_of(key) if self.prefers == REPRESENTATION else None
        return self.answer(collection(KEY_TYPE, [key_body(key, now=self.now, payload=payload)]))


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

    def require_operation(self) -> Operation:
        """Return the operation of the request. Raises NotServed for the old form of an action, and MethodNotAllowed."""
        if self.request.method == "POST":
            path = f"{self.request.path}/actions/<action>"
            raise NotServed(f"POST {self.request.path}?action= is not simulated. Send POST {path} instead.")
        return super().require_operation()

    def get(self, request: Request, key_id: str) -> Response:
        key = self.key
        return self.answer(collection(KEY_TYPE, [key_body(key, now=self.now, payload=payload_of(key))]))

    def patch(self, request: Request, key_id: str) -> Response:
        ring = self.body["keyRingID"]
        key = self.key
        into_ring = {**self.instance_attributes(), "resourceType": "key", "keyRing": ring}
        self.call.require("kms.secrets.patch", into_ring)
        return self.answer_key(move_key(key, ring=ring, by=self.call.by))

    def delete(self, request: Request, key_id: str) -> Response:
        boolean(request.GET, FORCE)
        key = delete_key(self.key, by=self.call.by, status=self.deletion_status)
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
