"""``/v1/profiles/{id}/identities``."""

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel.errors import InvalidValue, NotFound, ReferenceNotFound, Target
from controlplane.kernel.operation import Operation, Parameter, choices
from trustedprofiles import events
from trustedprofiles.api import identity_responses
from trustedprofiles.api.base import DeletableRowView, ProfileView, ReadableRowView
from trustedprofiles.api.identity_requests import IdentitiesBody, IdentityBody
from trustedprofiles.api.identity_responses import identity_body
from trustedprofiles.models import ProfileIdentity, TrustedProfile
from trustedprofiles.services import identities


class Identities(ReadableRowView, ProfileView):
    operations = {
        "GET": Operation(
            "get_profile_identities",
            "iam-identity.profile.read",
            f"{events.IDENTITY}.read",
            answer=identity_responses.ProfileIdentitiesResponse,
            etag=True,
        ),
        "PUT": Operation(
            "set_profile_identities",
            "iam-identity.profile.linkToResource",
            f"{events.IDENTITY}.update",
            recorded_by_service=True,
            body=IdentitiesBody,
            answer=identity_responses.ProfileIdentitiesResponse,
            etag=True,
            if_match="required",
            also=("iam-identity.profile.update",),
        ),
    }

    def put(self, request: Request, profile_id: str) -> Response:
        content = [identities.IdentityContent(**each) for each in self.body.get("identities", [])]
        identities.replace_identities(self.resource, identities=content, by=Party.of(self.caller))
        return self.answer_row(self.resource)

    def render(self, row: TrustedProfile) -> identity_responses.ProfileIdentitiesResponse:
        rows = row.identities.order_by("id")
        return {"entity_tag": row.entity_tag, "identities": [identity_body(identity) for identity in rows]}


class IdentityView(ProfileView):
    """A view of the identities of one type."""

    path_parameters = (
        Parameter("identity_type", "Type of the identity.", choices(*ProfileIdentity.Type.values)),
        Parameter("identifier_id", "Id of the identifier."),
    )

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        if self.kwargs["identity_type"] not in ProfileIdentity.Type.values:
            raise NotFound(f"Identities are of the types {', '.join(ProfileIdentity.Type.values)}.")


class IdentitiesOfType(IdentityView):
    operations = {
        "POST": Operation(
            "set_profile_identity",
            "iam-identity.profile.linkToResource",
            f"{events.IDENTITY}.create",
            recorded_by_service=True,
            body=IdentityBody,
            answer=identity_responses.ProfileIdentityResponse,
            also=("iam-identity.profile.update",),
        ),
    }

    def post(self, request: Request, profile_id: str, identity_type: str) -> Response:
        content = identities.IdentityContent(**self.body)
        if content.type != identity_type:
            raise InvalidValue(f"type is not {identity_type}, as the path says.", target=Target("type"))
        identity = identities.set_identity(self.resource, identity=content, by=Party.of(self.caller))
        return self.answer(identity_body(identity))


class OneIdentity(DeletableRowView, IdentityView):
    operations = {
        "GET": Operation(
            "get_profile_identity",
            "iam-identity.profile.read",
            f"{events.IDENTITY}.read",
            answer=identity_responses.ProfileIdentityResponse,
        ),
        "DELETE": Operation(
            "delete_profile_identity",
            "iam-identity.profile.update",
            f"{events.IDENTITY}.delete",
            recorded_by_service=True,
            status=204,
        ),
    }

    deletion = staticmethod(identities.delete_identity)
    render = staticmethod(identity_body)

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        keys = {"type": self.kwargs["identity_type"], "identifier": self.kwargs["identifier_id"]}
        identity = ProfileIdentity.objects.select_related("profile").filter(profile=self.resource, **keys).first()
        if identity is None:
            # IBM answers a read with 400: the provider's acceptance tests of ibm_iam_trusted_profile_identity need it.
            missing = ReferenceNotFound if request.method == "GET" else NotFound
            raise missing("The trusted profile has no such identity.")
        self.row = identity
