"""What the command line makes of a refusal."""

from typing import Any

import pytest

from controlplane.cli.client import CannotCall, Refused
from controlplane.cli.vpc.passwords import PrivateKey
from controlplane.operations.commands import connection
from controlplane.operations.commands.command import CommandFailed


def test_a_refusal_by_the_token_service_says_which_of_its_causes_it_was() -> None:
    body = {
        "errorCode": "BXNIM0109E",
        "errorMessage": "Property missing or empty.",
        "errorDetails": "Property 'apikey' either missing or empty.",
        "context": {"requestId": "r-1"},
    }
    assert str(Refused(400, body)).splitlines() == [
        "Property missing or empty.",
        "Property 'apikey' either missing or empty.",
        "Status 400, trace r-1.",
    ]


def test_a_refusal_without_details_is_as_short_as_it_comes() -> None:
    body = {"errorMessage": "Provided API key could not be found.", "context": {"requestId": "r-1"}}
    assert str(Refused(400, body)).splitlines() == ["Provided API key could not be found.", "Status 400, trace r-1."]


@pytest.mark.parametrize(("is_unreachable", "lines"), [(True, 2), (False, 1)])
def test_whoever_gives_a_wrong_option_is_not_told_to_start_the_service(
    monkeypatch: pytest.MonkeyPatch, is_unreachable: bool, lines: int
) -> None:
    place: Any = None
    monkeypatch.setattr(connection, "_client", lambda place, region: None)

    def call() -> None:
        with connection.connected(place):
            if is_unreachable:
                raise CannotCall("http://127.0.0.1:1 does not answer.")
            PrivateKey("no key", None)

    with pytest.raises(CommandFailed) as failed:
        call()
    assert len(str(failed.value).splitlines()) == lines
