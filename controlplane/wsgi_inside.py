"""WSGI entry of the metadata service."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "controlplane.settings_inside"
application = get_wsgi_application()
