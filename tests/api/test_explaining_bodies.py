"""Questions that ``/_baremint/explain`` refuses, by POST and by URL."""

from typing import Any
from urllib.parse import quote, urlencode

from controlplane.activity.models import ActivityEvent
from servers.models import BareMetalServer
from tests.api.calling import call, refusal
from tests.policies import VICTOR
from tests.tables import alone, check_each
from tests.world import ACCOUNT, World

PATH = "/_baremint/explain"
LIST = "is.bare-metal-server.bare-metal-server.list"
PROFILE_CRN = f"crn:v1:bluemix:public:iam-identity::a/{ACCOUNT}::profile:x"


def ask(**question: Any) -> Any:
    return call("POST", PATH, question)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "missing_field"),
    "a-subject-alone": ({"subject": VICTOR}, "missing_field"),
    "a-token-alone": ({"token": "x"}, "missing_field"),
    "a-resource-alone": ({"resource": {"region": "us-south"}}, "missing_field"),
    "a-server-and-an-action": ({"server": "web-1", "action": LIST}, "invalid_value"),
    "a-profile-and-an-action": ({"profile": "victor", "action": LIST}, "invalid_value"),
    "a-token-and-a-subject": ({"token": "x", "subject": VICTOR, "action": LIST}, "invalid_value"),
    "a-token-and-a-server": ({"token": "x", "server": "web-1"}, "invalid_value"),
    "an-unknown-property": ({"action": LIST, "colour": "blue"}, "unknown_field"),
    "a-number-for-an-action": ({"action": 5}, "invalid_value"),
    "an-empty-action": ({"action": ""}, "invalid_value"),
    "an-action-of-513": ({"action": "a" * 513}, "invalid_value"),
    "nul-in-an-action": ({"action": f"{LIST}\0"}, "invalid_value"),
    "nul-in-a-server": ({"server": "web\0"}, "invalid_value"),
    "a-token-of-16385": ({"action": LIST, "token": "x" * 16_385}, "invalid_value"),
    "a-text-for-a-resource": ({"action": LIST, "resource": "us-south"}, "invalid_value"),
    "a-number-for-an-attribute": ({"action": LIST, "resource": {"region": 5}}, "invalid_value"),
    "an-empty-region": ({"action": LIST, "resource": {"region": ""}}, "not_found"),
    "an-attribute-of-1025": ({"action": LIST, "resource": {"region": "r" * 1025}}, "invalid_value"),
    "nul-in-an-attribute": ({"action": LIST, "resource": {"region": "r\0"}}, "invalid_value"),
    "an-attribute-without-a-name": ({"action": LIST, "resource": {"": "r"}}, "invalid_value"),
    "an-attribute-that-no-url-can-say": ({"action": LIST, "resource": {"tag:env]": "r"}}, "invalid_value"),
    "nul-in-the-name-of-an-attribute": ({"action": LIST, "resource": {"a\0": "r"}}, "invalid_value"),
    "twenty-one-attributes": ({"action": LIST, "resource": {f"a{n}": "r" for n in range(21)}}, "invalid_value"),
    "a-resource-and-resources": ({"action": LIST, "resource": "a", "resources": ["a"]}, "invalid_value"),
    "resources-without-an-action": ({"server": "web-1", "resources": [{}]}, "missing_field"),
    "no-resources": ({"action": LIST, "resources": []}, "invalid_value"),
    "resources-that-are-no-list": ({"action": LIST, "resources": {"region": "us-south"}}, "invalid_value"),
    "hundred-and-one-resources": ({"action": LIST, "resources": [{}] * 101}, "invalid_value"),
    "a-number-among-resources": ({"action": LIST, "resources": [{}, 5]}, "invalid_value"),
    "a-long-attribute-of-resources": ({"action": LIST, "resources": [{"region": "r" * 1025}]}, "invalid_value"),
    "an-odd-name-among-resources": ({"action": LIST, "resources": [{}, {"tag:env]": "r"}]}, "invalid_value"),
    "twenty-one-attributes-of-resources": (
        {"action": LIST, "resources": [{f"a{n}": "r" for n in range(21)}]},
        "invalid_value",
    ),
    "an-unknown-region-among-resources": ({"action": LIST, "resources": [{}, {"region": "moon"}]}, "not_found"),
    "an-unknown-server": ({"server": "unknown"}, "not_found"),
    "an-unknown-profile": ({"profile": "unknown"}, "not_found"),
    "a-profiles-crn-for-a-server": (
        {"server": f"crn:v1:bluemix:public:iam-identity::a/{ACCOUNT}::profile:x"},
        "not_found",
    ),
}


def test_a_question_that_is_none_is_refused(world: World) -> None:
    def check(name: str) -> None:
        question, code = REFUSED[name]
        assert refusal(ask(**question)) == (400, code)

    check_each(REFUSED, alone(check))


ASKED_BY_URL = (
    *("nothing", "a-subject-alone", "a-resource-alone", "a-server-and-an-action", "a-profile-and-an-action"),
    *("an-empty-region", "an-action-of-513", "an-attribute-of-1025", "twenty-one-attributes", "an-unknown-server"),
)


def test_a_url_that_asks_the_same_is_refused_alike(world: World) -> None:
    def check(case: tuple[dict[str, Any], str]) -> None:
        question, code = case
        flat = {name: value for name, value in question.items() if name != "resource"}
        flat |= {f"resource[{name}]": value for name, value in question.get("resource", {}).items()}
        assert refusal(call("GET", f"{PATH}?{urlencode(flat)}")) == (400, code)

    check_each([REFUSED[name] for name in ASKED_BY_URL], alone(check))


def test_no_token_is_taken_from_a_url(world: World) -> None:
    answer = call("GET", f"{PATH}?action={LIST}&token=secret")
    assert refusal(answer) == (400, "invalid_value")
    assert "secret" not in answer.content.decode() + ActivityEvent.objects.get().message


def test_a_token_that_is_refused_explains_itself_and_has_no_url(world: World, keys: None) -> None:
    answer = ask(action=LIST, token="a.b.c").json()
    assert answer["decision"] == "deny"
    assert "explanation" not in answer


def test_a_name_is_not_a_pattern(server: BareMetalServer) -> None:
    assert refusal(call("GET", f"{PATH}?server={quote('web-%')}")) == (400, "not_found")
