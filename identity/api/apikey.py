"""``/v1/apikeys/{id}``, ``/v1/apikeys/details``, and the switches of an API key."""

from collections.abc import Sequence

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel.errors import MissingValue, NotFound, Target, existing
from controlplane.kernel.etag import require_match
from controlplane.kernel.operation import Operation, Parameter, text
from controlplane.kernel.query_parameters import boolean
from controlplane.kernel.verdict import Allowed
from identity import events
from identity.api import apikey_responses
from identity.api.activity import activity_of_keys, names_of
from identity.api.apikey_requests import ApiKeyUpdate, api_key_content
from identity.api.base import Switch
from identity.models import ApiKey
from identity.selectors import find_api_key
from identity.services import apikeys
from identity.services.grants import UNKNOWN_API_KEY
from trustedprofiles.api.activity import INCLUDE_ACTIVITY
from trustedprofiles.api.base import IdentityView
from trustedprofiles.api.history import INCLUDE_HISTORY, histories
from trustedprofiles.models.service_id import is_service_id
from trustedprofiles.selectors import authorize

UPDATE = "iam-identity.apikey.update"
READ_EVENT = f"{events.USER_KEY}.read"
UPDATE_EVENT = f"{events.USER_KEY}.update"
VALUE_HEADER = Parameter(
    "IAM-ApiKey",
    "The value of the API key.",
    text(apikeys.LONGEST_VALUE),
    required=True,
    names_resource=True,
    example="$API_KEY",
)


class SubjectView(IdentityView):
    """A view of the API keys of one person or service ID, ``subject``; of all of them when it is empty."""

    subject = ""

    def resource_attributes(self) -> dict[str, str]:
        """Return the attributes for policies. A policy on a service ID also covers its API keys (D-72)."""
        if is_service_id(self.subject):
            return {"resourceType": "serviceid", "resource": self.subject.removeprefix("iam-")}
        return {"resourceType": "apikey"}

    def standing(self) -> Allowed | None:
        if self.caller.sub_type == "User" and self.subject == self.caller.iam_id:
            return Allowed("the API key is the caller's own", source=self.caller.iam_id)
        return None

    def event(self) -> str:
        assert self.operation  # noqa: S101  an event is recorded of an operation
        return events.api_key_event(self.operation.event.rpartition(".")[2], self.subject)


class ApiKeyView(SubjectView):
    """A view of one API key, ``api_key_id`` in the path. A key of another account is treated as if it did not exist."""

    key: ApiKey

    def prepare(self, request: Request) -> None:
        key = existing(
            ApiKey.objects.filter(account_id=self.caller.account_id, id=self.kwargs["api_key_id"]).first(),
            "There is no API key of this id in your account.",
        )
        self.key, self.subject = key, key.iam_id

    def resource_attributes(self) -> dict[str, str]:
        return self.key.policy_attributes

    def target(self) -> Party:
        if hasattr(self, "key"):
            return Party(self.key.crn, self.key.name, "ApiKey")
        return Party(self.kwargs.get("api_key_id", ""), type="ApiKey")


