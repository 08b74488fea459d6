"""Activity events of log-ins, which several apps ask for."""

ASSUME_LOGIN = "iam-identity.profile-assume.login"
COMPUTE_RESOURCE_LOGIN = "iam-identity.profile-computeresource.login"
METADATA_LOGIN = "is.metadata.computeresource-token.read"
PROFILE_LOGINS = (ASSUME_LOGIN, COMPUTE_RESOURCE_LOGIN, METADATA_LOGIN)
"""Log-ins to a trusted profile, of which ``data`` has the id."""
