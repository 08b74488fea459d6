"""The resource controller, which creates and deletes service instances, and the global catalog that it offers."""
