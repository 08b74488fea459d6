"""``/api/v2/key_rings``. A decision is about the instance, so policies on key rings and keys do not count."""

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.operation import BOOLEAN, OFFSET, Operation, Parameter, limit_parameter
from controlplane.kernel.query_parameters import boolean
from controlplane.keyprotect import events
from controlplane.keyprotect.api import responses
from controlplane.keyprotect.api.base import KeyProtectView
from controlplane.keyprotect.api.responses import RING, KeyRingBody, collection, ring_body
from controlplane.keyprotect.key_requests import check_ring
from controlplane.keyprotect.list_query import LARGEST_LIMIT, parse_paging
from controlplane.keyprotect.models import DEFAULT_RING
from controlplane.keyprotect.selectors import has_keys, rings_of
from controlplane.keyprotect.services.key_rings import create_ring, delete_ring

DEFAULT_LIMIT = 100
LIMIT = limit_parameter(largest=LARGEST_LIMIT)
TOTAL = Parameter("totalCount", "Whether to answer with the number of all key rings.", BOOLEAN)
FORCE = Parameter("force", "Whether to move destroyed keys in it to the key ring `default`.", BOOLEAN)
PATCH = "kms.secrets.patch"


class KeyRings(KeyProtectView):
    operations = {
        "GET": Operation(
            "list_key_rings",
            "kms.keyrings.list",
            events.LIST_RINGS,
            answer=responses.KeyRingList,
            query=(LIMIT, OFFSET, TOTAL),
        ),
    }

    def get(self, request: Request) -> Response:
        page = parse_paging(request.GET, limit=DEFAULT_LIMIT)
        rings: list[KeyRingBody] = [{"id": DEFAULT_RING}, *map(ring_body, rings_of(self.instance))]
        more = {"totalCount": len(rings)} if page.total_count else {}
        return self.answer(collection(RING, rings[page.slice], **more))


class KeyRing(KeyProtectView):
    operations = {
        "POST": Operation(
            "create_key_ring", "kms.keyrings.create", events.CREATE_RING, recorded_by_service=True, status=201
        ),
        "DELETE": Operation(
            "delete_key_ring",
            "kms.keyrings.delete",
            events.DELETE_RING,
            recorded_by_service=True,
            status=204,
            query=(FORCE,),
            further=(PATCH,),
        ),
    }

    def post(self, request: Request, ring_id: str) -> Response:
        create_ring(self.instance, check_ring(ring_id), by=self.call.by)
        return self.answer()

    def delete(self, request: Request, ring_id: str) -> Response:
        is_forced = boolean(request.GET, FORCE)
        if is_forced and has_keys(self.instance, ring_id):
            self.call.require(PATCH, {**self.instance_attributes(), "resourceType": "key", "keyRing": ring_id})
        delete_ring(self.instance, ring_id, force=is_forced, by=self.call.by)
        return self.answer()
