"""``baremint bench start``: measure the cost of starting, stopping and running Baremint."""

import statistics
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator, Sequence

from controlplane.bench import process_tree, product, programs
from controlplane.bench.children import Failed
from controlplane.bench.programs import DOWN, EMPTY, EXISTING, START, Program, Round, Span
from controlplane.cli.arguments import argument, arguments
from controlplane.deployment.owned_folder import owned_folder

STEPS = (EMPTY, EXISTING, DOWN, START)
MEBIBYTE = 1024 * 1024


def measure(
    *, times: int, requests: Sequence[int] | None, beside: Sequence[Program], say: Callable[[str], None]
) -> None:
    """Measure the programs and print the report. Raises children.Failed."""
    compared = [programs.ours(), *beside]
    rounds: dict[str, list[Round]] = {program.name: [] for program in compared}
    if len(rounds) < len(compared):
        raise Failed(f"Each program needs a name of its own; these are {', '.join(each.name for each in compared)}.")
    with owned_folder(product.PREFIX) as folder, process_tree.adopted():
        for number in range(1, times + 1):
            for program in compared:
                say(f"  ... {program.name}, {number} of {times}")
                rounds[program.name].append(program.measure(folder, sorted(requests or ())))
    for line in report(rounds):
        say(line)


def report(rounds: dict[str, list[Round]]) -> Iterator[str]:
    """Return lines with medians by program, their ratios to the first program, and the processes of each."""
    first = next(iter(rounds))
    width = max(map(len, rounds))
    times = len(rounds[first])
    yield ""
    beside = f"   of {first}'s" if len(rounds) > 1 else ""
    yield f"{f'median of {times}' if times > 1 else 'once':{width + 30}}  wall s    CPU s{beside}"
    for step in STEPS:
        for name, each in rounds.items():
            if spans := [span for one in each for what, span in one.spans if what == step]:
                median = _median(spans)
                base = _median([span for one in rounds[first] for what, span in one.spans if what == _base(step)])
                ratio = f"   {median.wall / base.wall:5.2f} {median.cpu / base.cpu:8.2f}" if name != first else ""
                yield f"{step:28}  {name:{width}}  {median.wall:6.2f}   {median.cpu:6.2f}{ratio}"
    yield ""
    yield f"{'memory at rest (PSS)':{width + 30}}     MiB"
    base_memory = statistics.median(one.memory for one in rounds[first])
    for name, each in rounds.items():
        memory = statistics.median(one.memory for one in each)
        ratio = f"            {memory / base_memory:5.2f}" if name != first else ""
        yield f"{'':28}  {name:{width}}  {memory / MEBIBYTE:6.1f}{ratio}"
    for name, each in rounds.items():
        for position, (count, _) in enumerate(each[0].loaded):
            memory = statistics.median(one.loaded[position][1] for one in each)
            yield f"{f'after {count:,} of each request':28}  {name:{width}}  {memory / MEBIBYTE:6.1f}"
    for name, each in rounds.items():
        yield ""
        yield f"{name}:   MiB  process"
        at = len(name) + 7
        for process in each[-1].processes:
            yield f"{process.memory / MEBIBYTE:{at}.1f}  {process.name}"


def _base(step: str) -> str:
    """Return the step of Baremint that a step is compared with: its start with existing data for a server's start."""
    return EXISTING if step == START else step


def _median(spans: Sequence[Span]) -> Span:
    return Span(statistics.median(span.wall for span in spans), statistics.median(span.cpu for span in spans))


def _times(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError("it must be a whole number from 1 on")
    return int(text)


def _program(text: str) -> Program:
    try:
        return programs.named(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


START_ARGUMENTS = arguments(
    argument("--times", type=_times, default=5, metavar="COUNT", help="medians of so many (default 5)"),
    argument(
        "--requests",
        type=_times,
        action="append",
        metavar="COUNT",
        help="look at the memory again after so many requests of each kind; may be repeated",
    ),
    argument(
        "--beside",
        type=_program,
        action="append",
        default=[],
        metavar="NAME=COMMAND",
        help="measure another program in turn with this one: the baremint of another checkout, or a server, whose "
        "command has {port} in it and which is ready when it answers HTTP requests there; may be repeated",
    ),
)
