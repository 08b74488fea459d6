"""Registrations of the resources that root keys protect (Key Protect contract, section 2.1)."""

from typing import Any, NoReturn

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.operation import BOOLEAN, OFFSET, Operation, Parameter, limit_parameter
from controlplane.keyprotect import events
from controlplane.keyprotect.api import policy_responses
from controlplane.keyprotect.api.base import RING, KeyProtectView, KeyView
from controlplane.keyprotect.api.policy_responses import REGISTRATION, registration_body
from controlplane.keyprotect.api.responses import collection
from controlplane.keyprotect.api.ring_lists import RingListView
from controlplane.keyprotect.errors import ServiceOnly
from controlplane.keyprotect.list_query import LARGEST_LIMIT
from controlplane.keyprotect.registration_lists import RegistrationQuery, list_registrations, registrations_of

LIMIT = limit_parameter(largest=LARGEST_LIMIT)
TOTAL = Parameter("totalCount", "Whether to answer with the number of all registrations that match.", BOOLEAN)
RESOURCE = Parameter(
    "urlEncodedResourceCRNQuery",
    "Only resources with such a CRN, in which `*` stands for a segment, or for the end of the last one.",
)
PREVENTING = Parameter(
    "preventKeyDeletion", "Only those that prevent the deletion of the key, or that do not.", BOOLEAN
)
QUERY = (LIMIT, OFFSET, RESOURCE, PREVENTING, TOTAL)


class RegistrationListView(KeyProtectView):
    """A view that lists registrations."""

    def answer_list(self, registrations: Any) -> Response:
        """Answer with the page of the registrations that the request asks for."""
        query = RegistrationQuery.parse(self.request.GET)
        page, total = list_registrations(registrations, query)
        more = {"totalCount": total} if query.total_count else {}
        return self.answer(collection(REGISTRATION, map(registration_body, page), **more))


class Registrations(KeyView, RegistrationListView):
    operations = {
        "GET": Operation(
            "get_registrations",
            "kms.registrations.list",
            events.LIST_REGISTRATIONS,
            answer=policy_responses.RegistrationList,
            query=QUERY,
        ),
    }

    def get(self, request: Request, key_id: str) -> Response:
        return self.answer_list(registrations_of(self.instance).filter(key=self.key))


class AllRegistrations(RingListView, RegistrationListView):
    operations = {
        "GET": Operation(
            "get_registrations_all_keys",
            "kms.registrations.list",
            events.LIST_REGISTRATIONS,
            answer=policy_responses.RegistrationList,
            query=QUERY,
            headers=(RING,),
        ),
    }

    def get(self, request: Request) -> Response:
        return self.answer_list(registrations_of(self.instance, rings=self.rings))


class Registration(KeyView):
    """What a service does with a registration. No client of IBM's has these operations."""

    operations = {
        method: Operation(f"{verb}_registration", f"kms.registrations.{verb}", event, status=403, refusals=(403,))
        for method, verb, event in (
            ("POST", "create", events.CREATE_REGISTRATION),
            ("PUT", "write", events.WRITE_REGISTRATION),
            ("PATCH", "merge", events.WRITE_REGISTRATION),
            ("DELETE", "delete", events.DELETE_REGISTRATION),
        )
    }

    def post(self, request: Request, key_id: str, resource_crn: str) -> NoReturn:
        raise ServiceOnly("Only a service of IBM Cloud registers its resources; callers can list registrations.")

    put = patch = delete = post
