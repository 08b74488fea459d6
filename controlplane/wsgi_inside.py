"""WSGI entry of the metadata service."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from controlplane.kernel.chunked import with_content_length

os.environ["DJANGO_SETTINGS_MODULE"] = "controlplane.settings_inside"
application = with_content_length(get_wsgi_application(), limit=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
