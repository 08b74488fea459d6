"""Activity events of API keys and the people of an account, of keys, tokens and certificates.

IBM publishes create, update and delete of them (IBM Cloud docs, "Activity tracking events for IAM"); locking and
disabling are updates there. Reads follow the same pattern. Those of user management are IBM's.
"""

from trustedprofiles.models.service_id import is_service_id

USER_KEY = "iam-identity.user-apikey"
SERVICE_ID_KEY = "iam-identity.serviceid-apikey"
CHANGES = ("create", "update")
API_KEY_CHANGES = tuple(f"{kind}.{verb}" for kind in (USER_KEY, SERVICE_ID_KEY) for verb in CHANGES)
"""The actions that make up an API key's history."""

USERS_LIST = "user-management.cloud-user.list"
USER_INVITE = "user-management.user.invite"
USER_READ = "user-management.user.read"
USER_UPDATE = "user-management.user.update"
USER_DELETE = "user-management.user.delete"
USER_SETTING_READ = "user-management.user-setting.read"
USER_SETTING_UPDATE = "user-management.user-setting.update"

API_KEY_LOGIN = "iam-identity.user-apikey.login"
SERVICE_ID_LOGIN = "iam-identity.serviceid-apikey.login"
REFRESH_LOGIN = "iam-identity.user-refreshtoken.login"

METADATA_CERTIFICATE_CREATE = "is.metadata.certificate.create"
METADATA_CERTIFICATE_READ = "is.metadata.certificate.read"
METADATA_SERVER_READ = "is.metadata.bare-metal-server.read"
METADATA_INITIALIZATION_READ = "is.metadata.initialization.read"

CERTIFICATE_LIST = "baremint.certificate.list"
CERTIFICATE_READ = "baremint.certificate.read"
CERTIFICATE_RENEW = "baremint.certificate.renew"
CERTIFICATE_REVOKE = "baremint.certificate.revoke"
CERTIFICATE_ROTATION_READ = "baremint.certificate-rotation.read"
CERTIFICATE_ROTATION_UPDATE = "baremint.certificate-rotation.update"
REVOCATION_LIST_READ = "baremint.revocation-list.read"

KEY_LIST = "baremint.key.list"
KEY_PREPARE = "baremint.key.prepare"
KEY_ROTATE = "baremint.key.rotate"
KEY_ASK_ROTATION = "baremint.key.ask-rotation"
KEY_RETIRE = "baremint.key.retire"
KEY_DISCARD = "baremint.key.discard"
KEK_ROTATE = "baremint.kek.rotate"


def api_key_event(verb: str, iam_id: str) -> str:
    """Return the action of an event, such as ``iam-identity.user-apikey.create``, or that for a service ID's key."""
    return f"{SERVICE_ID_KEY if is_service_id(iam_id) else USER_KEY}.{verb}"
