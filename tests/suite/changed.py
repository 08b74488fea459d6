"""Which parts a change touches, by one table of folders and parts."""

import subprocess
from collections.abc import Iterable

from tests.suite.parts import NAMED

UNIT = ("unit", "weather", "thorough")
SURFACES = ("surfaces", "weather", "thorough")
TABLE: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    # Tests that other parts import, too. What most parts import is not in this table, and so touches everything.
    (("tests/docs/conformance.py", "tests/docs/document.py"), tuple(NAMED)),
    (("tests/services/test_token_verification.py",), (*UNIT, "postgres")),
    (("tests/lab/machine.py",), (*UNIT, "lab")),
    (("tests/conformance/sdks.py",), ("conformance", "lab")),
    (("tests/conformance/not_served", "tests/docs/sdk_operations.py"), (*UNIT, "conformance")),
    # Tests, by the parts that collect them.
    (("tests/live/test_",), ("live", "e2e")),
    (("tests/browser/",), ("browser",)),
    (("tests/conformance/",), ("conformance",)),
    (("tests/lab/",), ("lab",)),
    (("tests/faults/",), ("faults",)),
    (("tests/postgres/",), ("postgres", "thorough")),
    (("tests/admin/", "tests/console/", "tests/objectstore/"), (*SURFACES, "postgres")),
    (("tests/api/", "tests/iam/", "tests/inside/", "tests/odd.py"), (*UNIT, "surfaces", "postgres")),
    (("tests/architecture/",), ("architecture", "weather", "thorough")),
    (tuple(f"tests/{name}/" for name in ("cli", "docs", "mutation", "operations", "rules", "services")), UNIT),
    # The product, by who notices. A folder that is not here touches everything.
    (("controlplane/console/",), (*SURFACES, "unit", "live", "browser")),
    (("controlplane/lab/", "controlplane/settings_lab.py"), (*UNIT, "lab")),
    (("controlplane/bench/",), ("unit", "surfaces", "e2e")),
    (("controlplane/apidocs/", "controlplane/apidocs/permissions/"), (*UNIT, "surfaces", "live", "e2e")),
    (("controlplane/cli/",), ("unit", "e2e")),
    (("controlplane/objectstore/",), (*SURFACES, "unit", "live", "e2e")),
    # Words and pictures.
    (("docs/images/", "CHANGELOG.md", "LICENSE", ".gitignore", ".editorconfig"), ()),
    (("examples/", "docs/", "README.md", "CONTRIBUTING.md"), ("unit", "e2e", "lab")),
    (("docker-compose", "Dockerfile", ".dockerignore"), ("e2e",)),
)
ALWAYS = ("architecture", "lint")
"""They look at every file."""


def touched(paths: Iterable[str]) -> dict[str, list[str]]:
    """The parts that changes of these files touch, in the order of the suite, each with the files that touch it."""
    files_by_part: dict[str, list[str]] = {name: [] for name in ALWAYS}
    for path in paths:
        for name in next((parts for starts, parts in TABLE if path.startswith(starts)), tuple(NAMED)):
            files_by_part.setdefault(name, []).append(path)
    return {name: files_by_part[name] for name in NAMED if name in files_by_part}


def changed_files(base: str) -> list[str]:
    """Files that differ from the commit ``base``, committed or not. Raises subprocess.CalledProcessError."""
    differing = _git("diff", "--name-only", "--no-renames", base, "--")
    return sorted({*differing, *_git("ls-files", "--others", "--exclude-standard")})


def _git(*arguments: str) -> list[str]:
    process = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    return process.stdout.splitlines()
