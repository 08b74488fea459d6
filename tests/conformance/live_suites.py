"""The live tests of IBM's Go SDK, as they come with its module, pointed at a product by their configuration file."""

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.sdks import PROGRAMS, run
from tests.live.ready_made import ReadyMade

MODULE = "github.com/IBM/platform-services-go-sdk"
SOURCE = PROGRAMS / "go-suites"
RUN_SECONDS = 300
FAILED = re.compile(r"^\[(?:Fail|Panic!)\] .*?Integration Tests (.*?) ?\[(?:It|BeforeEach)\] ?(.*?) ?$", re.MULTILINE)
RAN = re.compile(r"^Ran (\d+) of \d+ Specs.*\n.*?(\d+) Passed \| (\d+) Failed", re.MULTILINE)


@dataclass(frozen=True)
class Suite:
    package: str
    configuration: str
    """Name of the file that its tests read."""
    services: tuple[str, ...]
    """What the names of its properties begin with: one for each caller."""


@dataclass(frozen=True)
class Outcome:
    ran: int
    failed: Counter[str]
    """How many tests of a title failed."""
    text: str
    """All that was printed: with each failure, the calls of its test."""


SUITES = (
    Suite("globaltaggingv1", "global_tagging.env", ("GLOBAL_TAGGING",)),
    Suite("iamaccessgroupsv2", "iam_access_groups_v2.env", ("IAM_ACCESS_GROUPS",)),
    Suite("iamidentityv1", "iam_identity.env", ("IAM_IDENTITY",)),
    Suite("iampolicymanagementv1", "iam_policy_management.env", ("IAM_POLICY_MANAGEMENT",)),
    Suite("resourcemanagerv2", "resource_manager.env", ("RESOURCE_MANAGER", "ALT_RESOURCE_MANAGER")),
    Suite("usermanagementv1", "user_management.env", ("USER_MANAGEMENT", "USER_MANAGEMENT_ADMIN")),
)


def built(suite: Suite, ready_made: ReadyMade) -> Path:
    """The folder of a suite's package with its compiled tests, made once a run."""

    def build(folder: Path) -> None:
        downloaded = run("go", "mod", "download", "-json", MODULE, cwd=SOURCE)
        shutil.copytree(json.loads(downloaded)["Dir"], folder)
        for each in (folder, *folder.rglob("*")):
            each.chmod(each.stat().st_mode | 0o200)  # the module cache is read-only
        for each in SUITES:
            run("go", "test", "-c", "-tags", "integration", "-o", "suite.test", ".", cwd=folder / each.package)

    return ready_made.once("go-live-suites", build) / suite.package


def attempt(suite: Suite, folder: Path, properties: Mapping[str, str]) -> Outcome:
    """Run a suite. ``properties`` are those of its service: URL, APIKEY, and what its tests need.

    Raises AssertionError for a suite that ends early, and for a failure outside its tests.
    """
    lines = [f"{service}_{name}={value}" for service in suite.services for name, value in properties.items()]
    (folder.parent / suite.configuration).write_text("\n".join(lines) + "\n")
    process = subprocess.run(
        ["./suite.test", "-ginkgo.noColor", "-ginkgo.focus", "Integration"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    ran = RAN.search(process.stdout)
    failed = Counter(title.strip() or test for title, test in FAILED.findall(process.stdout))
    if ran is None or failed.total() != int(ran[3]) or (process.returncode and not failed):
        raise AssertionError(
            f"{suite.package} ended with {process.returncode}: {process.stdout[-2000:]}{process.stderr[-2000:]}"
        )
    return Outcome(int(ran[1]), failed, process.stdout)
