"""WSGI entry of the control plane."""

import os

from controlplane.kernel.wsgi import get_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "controlplane.settings")
application = get_application()
