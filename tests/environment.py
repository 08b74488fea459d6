"""The environment of the tests and of everything they start: the same whatever the shell has set.

Loaded before anything reads a setting: as the plugin ``-p tests.environment``, and by tests/settings.py. What it takes
away it takes from the process, so that processes which tests start do not see it either.
"""

import atexit
import locale
import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from functools import cache
from importlib import import_module

os.environ.pop("BAREMINT_SERVICES", None)  # which the table of services reads

from controlplane.deployment.owned_folder import make_owned_folder

PROXIES = ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy")
FOREIGN_PREFIXES = (
    *("DATABASE_URL", "REDIS_URL", "DJANGO_", "CELERY_"),
    *(
        "IBM_",
        "IBMCLOUD_",
        "IAM_",
        "IC_",
        "IAAS_CLASSIC_",
        "TF_",
        "CLOUD_OBJECT_STORAGE_",
        "COS_",
        "AWS_",
    ),
    *("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE", "PGSERVICE", "PGOPTIONS", "PGPASSFILE"),
    *("LANGUAGE", "LC_", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "CLICOLOR"),
    *("CURL_HOME", "OPENSSL_CONF", "SSLKEYLOGFILE", "GREP_OPTIONS", "HYPOTHESIS_"),
)
"""Prefixes of variables that the product, IBM's SDKs, database drivers and programs that tests start read."""
OURS_TO_KEEP = ("BAREMINT_CHROMIUM", "PYTHONPATH")
OUR_SETTINGS = ("DJANGO_SETTINGS_MODULE", "tests.settings")
GIVEN_PROXIES = {name: value for name, value in os.environ.items() if name.lower() in PROXIES}
"""For what has to be fetched from the internet before a test can run."""


def is_weather(name: str, value: str = "") -> bool:
    """Whether this variable could change what a test sees."""
    if name in OURS_TO_KEEP or (name, value) == OUR_SETTINGS:
        return False
    if name.startswith(("BAREMINT_", "PYTHON", *FOREIGN_PREFIXES)) or name.lower() in PROXIES:
        return True
    return name.startswith(_sdk_prefixes())


@cache
def _sdk_prefixes() -> tuple[str, ...]:
    """The prefixes of variables that IBM's SDKs read. The services are read only now, because settings add some."""
    services = import_module("controlplane.operations.ibm_services").SERVICES
    return tuple(f"{name}_" for service in services for name in service.sdks)


def cleaned(given: Mapping[str, str]) -> dict[str, str]:
    """An environment without weather: one language, one time zone."""
    variables = {name: value for name, value in given.items() if not is_weather(name, value)}
    return {**variables, "LANG": "C.UTF-8", "TZ": "UTC"}


def make_own_home() -> str:
    """A data directory for this process, which goes with it, or with a later one when this one is killed."""
    home, _ = make_owned_folder("baremint-unit-")  # its lock is held until the process ends
    maker = os.getpid()

    def remove() -> None:
        if os.getpid() == maker:  # not in a fork of it
            shutil.rmtree(home, ignore_errors=True)

    atexit.register(remove)
    return str(home)


def clear_up() -> None:
    for name in [name for name in os.environ if name.startswith("BAREMINT_") and is_weather(name)]:
        del os.environ[name]  # before the services are read
    clean = cleaned(os.environ)
    for name in os.environ.keys() - clean.keys():
        del os.environ[name]
    os.environ |= clean
    time.tzset()
    locale.setlocale(locale.LC_ALL, "C.UTF-8")
    os.umask(0o022)
    # A shell's "&" and nohup(1) leave them ignored, for all that tests start too. A handler is not inherited.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda number, frame: None)
    sys.warnoptions.clear()
    sys.dont_write_bytecode = False  # else every process, and every one it starts, compiles all again
    os.environ |= {"BAREMINT_HOME": make_own_home(), "BAREMINT_PROVISION_SECONDS": "0"}


clear_up()
