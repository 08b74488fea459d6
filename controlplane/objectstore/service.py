"""The declaration of the object store (IBM's table of roles and actions; ids: IBM's global catalog)."""

from controlplane.cloudservice.declaration import CloudService, Offering, Plan

SERVICE = CloudService(
    name="cloud-object-storage",
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
)
