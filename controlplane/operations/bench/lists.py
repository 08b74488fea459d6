"""Pages of the server list, out of few servers and out of many: a page must not cost more because there are more."""

import json
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from controlplane.operations.bench import callers
from controlplane.operations.bench.load import Request, run

QUERY = "version=2025-08-26&generation=2"
SLOWEST = 1.5
"""How much more a page out of many may cost than one out of few."""


def pages(info: dict[str, Any], token: str, few: Mapping[str, str] | None = None) -> dict[str, Request]:
    """The ways to ask for 50 servers, as requests; ``few`` have tokens of their own, and see few of them."""
    control = urllib.parse.urlsplit(info["control_plane_url"])
    bearer = {"Authorization": f"Bearer {token}"}

    def ask(query: str) -> Request:
        path = f"/v1/bare_metal_servers?{QUERY}&limit=50{query}"
        return Request(control.hostname or "", control.port or 80, "GET", path, bearer)

    def answer(query: str) -> dict[str, Any]:
        asked = urllib.request.Request(f"{info['vpc_url']}/bare_metal_servers?{QUERY}{query}", headers=bearer)  # noqa: S310
        with urllib.request.urlopen(asked, timeout=60) as found:  # noqa: S310  loopback http
            body: dict[str, Any] = json.load(found)
            return body

    first = answer("&limit=50")
    server = first["bare_metal_servers"][0]
    limited = {name: {"Authorization": f"Bearer {each}"} for name, each in (few or {}).items()}
    following = urllib.parse.parse_qs(urllib.parse.urlsplit(first["next"]["href"]).query)["start"][0]
    return {
        "first page": ask(""),
        "next page": ask(f"&start={urllib.parse.quote(following)}"),
        "filter: vpc.id": ask(f"&vpc.id={server['vpc']['id']}"),
        "filter: resource_group.id": ask(f"&resource_group.id={server['resource_group']['id']}"),
        "filter: name": ask(f"&name={server['name']}"),
        **{name: replace(ask(""), headers=headers) for name, headers in limited.items()},
    }


def newest(info: dict[str, Any], token: str) -> dict[str, Any]:
    """The newest server."""
    headers = {"Authorization": f"Bearer {token}"}
    asked = urllib.request.Request(f"{info['vpc_url']}/bare_metal_servers?{QUERY}&limit=1", headers=headers)  # noqa: S310
    with urllib.request.urlopen(asked, timeout=60) as found:  # noqa: S310  loopback http
        server: dict[str, Any] = json.load(found)["bare_metal_servers"][0]
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
    few = callers.tokens(info, newest(info, token()))
    for count in counts:
        populate(count)
        for name, request in pages(info, token(), few).items():
            run(request, connections=1, seconds=seconds / 4)  # once to warm up
            result = run(request, connections=1, seconds=seconds)
            if result.refused:
                raise RuntimeError(f"{result.refused} of {result.answers} requests were refused ({name}).")
            medians.setdefault(name, []).append(result.percentile(0.5) * 1000)
    yield from medians.items()
