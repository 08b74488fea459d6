"""Activity events of the object store (IBM Cloud docs, "Activity tracking events for Cloud Object Storage")."""

OBJECT_CREATE = "cloud-object-storage.object.create"
OBJECT_READ = "cloud-object-storage.object.read"
OBJECT_COPY_READ = "cloud-object-storage.object-copy.read"
