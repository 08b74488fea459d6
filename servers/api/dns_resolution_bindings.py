"""``/v1/vpcs/{vpc_id}/dns_resolution_bindings``: a hub has one for each bound VPC, any other VPC at most one."""

from typing import Any, Literal

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel import timestamps
from controlplane.kernel.fields import StrictSerializer
from controlplane.kernel.operation import NAME, Operation, Parameter
from servers import events
from servers.api.extra_permissions import require_on
from servers.api.list_orders import BY_NAME_OR_AGE, SORT_BY_NAME_OR_AGE, order_of
from servers.api.reference_responses import Hrefs
from servers.api.shared_requests import NameField, ReferenceField, RenameBody
from servers.api.shared_responses import IdentifiedReference, VPCReference, collection
from servers.api.vpcs import OneVpcView
from servers.models import VPC
from servers.models import DnsResolutionBinding as Row
from servers.selectors import of_crn
from servers.services import dns_resolution_bindings as services

BINDING = EVENT = events.DNS_RESOLUTION_BINDING
VPC_CRN, VPC_NAME, ACCOUNT = map(Parameter, ("vpc.crn", "vpc.name", "account.id"))
CONNECT, DISCONNECT = f"{BINDING}.connect", f"{BINDING}.disconnect"


class CreateBindingBody(StrictSerializer):
    vpc = ReferenceField("id", "crn", "href")
    name = NameField(required=False)


class VPCDNSResolutionBinding(IdentifiedReference):
    created_at: str
    endpoint_gateways: list[Any]
    health_reasons: list[Any]
    health_state: Literal["inapplicable", "ok"]
    lifecycle_state: Literal["deleting", "stable"]
    resource_type: Literal["vpc_dns_resolution_binding"]
    vpc: VPCReference


def binding_body(binding: Row, hrefs: Hrefs) -> VPCDNSResolutionBinding:
    return {
        "created_at": timestamps.seconds(binding.created_at),
        "endpoint_gateways": [],
        "health_reasons": [],
        "health_state": "ok",
        "href": hrefs("vpcs", binding.vpc.id, "dns_resolution_bindings", binding.id),
        "id": binding.id,
        "lifecycle_state": "stable",
        "name": binding.name,
        "resource_type": "vpc_dns_resolution_binding",
        "vpc": hrefs.vpc(binding.other),
    }


class BindingView(OneVpcView):
    def bindings(self) -> QuerySet[Row]:
        return self.vpc.dns_resolution_bindings.select_related("vpc", "other")


class DnsResolutionBindings(BindingView):
    operations = {
        "GET": Operation(
            "list_vpc_dns_resolution_bindings",
            f"{BINDING}.list",
            f"{EVENT}.list",
            answer=collection("VPCDNSResolutionBindingCollection", "dns_resolution_bindings", VPCDNSResolutionBinding),
            paged=True,
            query=(SORT_BY_NAME_OR_AGE, NAME, VPC_CRN, VPC_NAME, ACCOUNT),
        ),
        "POST": Operation(
            "create_vpc_dns_resolution_binding",
            f"{BINDING}.create",
            f"{EVENT}.create",
            recorded_by_service=True,
            status=201,
            body=CreateBindingBody,
            answer=VPCDNSResolutionBinding,
            further=(CONNECT,),
            conflicts=False,
        ),
    }

    def get(self, request: Request, vpc_id: str) -> Response:
        rows = self.filtered(self.bindings(), {NAME: "name", VPC_NAME: "other__name"})
        if crn := request.GET.get(VPC_CRN):
            rows = rows.filter(other__in=of_crn(VPC.objects.all(), crn))
        if ACCOUNT in request.GET:  # selects another account's, and there are none
            rows = rows.none()
        return self.page("dns_resolution_bindings", rows, binding_body, order=order_of(request, BY_NAME_OR_AGE))

    def post(self, request: Request, vpc_id: str) -> Response:
        body = self.body
        hub = services.find_hub(self.vpc, body.pop("vpc"))
        require_on(self.caller, CONNECT, hub.policy_attributes, path="vpc")
        binding = services.create_binding(self.vpc, hub=hub, by=self.by, **body)
        return self.answer(binding_body(binding, self.hrefs))


class OneDnsResolutionBinding(BindingView):
    operations = {
        "GET": Operation(
            "get_vpc_dns_resolution_binding", f"{BINDING}.read", f"{EVENT}.read", answer=VPCDNSResolutionBinding
        ),
        "PATCH": Operation(
            "update_vpc_dns_resolution_binding",
            f"{BINDING}.update",
            f"{EVENT}.update",
            recorded_by_service=True,
            body=RenameBody,
            answer=VPCDNSResolutionBinding,
            conflicts=False,
        ),
        "DELETE": Operation(
            "delete_vpc_dns_resolution_binding",
            f"{BINDING}.delete",
            f"{EVENT}.delete",
            recorded_by_service=True,
            status=202,
            answer=VPCDNSResolutionBinding,
            further=(DISCONNECT,),
        ),
    }

    binding: Row

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        self.binding = self.find(self.bindings(), id=self.kwargs["binding_id"])

    def get(self, request: Request, vpc_id: str, binding_id: str) -> Response:
        return self.answer(binding_body(self.binding, self.hrefs))

    def patch(self, request: Request, vpc_id: str, binding_id: str) -> Response:
        binding = services.rename_binding(self.binding, by=self.by, **self.body)
        return self.answer(binding_body(binding, self.hrefs))

    def delete(self, request: Request, vpc_id: str, binding_id: str) -> Response:
        """Delete the binding, which disconnects another VPC when it is deleted from the hub.

        Source: IBM, "DNS sharing planning considerations".
        """
        if self.vpc.enable_hub:
            require_on(self.caller, DISCONNECT, self.resource_attributes())
        services.delete_binding(self.binding, by=self.by)
        over = binding_body(self.binding, self.hrefs)
        return self.answer(over | {"health_state": "inapplicable", "lifecycle_state": "deleting"})
