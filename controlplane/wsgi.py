"""WSGI entry of the control plane."""

import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from controlplane.kernel.chunked import with_content_length

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "controlplane.settings")
application = with_content_length(
    get_wsgi_application(), limit=settings.DATA_UPLOAD_MAX_MEMORY_SIZE, left_alone=("cos/",)
)

# What is loaded by now stays for good: the collector need not look through it again and again, at each request's cost.
import_module(settings.ROOT_URLCONF)
gc.collect()
gc.freeze()
