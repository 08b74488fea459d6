"""What a server sees of the file system: the machine's own, with the few files changed that say where it is.

Every change is a mount in the server's mount namespace; no file of the machine is touched. Standard library only.
"""

import glob
import os
from pathlib import Path
from typing import Any

from controlplane.lab.namespaces import BIND, NO_DEVICES, NO_SUID, READ_ONLY, RECURSIVE, mount

OWN = Path("/run/baremint")
CA_BUNDLE = OWN / "certs" / "ca-certificates.crt"
JAVA_STORE = OWN / "certs" / "java" / "cacerts"
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


def furnish(plan: dict[str, Any]) -> None:
    """In a mount namespace of our own. ``plan``: ``hidden`` directories, ``trust`` (name: hexadecimal), ``files``.

    Raises OSError, which names the path.
    """
    for path in plan["hidden"]:
        if os.path.isdir(path):
            mount("tmpfs", path, "tmpfs", READ_ONLY | NO_SUID | NO_DEVICES, "size=4k,mode=555")
    mount("tmpfs", "/run", "tmpfs", NO_SUID | NO_DEVICES, "mode=755")
    Path("/run/lock").mkdir(mode=0o777)
    write_trust(plan["trust"])
    _make_room_for_seed()
    write(plan["files"])
    for name, target in FILES.items():
        _cover(target, OWN / name)
    _cover_trust(plan["java_homes"])


def write(files: dict[str, str]) -> None:
    """The server's own files by path, first and whenever they change. In place: some are mounted one by one."""
    for name, text in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def write_trust(trust: dict[str, str]) -> None:
    """The trust store, by name; content is hexadecimal."""
    for name, content in trust.items():
        path = OWN / "certs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes.fromhex(content))


def _make_room_for_seed() -> None:
    """``/var/lib`` as it is, by links, but for ``cloud``, which may not be there and is not ours to make."""
    beneath = OWN / "var-lib"
    beneath.mkdir(parents=True)
    mount(str(LIBRARY), str(beneath), flags=BIND | RECURSIVE)
    mount("tmpfs", str(LIBRARY), "tmpfs", NO_SUID | NO_DEVICES, "mode=755")
    for entry in os.listdir(beneath):
        if entry != "cloud":
            (LIBRARY / entry).symlink_to(beneath / entry)
    SEED.mkdir(parents=True)


def _cover_trust(java_homes: list[str]) -> None:
    if CERTIFICATES.is_dir():
        mount(str(OWN / "certs"), os.path.realpath(CERTIFICATES), flags=BIND)
    for bundle in BUNDLES:
        _cover(bundle, CA_BUNDLE)
    places = [*JAVA_STORES, *(f"{home}/lib/security/cacerts" for home in java_homes)]
    for store in [found for pattern in places for found in glob.glob(pattern)]:
        _cover(store, JAVA_STORE)


def _cover(target: str, source: Path) -> None:
    """Show one file in the place of another. One that is not there, and leads to no place in /run, stays away."""
    real = os.path.realpath(target)
    if os.path.isfile(real):
        if not os.path.samefile(real, source):
            mount(str(source), real, flags=BIND)
    elif os.path.islink(target) and real.startswith("/run/"):
        Path(real).parent.mkdir(parents=True, exist_ok=True)
        Path(real).touch()
        mount(str(source), real, flags=BIND)
