"""``baremint bench start``: what it compares, and how it counts what processes cost."""

import subprocess
import sys
from pathlib import Path

import pytest

from controlplane.bench import process_tree
from controlplane.bench.children import Failed
from controlplane.bench.programs import DOWN, EMPTY, EXISTING, START, Baremint, Round, Server, Span, named
from controlplane.bench.starts import measure, report

HEAD = """
import subprocess, sys, time
from controlplane.bench import process_tree
BUSY = "import time\\nwhile time.process_time() < 0.3: pass\\n"
IN_THE_BACKGROUND = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {BUSY + 'time.sleep(60)'!r}])"
"""


def rounds(*factors: float, memory: int = 1024 * 1024) -> list[Round]:
    spans = [(EMPTY, 8.0, 9.0), (EXISTING, 4.0, 5.0), (DOWN, 1.0, 2.0)]
    return [
        Round(
            [(what, Span(wall * factor, cpu * factor)) for what, wall, cpu in spans],
            [process_tree.Process(1, "python3", memory)],
        )
        for factor in factors
    ]


def test_another_checkout_is_told_from_a_server_by_the_port_in_its_command() -> None:
    before, server = named("before=/elsewhere/bin/baremint"), named("moto=moto_server -p {port}")

    assert isinstance(before, Baremint)
    assert before.command == ["/elsewhere/bin/baremint"]
    assert isinstance(server, Server)


@pytest.mark.parametrize("text", ["", "=x", "name=", "a/b=x", "name"])
def test_a_program_without_name_or_command_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="NAME=COMMAND"):
        named(text)


def test_two_programs_of_one_name_are_refused() -> None:
    with pytest.raises(Failed, match="a name of its own"):
        measure(times=1, requests=None, beside=[named("baremint=baremint")], say=print)


def test_medians_are_told_with_their_ratio_to_the_first_program() -> None:
    lines = list(report({"baremint": rounds(1, 2, 9), "before": rounds(2, 4, 18, memory=3 * 1024 * 1024)}))
    [ours, theirs] = [line.split()[-5:] for line in lines if line.startswith(EXISTING)]

    assert ours[-2:] == ["8.00", "10.00"]
    assert theirs[-4:] == ["16.00", "20.00", "2.00", "2.00"]
    assert any(line.split() == ["before", "3.0", "3.00"] for line in lines)


def test_a_servers_first_answer_is_compared_with_a_start_on_existing_data() -> None:
    moto = [Round([(START, Span(2.0, 1.0))], [])]
    [line] = [each for each in report({"baremint": rounds(1), "moto": moto}) if each.startswith(START)]

    assert line.split()[-4:] == ["2.00", "1.00", "0.50", "0.20"]


def in_a_process_of_its_own(code: str) -> list[str]:
    """What it prints. In the end it kills whatever is below it, and that is to be nothing of the tests."""
    process = subprocess.run([sys.executable, "-c", f"{HEAD}{code}"], capture_output=True, text=True, check=True)
    return process.stdout.splitlines()


def test_cpu_time_counts_what_has_ended_and_what_went_on_in_the_background() -> None:
    exit_status, beyond = in_a_process_of_its_own(
        """
with process_tree.adopted():
    begun = process_tree.cpu_seconds()
    subprocess.run([sys.executable, "-c", BUSY], check=True)
    ended = process_tree.cpu_seconds() - begun
    subprocess.run([sys.executable, "-c", IN_THE_BACKGROUND], check=True)
    while (beyond := process_tree.cpu_seconds() - begun - ended) < 0.3:
        time.sleep(0.05)
    print(ended, beyond, sep="\\n")
"""
    )
    assert float(exit_status) >= 0.3
    assert float(beyond) >= 0.3


def test_memory_is_told_of_each_process_with_its_name_and_none_is_left() -> None:
    name, memory, pid = in_a_process_of_its_own(
        """
with process_tree.adopted():
    subprocess.run([sys.executable, "-c", IN_THE_BACKGROUND], check=True)
    [process] = process_tree.processes()
    print(process.name, process.memory, process.pid, sep="\\n")
"""
    )
    assert name.startswith("python")
    assert int(memory) > 0
    assert not Path(f"/proc/{pid}").exists()
