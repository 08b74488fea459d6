"""What was measured in a run of the suite, which may take several commands: a folder with a line for each part.

``SUITE_FOLDER`` names the folder where the commands belong together, as in ``.ci/run``.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from controlplane.bench.signing import RawRate

RATES = "rates.jsonl"
MEASURED = "parts.jsonl"


@dataclass(frozen=True)
class Measured:
    """What a part cost."""

    name: str
    seconds: float
    cpu_seconds: float
    status: int
    tests: int = 0
    collection: float = 0.0
    """CPU seconds of all processes until they knew their tests."""
    slowest: list[tuple[str, float]] = field(default_factory=list)
    saved: list[str] = field(default_factory=list)
    """Tests that passed when they were tried again."""
    left: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Record:
    folder: Path

    def add_rate(self, rate: RawRate) -> None:
        self._append(RATES, asdict(rate))

    def add(self, measured: Measured) -> None:
        self._append(MEASURED, asdict(measured))

    def rates(self) -> list[RawRate]:
        """The machine's, at the start and after each part."""
        return [RawRate(**each) for each in self._lines(RATES)]

    def parts(self) -> list[Measured]:
        return [Measured(**each) for each in self._lines(MEASURED)]

    def _append(self, name: str, value: object) -> None:
        with (self.folder / name).open("a", encoding="utf-8") as file:
            file.write(json.dumps(value) + "\n")

    def _lines(self, name: str) -> Iterator[dict[str, object]]:
        path = self.folder / name
        if path.exists():
            yield from (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
