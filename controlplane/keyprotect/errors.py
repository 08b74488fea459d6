"""The refusals of Key Protect (Key Protect contract, section 3)."""

from controlplane.kernel.errors import ApiError, Target


class KeyProtectError(ApiError):
    """A refusal with a code of Key Protect."""

    failure = ""
    """What the operation could not do, ``Key could not be created``. The view sets it."""

    @property
    def has_reason(self) -> bool:
        """Whether the envelope lists the reason beside the message."""
        return True


class BadHeader(KeyProtectError, status=400, code="BAD_HEADER_ERR"):
    """A required header is missing, doubled or malformed."""


class BadBody(KeyProtectError, status=400, code="BAD_BODY_ERR"):
    """The body is not JSON of the right form, or has an unknown member."""


class BodyRequired(KeyProtectError, status=400, code="NO_BODY_ERR"):
    """The operation needs a body."""


class InvalidField(KeyProtectError, status=400, code="INVALID_FIELD_ERR"):
    """A member of the body has a wrong value."""


class InvalidQuery(KeyProtectError, status=400, code="INVALID_QUERY_PARAM_ERR"):
    """A query parameter, or a member that the contract counts as one, has a wrong value."""


class UnreadableSubject(KeyProtectError, status=400, code="BEARER_SUB_EXTRACTION_ERR"):
    """The token is no token of IAM."""


class CollectionTotalMismatch(KeyProtectError, status=400, code="COLLECTION_TOTAL_MISMATCH_ERR"):
    """``collectionTotal`` is not the number of resources in the body."""


class QueryMismatch(KeyProtectError, status=400, code="BODY_QUERY_PARAM_MISMATCH_ERR"):
    """The body has a policy of another kind than the query parameter ``policy`` names."""


class NumberOfResources(KeyProtectError, status=400, code="NUM_COLLECTION_RESOURCE_ERR"):
    """The body has no policy, or more than one of a kind."""


class SearchTooBroad(KeyProtectError, status=400, code="KEY_SEARCH_TOO_BROAD"):
    """Too many keys would have to be searched."""


class RootKeyRequired(KeyProtectError, status=400, code="KEY_ROOT_REQ_ERR"):
    """The operation is possible with root keys only."""


class GeneratedKeyRequired(KeyProtectError, status=400, code="KEY_GEN_REQ_ERR"):
    """The operation is possible with generated keys only, not with imported ones."""


class IncorrectNonce(KeyProtectError, status=400, code="INCORRECT_NONCE_ERR"):
    """The encrypted nonce is not that of the import token."""


class UnreadableNonce(KeyProtectError, status=400, code="INCORRECT_NONCE_IV_ERR"):
    """The encrypted nonce cannot be decrypted with the imported material and the initialization vector."""


class PayloadRequired(KeyProtectError, status=400, code="KEY_PAYLOAD_REQ_ERR"):
    """The rotation of an imported key needs new material."""


class KeyExpired(KeyProtectError, status=400, code="KEY_EXPIRED_ERR"):
    """A key whose expiration date has passed cannot be restored."""


class RestoreExpired(KeyProtectError, status=400, code="KEY_RESTORE_EXPIRED"):
    """A key can be restored for 30 days only."""


class Unauthorized(KeyProtectError, status=401, code="UNAUTHORIZED_ERR"):
    """IAM denies the call, or the instance is not one that this call can reach."""

    @property
    def has_reason(self) -> bool:
        """IBM's answers have none; ours has one where IAM explains its decision."""
        return bool(self.more_info)


class NotAdmitted(Unauthorized):
    """A policy of the instance does not admit the address or the network of the call."""

    @property
    def has_reason(self) -> bool:
        return True


class ServiceOnly(KeyProtectError, status=403, code="SERVICE_ONLY_ERR"):
    """Only a service of IBM Cloud may do this."""


class KeyNotFound(KeyProtectError, status=404, code="KEY_NOT_FOUND_ERR"):
    """The instance has no such key, or has it in another key ring."""


class KeyRingNotFound(KeyProtectError, status=404, code="KEY_RING_NOT_FOUND_ERR"):
    """The instance has no such key ring."""


