"""docs/vpc-api.md says what the code does."""

import re
from pathlib import Path

from servers import lifecycle, quotas, reserved_capacity
from tests.tables import assert_rows

PAGE = (Path(__file__).parent.parent.parent / "docs" / "vpc-api.md").read_text(encoding="utf-8")

OF_RESERVATIONS = {
    "activate a reservation": reserved_capacity.CANNOT_ACTIVATE,
    "renew a reservation": reserved_capacity.CANNOT_RENEW,
}


def test_the_quotas_on_the_page_are_those_in_force() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", PAGE, re.MULTILINE)
    assert {name: int(most) for name, most in rows} == dict(quotas.QUOTAS)


def test_every_failing_name_on_the_page_fails_as_it_says_and_none_is_missing() -> None:
    rows = dict(re.findall(r"^\| `(fail-[a-z-]+)` \| ([a-z ,]+) \|", PAGE, re.MULTILINE))
    actions = {"update firmware": "update_firmware"}
    for name, row in rows.items():
        for action in row.split(", "):
            if reason := OF_RESERVATIONS.get(action):
                assert lifecycle.provoked_failure(reason, name), name
            else:
                assert lifecycle.provoked_failure(lifecycle.ACTIONS[actions.get(action, action)].failures, name), name
    codes = {code for action in lifecycle.ACTIONS.values() for code in action.failures}
    codes |= {code for reason in OF_RESERVATIONS.values() for code in reason}
    assert {name.removeprefix("fail-").replace("-", "_") for name in rows} == codes


def test_every_action_on_the_page_ends_where_it_says_and_none_is_missing() -> None:
    rows = dict(re.findall(r"^\| ([a-z ]+) \|[^|]*\|[^|]*\| ([^|]+) \|$", PAGE, re.MULTILINE))
    assert rows.pop("action") == "ends"
    ends = {name: [action.then[-1]] for name, action in lifecycle.ACTIONS.items()}
    ends["update firmware"] = ends.pop("update_firmware") + ends.pop("update_and_start")  # one line for both
    assert_rows({action: re.findall(r"`(\w+)`", cell) or [cell] for action, cell in rows.items()}, ends)
