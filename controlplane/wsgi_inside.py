"""WSGI entry of the metadata service."""

import os

from controlplane.kernel.wsgi import get_application

os.environ["DJANGO_SETTINGS_MODULE"] = "controlplane.settings_inside"
application = get_application()
