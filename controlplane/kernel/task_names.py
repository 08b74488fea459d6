"""Names of Celery tasks, as messages, logs and Flower show them.

They do not follow modules: a message may be older, or newer, than the code of the worker that takes it. When a name
changes all the same, workers understand the former one for a release (``named_task``).
"""

TICK = "baremint.tick"
JOB = "baremint.jobs."
"""Followed by the name of the job."""
SERVER_STEP = "baremint.server-step"
IMAGE_EXPORT_STEP = "baremint.image-export-step"

# Until version 0.2: what workers and beat of earlier builds send.
FORMER_TICK = "controlplane.operations.tasks.tick"
FORMER_RUN_JOB = "controlplane.operations.tasks.run_job"
FORMER_RENEWAL = "identity.tasks.renew_certificates"
FORMER_SERVER_STEP = "servers.tasks.advance_server"
FORMER_IMAGE_EXPORT_STEP = "servers.tasks.advance_image_export"
