"""Rotate, disable, enable and restore keys, authorize their deletion, and list their versions."""

from collections.abc import Mapping

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.operation import BOOLEAN, OFFSET, Operation, Parameter, limit_parameter
from controlplane.kernel.query_parameters import boolean
from controlplane.keyprotect import events
from controlplane.keyprotect.api import requests, responses
from controlplane.keyprotect.api.base import KeyView
from controlplane.keyprotect.api.data_keys import Rewrap, Unwrap, Wrap
from controlplane.keyprotect.api.responses import VERSION, collection, version_body
from controlplane.keyprotect.key_requests import material_of
from controlplane.keyprotect.list_query import LARGEST_LIMIT, parse_paging
from controlplane.keyprotect.selectors import versions_of
from controlplane.keyprotect.services.dual_authorization import set_for_deletion, unset_for_deletion
from controlplane.keyprotect.services.key_rotation import rotate_key
from controlplane.keyprotect.services.key_states import disable_key, enable_key, restore_key
from controlplane.keyprotect.services.registrations import synchronize
from controlplane.keyprotect.states import require_state

LIMIT = limit_parameter(largest=LARGEST_LIMIT)
TOTAL = Parameter("totalCount", "Whether to answer with the number of all versions.", BOOLEAN)
ALL_STATES = Parameter("allKeyStates", "Whether to answer for a key that is not active, too.", BOOLEAN)


class Rotate(KeyView):
    operations = {
        "POST": Operation(
            "rotate_key",
            "kms.secrets.rotate",
            events.ROTATE,
            recorded_by_service=True,
            status=204,
            body=requests.KeyMaterial,
        ),
    }

    def post(self, request: Request, key_id: str) -> Response:
        rotate_key(self.key, material=material_of(self.body), by=self.call.by)
        return self.answer()


class Disable(KeyView):
    operations = {
        "POST": Operation("disable_key", "kms.secrets.disable", events.DISABLE, recorded_by_service=True, status=204),
    }

    def post(self, request: Request, key_id: str) -> Response:
        disable_key(self.key, by=self.call.by)
        return self.answer()


class Enable(KeyView):
    operations = {
        "POST": Operation("enable_key", "kms.secrets.enable", events.ENABLE, recorded_by_service=True, status=204),
    }

    def post(self, request: Request, key_id: str) -> Response:
        enable_key(self.key, by=self.call.by)
        return self.answer()


class Restore(KeyView):
    """An old form of the request has key material in it, which changes nothing."""

    operations = {
        "POST": Operation(
            "restore_key",
            "kms.secrets.restore",
            events.RESTORE,
            recorded_by_service=True,
            status=201,
            body=requests.KeyRestoration,
            answer=responses.KeyProtectKeys,
        ),
    }

    def post(self, request: Request, key_id: str) -> Response:
        keys = self.body.get("resources", ())
        has_plain_material = any(key.get("payload") and not key.get("encryptedNonce") for key in keys)
        return self.answer_key(restore_key(self.key, with_plain_material=has_plain_material, by=self.call.by))


class SetForDeletion(KeyView):
    operations = {
        "POST": Operation(
            "set_key_for_deletion",
            "kms.secrets.setkeyfordeletion",
            events.SET_FOR_DELETION,
            recorded_by_service=True,
            status=204,
        ),
    }

    def post(self, request: Request, key_id: str) -> Response:
        set_for_deletion(self.key, by=self.call.by, person=self.call.bearer.person)
        return self.answer()


class UnsetForDeletion(KeyView):
    operations = {
        "POST": Operation(
            "unset_key_for_deletion",
            "kms.secrets.unsetkeyfordeletion",
            events.UNSET_FOR_DELETION,
            recorded_by_service=True,
            status=204,
        ),
    }

    def post(self, request: Request, key_id: str) -> Response:
        unset_for_deletion(self.key, by=self.call.by)
        return self.answer()


class Synchronize(KeyView):
    operations = {
        "POST": Operation(
            "sync_associated_resources",
            "kms.secrets.sync",
            events.SYNCHRONIZE,
            recorded_by_service=True,
            status=204,
        ),
    }

    def post(self, request: Request, key_id: str) -> Response:
        synchronize(self.key, by=self.call.by)
        return self.answer()


class Versions(KeyView):
    operations = {
        "GET": Operation(
            "get_key_versions",
            "kms.secrets.listkeyversions",
            events.LIST_VERSIONS,
            answer=responses.KeyVersionList,
            query=(LIMIT, OFFSET, TOTAL, ALL_STATES),
            refusals=(409,),
        ),
    }

    def get(self, request: Request, key_id: str) -> Response:
        page = parse_paging(request.GET)
        in_every_state = boolean(request.GET, ALL_STATES)
        key = self.key
        if not in_every_state:
            require_state("list versions of", key.state_at(self.now))
        rows = versions_of(key)
        more = {"totalCount": rows.count()} if page.total_count else {}
        return self.answer(collection(VERSION, map(version_body, rows[page.slice]), **more))


ACTIONS: Mapping[str, type[KeyView]] = {
    "wrap": Wrap,
    "unwrap": Unwrap,
    "rewrap": Rewrap,
    "rotate": Rotate,
    "disable": Disable,
    "enable": Enable,
    "restore": Restore,
    "setKeyForDeletion": SetForDeletion,
    "unsetKeyForDeletion": UnsetForDeletion,
}
"""The views of the actions that ``POST /keys/{id}?action=`` names, an old form of the paths below ``actions``."""
