"""The declaration of the object store (IBM's table of roles and actions; ids: IBM's global catalog)."""

from controlplane.cloudservice.declaration import Api, CloudService, Offering, Plan, ServiceRole

NAME = "cloud-object-storage"
READ_OBJECTS = (f"{NAME}.object.get", f"{NAME}.object.head")
READ_VERSIONS = (f"{NAME}.object.get_version", f"{NAME}.object.head_version")
ROLES = (
    ServiceRole(
        "ContentReader",
        "Content Reader",
        "Lists and reads the objects of a bucket.",
        (
            *READ_OBJECTS,
            *READ_VERSIONS,
            *(f"{NAME}.bucket.{each}" for each in ("get", "get_location", "get_versions", "head")),
        ),
    ),
    ServiceRole("ObjectReader", "Object Reader", "Reads the objects of a bucket.", (*READ_OBJECTS, *READ_VERSIONS)),
    ServiceRole(
        "ObjectWriter",
        "Object Writer",
        "Writes objects into a bucket.",
        (
            *(f"{NAME}.object.{each}" for each in ("put", "post", "post_md", "put_part", "get_uploads")),
            *(f"{NAME}.object.{each}" for each in ("post_initiate_upload", "post_complete_upload", "delete_upload")),
            *(f"{NAME}.object.{each}" for each in ("put_tagging", "delete_tagging")),
            *(f"{NAME}.object.put_object_lock_{each}" for each in ("retention", "legal_hold")),
            *(f"{NAME}.object.put_object_lock_{each}_version" for each in ("retention", "legal_hold")),
        ),
    ),
)
SERVICE = CloudService(
    name=NAME,
    title="Cloud Object Storage",
    offering=Offering(
        "dff97f5c-bc5e-4455-b470-411c3edbe49c",
        (
            Plan("744bfc56-d12c-4866-88d5-dac9139e0e5d", "standard"),
            Plan("2fdf0c08-2d32-4f46-84b5-32e0c92fffd8", "lite"),
            Plan("1e4e33e4-cfa6-4f12-9016-be594a6d5f87", "onerate"),
        ),
        is_global=True,
    ),
    instance_rules="controlplane.objectstore.instance_rules",
    default_instance=True,
    actions={
        "cloud-object-storage.account.get_account_buckets": "Reader",
        "cloud-object-storage.bucket.get": "Reader",
        "cloud-object-storage.bucket.head": "Reader",
        "cloud-object-storage.bucket.put_bucket": "Writer",
        "cloud-object-storage.bucket.delete_bucket": "Writer",
        "cloud-object-storage.bucket.get_uploads": "Reader",
        "cloud-object-storage.object.get": "Reader",
        "cloud-object-storage.object.head": "Reader",
        "cloud-object-storage.object.put": "Writer",
        "cloud-object-storage.object.delete": "Writer",
        "cloud-object-storage.object.copy": "Writer",
        "cloud-object-storage.object.copy_get": "Reader",
        "cloud-object-storage.object.post_initiate_upload": "Writer",
        "cloud-object-storage.object.put_part": "Writer",
        "cloud-object-storage.object.copy_part": "Writer",
        "cloud-object-storage.object.copy_part_get": "Reader",
        "cloud-object-storage.object.get_uploads": "Reader",
        "cloud-object-storage.object.post_complete_upload": "Writer",
        "cloud-object-storage.object.delete_upload": "Writer",
    },
    published={
        "account": "delete_fasp_connection_info list_account_backup_vaults",
        "bucket": "get_acl put_acl get_cors put_cors delete_cors get_website put_website delete_website get_location "
        "get_versioning put_versioning get_versions get_uploads get_lifecycle put_lifecycle get_activity_tracking "
        "put_activity_tracking get_metrics_monitoring put_metrics_monitoring get_protection put_protection "
        "get_firewall put_firewall get_public_access_block put_public_access_block delete_public_access_block "
        "get_basic list_bucket_crn list_crk_id get_notifications put_notifications post_bucket get_quota put_quota "
        "get_replication put_replication delete_replication get_object_lock_configuration "
        "put_object_lock_configuration get_fasp_connection_info",
        "object": "get_version head_version delete_version post post_md post_initiate_upload put_part copy_part "
        "copy_part_get post_complete_upload copy copy_get get_acl put_acl get_acl_version put_acl_version get_tagging "
        "put_tagging delete_tagging get_tagging_version put_tagging_version delete_tagging_version get_uploads "
        "delete_upload restore restore_version post_multi_delete post_legal_hold get_legal_hold post_extend_retention "
        "get_object_lock_retention put_object_lock_retention get_object_lock_legal_hold put_object_lock_legal_hold "
        "get_object_lock_retention_version put_object_lock_retention_version get_object_lock_legal_hold_version "
        "put_object_lock_legal_hold_version copy_get_version copy_part_get_version",
    },
    roles=ROLES,
    events_action="cloud-object-storage.account.get_account_buckets",
    api=Api("controlplane.objectstore.urls", prefix="cos", path="/cos"),
    terraform=("IBMCLOUD_COS_ENDPOINT",),
    writes="controlplane.objectstore.service_writes",
)
