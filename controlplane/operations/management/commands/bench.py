"""``baremint bench``: start the product on PostgreSQL and on SQLite, load it, print rates and ratios."""

import json
import os
import signal
from argparse import SUPPRESS, ArgumentParser
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from controlplane.bench import children, lists, postgresql, product, renewals, requests, slow_clients, starts
from controlplane.bench.load import Result, run
from controlplane.bench.population import populate
from controlplane.bench.signing import RawRate, raw_rate
from controlplane.cli.arguments import argument, arguments
from controlplane.operations.terminal import discard_output
from controlplane.runtime.supervisor.stop_requests import StopRequested, StopRequests

ARGUMENTS = arguments(
    argument("--seconds", type=float, default=8.0, help="length of each measurement (default 8)"),
    argument("--connections", type=int, default=16, help="requests in flight (default 16)"),
    argument(
        "--database",
        choices=["postgresql", "sqlite"],
        action="append",
        help="only this database; may be repeated (default both)",
    ),
    argument(
        "--servers",
        type=int,
        action="append",
        metavar="COUNT",
        help="list 50 servers out of this many; may be repeated (default 1000 and 1000000)",
    ),
    argument(
        "--certificates",
        type=int,
        default=10_000,
        metavar="COUNT",
        help="renew this many certificates that are due at once (default 10000)",
    ),
)
INTERNAL_ARGUMENTS = arguments(
    argument("--populate", type=int, help=SUPPRESS),
    argument("--certify", type=int, help=SUPPRESS),
    argument("--await-renewals", action="store_true", help=SUPPRESS),
)
"""For the processes that the benchmark starts."""


class Command(BaseCommand):
    help = (
        "Measure the product on this machine: requests/s, p50 and p99 of the identity operations and of a server "
        "list, each as a ratio to the raw RS256 signing rate of the same run; and the renewal of many certificates. "
        "With start: the cost of a start and a stop. With slow: the effect of slow clients on a fast one. "
        "It starts its own copies of the product."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        ARGUMENTS(parser)
        commands = parser.add_subparsers(
            dest="command", metavar="COMMAND", title="commands", parser_class=ArgumentParser
        )
        for name, help_text, add_to in (
            ("start", "measure the cost of starting, stopping and running it", starts.START_ARGUMENTS),
            (
                "slow",
                "measure the effect on a client of hundreds of others that do not finish their requests",
                slow_clients.SLOW_ARGUMENTS,
            ),
        ):
            add_to(commands.add_parser(name, help=help_text, description=f"{help_text}.".capitalize()))
        INTERNAL_ARGUMENTS(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["populate"]:
            populate(options["populate"])
            return
        if options["certify"]:
            renewals.certify(options["certify"], requests.csr())
            return
        if options["await_renewals"]:
            self.stdout.write(json.dumps(renewals.make_due_and_wait()))
            return
        stop_requests = StopRequests()
        stop_requests.end_with_parent(unless_ignored=(signal.SIGHUP,))
        try:
            with stop_requests:
                stop_requests.check()
                self._measure(options)
        except StopRequested as request:
            raise CommandError(f"{request} Everything that had been started is stopped again.") from None
        except BrokenPipeError:
            discard_output()  # Python flushes it once more at its end
            raise CommandError("The output was closed. Everything that had been started is stopped again.") from None
        except (children.Failed, postgresql.CannotStart) as error:
            raise CommandError(str(error)) from None

    def _measure_raw(self, seconds: float) -> RawRate:
        cores = len(os.sched_getaffinity(0))
        self.stdout.write(f"Raw RS256 on {cores} cores ...", ending=" ")
        raw = raw_rate(processes=cores, seconds=min(seconds, 4.0))
        self.stdout.write(f"{raw.wall:,.0f}/s, {raw.cpu:,.0f}/s of CPU time")
        return raw

    def _measure(self, options: dict[str, Any]) -> None:
        raw = self._measure_raw(options["seconds"])
        if options["command"] == "slow":
            parameters = {name: options[name] for name in ("seconds", "times", "clients")}
            slow_clients.measure(**parameters, say=self.stdout.write)
        elif options["command"] == "start":
            starts.measure(
                times=options["times"], requests=options["requests"], beside=options["beside"], say=self.stdout.write
            )
        else:
            self._measure_load(options, raw)

    def _measure_load(self, options: dict[str, Any], raw: RawRate) -> None:
        seconds, connections = options["seconds"], options["connections"]
        counts = sorted(options["servers"] or [1_000, 1_000_000])
        for database in options["database"] or ["postgresql", "sqlite"]:
            self.stdout.write(f"\nStarting the product on {database} ...")
            with product.running(database) as running:
                info, environment = running.info, running.environment
                self.stdout.write(f"{database:34}  requests/s     p50 ms    p99 ms   of raw")
                for name, request in requests.kinds(info).items():
                    self._print(name, run(request, connections=connections, seconds=seconds), raw.wall)
                self._compare_lists(info, environment, counts=counts, seconds=seconds / 2)
                self._renew(info, environment, count=options["certificates"], seconds=seconds, raw=raw.wall)

    def _renew(
        self, info: dict[str, Any], environment: dict[str, str], *, count: int, seconds: float, raw: float
    ) -> None:
        self.stdout.write(f"  ... {count:,} certificates due at once")
        children.baremint("bench", "--certify", str(count), environment=environment)
        start = partial(children.python, "controlplane", "bench", "--await-renewals", environment=environment)
        result = renewals.measure(requests.kinds(info)["PUT /identity/v1/token"], seconds=seconds, start=start)
        self.stdout.write(
            f"{'renewals':34}  {result.rate:10,.0f} per second, {result.rate / raw:.2f} of raw, {result.seconds:.0f} s"
        )
        before, during = (each.percentile(0.99) * 1000 for each in (result.before, result.during))
        latencies = f"p99 {before:.2f} ms before, {during:.2f} ms meanwhile"
        self.stdout.write(f"{'PUT /identity/v1/token beside it':34}  {latencies}: {result.ratio:.2f} times as long")

    def _compare_lists(
        self, info: dict[str, Any], environment: dict[str, str], *, counts: list[int], seconds: float
    ) -> None:
        def fill(count: int) -> None:
            self.stdout.write(f"  ... {count:,} servers")
            children.baremint("bench", "--populate", str(count), environment=environment)

        comparison = lists.compare(
            info, lambda: requests.iam_token(info), counts=counts, populate=fill, seconds=seconds
        )
        rows = list(comparison)
        head = " ".join(f"{f'of {count:,}':>14}" for count in counts)
        self.stdout.write(f"{'50 servers, p50 ms':46} {head}    ratio")
        for name, medians in rows:
            ratio = medians[-1] / medians[0]
            warning = "  SLOW" if ratio > lists.SLOWEST else ""
            columns = " ".join(f"{median:14.2f}" for median in medians)
            self.stdout.write(f"{name:46} {columns} {ratio:8.2f}{warning}")

    def _print(self, name: str, result: Result, raw: float) -> None:
        p50, p99 = (result.percentile(share) * 1000 for share in (0.5, 0.99))
        warning = f"  {result.refused} REFUSED" if result.refused else ""
        self.stdout.write(f"{name:34}  {result.rate:10,.0f} {p50:10.2f} {p99:9.2f}   {result.rate / raw:6.2f}{warning}")
