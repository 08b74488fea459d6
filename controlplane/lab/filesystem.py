"""Mount a server's file system: the machine's own, except for the few files that tell a program where it runs.

Every change is a mount in the server's mount namespace; the machine's files do not change. Standard library only.
"""

import glob
import os
from pathlib import Path
from typing import Any

from controlplane.lab.namespaces import BIND, NO_DEVICES, NO_SUID, READ_ONLY, RECURSIVE, mount

SERVER_FOLDER = Path("/run/baremint")
CA_BUNDLE = SERVER_FOLDER / "certs" / "ca-certificates.crt"
JAVA_STORE = SERVER_FOLDER / "certs" / "java" / "cacerts"
LIBRARY = Path("/var/lib")
SEED = LIBRARY / "cloud" / "seed" / "nocloud"
"""Where cloud-init's NoCloud data source looks (cloud-init documentation, NoCloud)."""
FILES = {"hosts": "/etc/hosts", "hostname": "/etc/hostname", "resolv.conf": "/etc/resolv.conf"}
CERTIFICATES = Path("/etc/ssl/certs")
# Bundles of the distributions, as Go's crypto/x509 lists them, and OpenSSL's own.
BUNDLES = (
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/pki/tls/cacert.pem",
    "/usr/lib/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
    "/var/lib/ca-certificates/ca-bundle.pem",
)
JAVA_STORES = (
    "/etc/pki/ca-trust/extracted/java/cacerts",
    "/etc/pki/java/cacerts",
    "/usr/lib/jvm/*/lib/security/cacerts",
    "/usr/lib/jvm/*/jre/lib/security/cacerts",
    "/usr/java/*/lib/security/cacerts",
    "/opt/*/lib/security/cacerts",
)


def mount_server_files(plan: dict[str, Any]) -> None:
    """Mount the files of a server in the current mount namespace, which must be a new one.

    ``plan`` has ``hidden`` directories, ``trust`` (hexadecimal content by name), ``java_homes`` and ``files`` (text by
    path). Raises OSError with the path.
    """
    for path in plan["hidden"]:
        if os.path.isdir(path):
            mount("tmpfs", path, "tmpfs", READ_ONLY | NO_SUID | NO_DEVICES, "size=4k,mode=555")
    mount("tmpfs", "/run", "tmpfs", NO_SUID | NO_DEVICES, "mode=755")
    Path("/run/lock").mkdir(mode=0o777)
    write_trust(plan["trust"])
    _mount_seed_folder()
    write(plan["files"])
    for name, target in FILES.items():
        _mount_file(target, SERVER_FOLDER / name)
    _mount_trust_store(plan["java_homes"])


def write(files: dict[str, str]) -> None:
    """Write the server's own files by path. They are overwritten in place, because some are bind mounts."""
    for name, text in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def write_trust(trust: dict[str, str]) -> None:
    """Write the files of the trust store; ``trust`` has their hexadecimal content by name."""
    for name, content in trust.items():
        path = SERVER_FOLDER / "certs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes.fromhex(content))


def _mount_seed_folder() -> None:
    """Replace ``/var/lib`` by links to its entries, except ``cloud``, which the machine may not have."""
    original = SERVER_FOLDER / "var-lib"
    original.mkdir(parents=True)
    mount(str(LIBRARY), str(original), flags=BIND | RECURSIVE)
    mount("tmpfs", str(LIBRARY), "tmpfs", NO_SUID | NO_DEVICES, "mode=755")
    for entry in os.listdir(original):
        if entry != "cloud":
            (LIBRARY / entry).symlink_to(original / entry)
    SEED.mkdir(parents=True)


def _mount_trust_store(java_homes: list[str]) -> None:
    if CERTIFICATES.is_dir():
        mount(str(SERVER_FOLDER / "certs"), os.path.realpath(CERTIFICATES), flags=BIND)
    for bundle in BUNDLES:
        _mount_file(bundle, CA_BUNDLE)
    patterns = [*JAVA_STORES, *(f"{home}/lib/security/cacerts" for home in java_homes)]
    for store in [path for pattern in patterns for path in glob.glob(pattern)]:
        _mount_file(store, JAVA_STORE)


def _mount_file(target: str, source: Path) -> None:
    """Bind mount ``source`` on ``target``. A missing target is created only when it is a link into /run."""
    real = os.path.realpath(target)
    if os.path.isfile(real):
        if not os.path.samefile(real, source):
            mount(str(source), real, flags=BIND)
    elif os.path.islink(target) and real.startswith("/run/"):
        Path(real).parent.mkdir(parents=True, exist_ok=True)
        Path(real).touch()
        mount(str(source), real, flags=BIND)
