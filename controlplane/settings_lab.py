"""Settings of the metadata service in the lab: the kernel says who calls."""

from controlplane.settings_inside import *  # noqa: F403

METADATA_ATTACHMENT = "lab"
