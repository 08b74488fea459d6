"""The installed apps, for Django and for ``baremint help``, which does not load Django."""

SERVICES = ["controlplane.objectstore", "controlplane.keyprotect"]
"""The packages of IAM-enabled services (controlplane/cloudservice/declaration.py)."""

APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "controlplane.activity",
    "controlplane.timekeeping",
    "controlplane.instances",
    "trustedprofiles",
    "servers",
    "identity",
    *SERVICES,
    "controlplane.jobs",
    "controlplane.apidocs",
    "controlplane.operations",
    "controlplane.console",
]
