"""The REST APIs of the resource controller and the global catalog."""
