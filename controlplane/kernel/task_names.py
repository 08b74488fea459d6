"""Names of Celery tasks, as messages, logs and Flower show them.

They do not follow modules: a message may be older, or newer, than the code of the worker that takes it. When a name
changes, workers understand the former one for a release (``named_task``).
"""

TICK = "baremint.tick"
JOB = "baremint.jobs."
"""Followed by the name of the job."""
SERVER_STEP = "baremint.server-step"
IMAGE_EXPORT_STEP = "baremint.image-export-step"

FORMER_TICK = "controlplane.operations.tasks.tick"
"""Until version 0.2, for the beat of an earlier build."""
