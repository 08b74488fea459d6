"""Measure pages of the server list with few and with many servers: the number of servers must not slow a page down."""

import json
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from controlplane.bench import callers
from controlplane.bench.load import Request, run
from controlplane.deployment.api_version import API_VERSION

QUERY = f"version={API_VERSION}&generation=2"
SLOWEST = 1.5
"""Allowed ratio of the time of a page with many servers to that with few."""


def pages(
    info: dict[str, Any], token: str, few: Mapping[str, str] | None = None, *, reservation: str = ""
) -> dict[str, Request]:
    """The ways to ask for 50 servers, as requests; ``few`` have tokens of their own, and see few of them.

    ``reservation`` is the id of one, to filter by.
    """
    control = urllib.parse.urlsplit(info["control_plane_url"])

    def ask(query: str, token: str = token) -> Request:
        path = f"/v1/bare_metal_servers?{QUERY}{query if 'limit=' in query else f'&limit=50{query}'}"
        return Request(control.hostname or "", control.port or 80, "GET", path, _bearer(token))

    def next_page(query: str, token: str = token) -> Request:
        following = _answer(info, query, token)["next"]["href"]
        start = urllib.parse.parse_qs(urllib.parse.urlsplit(following).query)["start"][0]
        return ask(f"{query}&start={urllib.parse.quote(start)}", token)

    server = _answer(info, "&limit=1", token)["bare_metal_servers"][0]
    vpc = f"&vpc.id={server['vpc']['id']}"
    requests_by_name = {
        "first page": ask(""),
        "next page": next_page("&limit=50"),
        "filter: vpc.id": ask(vpc),
        "filter: resource_group.id": ask(f"&resource_group.id={server['resource_group']['id']}"),
        "filter: name": ask(f"&name={server['name']}"),
    }
    if reservation:
        requests_by_name["filter: reservation.id"] = ask(f"&reservation.id={reservation}")
    for name, each in (few or {}).items():
        requests_by_name |= {name: ask("", each), f"{name}, filter: vpc.id": ask(vpc, each)}
    for name in {callers.SEVERAL} & (few or {}).keys():
        requests_by_name[f"{name}, next page"] = next_page("&limit=2", (few or {})[name])
    return requests_by_name


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _answer(info: dict[str, Any], query: str, token: str) -> dict[str, Any]:
    url = f"{info['vpc_url']}/bare_metal_servers?{QUERY}{query}"
    request = urllib.request.Request(url, headers=_bearer(token))  # noqa: S310  loopback http
    with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310  loopback http
        body: dict[str, Any] = json.load(response)
        return body


def newest(info: dict[str, Any], token: str) -> dict[str, Any]:
    """The newest server."""
    server: dict[str, Any] = _answer(info, "&limit=1", token)["bare_metal_servers"][0]
    return server


def compare(
    info: dict[str, Any],
    token: Callable[[], str],
    *,
    counts: list[int],
    populate: Callable[[int], None],
    seconds: float,
) -> Iterator[tuple[str, list[float]]]:
    """The median of each kind of page, in milliseconds, at each of ``counts``. One request at a time."""
    medians: dict[str, list[float]] = {}
    server = newest(info, token())
    few, reservation = callers.tokens(info, server), callers.reserve(info, server)
    for count in counts:
        populate(count)
        for name, request in pages(info, token(), few, reservation=reservation).items():
            run(request, connections=1, seconds=seconds / 4)  # once to warm up
            result = run(request, connections=1, seconds=seconds)
            if result.refused:
                raise RuntimeError(f"{result.refused} of {result.answers} requests were refused ({name}).")
            medians.setdefault(name, []).append(result.percentile(0.5) * 1000)
    yield from medians.items()