class OneApiKey(ApiKeyView):
    operations = {
        "GET": Operation(
            "get_api_key",
            "iam-identity.apikey.read",
            READ_EVENT,
            answer=apikey_responses.ApiKey,
            query=(INCLUDE_HISTORY, INCLUDE_ACTIVITY),
            etag=True,
            further=(UPDATE,),
        ),
        "PUT": Operation(
            "update_api_key",
            UPDATE,
            UPDATE_EVENT,
            recorded_by_service=True,
            body=ApiKeyUpdate,
            answer=apikey_responses.ApiKey,
            etag=True,
            if_match="required",
        ),
        "DELETE": Operation(
            "delete_api_key",
            "iam-identity.apikey.delete",
            f"{events.USER_KEY}.delete",
            recorded_by_service=True,
            status=204,
        ),
    }

    def get(self, request: Request, api_key_id: str) -> Response:
        [body] = with_history(request, [self.key])
        if boolean(request.GET, INCLUDE_ACTIVITY):
            body["activity"] = activity_of_keys([self.key])
        if self._may_change() and (value := apikeys.stored_value(self.key)):
            body["apikey"] = value
        return self.answer(body, etag=self.key.entity_tag)

    def _may_change(self) -> bool:
        resource = {
            "accountId": self.caller.account_id,
            "serviceName": self.service_name,
            **self.resource_attributes(),
        }
        return bool(self.standing() or authorize(self.caller, action=UPDATE, resource=resource))

    def put(self, request: Request, api_key_id: str) -> Response:
        require_match(request.headers.get("If-Match"), current=self.key.entity_tag)
        key = apikeys.update_api_key(self.key, changes=api_key_content(self.body), by=Party.of(self.caller))
        return self.answer(apikey_responses.api_key_body(key), etag=key.entity_tag)

    def delete(self, request: Request, api_key_id: str) -> Response:
        apikeys.delete_api_key(self.key, by=Party.of(self.caller))
        return self.answer()


class ApiKeyDetails(ApiKeyView):
    """An API key by its value, which is sent in a header. The value itself is not repeated anywhere."""

    operations = {
        "GET": Operation(
            "get_api_keys_details",
            "iam-identity.apikey.read",
            READ_EVENT,
            answer=apikey_responses.ApiKey,
            query=(INCLUDE_HISTORY,),
            headers=(VALUE_HEADER,),
            etag=True,
        )
    }

    def prepare(self, request: Request) -> None:
        value = request.headers.get(VALUE_HEADER)
        if not value:
            raise MissingValue(
                f"The {VALUE_HEADER} header is required: the value of the API key.",
                target=Target(VALUE_HEADER, "header"),
            )
        # A header is decoded as Latin-1 (PEP 3333), whatever encoding its sender used; values are hashed as UTF-8.
        key = find_api_key(value.encode("latin-1", "replace").decode("utf-8", "replace"))
        if key is None or key.account_id != self.caller.account_id:
            raise NotFound("Provided API key could not be found.", iam_code=UNKNOWN_API_KEY)
        self.key, self.subject = key, key.iam_id

    def get(self, request: Request) -> Response:
        return self.answer(with_history(request, [self.key])[0], etag=self.key.entity_tag)


class ApiKeyLock(Switch, ApiKeyView):
    operations = {
        "POST": Operation("lock_api_key", UPDATE, UPDATE_EVENT, recorded_by_service=True, status=204),
        "DELETE": Operation("unlock_api_key", UPDATE, UPDATE_EVENT, recorded_by_service=True, status=204),
    }

    def switch(self, enabled: bool) -> None:
        apikeys.lock_api_key(self.key, locked=enabled, by=Party.of(self.caller))


class ApiKeyDisabling(Switch, ApiKeyView):
    operations = {
        "POST": Operation("disable_api_key", UPDATE, UPDATE_EVENT, recorded_by_service=True, status=204),
        "DELETE": Operation("enable_api_key", UPDATE, UPDATE_EVENT, recorded_by_service=True, status=204),
    }

    def switch(self, enabled: bool) -> None:
        apikeys.disable_api_key(self.key, disabled=enabled, by=Party.of(self.caller))


def with_history(request: Request, keys: Sequence[ApiKey]) -> list[apikey_responses.ApiKey]:
    """Return the bodies of the API keys, with their history if the query asks for it."""
    bodies = [apikey_responses.api_key_body(key) for key in keys]
    if boolean(request.GET, INCLUDE_HISTORY):
        targets = {name: key.id for key in keys for name in names_of(key)}
        changes = histories(targets, events.API_KEY_CHANGES)
        for body in bodies:
            body["history"] = changes[body["id"]]
    return bodies
