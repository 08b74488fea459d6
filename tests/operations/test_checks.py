"""What must not be misconfigured: Django's system checks, which run before anything is made."""

from typing import Any

import pytest
from django.core.checks import run_checks

from servers.checks import SETTINGS

WRONG = {
    "region": ("BAREMINT_REGION", "mars", "servers.E001"),
    "quota": ("BAREMINT_QUOTAS", {"servers": 3}, "servers.E002"),
    "KEK": ("BAREMINT_KEK", ["short"], "identity.E001"),
}


def test_the_settings_of_the_tests_are_right() -> None:
    assert run_checks(tags=[SETTINGS], include_deployment_checks=True) == []


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_setting_is_named(settings: Any, case: str) -> None:
    name, value, id = WRONG[case]
    setattr(settings, name, value)
    [error] = run_checks(tags=[SETTINGS], include_deployment_checks=True)
    assert (error.id, name in error.msg) == (id, True)
