"""The operations that issue credentials, and the kinds of credentials."""

from controlplane.activity.events import ASSUME_LOGIN, COMPUTE_RESOURCE_LOGIN, IDENTITY_TOKEN_CREATE, METADATA_LOGIN
from identity.events import (
    API_KEY_LOGIN,
    CERTIFICATE_RENEW,
    METADATA_CERTIFICATE_CREATE,
    REFRESH_LOGIN,
    SERVICE_ID_LOGIN,
)

KINDS = {
    IDENTITY_TOKEN_CREATE: "identity_token",
    METADATA_LOGIN: "iam_token",
    API_KEY_LOGIN: "iam_token",
    SERVICE_ID_LOGIN: "iam_token",
    REFRESH_LOGIN: "iam_token",
    COMPUTE_RESOURCE_LOGIN: "iam_token",
    ASSUME_LOGIN: "iam_token",
    METADATA_CERTIFICATE_CREATE: "certificate",
    CERTIFICATE_RENEW: "certificate",
}
"""Kind of credential by the name of the event."""
