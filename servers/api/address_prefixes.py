"""``/v1/vpcs/{vpc_id}/address_prefixes``."""

from functools import cached_property

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel import timestamps
from controlplane.kernel.fields import StrictBooleanField, StrictCharField, StrictSerializer
from controlplane.kernel.operation import Operation
from servers import events
from servers.addressing import is_within
from servers.api.reference_responses import Hrefs
from servers.api.shared_requests import LONGEST_CIDR, NameField, ReferenceField
from servers.api.shared_responses import IdentifiedReference, NamedReference, collection
from servers.api.vpcs import OneVpcView
from servers.models import AddressPrefix as AddressPrefixRow
from servers.services import address_prefixes


class CreateAddressPrefixBody(StrictSerializer):
    cidr = StrictCharField(max_length=LONGEST_CIDR)
    zone = ReferenceField("name", "href")
    is_default = StrictBooleanField(required=False)
    name = NameField(required=False)


class UpdateAddressPrefixBody(StrictSerializer):
    is_default = StrictBooleanField(required=False)
    name = NameField(required=False)


class AddressPrefix(IdentifiedReference):
    cidr: str
    created_at: str
    has_subnets: bool
    is_default: bool
    zone: NamedReference


class AddressPrefixView(OneVpcView):
    def render(self, prefix: AddressPrefixRow, hrefs: Hrefs) -> AddressPrefix:
        return {
            "cidr": prefix.cidr,
            "created_at": timestamps.seconds(prefix.created_at),
            "has_subnets": any(is_within(subnet, prefix.cidr) for subnet in self.subnets),
            "href": hrefs("vpcs", self.vpc.id, "address_prefixes", prefix.id),
            "id": prefix.id,
            "is_default": prefix.is_default,
            "name": prefix.name,
            "zone": hrefs.zone(prefix.zone),
        }

    @cached_property
    def subnets(self) -> list[str]:
        return list(self.vpc.subnets.values_list("ipv4_cidr_block", flat=True))


class AddressPrefixes(AddressPrefixView):
    operations = {
        "GET": Operation(
            "list_vpc_address_prefixes",
            "is.vpc.address-prefix.list",
            f"{events.ADDRESS_PREFIX}.read",
            answer=collection("AddressPrefixCollection", "address_prefixes", AddressPrefix),
            paged=True,
        ),
        "POST": Operation(
            "create_vpc_address_prefix",
            "is.vpc.address-prefix.create",
            f"{events.ADDRESS_PREFIX}.create",
            recorded_by_service=True,
            status=201,
            body=CreateAddressPrefixBody,
            answer=AddressPrefix,
        ),
    }

    def get(self, request: Request, vpc_id: str) -> Response:
        return self.page("address_prefixes", self.vpc.address_prefixes.all(), self.render)

    def post(self, request: Request, vpc_id: str) -> Response:
        prefix = address_prefixes.create_address_prefix(self.vpc, by=self.by, **self.body)
        return self.answer(self.render(prefix, self.hrefs))


class OneAddressPrefix(AddressPrefixView):
    operations = {
        "GET": Operation(
            "get_vpc_address_prefix",
            "is.vpc.address-prefix.read",
            f"{events.ADDRESS_PREFIX}.read",
            answer=AddressPrefix,
        ),
        "PATCH": Operation(
            "update_vpc_address_prefix",
            "is.vpc.address-prefix.update",
            f"{events.ADDRESS_PREFIX}.update",
            recorded_by_service=True,
            body=UpdateAddressPrefixBody,
            answer=AddressPrefix,
        ),
        "DELETE": Operation(
            "delete_vpc_address_prefix",
            "is.vpc.address-prefix.delete",
            f"{events.ADDRESS_PREFIX}.delete",
            recorded_by_service=True,
            status=204,
        ),
    }

    prefix: AddressPrefixRow

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        self.prefix = self.find(self.vpc.address_prefixes.select_related("vpc"), id=self.kwargs["prefix_id"])

    def get(self, request: Request, vpc_id: str, prefix_id: str) -> Response:
        return self.answer(self.render(self.prefix, self.hrefs))

    def patch(self, request: Request, vpc_id: str, prefix_id: str) -> Response:
        prefix = address_prefixes.update_address_prefix(self.prefix, by=self.by, **self.body)
        return self.answer(self.render(prefix, self.hrefs))

    def delete(self, request: Request, vpc_id: str, prefix_id: str) -> Response:
        address_prefixes.delete_address_prefix(self.prefix, by=self.by)
        return self.answer()
