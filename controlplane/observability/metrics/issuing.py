"""The operations that issue credentials, and the kinds of credentials."""

from identity.services import certificate_renewal, certificates, grants, iam_tokens, identity_tokens

KINDS = {
    identity_tokens.EVENT: "identity_token",
    iam_tokens.EXCHANGE_EVENT: "iam_token",
    grants.APIKEY_LOGIN: "iam_token",
    grants.SERVICE_ID_LOGIN: "iam_token",
    grants.REFRESH_LOGIN: "iam_token",
    grants.COMPUTE_RESOURCE_LOGIN: "iam_token",
    grants.ASSUME_LOGIN: "iam_token",
    certificates.EVENT: "certificate",
    certificate_renewal.EVENT: "certificate",
}
"""Kind of credential by the name of the event."""
