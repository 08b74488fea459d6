"""``baremint bench start``, once, beside a server that is no Baremint."""

import subprocess
import sys

import pytest

from tests.live.product import ROOT, clean_environment

pytestmark = [pytest.mark.live, pytest.mark.e2e]


def bench_start(*options: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "controlplane", "bench", "--seconds", "0.2", "start", "--times", "1")
    return subprocess.run(
        [*command, *options],
        env=clean_environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_a_start_is_measured_beside_another_server() -> None:
    process = bench_start(
        *("--requests", "20", "--requests", "40"),
        *("--beside", f"plain={sys.executable} -m http.server --bind 127.0.0.1 {{port}}"),
    )
    assert process.returncode == 0, process.stderr
    lines = process.stdout.splitlines()
    assert lines[0].startswith("Raw RS256 on ")
    for step in ("up --detach, no data", "up --detach, existing data", "down", "first answer"):
        [line] = [each for each in lines if each.startswith(f"{step}  ")]
        wall, cpu = line.removeprefix(step).split()[1:3]
        assert float(wall) > 0
        assert float(cpu) >= 0
    for count in (20, 40):
        [line] = [each for each in lines if each.startswith(f"after {count} of each request  ")]
        assert float(line.split()[-1]) > 0
    table = "\n".join(lines[lines.index("baremint:   MiB  process") :])
    for part in ("control plane", "metadata TLS", "worker", "valkey-server", "python"):
        assert part in table


def test_a_server_that_does_not_answer_is_told_with_its_last_words() -> None:
    process = bench_start(
        *("--beside", f"broken={sys.executable} -c 'raise SystemExit(\"no port {{port}}\")'"),
    )
    assert process.returncode == 1
    assert "broken did not answer on port" in process.stderr
    assert "no port" in process.stderr
