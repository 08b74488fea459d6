"""A good client: so many requests a second, whatever became of those before (an open loop), and how long each took."""

import asyncio
import math
import ssl
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from controlplane.operations.bench.load import Request

SECONDS_AT_MOST = 30


@dataclass(frozen=True)
class Steady:
    latencies: Sequence[float]
    """In seconds, sorted."""
    failed: int
    """Requests that were refused or not answered."""

    @property
    def p99(self) -> float:
        return self.latencies[min(len(self.latencies) - 1, math.ceil(len(self.latencies) * 0.99) - 1)]

    @property
    def median(self) -> float:
        return statistics.median(self.latencies)


def run(request: Request, *, seconds: float, rate: float = 20, tls: ssl.SSLContext | None = None) -> Steady:
    """Each request has a connection of its own, as each call of a command or of a program without a session has."""
    return asyncio.run(_run(request, seconds=seconds, rate=rate, tls=tls))


async def _run(request: Request, *, seconds: float, rate: float, tls: ssl.SSLContext | None) -> Steady:
    begun = time.perf_counter()
    tasks = []
    for number in range(int(seconds * rate)):
        await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(_ask(request, tls)))
    answers = await asyncio.gather(*tasks)
    return Steady(sorted(taken for taken, _ in answers), sum(not good for _, good in answers))


async def _ask(request: Request, tls: ssl.SSLContext | None) -> tuple[float, bool]:
    begun = time.perf_counter()
    try:
        async with asyncio.timeout(SECONDS_AT_MOST):
            reader, writer = await asyncio.open_connection(
                request.address, request.port, ssl=tls, server_hostname=request.address if tls else None
            )
            writer.write(request.on_the_wire())
            status = await reader.readline()
            while (line := await reader.readline()).strip():
                if line.lower().startswith(b"content-length:"):
                    length = int(line[15:])
            await reader.readexactly(length)
            writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError, UnboundLocalError):
        return time.perf_counter() - begun, False
    return time.perf_counter() - begun, status.startswith(b"HTTP/1.1 2")
