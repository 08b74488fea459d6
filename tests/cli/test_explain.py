"""Questions from options or from the URL of a refusal, and answers for people to read."""

from argparse import ArgumentParser
from typing import Any

import pytest

from controlplane.cli.explain import as_text, question, question_arguments

URL = (
    "http://127.0.0.1:8000/_baremint/explain?subject=iam-Profile-1&action=is.vpc.vpc.create"
    "&resource%5BaccountId%5D=a1&resource%5BvpcId%5D=r006-1"
)
DENIED = {
    "decision": "deny",
    "because": "iam-Profile-1 is not authorized to perform is.vpc.vpc.create.",
    "explanation": URL,
    "subject": "iam-Profile-1",
    "action": "is.vpc.vpc.create",
    "resource": {"accountId": "a1", "vpcId": "r006-1"},
    "considered": [{"type": "policy", "id": "p1", "applies": False, "roles": ["Viewer"], "missing": ["a role"]}],
    "nearest": {
        "because": "policy p1 grants Viewer.",
        "request": {"method": "POST", "path": "/v1/policies", "body": {"description": "it's this"}},
    },
}
ALLOWED = {
    "decision": "allow",
    "because": "policy p1 grants Editor",
    "explanation": URL,
    "subject": "iam-Profile-1",
    "decided_by": {"type": "policy", "id": "p1", "role": {"crn": "crn:v1", "display_name": "Editor"}},
    "considered": [],
}


def asked(*words: str) -> dict[str, Any]:
    parser = ArgumentParser()
    question_arguments(parser)
    return question(vars(parser.parse_args(words)))


def shown(answer: dict[str, Any]) -> str:
    return as_text(answer, url="http://127.0.0.1:8000", token_command="baremint token")


def test_the_url_of_a_refusal_is_the_question() -> None:
    assert asked(URL) == {
        "subject": "iam-Profile-1",
        "action": "is.vpc.vpc.create",
        "resource": {"accountId": "a1", "vpcId": "r006-1"},
    }


def test_options_are_the_question() -> None:
    words = ["--action", "is.vpc.vpc.read", "--resource", "vpcId=r006-1", "--resource", "region=us-south"]
    assert asked(*words) == {
        "action": "is.vpc.vpc.read",
        "resource": {"vpcId": "r006-1", "region": "us-south"},
    }


def test_nothing_asked_is_no_question() -> None:
    assert asked() == {}


def test_a_resource_goes_by_one_word_or_by_attributes() -> None:
    assert asked("--action", "is.vpc.vpc.read", "--resource", "net") == {"action": "is.vpc.vpc.read", "resource": "net"}
    for other in ("other", "region=us-south"):
        with pytest.raises(ValueError, match="one name, id or CRN"):
            asked("--action", "is.vpc.vpc.read", "--resource", "net", "--resource", other)


@pytest.mark.parametrize("text", ["=r006-1", "vpcId="])
def test_a_resource_attribute_has_a_name_and_a_value(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        asked("--action", "is.vpc.vpc.read", "--resource", text)
    assert "or NAME=VALUE" in capsys.readouterr().err


def test_the_decision_comes_first() -> None:
    assert shown(DENIED).startswith("DENY: iam-Profile-1 is not authorized to perform is.vpc.vpc.create.\n")


def test_a_permission_names_what_decided() -> None:
    assert "decided by  policy p1, role Editor" in shown(ALLOWED)
    by = ALLOWED["decided_by"] | {"access_group": {"id": "AccessGroupId-1", "name": "night shift"}}
    assert "decided by  policy p1 of access group night shift, role Editor" in shown(ALLOWED | {"decided_by": by})


def test_what_was_considered_is_a_table() -> None:
    assert "p1   policy   Viewer   false     a role" in shown(DENIED)


def test_a_refusal_ends_with_a_command_that_quotes_what_it_must() -> None:
    assert shown(DENIED).splitlines()[-1] == (
        '  curl -s -X POST http://127.0.0.1:8000/v1/policies -H "Authorization: Bearer $(baremint token)" '
        "-H 'Content-Type: application/json' -d '{\"description\": \"it'\"'\"'s this\"}'"
    )


def test_a_permission_offers_no_command() -> None:
    assert "curl" not in shown(ALLOWED)
