"""Settings of the unit tests: the product's own, in a data directory that vanishes, tasks run where they are sent."""

import tests.environment  # noqa: F401  before any setting is read
from controlplane.settings import *  # noqa: F403

CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware", "tests.staticfiles.FoundOnceMiddleware"
MIDDLEWARE = [WHITENOISE[1] if name == WHITENOISE[0] else name for name in MIDDLEWARE]  # noqa: F405
MIDDLEWARE += ["tests.docs.conformance.ConformanceMiddleware"]
