"""IBM's SDKs in four languages, each in a program of its own that is asked over a pipe: see ``programs/``."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.environment import GIVEN_PROXIES
from tests.live.operator import NEW
from tests.live.ready_made import ReadyMade

PROGRAMS = Path(__file__).parent / "programs"
BUILD_SECONDS = 600
COMMAND = "command.json"
STORE_PASSWORD = "changeit"
"""Java's own habit; without one it cannot read what is in a store."""


class Missing(Exception):
    """A toolchain is not installed; says which."""


class Refused(Exception):
    """What an SDK raised: the HTTP status it saw, if any, and its text."""

    def __init__(self, status: int | None, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Language:
    name: str
    tools: tuple[str, ...]
    trust: str
    """What tells its programs whom to trust: an environment variable, or Java's option for a trust store."""
    version_property: str = "VPC_IMS_VERSION"
    """What sets the version of the metadata service; Node reads another one than it documents."""

    def missing_tools(self) -> list[str]:
        return [tool for tool in self.tools if shutil.which(tool) is None]

    def program(self, ready_made: ReadyMade) -> list[str]:
        """The command line that runs the program, which is built with its pinned SDKs once a run. Raises Missing."""
        if missing := self.missing_tools():
            raise Missing(f"{self.name} needs {' and '.join(missing)}")

        def build(folder: Path) -> None:
            folder.mkdir()
            command = BUILDS[self.name](PROGRAMS / self.name.lower(), folder)
            (folder / COMMAND).write_text(json.dumps(command))

        build_command: list[str] = json.loads(
            (ready_made.once(f"sdk-{self.name.lower()}", build) / COMMAND).read_text()
        )
        return build_command

    def trusting(self, authorities: Path, folder: Path) -> dict[str, str]:
        """The environment in which programs trust these authorities (PEM), as a user of the language sets it."""
        if self.name == "Java":
            options = f"{self.trust}={_trust_store(authorities, folder)} {self.trust}Password={STORE_PASSWORD}"
            return {"JAVA_TOOL_OPTIONS": options}
        return {self.trust: str(authorities)}


LANGUAGES = (
    Language("Python", (), "REQUESTS_CA_BUNDLE"),
    Language("Node", ("node", "npm"), "NODE_EXTRA_CA_CERTS", version_property="SERVICE_VERSION"),
    Language("Go", ("go",), "SSL_CERT_FILE"),
    Language("Java", ("java", "javac", "keytool", "mvn"), "-Djavax.net.ssl.trustStore"),
)


def _python(source: Path, folder: Path) -> list[str]:
    return [sys.executable, str(source / "program.py")]


def _node(source: Path, folder: Path) -> list[str]:
    copy = shutil.copytree(source, folder / "node", ignore=shutil.ignore_patterns("node_modules"))
    for packages in (copy, copy / "key-protect"):
        run("npm", "ci", "--no-audit", "--no-fund", cwd=packages)
    return ["node", str(copy / "program.mjs")]


def _go(source: Path, folder: Path) -> list[str]:
    program = folder / "go-program"
    run("go", "build", "-o", str(program), ".", cwd=source)
    return [str(program)]


def _java(source: Path, folder: Path) -> list[str]:
    packages, classes = folder / "java-packages", folder / "java-classes"
    plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"
    # Maven writes its target folder beside the POM: let it be a copy.
    copy = shutil.copytree(source, folder / "java")
    run("mvn", "--batch-mode", "--quiet", f"{plugin}:copy-dependencies", f"-DoutputDirectory={packages}", cwd=copy)
    run("javac", "-cp", f"{packages}/*", "-d", str(classes), "Program.java", cwd=copy)
    return ["java", "-cp", f"{classes}:{packages}/*", "Program"]


def _trust_store(authorities: Path, folder: Path) -> Path:
    """``keytool`` takes one certificate at a time, and there are as many as there are roots."""
    store = folder / "trusted.p12"
    importing = ("keytool", "-importcert", "-noprompt", "-keystore", str(store), "-storepass", STORE_PASSWORD)
    for number, each in enumerate(x509.load_pem_x509_certificates(authorities.read_bytes())):
        single = folder / f"authority-{number}.pem"
        single.write_bytes(each.public_bytes(Encoding.PEM))
        run(*importing, "-alias", f"baremint-{number}", "-file", str(single), cwd=folder)
    return store


BUILDS = {"Python": _python, "Node": _node, "Go": _go, "Java": _java}


def run(*command: str, cwd: Path) -> str:
    """What a build prints. Raises AssertionError with its last words when it fails."""
    environment = {**os.environ, **GIVEN_PROXIES}
    process = subprocess.run(
        command, env=environment, cwd=cwd, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
    )
    if process.returncode:
        raise AssertionError(
            f"{' '.join(command)}: {process.returncode}\n{process.stdout[-2000:]}\n{process.stderr[-2000:]}"
        )
    return process.stdout


class Sdk:
    """A running program. Each question gets a service name of its own, so no configuration is left from another."""

    def __init__(self, language: Language, command: list[str], **environment: str) -> None:
        self.language = language
        self._asked = 0
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environment},
        )

    def ask(self, operation: str, properties: dict[str, str] | None = None, **details: Any) -> dict[str, Any]:
        """Ask the program. ``properties`` configure the SDK as its documentation says. Raises Refused."""
        self._asked += 1
        question = {
            "operation": operation,
            "service": f"svc{self._asked}",
            "properties": properties or {},
            **details,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the {self.language.name} program ended with status {self._process.wait()}"
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise Refused(answer["error"].get("status"), answer["error"]["message"])
        return answer

    def token(self, properties: dict[str, str]) -> str:
        """The first token of an authenticator that is configured by ``properties``."""
        return str(self.tokens(properties, times=1)[0])

    def tokens(self, properties: dict[str, str], *, times: int, pause: float = 0) -> list[str]:
        """What one authenticator sends with each of ``times`` requests, ``pause`` seconds apart."""
        token_list: list[str] = self.ask("authenticate", properties, times=times, pause=pause)["tokens"]
        return token_list

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()


def on_the_server(sdk: Sdk, url: str, **profile: str) -> dict[str, str]:
    """Configuration of a program on a server: the VPC instance authenticator, in the version that bare metal needs."""
    selector = {f"IAM_PROFILE_{kind.upper()}": value for kind, value in profile.items()}
    return {"AUTH_TYPE": "vpc", "AUTH_URL": url, sdk.language.version_property: NEW, **selector}


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


DENIED = "Access is denied due to invalid credentials"
"""What Node says of every 401 and 403, whatever the answer said."""


def tells(sdk: Sdk, refused: Refused, answered: str) -> bool:
    """Whether the program saw what was answered, or what its SDK makes of it."""
    rewritten = sdk.language.name == "Node" and refused.status in (401, 403)
    return (DENIED if rewritten else answered) in refused.message
