"""Tries every mutant in the copy of the tree that it is started in, as many at a time as there are cores."""

import gc
import os
import resource
import signal
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

import hypothesis

from tests.mutation import trial
from tests.mutation.mutants import Mutant, mutants_of, statements_run

CONFIGURATION = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["baremint-mutation"]
EQUIVALENT = Path("tests/mutation/equivalent.toml")
WARM = ("hypothesis.stateful", "cryptography.x509", "cryptography.hazmat.primitives.asymmetric.rsa", "jwt", "json")
WARM_DJANGO = (
    "django.test",
    "django.core.management",
    "django.db.models",
    "django.contrib.postgres",
    "celery",
    "psycopg",
)
OUTCOMES = ("killed", "timed out", "survived", "no test")


def main(chosen: list[str]) -> int:
    start = time.monotonic()
    for name in WARM:
        import_module(name)
    # Found is found: no time is spent on a smaller example, and every run draws the same ones.
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile("trial", derandomize=True, database=None, deadline=None, phases=phases)
    hypothesis.settings.load_profile("trial")
    outcomes: dict[Mutant, str] = {}
    for kind in ("rules", "database"):
        if kind == "database":
            for name in WARM_DJANGO:
                import_module(name)
        for path, tests in CONFIGURATION[kind].items():
            if not chosen or path in chosen:
                outcomes.update(try_file(path, tests, django=kind == "database"))
    report_scores(outcomes)
    failed = report_survivors(outcomes)
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(each.ru_utime + each.ru_stime for each in usage)
    print(f"\n{len(outcomes)} mutants in {time.monotonic() - start:.0f} seconds, {cpu:.0f} seconds of CPU time.")
    return int(failed)


def try_file(path: str, tests: list[str], *, django: bool) -> dict[Mutant, str]:
    """The outcome of each mutant of a file; of a file that needs Django, of each in the sample."""
    code = Path(path).read_text()
    mutants = list(mutants_of(path, code))
    if django:
        percent, seed = CONFIGURATION["sample"], CONFIGURATION["seed"]
        trial.make_template()
        mutants = [each for each in mutants if each.is_drawn(percent=percent, seed=seed)]
    gc.freeze()  # what is imported stays, so no trial looks through it again
    measured = trial.measure(path, tests, django=django)
    if not measured["pass"]:
        print(measured["log"])
        raise SystemExit(f"The tests of {path} fail without any mutant.")
    ran = statements_run(code, set(measured["lines"]))
    outcomes = {each: "no test" for each in mutants if each.line not in ran}
    waiting = [each for each in mutants if each.line in ran]
    print(f"{path}: {len(mutants)} mutants; the tests take {measured['cpu']:.1f} seconds of CPU time", flush=True)
    limit = int(4 * measured["cpu"]) + 5
    start = last_report = time.monotonic()
    trials = (trial.begin(path, each.source, tests, django=django, cpu=limit) for each in waiting)
    for mutant, outcome in finished(waiting, trials):
        outcomes[mutant] = outcome
        if time.monotonic() - last_report > (1 if sys.stdout.isatty() else 15):
            last_report = time.monotonic()
            seconds_left = (last_report - start) * (len(mutants) - len(outcomes)) / len(outcomes)
            print(
                f"  {len(outcomes)} of {len(mutants)}, {tally(outcomes.values())}, {seconds_left:.0f} seconds left",
                flush=True,
            )
    print(f"  {tally(outcomes.values())}", flush=True)
    return outcomes


def finished(mutants: list[Mutant], trials: Iterator[trial.Trial]) -> Iterator[tuple[Mutant, str]]:
    running: list[tuple[Mutant, trial.Trial]] = []
    starting = zip(mutants, trials, strict=True)
    while True:
        while len(running) < (os.cpu_count() or 1) and (started := next(starting, None)):
            running.append(started)
        if not running:
            return
        # A child that ends wakes this; one that does not is looked at again a moment later.
        signal.sigtimedwait([signal.SIGCHLD], 1)
        for mutant, each in list(running):
            if outcome := each.outcome():
                running.remove((mutant, each))
                yield mutant, outcome


def tally(outcomes: Iterable[str]) -> str:
    counts = Counter(outcomes)
    return ", ".join(f"{counts[each]} {each}" for each in OUTCOMES if counts[each])


def report_scores(outcomes: dict[Mutant, str]) -> None:
    print(f"\n{'':32}{'mutants':>9}" + "".join(f"{each:>11}" for each in OUTCOMES) + f"{'score':>8}")
    for path in dict.fromkeys(each.path for each in outcomes):
        counts = Counter(outcome for each, outcome in outcomes.items() if each.path == path)
        kills = counts["killed"] + counts["timed out"]
        numbers = "".join(f"{counts[each]:11}" for each in OUTCOMES)
        print(f"{path:32}{counts.total():9}{numbers}{100 * kills / counts.total():7.1f}%")


def report_survivors(outcomes: dict[Mutant, str]) -> bool:
    """Print every survivor that is not known to be equivalent, and every known one that is none any more. Returns
    whether there is any."""
    paths = {each.path for each in outcomes}
    entries = tomllib.loads(EQUIVALENT.read_text())["equivalent"]
    names = {name for entry in entries for name in entry["mutants"] if name.split()[0].rstrip(":") in paths}
    survivors = [each for each, outcome in outcomes.items() if outcome in ("survived", "no test")]
    unknown = [each for each in survivors if each.name not in names]
    outdated_names = sorted(names - {each.name for each in survivors})
    print(f"{len(survivors)} survive; {len(survivors) - len(unknown)} of them are known to be equivalent.")
    for each in unknown:
        print(f"\n{each.path}:{each.line} {each.function} ({outcomes[each]})")
        print("\n".join([*(f"-{line}" for line in each.before), *(f"+{line}" for line in each.after)]))
    if unknown:
        print(f"\nTheir names, for {EQUIVALENT}:", *(f"  '''{each.name}'''," for each in unknown), sep="\n")
    if outdated_names:
        print(
            f"\nIn {EQUIVALENT}, but killed now, or of code that is gone:",
            *(f"  {name}" for name in outdated_names),
            sep="\n",
        )
    return bool(unknown or outdated_names)


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    sys.exit(main(sys.argv[1:]))
