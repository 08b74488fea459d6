"""The names of activity events are written in the ``events.py`` of each app alone."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from controlplane.cloudservice.registry import services
from tests.architecture.test_house_rules import ROOT, SOURCES
from tests.tables import assert_none
from trustedprofiles.actions import ACTIONS
from trustedprofiles.deployment_administrator import ALWAYS
from trustedprofiles.service_roles import EVERY_ROLE

SERVICES = (
    "is|iam|iam-[a-z]+|user-management|global-search-tagging|resource-controller|cloud-object-storage|kms|baremint"
)
EVENT_NAME = re.compile(rf"({SERVICES})(\.[a-z][a-z_-]*)+")
RECORDING = {"record": 0, "compose": 0, "record_change": 0, "compose_change": 0, "Operation": 2}
"""Where the calls that take the name of an event have it."""
KNOWN = {
    *(action for actions in ACTIONS.values() for action in actions),
    *(action for service in services().values() for action in service.unserved),
    *(action for role in EVERY_ROLE for action in role.actions),
    *ALWAYS,
}
"""Actions of policies, which often are the names of events, too."""
OTHERS = {
    "controlplane/console/visible_events.py": "how the names of events begin",
    "controlplane/deployment/home.py": "a file",
    "controlplane/kernel/awaited_body.py": "a key of the WSGI environment",
    "controlplane/kernel/paging.py": "a salt",
    "controlplane/kernel/task_names.py": "Celery tasks",
    "controlplane/lab/host_names.py": "hosts",
    "controlplane/runtime/background_process.py": "a file",
    "controlplane/settings.py": "hosts",
    "identity/inside/caller_address.py": "keys of the WSGI environment",
}
"""Files in which such words are something else, and what."""


def test_event_names_are_written_in_events_py_alone() -> None:
    offenders = {
        str(path.relative_to(ROOT)): sorted(set(names_in(path))) for path in SOURCES if path.name != "events.py"
    }
    assert_none({path: names for path, names in offenders.items() if names and path not in OTHERS}, among=SOURCES)


def names_in(path: Path) -> Iterator[str]:
    """What is written as the name of an event: as such, or where it can be nothing else."""
    tree = ast.parse(path.read_text())
    literals = {
        target.id: ast.unparse(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and is_written(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (event := event_of(node)) is not None:
            names = {each.id for each in ast.walk(event) if isinstance(each, ast.Name)}
            yield from (literals[name] for name in names & literals.keys())
            yield from (ast.unparse(event),) if is_written(event) else ()
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and EVENT_NAME.fullmatch(node.value):
            is_action = any(f"{action}.".startswith(f"{node.value}.") for action in KNOWN)
            yield from () if is_action else (node.value,)


def event_of(call: ast.Call) -> ast.expr | None:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if name not in RECORDING:
        return None
    keywords = [keyword.value for keyword in call.keywords if keyword.arg == "event"]
    return next(iter([*keywords, *call.args[RECORDING[name] :]]), None)


def is_written(value: ast.expr) -> bool:
    """Whether it is a text with a dot in it, or begins with one."""
    first = value.values[0] if isinstance(value, ast.JoinedStr) else value
    return isinstance(first, ast.Constant) and isinstance(first.value, str) and "." in first.value.strip(".")
