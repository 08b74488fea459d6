"""Runs a command in bad weather: ``python -m tests.weather .venv/bin/pytest ...``.

Whatever a shell, a user or another Baremint could have set or taken is set or taken: settings of the product, its
database, broker and proxies, the variables of IBM's SDKs, language, time zone, umask, and the default ports.
"""

import os
import subprocess
import sys
from contextlib import ExitStack, suppress
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from controlplane.operations.sdk_environment import of_operator, of_program, of_terraform

NOWHERE = "http://192.0.2.1:9"
INFO = {"control_plane_url": NOWHERE, "iam_url": NOWHERE, "api_key": "another", "ca_bundle": "/dev/null"}
SETTINGS = {
    "BAREMINT_HOME": "/nowhere/.baremint",
    "BAREMINT_HOST": "192.0.2.1",
    "BAREMINT_PORT": "18000",
    "BAREMINT_METADATA_PORT": "18169",
    "BAREMINT_METADATA_TLS_PORT": "18170",
    "BAREMINT_PUBLIC_URL": "https://baremint.example",
    "BAREMINT_COS_IAM_URL": NOWHERE,
    "BAREMINT_SERVICES": "no_such_package",
    "BAREMINT_WORKERS": "7",
    "BAREMINT_REGION": "eu-de",
    "BAREMINT_PROVISION_SECONDS": "3600",
    "BAREMINT_METADATA_DISABLED": "drop",
    "BAREMINT_INSTANCE_IDENTITY": "allow",
    "BAREMINT_QUOTAS": "bare_metal_servers=1,vpcs=1",
    "BAREMINT_ISSUER": "https://issuer.example",
    "BAREMINT_IAM_TOKEN_SECONDS": "60",
    "BAREMINT_IDENTITY_ISSUER_PREFIX": "OTHER",
    "BAREMINT_SIGNING_KEY_HOURS": "2",
    "BAREMINT_TICK_SECONDS": "60",
    "BAREMINT_REVOKE_ON_DISABLE": "false",
    "BAREMINT_CRL_SECONDS": "60",
    "BAREMINT_SECRET_KEY": "x" * 50,
    "BAREMINT_KEK": "no base64",
    "BAREMINT_ALLOWED_HOSTS": "baremint.example",
    "BAREMINT_FAILPOINT": "nowhere",
    "BAREMINT_BEHIND_TLS": "true",
    "BAREMINT_LOG_LEVEL": "DEBUG",
    "BAREMINT_SQLITE_SYNCHRONOUS": "FULL",
    "DATABASE_URL": "postgresql://user@192.0.2.1/other",
    "REDIS_URL": "redis://192.0.2.1:9/0",
    "DJANGO_SETTINGS_MODULE": "controlplane.settings_inside",
}
SHELL = {
    **{name: NOWHERE for proxy in ("http_proxy", "https_proxy", "all_proxy") for name in (proxy, proxy.upper())},
    "LANG": "tr_TR.ISO-8859-9",
    "LC_ALL": "C",
    "TZ": "Pacific/Kiritimati",
    "COLUMNS": "20",
    "LINES": "5",
    "PYTHONWARNINGS": "ignore",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PGHOST": "192.0.2.1",
}
SDKS = {
    **of_operator(INFO),
    **of_program(INFO, {"metadata_url": NOWHERE, "metadata_protocol": "http"}),
    **of_terraform(INFO, region="eu-de", by_operator=True),
    "IBMCLOUD_API_KEY": "another",
    "IBM_CREDENTIALS_FILE": "/nowhere",
    "IAM_PROFILE_ID": "another",
}
WEATHER = {**SETTINGS, **SHELL, **SDKS}
PORTS = (8000, 8169, 8170)


class Another(SimpleHTTPRequestHandler):
    """Answers as no Baremint does."""

    def log_message(self, *arguments: object) -> None:
        pass


def main(command: list[str]) -> int:
    os.umask(0o077)
    with ExitStack() as stack:
        for port in PORTS:
            with suppress(OSError):  # taken: all the better
                server = stack.enter_context(ThreadingHTTPServer(("", port), Another))
                stack.callback(server.shutdown)
                Thread(target=server.serve_forever, daemon=True).start()
        return subprocess.run(command, env={**os.environ, **WEATHER}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
