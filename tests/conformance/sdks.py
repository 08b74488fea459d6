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

from tests.live.operator import NEW

PROGRAMS = Path(__file__).parent / "programs"
BUILD_SECONDS = 600


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
    version_property: str = "VPC_IMS_VERSION"
    """What sets the version of the metadata service; Node reads another one than it documents."""

    def missing_tools(self) -> list[str]:
        return [tool for tool in self.tools if shutil.which(tool) is None]

    def build(self, folder: Path) -> list[str]:
        """Install the pinned SDKs below ``folder``. Returns the command line that runs the program. Raises Missing."""
        if missing := self.missing_tools():
            raise Missing(f"{self.name} needs {' and '.join(missing)}")
        return BUILDS[self.name](PROGRAMS / self.name.lower(), folder)


LANGUAGES = (
    Language("Python", ()),
    Language("Node", ("node", "npm"), version_property="SERVICE_VERSION"),
    Language("Go", ("go",)),
    Language("Java", ("java", "mvn")),
)


def _python(source: Path, folder: Path) -> list[str]:
    return [sys.executable, str(source / "program.py")]


def _node(source: Path, folder: Path) -> list[str]:
    copy = shutil.copytree(source, folder / "node", ignore=shutil.ignore_patterns("node_modules"))
    _run("npm", "ci", "--no-audit", "--no-fund", cwd=copy)
    return ["node", str(copy / "program.mjs")]


def _go(source: Path, folder: Path) -> list[str]:
    program = folder / "go-program"
    _run("go", "build", "-o", str(program), ".", cwd=source)
    return [str(program)]


def _java(source: Path, folder: Path) -> list[str]:
    listing = folder / "java-classpath"
    plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"
    # Maven writes its target folder beside the POM: let it be a copy.
    copy = shutil.copytree(source, folder / "java")
    _run("mvn", "--batch-mode", "--quiet", f"{plugin}:build-classpath", f"-Dmdep.outputFile={listing}", cwd=copy)
    return ["java", "-cp", listing.read_text().strip(), str(copy / "Program.java")]


BUILDS = {"Python": _python, "Node": _node, "Go": _go, "Java": _java}


def _run(*command: str, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False)
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}: {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")


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
        found: list[str] = self.ask("authenticate", properties, times=times, pause=pause)["tokens"]
        return found

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
