"""The common bases of the views of Key Protect."""

import re
from datetime import datetime
from functools import cached_property
from http import HTTPStatus
from typing import Any, ClassVar

from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.cloudservice.view import ServiceView
from controlplane.instances.models import ResourceInstance
from controlplane.kernel import clock
from controlplane.kernel.crn import Crn
from controlplane.kernel.envelopes import trace_id
from controlplane.kernel.errors import ApiError, existing
from controlplane.kernel.operation import Operation, Parameter, Schema, choices
from controlplane.keyprotect import errors, events, key_names
from controlplane.keyprotect.api.envelope import as_key_protect, key_protect
from controlplane.keyprotect.api.failures import FAILURES
from controlplane.keyprotect.api.json_bodies import has_body, read_body
from controlplane.keyprotect.api.rendering import AlwaysJson, Utf8Json
from controlplane.keyprotect.api.responses import KeyBody, collection, key_body
from controlplane.keyprotect.errors import BadHeader, KeyNotFound, KeyProtectError, Unauthorized
from controlplane.keyprotect.key_requests import KEY_TYPE
from controlplane.keyprotect.models import Key
from controlplane.keyprotect.selectors import find_key
from controlplane.keyprotect.service import SERVICE
from controlplane.keyprotect.services.changes import NO_ACCESS
from controlplane.keyprotect.services.instance_policies import require_admission

CORRELATION = "Correlation-Id"
CORRELATION_IDS = (CORRELATION, "X-Correlation-Id")
CORRELATION_ID = re.compile(r"[\x21-\x7e]{1,128}")
REGIONAL_HOST = re.compile(r"(?P<private>private\.)?(?P<region>[a-z0-9-]+)\.kms\.cloud\.ibm\.com")
LONGEST_ID = 128
KEY_ID: Schema = {"type": "string", "pattern": "^[-0-9A-Za-z_]+$", "minLength": 2, "maxLength": 90}
RING_ID: Schema = {"type": "string", "pattern": "^[-0-9A-Za-z]+$", "minLength": 2, "maxLength": 100}
CRN_SCHEMA: Schema = {"type": "string", "pattern": "^crn:v1:", "maxLength": 512}
RING = Parameter("X-Kms-Key-Ring", "Only what is in this key ring.", RING_ID)
MINIMAL, REPRESENTATION = "return=minimal", "return=representation"
PREFER = Parameter("Prefer", "How much to answer with.", choices(MINIMAL, REPRESENTATION))


