"""What the command line makes of a refusal."""

from typing import Any

import pytest

from controlplane.cli.client import CannotCall, Refused, WrongOption
from controlplane.cli.vpc.passwords import PrivateKey
from controlplane.operations.commands import rest_connection
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


@pytest.mark.parametrize(("failure", "lines"), [(CannotCall("It does not answer."), 2), (WrongOption("No key."), 1)])
def test_a_wrong_option_is_not_answered_by_advice_to_start_the_service(
    monkeypatch: pytest.MonkeyPatch, failure: Exception, lines: int
) -> None:
    place: Any = None
    monkeypatch.setattr(rest_connection, "_client", lambda place, region: None)
    with pytest.raises(CommandFailed) as failed, rest_connection.connected(place):
        raise failure
    assert len(str(failed.value).splitlines()) == lines


def test_a_key_that_cannot_be_read_is_a_wrong_option() -> None:
    with pytest.raises(WrongOption):
        PrivateKey("no key", None)
