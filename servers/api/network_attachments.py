"""``/v1/bare_metal_servers/{id}/network_attachments``."""

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.operation import Operation
from servers import events
from servers.api.base import ServerView
from servers.api.extra_permissions import OF_VIRTUAL_INTERFACES, require_advanced_network
from servers.api.network_connection_requests import CreateAttachmentBody, PatchAttachmentBody, attachment_prototype
from servers.api.network_connection_responses import BareMetalServerNetworkAttachment, attachment_body
from servers.api.shared_responses import collection
from servers.models import NetworkAttachment
from servers.services.attachments import create_attachment, delete_attachment, update_attachment

ACTION = "is.bare-metal-server.network-attachment"


class AttachmentView(ServerView):
    def rows(self) -> QuerySet[NetworkAttachment]:
        return self.server.network_attachments.select_related(
            "virtual_network_interface__subnet", "virtual_network_interface__primary_ip"
        )


class Attachments(AttachmentView):
    operations = {
        "GET": Operation(
            "list_bare_metal_server_network_attachments",
            f"{ACTION}.read",
            f"{events.ATTACHMENT}.read",
            answer=collection(
                "BareMetalServerNetworkAttachmentCollection", "network_attachments", BareMetalServerNetworkAttachment
            ),
            paged=True,
        ),
        "POST": Operation(
            "create_bare_metal_server_network_attachment",
            f"{ACTION}.create",
            f"{events.ATTACHMENT}.create",
            recorded_by_service=True,
            status=201,
            body=CreateAttachmentBody,
            answer=BareMetalServerNetworkAttachment,
            further=OF_VIRTUAL_INTERFACES,
        ),
    }

    def get(self, request: Request, server_id: str) -> Response:
        return self.page(
            "network_attachments", self.rows(), lambda row, hrefs: attachment_body(row, self.server, hrefs)
        )

    def post(self, request: Request, server_id: str) -> Response:
        body = self.body
        require_advanced_network(self.caller, {"network_attachments": [body]}, self.resource_attributes())
        attachment = create_attachment(self.server, attachment_prototype(body), by=self.by)
        return self.answer(attachment_body(attachment, self.server, self.hrefs))


class OneAttachment(AttachmentView):
    operations = {
        "GET": Operation(
            "get_bare_metal_server_network_attachment",
            f"{ACTION}.read",
            f"{events.ATTACHMENT}.read",
            answer=BareMetalServerNetworkAttachment,
        ),
        "PATCH": Operation(
            "update_bare_metal_server_network_attachment",
            f"{ACTION}.update",
            f"{events.ATTACHMENT}.update",
            recorded_by_service=True,
            body=PatchAttachmentBody,
            answer=BareMetalServerNetworkAttachment,
        ),
        "DELETE": Operation(
            "delete_bare_metal_server_network_attachment",
            f"{ACTION}.delete",
            f"{events.ATTACHMENT}.delete",
            recorded_by_service=True,
            status=202,
        ),
    }

    attachment: NetworkAttachment

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        self.attachment = self.find(self.rows(), id=self.kwargs["attachment_id"])

    def get(self, request: Request, server_id: str, attachment_id: str) -> Response:
        return self.answer(attachment_body(self.attachment, self.server, self.hrefs))

    def patch(self, request: Request, server_id: str, attachment_id: str) -> Response:
        attachment = update_attachment(self.server, self.attachment, by=self.by, **self.body)
        return self.answer(attachment_body(attachment, self.server, self.hrefs))

    def delete(self, request: Request, server_id: str, attachment_id: str) -> Response:
        delete_attachment(self.server, self.attachment, by=self.by)
        return self.answer()
