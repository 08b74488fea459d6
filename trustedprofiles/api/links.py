"""``/v1/profiles/{id}/links``."""

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel.errors import NotFound
from trustedprofiles import events
from trustedprofiles.api.base import ProfileView
from trustedprofiles.api.serializers import LinkCreation, link_body
from trustedprofiles.models import ProfileLink
from trustedprofiles.permissions import Operation
from trustedprofiles.services import links


class Links(ProfileView):
    operations = {
        "GET": Operation("list_links", "iam-identity.profile.read", events.LINK_READ),
        "POST": Operation("create_link", "iam-identity.profile.linkToResource", events.LINK_CREATE, True),
    }

    def get(self, request: Request, profile_id: str) -> Response:
        rows = self.get_profile().links.order_by("created_at", "id")
        return Response({"links": [link_body(link) for link in rows]})

    def post(self, request: Request, profile_id: str) -> Response:
        profile = self.get_profile()
        asked = LinkCreation.check(request.data)
        target = asked.pop("link")
        target["resource_name"] = target.pop("name", "")
        link = links.create_link(profile, **asked, **target, by=Party.of(self.caller))
        return Response(link_body(link), status=201, headers={"ETag": link.entity_tag})


class Link(ProfileView):
    operations = {
        "GET": Operation("get_link", "iam-identity.profile.read", events.LINK_READ),
        "DELETE": Operation("delete_link", "iam-identity.profile.update", events.LINK_DELETE, True),
    }

    def get(self, request: Request, profile_id: str, link_id: str) -> Response:
        return Response(link_body(self._get_link(link_id)))

    def delete(self, request: Request, profile_id: str, link_id: str) -> Response:
        links.delete_link(self._get_link(link_id), by=Party.of(self.caller))
        return Response(status=204)

    def _get_link(self, link_id: str) -> ProfileLink:
        link = self.get_profile().links.filter(id=link_id).first()
        if link is None:
            raise NotFound("The trusted profile has no link of this id.")
        return link