class AliasNotFound(KeyProtectError, status=404, code="KEY_ALIAS_NOT_FOUND_ERR"):
    """The key has no such alias."""


class ImportTokenNotFound(KeyProtectError, status=404, code="IMPORT_TOKEN_NOT_FOUND_ERR"):
    """The instance has no import token."""


class PathNotFound(KeyProtectError, status=404, code="NOT_FOUND_ERR"):
    """There is nothing at the path."""


class MethodNotAllowed(KeyProtectError, status=405, code="METHOD_NOT_ALLOWED_ERR"):
    """The path has other methods."""


class InvalidState(KeyProtectError, status=409, code="KEY_ACTION_INVALID_STATE_ERR"):
    """The state of the key does not allow the operation."""


class TooEarly(KeyProtectError, status=409, code="REQ_TOO_EARLY_ERR"):
    """A waiting time has not passed."""


class RotationNotPermitted(KeyProtectError, status=409, code="KEY_ROTATION_NOT_PERMITTED"):
    """The key was rotated less than an hour before."""


class ProtectsResources(KeyProtectError, status=409, code="PROTECTED_RESOURCE_ERR"):
    """The key protects resources of other services."""


class DeletionPrevented(KeyProtectError, status=409, code="PREV_KEY_DEL_ERR"):
    """The key protects a resource that must be kept."""


class AuthorizationsNotMet(KeyProtectError, status=409, code="AUTHORIZATIONS_NOT_MET"):
    """Another person has not authorized the deletion."""


class NotDualAuthorized(KeyProtectError, status=409, code="NOT_DUAL_AUTH_ERR"):
    """The key has no policy of dual authorization."""


class LastingPolicy(KeyProtectError, status=409, code="POLICY_CHANGE_ERR"):
    """Dual authorization cannot be taken back."""


class CreationDenied(KeyProtectError, status=409, code="KEY_CREATE_IMPORT_ACCESS_ERR"):
    """A policy of the instance forbids to create or import such a key."""


class ImportTokenExpired(KeyProtectError, status=409, code="IMPORT_TOKEN_EXPIRED_ERR"):
    """The import token has expired, or was retrieved as often as it may be."""


class AliasNotUnique(KeyProtectError, status=409, code="KEY_ALIAS_NOT_UNIQUE_ERR"):
    """A key of the instance has the alias."""


class AliasQuota(KeyProtectError, status=409, code="KEY_ALIAS_QUOTA_ERR"):
    """The key or the instance has as many aliases as it can have."""


class KeyRingExists(KeyProtectError, status=409, code="KEY_RING_ALREADY_EXISTS_ERR"):
    """The instance has a key ring of this id."""


class KeyRingQuota(KeyProtectError, status=409, code="KEY_RING_QUOTA_ERR"):
    """The instance has as many key rings as it can have."""


class KeyRingNotEmpty(KeyProtectError, status=409, code="KEY_RING_NOT_EMPTY_ERR"):
    """The key ring has a key in it."""


class KeyRingKeysNotDeleted(KeyProtectError, status=409, code="KEY_RING_KEYS_NOT_DELETED_ERR"):
    """The key ring has a key in it that is not destroyed."""


class LastingKeyRing(KeyProtectError, status=409, code="KEY_RING_DEFAULT_ERR"):
    """The key ring ``default`` cannot be deleted."""


class Changed(KeyProtectError, status=409, code="CONFLICT_ERR"):
    """Another request changed what this one refers to."""


class KeyDeleted(KeyProtectError, status=410, code="KEY_DELETED_ERR"):
    """The key is deleted already."""


class NotServed(KeyProtectError, status=501, code="FEATURE_RESTRICTED_ERR"):
    """An operation of Key Protect that is not simulated. IBM's status for this code is 403; its Go client repeats a
    5xx, but not a 501."""


class Unavailable(KeyProtectError, status=503, code="SERVICE_UNAVAILABLE_ERR"):
    """IAM or the database does not answer. Clients retry."""


class Broken(KeyProtectError, status=500, code="INTERNAL_ERR"):
    """The service failed."""


def field(name: str) -> Target:
    return Target(name)


def parameter(name: str) -> Target:
    return Target(name, "parameter")


def header(name: str) -> Target:
    return Target(name, "header")