class KeyProtectView(ServiceView):
    """A view of Key Protect. Every refusal has one of its codes."""

    renderer_classes = (Utf8Json,)
    content_negotiation_class = AlwaysJson

    service = SERVICE
    envelope: ClassVar[Any] = staticmethod(key_protect)
    path_parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("key_id", "Id or alias of the key.", KEY_ID),
        Parameter("alias", "The alias.", KEY_ID),
        Parameter("ring_id", "Id of the key ring.", RING_ID),
        Parameter("resource_crn", "CRN of the resource that the key protects, encoded for a path.", CRN_SCHEMA),
    )

    @cached_property
    def now(self) -> datetime:
        return clock.now()

    @cached_property
    def _named_instance(self) -> str:
        word: str = super()._named_instance
        return word.lower() if key_names.is_uuid(word) else word

    @cached_property
    def instance_row(self) -> ResourceInstance | None:
        """Return the instance; None also when the host of the request is that of another region."""
        row: ResourceInstance | None = super().instance_row
        host = self._regional_host
        return row if row and (host is None or host["region"] == row.region) else None

    @property
    def _regional_host(self) -> re.Match[str] | None:
        return REGIONAL_HOST.fullmatch(self.request.get_host().partition(":")[0].rstrip(".").lower())

    @cached_property
    def instance(self) -> ResourceInstance:
        """Return the instance of the request.

        Raises Unauthorized, as for an instance of another account, and NotAdmitted by a policy of the instance.
        """
        instance = existing(self.instance_row, NO_ACCESS, refusal=Unauthorized)
        host, address = self._regional_host, self.request.META.get("REMOTE_ADDR", "")
        require_admission(instance, address=address, is_private=bool(host and host["private"]))
        return instance

    def decide(self, operation: Operation) -> None:
        """Check the form of the instance header, then ask IAM. Raises BadHeader too."""
        word = self.requested_instance
        if not key_names.is_uuid(word) and Crn.find(word) is None:
            header = SERVICE.instance_header
            raise BadHeader(f"Send {header} once, with the GUID of an instance.", target=errors.header(header))
        self.ask_iam(operation)

    def ask_iam(self, operation: Operation) -> None:
        """Ask IAM for its decision on the operation. Raises what ``decide`` of a service raises."""
        super().decide(operation)

    @property
    def body(self) -> dict[str, Any]:
        """Return the validated members of the body. Raises BadBody or Refusals."""
        assert self.operation and self.operation.body  # noqa: S101, PT018  only operations with a body use this
        return read_body(self.raw_body, self.operation.body)

    @property
    def raw_body(self) -> bytes:
        return self.request._request.body

    @property
    def has_body(self) -> bool:
        return has_body(self.raw_body)

    @property
    def prefers(self) -> str:
        """Return the answer that the caller prefers (RFC 7240); empty without a preference."""
        words = re.sub(r'[\s"]', "", self.request.headers.get(PREFER, "")).lower().split(",")
        return next((word for word in words if word in (MINIMAL, REPRESENTATION)), "")

    def target(self) -> Party:
        row = self.__dict__.get("instance_row")
        return Party(row.crn, row.name, "instance") if row else Party(name="*")

    def event_data(self) -> dict[str, Any]:
        row = self.__dict__.get("instance_row")
        return events.instance_data(row) if row else {}

    def as_own(self, error: ApiError) -> ApiError:
        refusal = as_key_protect(error)
        for each in refusal.each:
            if self.operation and isinstance(each, KeyProtectError):
                each.failure = FAILURES.get(self.operation.name, "")
        return refusal

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        ids = (request.headers.get(name, "") for name in CORRELATION_IDS)
        response[CORRELATION] = next(filter(CORRELATION_ID.fullmatch, ids), trace_id())
        return response


class KeyView(KeyProtectView):
    """A view of one key, which its path names by id or alias. IAM decides before it is known whether there is one."""

    common_headers: ClassVar[tuple[Parameter, ...]] = (*KeyProtectView.common_headers, RING)

    @cached_property
    def key_row(self) -> Key | None:
        instance = self.instance_row
        return find_key(instance, self.kwargs["key_id"], now=self.now) if instance else None

    @property
    def key(self) -> Key:
        """Return the key. Raises KeyNotFound, also for a key in another key ring than that of the request."""
        key = existing(self.key_row, "key does not exist", refusal=KeyNotFound)
        ring = self.request.headers.get(RING)
        if ring and ring != key.ring_name:
            raise KeyNotFound(f"key does not exist in the key ring of the request. {RING} limits it to one key ring.")
        return key

    def answer_key(self, key: Key) -> Response:
        """Answer with the metadata of a key."""
        return self.answer(collection(KEY_TYPE, [key_body(key, now=self.now)]))

    @property
    def deletion_status(self) -> HTTPStatus:
        """Return the status of a deletion: whether the caller prefers an answer with the key."""
        return HTTPStatus.OK if self.prefers == REPRESENTATION else HTTPStatus.NO_CONTENT

    def answer_deletion(self, body: KeyBody) -> Response:
        """Answer that the key is deleted or purged, with the key if that is preferred."""
        if self.deletion_status == HTTPStatus.NO_CONTENT:
            return self.answer()
        return Response(collection(KEY_TYPE, [body]), status=self.deletion_status)

    def resource_attributes(self) -> dict[str, str]:
        if key := self.key_row:
            return {"resourceType": "key", "resource": key.identifier, "keyRing": key.ring_name}
        return {"resourceType": "key", "resource": self.kwargs["key_id"][:LONGEST_ID]}

    def target(self) -> Party:
        instance, key = self.__dict__.get("instance_row"), self.__dict__.get("key_row")
        if key:
            return events.key_party(key.instance, key.identifier, key.name)
        return events.key_party(instance, self.kwargs["key_id"][:LONGEST_ID]) if instance else super().target()

    def event_data(self) -> dict[str, Any]:
        key = self.__dict__.get("key_row")
        return events.key_data(key) if key else super().event_data()
