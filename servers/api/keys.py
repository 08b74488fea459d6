"""``/v1/keys``."""

from typing import Literal

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel import timestamps
from controlplane.kernel.fields import StrictCharField, StrictSerializer
from controlplane.kernel.operation import Operation
from servers.api.base import OF_RESOURCE_GROUP, VpcView
from servers.api.reference_responses import Hrefs, resource_group
from servers.api.shared_requests import NameField, ReferenceField, RenameBody
from servers.api.shared_responses import KeyReference, ResourceGroupReference, collection
from servers.events import KEY
from servers.models import Key as KeyRow
from servers.services import keys
from servers.services.resource_changes import rename

LONGEST_KEY = 16_384


class CreateKeyBody(StrictSerializer):
    public_key = StrictCharField(max_length=LONGEST_KEY)
    name = NameField(required=False)
    resource_group = ReferenceField("id", required=False)
    type = serializers.ChoiceField(choices=["rsa", "ed25519"], required=False)


class Key(KeyReference):
    created_at: str
    length: int
    public_key: str
    resource_group: ResourceGroupReference
    type: Literal["rsa", "ed25519"]


def key_body(key: KeyRow, hrefs: Hrefs) -> Key:
    return {
        **hrefs.key(key),
        "created_at": timestamps.seconds(key.created_at),
        "length": key.length,
        "public_key": key.public_key,
        "resource_group": resource_group(key.resource_group),
        "type": key.type,  # type: ignore[typeddict-item]
    }


class KeyView(VpcView):
    def rows(self) -> QuerySet[KeyRow]:
        return self.own(KeyRow).select_related("resource_group")


class Keys(KeyView):
    operations = {
        "GET": Operation(
            "list_keys",
            f"{KEY}.list",
            f"{KEY}.read",
            answer=collection("KeyCollection", "keys", Key),
            lists=KeyRow,
            paged=True,
            query=(*OF_RESOURCE_GROUP,),
        ),
        "POST": Operation(
            "create_key",
            f"{KEY}.create",
            f"{KEY}.create",
            recorded_by_service=True,
            status=201,
            body=CreateKeyBody,
            answer=Key,
            conflicts=False,
        ),
    }

    def get(self, request: Request) -> Response:
        rows = self.filtered(self.rows(), OF_RESOURCE_GROUP)
        return self.page("keys", rows, key_body)

    def post(self, request: Request) -> Response:
        key = keys.create_key(self.account, region=self.region, by=self.by, **self.body)
        return self.answer(key_body(key, self.hrefs))


class OneKey(KeyView):
    operations = {
        "GET": Operation("get_key", f"{KEY}.read", f"{KEY}.read", answer=Key),
        "PATCH": Operation(
            "update_key",
            f"{KEY}.update",
            f"{KEY}.update",
            recorded_by_service=True,
            body=RenameBody,
            answer=Key,
            conflicts=False,
        ),
        "DELETE": Operation(
            "delete_key",
            f"{KEY}.delete",
            f"{KEY}.delete",
            recorded_by_service=True,
            status=204,
            conflicts=False,
        ),
    }

    key: KeyRow

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        self.about = self.key = self.find(self.rows(), id=self.kwargs["key_id"])

    def get(self, request: Request, key_id: str) -> Response:
        return self.answer(key_body(self.key, self.hrefs))

    def patch(self, request: Request, key_id: str) -> Response:
        return self.answer(key_body(rename(self.key, event=f"{KEY}.update", by=self.by, **self.body), self.hrefs))

    def delete(self, request: Request, key_id: str) -> Response:
        keys.delete_key(self.key, by=self.by)
        return self.answer()
