"""The common base of the views of the IAM APIs."""

from typing import Any, ClassVar, Generic, TypeVar

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel import envelopes
from controlplane.kernel.errors import InvalidValue, MissingValue, NotFound, Target, existing
from controlplane.kernel.etag import require_match
from controlplane.kernel.operation import Parameter, choices
from trustedprofiles import events
from trustedprofiles.api_view import GuardedView
from trustedprofiles.models import AccessGroup, CustomRole, ResourceGroup, ServiceId, ServiceIdGroup, TrustedProfile

R = TypeVar("R", AccessGroup, CustomRole, ResourceGroup, ServiceId, ServiceIdGroup, TrustedProfile)

ACCOUNT_ID, REQUIRED_ACCOUNT_ID = (
    Parameter("account_id", "The account of your token.", required=each, names_resource=True, example="$ACCOUNT_ID")
    for each in (False, True)
)
"""The query parameter that ``IamView`` compares with the caller's account."""
LOCK = Parameter("Entity-Lock", "Whether it is locked from the start.", choices("true", "false"))


class IamView(GuardedView):
    """A view of IAM's APIs. The query parameter ``account_id`` of an operation that has one names the account of the
    token."""

    @property
    def base(self) -> str:
        """Return the URL of the host, without a slash at its end."""
        return self.request.build_absolute_uri("/").rstrip("/")

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        for parameter in self.operation.query if self.operation else ():
            if parameter == ACCOUNT_ID:
                require_own_account(request, self.caller.account_id, required=parameter.required)


class IdentityView(IamView):
    """A view of the IAM identity API (service ``iam-identity``)."""

    envelope = staticmethod(envelopes.iam)
    service_name: ClassVar[str] = "iam-identity"
    body_first: ClassVar[bool] = True  # as IBM's tests of its Go client expect


class RowView(IamView):
    """A view of one record, ``row``, which ``prepare`` sets, or of several of its kind. ``If-Match`` is compared with
    the entity tag of the record where the operation asks for it."""

    row: Any
    render: ClassVar[Any]
    """The record as the API answers it."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.operation and self.operation.if_match:
            require_match(request.headers.get("If-Match"), current=self.row.entity_tag)

    def answer_row(self, row: Any) -> Response:
        """Answer with the record, and with its entity tag where the operation answers with one."""
        return self.answer(self.render(row), etag=row.entity_tag if self.operation and self.operation.etag else "")


class ReadableRowView(RowView):
    """A view that reads its record."""

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.answer_row(self.row)


class DeletableRowView(ReadableRowView):
    """A view that reads and deletes its record."""

    deletion: ClassVar[Any]
    """The service that deletes the record."""

    def delete(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.deletion(self.row, by=Party.of(self.caller))
        return self.answer()


class ResourceView(RowView, Generic[R]):
    """A view of one resource, whose id is in the path, or of something under it.

    A resource of another account looks as if it did not exist.
    """

    model: type[R]
    path_id: ClassVar[str]
    """The variable of the path."""
    missing_code: ClassVar[str | None] = None
    resource: R

    def find(self, id: str) -> R | None:
        return self.model._default_manager.filter(account_id=self.caller.account_id, id=id).first()

    def prepare(self, request: Request) -> None:
        message = f"There is no {self.model._meta.verbose_name} of this id in your account."
        self.resource = existing(self.find(self.kwargs[self.path_id]), message, code=self.missing_code)
        self.row = self.resource

    def resource_attributes(self) -> dict[str, str]:
        return self.resource.policy_attributes

    def target(self) -> Party:
        if hasattr(self, "resource"):
            return events.party_of(self.resource)
        return Party(self.kwargs[self.path_id], type=events.TYPES[self.model])


class ProfileView(ResourceView[TrustedProfile], IdentityView):
    """A view of one trusted profile, or of something under it."""

    model = TrustedProfile
    path_id = "profile_id"


def pop_own_account(body: dict[str, Any], account_id: str) -> dict[str, Any]:
    """Remove ``account_id`` from the body and return it. Raises InvalidValue for any account but the token's."""
    if body.pop("account_id", account_id) != account_id:
        raise InvalidValue("account_id is not the account of your token.", target=Target("account_id"))
    return body


def require_own_account(request: Request, account_id: str, *, required: bool = True) -> None:
    """Check the ``account_id`` of a list. Raises MissingValue without one, NotFound for any but the token's account."""
    value = request.GET.get(ACCOUNT_ID)
    if not value and required:
        raise MissingValue("The account_id query parameter is required.", target=Target(ACCOUNT_ID, "parameter"))
    if value and value != account_id:
        raise NotFound(
            "There is no such account, or your token is of another one.", target=Target(ACCOUNT_ID, "parameter")
        )
