"""``/v1/profiles/{id}/links``."""

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel.errors import MissingValue, NotFound, Target, existing
from controlplane.kernel.operation import Operation, Parameter, choices
from controlplane.kernel.query_parameters import one_of
from trustedprofiles import events
from trustedprofiles.api import profile_responses
from trustedprofiles.api.base import DeletableRowView, ProfileView
from trustedprofiles.api.profile_requests import LinkCreation
from trustedprofiles.api.profile_responses import link_body
from trustedprofiles.models import ProfileLink
from trustedprofiles.services import links

# Query parameters that select the links to delete, and their columns.
TYPE = Parameter("type", "Compute resource type of the links.", choices(*ProfileLink.CrType.values), required=True)
SELECTORS = {
    Parameter("crn", "Only links to this CRN."): "crn",
    Parameter("namespace", "Only links to this namespace."): "namespace",
    Parameter("name", "Only links to a resource of this name."): "resource_name",
    Parameter("component_type", "Only links to this type of component."): "component_type",
    Parameter("component_name", "Only links to a component of this name."): "component_name",
}


class Links(ProfileView):
    operations = {
        "GET": Operation(
            "list_links", "iam-identity.profile.read", f"{events.LINK}.read", answer=profile_responses.ProfileLinkList
        ),
        "POST": Operation(
            "create_link",
            "iam-identity.profile.linkToResource",
            f"{events.LINK}.create",
            recorded_by_service=True,
            status=201,
            body=LinkCreation,
            answer=profile_responses.ProfileLink,
            etag=True,
            also=("iam-identity.profile.update",),
        ),
        "DELETE": Operation(
            "delete_link_by_parameters",
            "iam-identity.profile.update",
            f"{events.LINK}.delete",
            recorded_by_service=True,
            status=204,
            query=(TYPE, *SELECTORS),
            conflicts=False,
        ),
    }

    def get(self, request: Request, profile_id: str) -> Response:
        rows = self.resource.links.order_by("created_at", "id")
        return self.answer({"links": [link_body(link) for link in rows]})

    def post(self, request: Request, profile_id: str) -> Response:
        content = self.body
        target = content.pop("link")
        target["resource_name"] = target.pop("name", "")
        link = links.create_link(self.resource, **content, **target, by=Party.of(self.caller))
        return self.answer(link_body(link), etag=link.entity_tag)

    def delete(self, request: Request, profile_id: str) -> Response:
        cr_type = one_of(request.GET, TYPE, ProfileLink.CrType.values)
        if cr_type is None:
            raise MissingValue("The type query parameter is required.", target=Target(TYPE, "parameter"))
        picked = {column: request.GET[name] for name, column in SELECTORS.items() if name in request.GET}
        if not links.delete_links(self.resource, cr_type=cr_type, **picked, by=Party.of(self.caller)):
            raise NotFound("The trusted profile has no such link.")
        return self.answer()


class Link(DeletableRowView, ProfileView):
    operations = {
        "GET": Operation(
            "get_link",
            "iam-identity.profile.read",
            f"{events.LINK}.read",
            answer=profile_responses.ProfileLink,
            etag=True,
        ),
        "DELETE": Operation(
            "delete_link",
            "iam-identity.profile.update",
            f"{events.LINK}.delete",
            recorded_by_service=True,
            status=204,
            conflicts=False,
        ),
    }

    deletion = staticmethod(links.delete_link)
    render = staticmethod(link_body)

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        self.row = existing(
            self.resource.links.filter(id=self.kwargs["link_id"]).first(), "The trusted profile has no link of this id."
        )
