"""What each operation could not do, as refusals say it (Key Protect contract, section 3)."""

FAILURES = {
    "create_kms_key": "Key could not be created",
    "get_keys": "Keys could not be retrieved",
    "get_key_collection_metadata": "Keys could not be retrieved",
    "get_kms_key": "Key could not be retrieved",
    "get_key_metadata": "Key metadata could not be retrieved",
    "get_key_versions": "KeyVersion(s) could not be retrieved",
    "patch_key": "Key could not be updated",
    "delete_kms_key": "Key could not be deleted",
    "purge_key": "Key could not be purged",
    "restore_key": "Key could not be restored",
    "rotate_key": "Key could not be rotated",
    "disable_key": "Key could not be disabled",
    "enable_key": "Key could not be enabled",
    "wrap_key": "Wrap with key could not be performed",
    "unwrap_key": "Unwrap with key could not be performed",
    "rewrap_key": "Rewrap with key could not be performed",
    "create_key_alias": "Key alias could not be created",
    "delete_key_alias": "Key alias could not be deleted",
    "list_key_rings": "Key rings could not be retrieved",
    "create_key_ring": "Key ring could not be created",
    "delete_key_ring": "Key ring could not be deleted",
}
"""By the id of the operation."""
