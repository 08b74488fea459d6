"""``/v1/public_gateways``."""

from typing import Any, Literal

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel import timestamps
from controlplane.kernel.fields import StrictCharField, StrictSerializer
from controlplane.kernel.operation import Operation
from servers import events
from servers.api.base import OF_RESOURCE_GROUP, VpcView
from servers.api.reference_responses import Hrefs, resource_group
from servers.api.shared_requests import NameField, ReferenceField, RenameBody
from servers.api.shared_responses import (
    FloatingIPReference,
    InVpc,
    NamedReference,
    PublicGatewayReference,
    collection,
)
from servers.models import PublicGateway as Row
from servers.services import public_gateways as services
from servers.services.public_gateways import FloatingIPPrototype
from servers.services.resource_changes import rename

ACTION = EVENT = events.PUBLIC_GATEWAY
IDENTITIES = ("id", "crn", "href", "address")


class FloatingIpBody(StrictSerializer):
    """One of IDENTITIES names a floating IP that exists; without any, one is made."""

    id = StrictCharField(required=False)
    crn = StrictCharField(required=False)
    href = StrictCharField(required=False)
    address = StrictCharField(required=False)
    name = NameField(required=False)
    resource_group = ReferenceField("id", required=False)

    def validate(self, attrs: dict[str, Any]) -> Any:
        if attrs.keys() & set(IDENTITIES):
            return FloatingIPPrototype(existing=ReferenceField(*IDENTITIES).within(self).to_internal_value(attrs))
        return FloatingIPPrototype(**attrs)


class CreatePublicGatewayBody(StrictSerializer):
    vpc = ReferenceField("id", "crn", "href")
    zone = ReferenceField("name", "href")
    floating_ip = FloatingIpBody(required=False)
    name = NameField(required=False)
    resource_group = ReferenceField("id", required=False)


class PublicGateway(PublicGatewayReference, InVpc):
    floating_ip: FloatingIPReference
    status: Literal["available", "deleting", "failed", "pending"]
    zone: NamedReference


def public_gateway_body(gateway: Row, hrefs: Hrefs) -> PublicGateway:
    return {
        **hrefs.public_gateway(gateway),
        "created_at": timestamps.seconds(gateway.created_at),
        "floating_ip": hrefs.floating_ip(gateway.floating_ip),
        "resource_group": resource_group(gateway.resource_group),
        "status": "available",
        "vpc": hrefs.vpc(gateway.vpc),
        "zone": hrefs.zone(gateway.zone),
    }


def gateways_with_parts(rows: QuerySet[Row]) -> QuerySet[Row]:
    """Return the rows with everything that ``public_gateway_body`` shows."""
    return rows.select_related("resource_group", "vpc", "floating_ip")


class PublicGatewayView(VpcView):
    def rows(self) -> QuerySet[Row]:
        return gateways_with_parts(self.own(Row))


class PublicGateways(PublicGatewayView):
    operations = {
        "GET": Operation(
            "list_public_gateways",
            f"{ACTION}.list",
            f"{EVENT}.read",
            answer=collection("PublicGatewayCollection", "public_gateways", PublicGateway),
            lists=Row,
            paged=True,
            query=(*OF_RESOURCE_GROUP,),
        ),
        "POST": Operation(
            "create_public_gateway",
            f"{ACTION}.create",
            f"{EVENT}.create",
            recorded_by_service=True,
            status=201,
            body=CreatePublicGatewayBody,
            answer=PublicGateway,
        ),
    }

    def get(self, request: Request) -> Response:
        rows = self.filtered(self.rows(), OF_RESOURCE_GROUP)
        return self.page("public_gateways", rows, public_gateway_body)

    def post(self, request: Request) -> Response:
        gateway = services.create_public_gateway(self.account, region=self.region, by=self.by, **self.body)
        return self.answer(public_gateway_body(gateway, self.hrefs))


class OnePublicGateway(PublicGatewayView):
    operations = {
        "GET": Operation("get_public_gateway", f"{ACTION}.read", f"{EVENT}.read", answer=PublicGateway),
        "PATCH": Operation(
            "update_public_gateway",
            f"{ACTION}.update",
            f"{EVENT}.update",
            recorded_by_service=True,
            body=RenameBody,
            answer=PublicGateway,
        ),
        "DELETE": Operation(
            "delete_public_gateway", f"{ACTION}.delete", f"{EVENT}.delete", recorded_by_service=True, status=204
        ),
    }

    gateway: Row

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        self.about = self.gateway = self.find(self.rows(), id=self.kwargs["gateway_id"])

    def get(self, request: Request, gateway_id: str) -> Response:
        return self.answer(public_gateway_body(self.gateway, self.hrefs))

    def patch(self, request: Request, gateway_id: str) -> Response:
        gateway = rename(self.gateway, event=f"{EVENT}.update", by=self.by, **self.body)
        return self.answer(public_gateway_body(gateway, self.hrefs))

    def delete(self, request: Request, gateway_id: str) -> Response:
        services.delete_public_gateway(self.gateway, by=self.by)
        return self.answer()
