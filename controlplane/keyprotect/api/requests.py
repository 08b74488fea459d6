"""Request bodies of Key Protect, in the form of its API (Key Protect contract, sections 2.2, 2.4 and 4)."""

from typing import Any

from rest_framework import serializers

from controlplane.kernel.fields import StrictBooleanField, StrictCharField, StrictIntegerField, StrictSerializer
from controlplane.keyprotect.errors import BadBody
from controlplane.keyprotect.policies import MOST_NETWORKS
from controlplane.keyprotect.services.import_tokens import LONGEST_LIFETIME, MOST_RETRIEVALS, SHORTEST_LIFETIME

LONGEST_NAME = 90
LONGEST_DESCRIPTION = 240
LONGEST_TEXT = 200_000
"""Characters of a member that another rule limits further."""
LONGEST_RING = 100
LONGEST_WORD = 128
MOST_TAGS = 30
LONGEST_TAG = 30
MOST_ALIASES = 5
MOST_AAD = 126
LONGEST_AAD = 255


def _optional(longest: int = LONGEST_TEXT, **options: Any) -> StrictCharField:
    """Return a field for a text that may be empty, as if it were absent."""
    return StrictCharField(required=False, allow_blank=True, trim_whitespace=False, max_length=longest, **options)


def _list(child: serializers.Field[Any, Any, Any, Any], most: int) -> serializers.ListField:
    return serializers.ListField(child=child, required=False, max_length=most)


class NewCollectionMetadata(StrictSerializer):
    collectionType = StrictCharField(max_length=LONGEST_TEXT, trim_whitespace=False)
    collectionTotal = StrictIntegerField()


class NewKey(StrictSerializer):
    """Keys imported with an import token have ``encryptedNonce`` and ``iv``."""

    type = _optional()
    name = StrictCharField(min_length=2, max_length=LONGEST_NAME, trim_whitespace=False)
    description = _optional(LONGEST_DESCRIPTION)
    aliases = _list(StrictCharField(max_length=LONGEST_NAME, trim_whitespace=False), MOST_ALIASES)
    tags = _list(StrictCharField(allow_blank=True, max_length=LONGEST_TAG, trim_whitespace=False), MOST_TAGS)
    expirationDate = _optional()
    extractable = StrictBooleanField(required=False)
    payload = _optional()
    encryptedNonce = _optional()
    iv = _optional()
    encryptionAlgorithm = _optional()


class Collection(StrictSerializer):
    """A collection: its subclasses declare ``resources``."""

    metadata = NewCollectionMetadata()

    @classmethod
    def check(cls, data: Any, **options: Any) -> dict[str, Any]:
        """Return the validated members. Raises BadBody without the metadata, and Refusals."""
        if not data.get("metadata", {}).keys() >= NewCollectionMetadata().fields.keys():
            raise BadBody("Request body is not valid: CollectionMetadata is empty")
        return super().check(data, **options)


class KeyCreation(Collection):
    """A collection of one key."""

    resources = NewKey(many=True)


class RestoredKey(NewKey):
    """A key with the members that its creation had, any of them."""

    name = _optional()


class KeyRestoration(StrictSerializer):
    """An old form: nothing of it is needed."""

    metadata = NewCollectionMetadata(required=False)
    resources = RestoredKey(many=True, required=False)


class RotationOfKey(StrictSerializer):
    """``enabled`` is true unless the request says otherwise. A month has 30 days."""

    enabled = StrictBooleanField(required=False)
    interval_month = StrictIntegerField(required=False)


class DualAuthDeleteOfKey(StrictSerializer):
    """``enabled`` is true unless the request says otherwise."""

    enabled = StrictBooleanField(required=False)


class NewKeyWithPolicies(NewKey):
    rotation = RotationOfKey(required=False)
    dualAuthDelete = DualAuthDeleteOfKey(required=False)


class KeyCreationWithOverrides(Collection):
    """A collection of one key, with its policies."""

    resources = NewKeyWithPolicies(many=True)


class NewKeyPolicy(StrictSerializer):
    """One of ``rotation`` and ``dualAuthDelete``."""

    type = _optional()
    rotation = RotationOfKey(required=False)
    dualAuthDelete = DualAuthDeleteOfKey(required=False)


class KeyPolicies(Collection):
    resources = NewKeyPolicy(many=True)


class InstancePolicyAttributes(StrictSerializer):
    """Each kind of policy has some of them."""

    interval_month = StrictIntegerField(required=False)
    allowed_network = StrictCharField(required=False, max_length=LONGEST_WORD)
    allowed_ip = _list(StrictCharField(max_length=LONGEST_WORD), MOST_NETWORKS)
    create_root_key = StrictBooleanField(required=False)
    create_standard_key = StrictBooleanField(required=False)
    import_root_key = StrictBooleanField(required=False)
    import_standard_key = StrictBooleanField(required=False)
    enforce_token = StrictBooleanField(required=False)


class InstancePolicyData(StrictSerializer):
    enabled = StrictBooleanField()
    attributes = InstancePolicyAttributes(required=False)


class NewInstancePolicy(StrictSerializer):
    policy_type = StrictCharField(max_length=LONGEST_WORD)
    policy_data = InstancePolicyData()


class InstancePolicies(Collection):
    resources = NewInstancePolicy(many=True)


class NewImportToken(StrictSerializer):
    """``expiration`` is in seconds, 300 to 86,400, 600 by default; ``maxAllowedRetrievals`` is 1 to 500, 1 by
    default."""

    expiration = StrictIntegerField(required=False, min_value=SHORTEST_LIFETIME, max_value=LONGEST_LIFETIME)
    maxAllowedRetrievals = StrictIntegerField(required=False, min_value=1, max_value=MOST_RETRIEVALS)


class KeyPatch(StrictSerializer):
    keyRingID = StrictCharField(max_length=LONGEST_RING, trim_whitespace=False)


class KeyMaterial(StrictSerializer):
    """New material, for an imported key."""

    payload = _optional()
    encryptedNonce = _optional()
    iv = _optional()
    encryptionAlgorithm = _optional()


class KeyWrap(StrictSerializer):
    """Without ``plaintext``, a data key is made."""

    plaintext = _optional()
    aad = _list(StrictCharField(allow_blank=True, max_length=LONGEST_AAD, trim_whitespace=False), MOST_AAD)


class KeyUnwrap(StrictSerializer):
    ciphertext = StrictCharField(max_length=LONGEST_TEXT, trim_whitespace=False)
    aad = _list(StrictCharField(allow_blank=True, max_length=LONGEST_AAD, trim_whitespace=False), MOST_AAD)
