"""Request bodies of Key Protect, in the form of its API (Key Protect contract, sections 2.2, 2.4 and 4)."""

from typing import Any

from rest_framework import serializers

from controlplane.kernel.fields import StrictBooleanField, StrictCharField, StrictIntegerField, StrictSerializer
from controlplane.keyprotect.errors import BadBody

LONGEST_NAME = 90
LONGEST_DESCRIPTION = 240
LONGEST_TEXT = 200_000
"""Characters of a member that another rule limits further."""
LONGEST_RING = 100
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


class NewKeyMetadata(StrictSerializer):
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


class KeyCreation(StrictSerializer):
    """A collection of one key."""

    metadata = NewKeyMetadata()
    resources = NewKey(many=True)

    @classmethod
    def check(cls, data: Any, **options: Any) -> dict[str, Any]:
        """Return the validated members. Raises BadBody without the metadata, and Refusals."""
        if not data.get("metadata", {}).keys() >= NewKeyMetadata().fields.keys():
            raise BadBody("Request body is not valid: CollectionMetadata is empty")
        return super().check(data, **options)


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
