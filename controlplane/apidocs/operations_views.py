"""What keeps a deployment running asks: health, readiness, metrics, and where everything is."""

from typing import Literal, TypedDict

from controlplane.apidocs.plain_views import Door

OPERATIONS = "Operations"


class Health(TypedDict):
    status: Literal["ok"]


class Unavailable(TypedDict):
    """What is missing, and what to do about it."""

    status: Literal["unavailable"]
    reasons: dict[str, str]


class Welcome(TypedDict):
    name: str
    version: str
    links: dict[str, str]


OPERATIONS_DOORS = (
    Door(
        path="/healthz",
        method="get",
        name="get_health",
        tag=OPERATIONS,
        summary="Whether the process answers",
        answer=Health,
    ),
    Door(
        path="/readyz",
        method="get",
        name="get_readiness",
        tag=OPERATIONS,
        summary="Whether everything it needs is there",
        answer=Health,
        also={503: Unavailable},
    ),
    Door(
        path="/metrics",
        method="get",
        name="get_metrics",
        tag=OPERATIONS,
        summary="Counts and states for Prometheus, of the whole deployment",
        answer=str,
        answer_type="text/plain",
    ),
    Door(
        path="/",
        method="get",
        name="get_welcome",
        tag=OPERATIONS,
        summary="Where everything is; to a browser, the overview of the console",
        answer=Welcome,
        page=True,
    ),
)
