"""Names of activity events that several apps use."""

IDENTITY_TOKEN_CREATE = "is.metadata.identity-token.create"  # noqa: S105  an event's name

ASSUME_LOGIN = "iam-identity.profile-assume.login"
COMPUTE_RESOURCE_LOGIN = "iam-identity.profile-computeresource.login"
METADATA_LOGIN = "is.metadata.computeresource-token.read"
PROFILE_LOGINS = (ASSUME_LOGIN, COMPUTE_RESOURCE_LOGIN, METADATA_LOGIN)
"""Log-ins to a trusted profile, of which ``data`` has the id."""
