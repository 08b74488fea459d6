"""Settings of the metadata service: no sessions, no admin, no DRF machinery on the hot path."""

from controlplane.settings import *  # noqa: F403

ROOT_URLCONF = "controlplane.urls_inside"
WSGI_APPLICATION = "controlplane.wsgi_inside.application"
# identity/inside/caller_address.py checks the Host and answers in IBM's envelope, so Django's own check is disabled.
ALLOWED_HOSTS = ["*"]
MIDDLEWARE = [
    "controlplane.kernel.middleware.RequestTextMiddleware",
    "controlplane.kernel.middleware.RequestContextMiddleware",
    "controlplane.kernel.middleware.SlashCollapsingMiddleware",
    "controlplane.kernel.middleware.AwaitedBodyMiddleware",
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 16_384
