"""What verifiers of certificates ask: not JSON, but what their standards say."""

from controlplane.apidocs.json_schema import BYTES, Schema
from controlplane.apidocs.plain_views import Door
from identity.pki import views as pki

PKI = "Certificates"
ISSUER: Schema = {
    "name": "issuer",
    "in": "path",
    "required": True,
    "description": "Id of the authority's key; its certificates name it in their issuer's address.",
    "schema": {"type": "string", "pattern": "^[-0-9A-Za-z_]+$", "maxLength": 128},
}
QUESTION: Schema = {
    "name": "question",
    "in": "path",
    "required": True,
    "description": "An OCSP request, DER in base64.",
    "schema": {"type": "string", "minLength": 1, "contentEncoding": "base64"},
}

PKI_DOORS = (
    Door(
        path="/pki/ca-bundle.pem",
        method="get",
        name="get_ca_bundle",
        tag=PKI,
        summary="The root certificates that a chain may end in",
        answer=bytes,
        answer_type=pki.BUNDLE,
    ),
    Door(
        path="/pki/intermediates.pem",
        method="get",
        name="get_intermediates",
        tag=PKI,
        summary="The intermediate certificates that a chain may pass, the next one included",
        answer=bytes,
        answer_type=pki.BUNDLE,
    ),
    Door(
        path="/pki/{issuer}.cer",
        method="get",
        name="get_authority_certificate",
        tag=PKI,
        summary="The certificate of a root or intermediate authority",
        answer=bytes,
        answer_type=pki.CERTIFICATE,
        refusals=(404,),
        parameters=(ISSUER,),
    ),
    Door(
        path="/pki/{issuer}.crl",
        method="get",
        name="get_revocation_list",
        tag=PKI,
        summary="What an authority has revoked (RFC 5280)",
        answer=bytes,
        also={304: None},
        answer_type=pki.REVOCATION_LIST,
        refusals=(404,),
        parameters=(ISSUER,),
    ),
    Door(
        path="/pki/ocsp",
        method="post",
        name="ask_certificate_status",
        tag=PKI,
        summary="Whether a certificate is good (OCSP, RFC 6960)",
        description="What is no OCSP request is answered with `malformedRequest`, and with status 200 all the same.",
        answer=bytes,
        answer_type=pki.OCSP_RESPONSE,
        body=BYTES,
        body_type=pki.OCSP_REQUEST,
    ),
    Door(
        path="/pki/ocsp/{question}",
        method="get",
        name="get_certificate_status",
        tag=PKI,
        summary="Whether a certificate is good (OCSP over GET)",
        answer=bytes,
        answer_type=pki.OCSP_RESPONSE,
        parameters=(QUESTION,),
    ),
)
