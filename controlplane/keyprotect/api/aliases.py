"""``/api/v2/keys/{id}/aliases/{alias}``."""

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.operation import Operation
from controlplane.keyprotect import events
from controlplane.keyprotect.api import responses
from controlplane.keyprotect.api.base import KeyView
from controlplane.keyprotect.api.responses import ALIAS, alias_body, collection
from controlplane.keyprotect.key_requests import check_alias
from controlplane.keyprotect.services.aliases import create_alias, delete_alias


class Alias(KeyView):
    operations = {
        "POST": Operation(
            "create_key_alias",
            "kms.secrets.createalias",
            events.CREATE_ALIAS,
            recorded_by_service=True,
            status=201,
            answer=responses.KeyAliasCollection,
        ),
        "DELETE": Operation(
            "delete_key_alias", "kms.secrets.deletealias", events.DELETE_ALIAS, recorded_by_service=True, status=204
        ),
    }

    def post(self, request: Request, key_id: str, alias: str) -> Response:
        check_alias(alias)
        row = create_alias(self.key, alias, by=self.call.by)
        return self.answer(collection(ALIAS, [alias_body(row)]))

    def delete(self, request: Request, key_id: str, alias: str) -> Response:
        delete_alias(self.key, alias, by=self.call.by)
        return self.answer()
