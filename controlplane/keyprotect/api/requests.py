"""Request bodies of Key Protect, in the form of its API (Key Protect contract, sections 2.2, 2.4 and 4)."""

from typing import Any

from rest_framework import serializers

from controlplane.kernel.fields import (
    DescribedField,
    StrictBooleanField,
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
)
from controlplane.kernel.operation import choices
from controlplane.keyprotect.errors import BadBody
from controlplane.keyprotect.key_requests import KEY_TYPE
from controlplane.keyprotect.material import ALGORITHMS
from controlplane.keyprotect.policies import INSTANCE_POLICIES, MOST_NETWORKS, NETWORKS
from controlplane.keyprotect.policy_requests import POLICY_TYPE
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


class WordField(DescribedField, StrictCharField):
    """One of a few words. What reads it checks it: refusals of other words have codes of their own."""

    def __init__(self, *words: str, **options: Any) -> None:
        super().__init__(max_length=LONGEST_TEXT, trim_whitespace=False, **options)
        self.words = words

    @property
    def schema(self) -> dict[str, Any]:
        return choices(*self.words)


def _optional(longest: int = LONGEST_TEXT, **options: Any) -> StrictCharField:
    """Return a field for a text that may be empty, as if it were absent."""
    return StrictCharField(required=False, allow_blank=True, trim_whitespace=False, max_length=longest, **options)


def _list(child: serializers.Field[Any, Any, Any, Any], most: int) -> serializers.ListField:
    return serializers.ListField(child=child, required=False, max_length=most)


class NewKeyMetadata(StrictSerializer):
    collectionType = WordField(KEY_TYPE)
    collectionTotal = StrictIntegerField()


class NewPolicyMetadata(StrictSerializer):
    collectionType = WordField(POLICY_TYPE)
    collectionTotal = StrictIntegerField()


class NewKey(StrictSerializer):
    """Keys imported with an import token have ``encryptedNonce`` and ``iv``."""

    type = WordField(KEY_TYPE, required=False, allow_blank=True)
    name = StrictCharField(min_length=2, max_length=LONGEST_NAME, trim_whitespace=False)
    description = _optional(LONGEST_DESCRIPTION)
    aliases = _list(StrictCharField(max_length=LONGEST_NAME, trim_whitespace=False), MOST_ALIASES)
    tags = _list(StrictCharField(allow_blank=True, max_length=LONGEST_TAG, trim_whitespace=False), MOST_TAGS)
    expirationDate = _optional()
    extractable = StrictBooleanField(required=False)
    payload = _optional()
    encryptedNonce = _optional()
    iv = _optional()
    encryptionAlgorithm = WordField(*ALGORITHMS, required=False, allow_blank=True)


class Collection(StrictSerializer):
    """A collection: its subclasses declare ``metadata`` and ``resources``."""

    @classmethod
    def check(cls, data: Any, **options: Any) -> dict[str, Any]:
        """Return the validated members. Raises BadBody without the metadata, and Refusals."""
        if not data.get("metadata", {}).keys() >= {"collectionType", "collectionTotal"}:
            raise BadBody(
                "Request body is not valid: CollectionMetadata is empty. Send a collection: metadata with "
                "collectionType and collectionTotal, and resources."
            )
        return super().check(data, **options)


class KeyCreation(Collection):
    """A collection of one key."""

    metadata = NewKeyMetadata()
    resources = NewKey(many=True)


class RestoredKey(NewKey):
    """A key with the members that its creation had, any of them."""

    name = _optional()


class KeyRestoration(StrictSerializer):
    """An old form: nothing of it is needed."""

    metadata = NewKeyMetadata(required=False)
    resources = RestoredKey(many=True, required=False)


class RotationOfKey(StrictSerializer):
    """``enabled`` is true unless the request says otherwise. A month has 30 days."""

    interval_month = StrictIntegerField(required=False)
    enabled = StrictBooleanField(required=False)


class DualAuthDeleteOfKey(StrictSerializer):
    """Once it is enabled, it can never be disabled."""

    enabled = StrictBooleanField()


class NewKeyWithPolicies(NewKey):
    rotation = RotationOfKey(required=False)
    dualAuthDelete = DualAuthDeleteOfKey(required=False)


class KeyCreationWithOverrides(Collection):
    """A collection of one key, with its policies."""

    metadata = NewKeyMetadata()
    resources = NewKeyWithPolicies(many=True)


class NewKeyPolicy(StrictSerializer):
    """One of ``rotation`` and ``dualAuthDelete``."""

    rotation = RotationOfKey(required=False)
    dualAuthDelete = DualAuthDeleteOfKey(required=False)
    type = WordField(POLICY_TYPE, required=False, allow_blank=True)


class KeyPolicies(Collection):
    metadata = NewPolicyMetadata()
    resources = NewKeyPolicy(many=True)


class InstancePolicyAttributes(StrictSerializer):
    """Each kind of policy has some of them."""

    interval_month = StrictIntegerField(required=False)
    allowed_network = WordField(*NETWORKS, required=False)
    allowed_ip = _list(StrictCharField(max_length=LONGEST_WORD, trim_whitespace=False), MOST_NETWORKS)
    create_root_key = StrictBooleanField(required=False)
    create_standard_key = StrictBooleanField(required=False)
    import_root_key = StrictBooleanField(required=False)
    import_standard_key = StrictBooleanField(required=False)
    enforce_token = StrictBooleanField(required=False)


class InstancePolicyData(StrictSerializer):
    enabled = StrictBooleanField()
    attributes = InstancePolicyAttributes(required=False)


class NewInstancePolicy(StrictSerializer):
    policy_type = WordField(*INSTANCE_POLICIES)
    policy_data = InstancePolicyData()


class InstancePolicies(Collection):
    metadata = NewPolicyMetadata()
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
    encryptionAlgorithm = WordField(*ALGORITHMS, required=False, allow_blank=True)


class KeyWrap(StrictSerializer):
    """Without ``plaintext``, a data key is made."""

    plaintext = _optional()
    aad = _list(StrictCharField(allow_blank=True, max_length=LONGEST_AAD, trim_whitespace=False), MOST_AAD)


class KeyUnwrap(StrictSerializer):
    ciphertext = StrictCharField(max_length=LONGEST_TEXT, trim_whitespace=False)
    aad = _list(StrictCharField(allow_blank=True, max_length=LONGEST_AAD, trim_whitespace=False), MOST_AAD)
