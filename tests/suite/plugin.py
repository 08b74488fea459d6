"""A pytest plugin that writes down what a run of pytest cost: ``-p tests.suite.plugin --suite-record FILE``."""

import json
import re
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

SLOWEST = 15
GROUP = re.compile(r"@[^@\]]*$")
"""What xdist adds to a name: the group of tests that one worker runs."""


class Recorder:
    """Of one process: it alone, or the controller of several workers."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.collection = 0.0
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.outcomes: Counter[str] = Counter()
        self.tried_again: set[str] = set()
        self.failed: set[str] = set()

    def pytest_collection_finish(self) -> None:
        self.collection += time.process_time()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = GROUP.sub("", report.nodeid)
        self.seconds[name] += report.duration
        if report.outcome == "rerun":
            self.tried_again.add(name)
        elif report.when == "call" or report.outcome != "passed":
            self.outcomes[report.outcome] += 1
            if report.outcome == "failed":
                self.failed.add(name)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self.collection += getattr(node, "workeroutput", {}).get("collection", 0.0)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["collection"] = self.collection

    def pytest_unconfigure(self) -> None:
        if self.path:
            slowest = sorted(self.seconds.items(), key=lambda each: -each[1])[:SLOWEST]
            figures = {
                "tests": sum(self.outcomes.values()),
                "outcomes": self.outcomes,
                "collection": self.collection,
                "slowest": slowest,
                "saved": sorted(self.tried_again - self.failed),
            }
            self.path.write_text(json.dumps(figures))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--suite-record", metavar="FILE", help="write what the run cost into FILE")


def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption("suite_record")
    is_worker = hasattr(config, "workerinput")
    config.pluginmanager.register(Recorder(Path(path) if path and not is_worker else None), "suite recorder")
