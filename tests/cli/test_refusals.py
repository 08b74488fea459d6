"""What the command line makes of a refusal."""

from controlplane.cli.client import Refused


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
