"""A client with a constant rate of requests, independent of earlier responses (an open loop), and their latencies.

    python -m controlplane.bench.steady_load SECONDS METHOD URL [--header NAME:VALUE]... [--ca FILE]

It prints them as JSON: milliseconds, sorted, and how many requests failed.
"""

import asyncio
import json
import math
import ssl
import statistics
import sys
import time
import urllib.parse
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass

from controlplane.bench.load import Request
from controlplane.cli.arguments import argument, arguments

SECONDS_AT_MOST = 30
RATE = 20
CLOSING_SECONDS = 0.2
"""Time for both ends to close their TLS connections."""


@dataclass(frozen=True)
class Steady:
    latencies: Sequence[float]
    """In seconds, sorted."""
    failed: int
    """Number of requests that were refused or not answered."""

    @property
    def p99(self) -> float:
        return self.latencies[math.ceil(len(self.latencies) * 0.99) - 1]

    @property
    def median(self) -> float:
        return statistics.median(self.latencies)


def run(request: Request, *, seconds: float, tls: ssl.SSLContext | None = None) -> Steady:
    """Send the requests, each over its own connection, like commands and programs without a session."""
    return asyncio.run(_run(request, seconds=seconds, tls=tls))


async def _run(request: Request, *, seconds: float, tls: ssl.SSLContext | None) -> Steady:
    start = time.perf_counter()
    tasks = []
    for number in range(int(seconds * RATE)):
        await asyncio.sleep(max(0.0, start + number / RATE - time.perf_counter()))
        tasks.append(asyncio.create_task(_ask(request, tls)))
    answers = await asyncio.gather(*tasks)
    await asyncio.sleep(CLOSING_SECONDS)
    return Steady(sorted(latency for latency, _ in answers), sum(not good for _, good in answers))


async def _ask(request: Request, tls: ssl.SSLContext | None) -> tuple[float, bool]:
    """Return the latency, and whether the response was a success."""
    start = time.perf_counter()
    try:
        async with asyncio.timeout(SECONDS_AT_MOST):
            status = await _status(request, tls)
    except (OSError, TimeoutError, EOFError):
        status = b""
    return time.perf_counter() - start, status.startswith(b"HTTP/1.1 2")


async def _status(request: Request, tls: ssl.SSLContext | None) -> bytes:
    server_name = request.address if tls else None
    reader, writer = await asyncio.open_connection(request.address, request.port, ssl=tls, server_hostname=server_name)
    try:
        writer.write(request.on_the_wire())
        status, length = await reader.readline(), 0
        while (line := await reader.readline()).strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line[15:])
        await reader.readexactly(length)
        return status
    finally:
        writer.close()


ARGUMENTS = arguments(
    argument("seconds", type=float),
    argument("method"),
    argument("url"),
    argument("--header", action="append", default=[]),
    argument("--ca"),
)


def main(words: list[str]) -> None:
    parser = ArgumentParser()
    ARGUMENTS(parser)
    options = parser.parse_args(words)
    url = urllib.parse.urlsplit(options.url)
    headers = dict(each.split(":", 1) for each in options.header)
    path = f"{url.path}?{url.query}"
    tls = ssl.create_default_context(cafile=options.ca) if url.scheme == "https" else None
    port = url.port or (443 if tls else 80)
    steady = run(Request(url.hostname or "", port, options.method, path, headers), seconds=options.seconds, tls=tls)
    report = {"milliseconds": [round(each * 1000, 2) for each in steady.latencies], "failed": steady.failed}
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
