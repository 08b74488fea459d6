"""The operations of the metadata service: IBM's three, and fetching certificates, which IBM Cloud does not have."""

from collections.abc import Callable
from typing import TypedDict

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from controlplane.activity.events import IDENTITY_TOKEN_CREATE, METADATA_LOGIN
from controlplane.deployment.api_version import API_VERSION
from controlplane.kernel import clock, envelopes, timestamps
from controlplane.kernel.errors import NotFound
from controlplane.kernel.facts import ServerFacts
from identity import csr
from identity.events import METADATA_CERTIFICATE_CREATE, METADATA_CERTIFICATE_READ
from identity.inside import requests
from identity.inside.operation import MetadataOperation, OperationsByMethod, metadata_route
from identity.services import certificates, iam_tokens, identity_tokens


class IssuedToken(TypedDict):
    """An identity token or an IAM token; times are RFC 3339, ``expires_in`` is in seconds."""

    access_token: str
    created_at: str
    expires_at: str
    expires_in: int


class IssuedCertificate(TypedDict):
    """The leaf and its intermediate in PEM; ``expires_in`` is in seconds."""

    certificates: list[str]
    created_at: str
    expires_at: str
    expires_in: int
    id: str


class CurrentCertificate(IssuedCertificate):
    """A certificate that was issued before. `renewed`: whether by rotation, not on request. `renewal_due_at` is
    null when it will not be renewed."""

    public_key_sha256: str
    renewed: bool
    renewal_due_at: str | None


class CurrentCertificates(CurrentCertificate):
    """The latest valid certificate of the server, and those of its `other_keys`."""

    other_keys: list[CurrentCertificate]


def put_token(request: HttpRequest, facts: ServerFacts) -> IssuedToken:
    requests.require_flavor(request.META)
    body = requests.read(request.body, requests.TOKEN_BODY)
    token = identity_tokens.create_identity_token(
        facts, lifetime=requests.TOKEN_LIFETIME.read(body), nonce=requests.nonce(body), now=clock.now()
    )
    return _token_body(token)


def post_iam_token(request: HttpRequest, facts: ServerFacts) -> IssuedToken:
    now = clock.now()
    verified = identity_tokens.verify_identity_token(requests.bearer(request.META), facts=facts, now=now)
    body = requests.read(request.body, requests.IAM_TOKEN_BODY)
    token = iam_tokens.exchange_identity_token(verified, facts=facts, selector=requests.profile_selector(body), now=now)
    return _token_body(token)


def post_certificate(request: HttpRequest, facts: ServerFacts) -> IssuedCertificate:
    now = clock.now()
    identity_tokens.verify_identity_token(requests.bearer(request.META), facts=facts, now=now)
    body = requests.read(request.body, requests.CERTIFICATE_BODY)
    pem = requests.signing_request(body)
    lifetime = requests.CERTIFICATE_LIFETIME.read(body)
    return _chain_body(certificates.create_certificate(csr.check(pem), facts=facts, lifetime=lifetime, now=now))


def get_certificates(request: HttpRequest, facts: ServerFacts) -> CurrentCertificates:
    now = clock.now()
    identity_tokens.verify_identity_token(requests.bearer(request.META), facts=facts, now=now)
    latest, *others = map(_current_body, certificates.current_chains(facts, now=now))
    return {**latest, "other_keys": others}


def _chain_body(chain: certificates.IssuedChain) -> IssuedCertificate:
    return {
        "certificates": chain.certificates,
        "created_at": timestamps.milliseconds(chain.created_at),
        "expires_at": timestamps.milliseconds(chain.expires_at),
        "expires_in": chain.lifetime,
        "id": chain.id,
    }


def _current_body(chain: certificates.CurrentChain) -> CurrentCertificate:
    due_at = chain.renewal_due_at
    return {
        **_chain_body(chain),
        "public_key_sha256": chain.public_key_sha256,
        "renewed": chain.renewed,
        "renewal_due_at": timestamps.milliseconds(due_at) if due_at else None,
    }


def _token_body(issued: identity_tokens.IssuedToken) -> IssuedToken:
    """Return the body of an issued token, always with all four fields, because an SDK core reads them without a check,
    ``access_token`` first."""
    return {
        "access_token": issued.token,
        "created_at": timestamps.milliseconds(issued.created_at),
        "expires_at": timestamps.milliseconds(issued.expires_at),
        "expires_in": issued.lifetime,
    }


token = MetadataOperation(
    metadata_route(
        method="PUT",
        name="create_identity_token",
        summary="Create an identity token of the calling server",
        answer=IssuedToken,
        refusals=(400, 403, 500),
        body=requests.TOKEN_BODY,
        headers=(requests.FLAVOR_HEADER,),
        security="",
    ),
    IDENTITY_TOKEN_CREATE,
    put_token,
)
iam_token = MetadataOperation(
    metadata_route(
        method="POST",
        name="create_iam_token",
        summary="Exchange an identity token for an IAM access token, through a trusted profile",
        answer=IssuedToken,
        body=requests.IAM_TOKEN_BODY,
    ),
    METADATA_LOGIN,
    post_iam_token,
)
certificate = OperationsByMethod(
    MetadataOperation(
        metadata_route(
            method="POST",
            name="create_identity_certificate",
            summary="Certify a key of the calling server",
            answer=IssuedCertificate,
            body=requests.CERTIFICATE_BODY,
            body_required=True,
        ),
        METADATA_CERTIFICATE_CREATE,
        post_certificate,
    ),
    MetadataOperation(
        metadata_route(
            method="GET",
            name="get_identity_certificates",
            summary="Fetch the latest valid certificate of each key of the calling server",
            description="IBM Cloud has no such operation.",
            answer=CurrentCertificates,
            refusals=(400, 401, 403, 404, 500),
        ),
        METADATA_CERTIFICATE_READ,
        get_certificates,
    ),
)


def old_name(operation: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Return the view of ``/instance_identity``, the old name of an operation.

    It answers 404 on bare metal, unless BAREMINT_INSTANCE_IDENTITY=allow and the version is an old one. All four SDK
    cores default to the version date that leads here, so the message says what to set.
    """

    def view(request: HttpRequest) -> HttpResponse:
        version = request.GET.get("version", "")
        if settings.BAREMINT_INSTANCE_IDENTITY == "allow" and version < API_VERSION:
            return operation(request)
        return envelopes.json_response(
            NotFound(
                "Bare metal servers have no /instance_identity; it is /identity with "
                f"version={API_VERSION}. In an IBM SDK set <SERVICE>_VPC_IMS_VERSION={API_VERSION} "
                f"(Node: <SERVICE>_SERVICE_VERSION={API_VERSION}) or its service version option."
            )
        )

    view.csrf_exempt = True  # type: ignore[attr-defined]
    return view
