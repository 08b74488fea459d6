"""Questions to ``/_baremint/explain``."""

from typing import Any

from controlplane.kernel.caller import Caller
from tests.api.calling import call
from tests.world import ALICE

PATH = "/_baremint/explain"


def ask(caller: Caller | None = ALICE, **question: Any) -> Any:
    return call("POST", PATH, question, caller=caller)
