"""The value of an API key is in the answer that creates it, and nowhere else."""

from typing import Any

import pytest
from django.core import serializers
from django.test import Client

from controlplane.activity.models import ActivityEvent
from identity.models import ApiKey, StoredValue
from tests.api.apikeys import KEYS, OWN_VALUE, SERVICE_IDS, make_key, make_service_id
from tests.api.calling import call
from tests.world import ACCOUNT, ALICE, World
from trustedprofiles.models import ServiceId, User

ANOTHER = "another value, which is refused for one reason or another"


@pytest.fixture
def values(world: World, keys: None) -> list[str]:
    """Made, brought, refused, asked for, used in vain: whatever a value can be part of."""
    imported_key, generated_key = make_key(apikey=OWN_VALUE), make_key()
    robot = make_service_id(apikey={"name": "first"})
    stored = make_key(iam_id=robot["iam_id"], store_value=True)
    call("PUT", f"{KEYS}/{stored['id']}", {"name": "other"}, If_Match="*")
    call("GET", f"{KEYS}/{stored['id']}")
    call("GET", f"{KEYS}/details", IAM_ApiKey=stored["apikey"])
    call("POST", KEYS, {"name": "key", "iam_id": ALICE.iam_id, "apikey": OWN_VALUE})
    call("POST", KEYS, {"name": "key", "iam_id": ALICE.iam_id, "apikey": ANOTHER, "colour": ANOTHER})
    call("POST", KEYS, {"name": "key", "iam_id": "IBMid-BOB", "apikey": ANOTHER})
    call("PUT", f"{KEYS}/{generated_key['id']}", {"apikey": ANOTHER}, If_Match="*")
    call("POST", SERVICE_IDS, {"name": "robot", "account_id": "x", "apikey": {"name": "first", "apikey": ANOTHER}})
    call("GET", f"{KEYS}/details", IAM_ApiKey=generated_key["apikey"])
    call("GET", f"{KEYS}/details", IAM_ApiKey=ANOTHER)
    Client().post("/identity/token", {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": ANOTHER})
    call("POST", f"{KEYS}/{generated_key['id']}/lock")
    call("DELETE", f"{KEYS}/{imported_key['id']}")
    return [OWN_VALUE, ANOTHER, generated_key["apikey"], robot["apikey"]["apikey"], stored["apikey"]]


def assert_none_in(text: str, values: list[str]) -> None:
    assert text
    assert not [value for value in values if value[:16] in text]


def test_no_list_shows_the_value_of_an_api_key(values: list[str]) -> None:
    lists = [f"{KEYS}?scope=account&include_history=true", f"{SERVICE_IDS}?account_id={ACCOUNT}&include_history=true"]
    assert_none_in("".join(call("GET", path).content.decode() for path in lists), values)


def test_a_read_shows_the_value_of_an_api_key_only_if_it_is_stored(values: list[str]) -> None:
    query = "include_history=true&include_activity=true"
    keys = ApiKey.objects.filter(stored_value=None)
    answers = [call("GET", f"{KEYS}/{key.id}?{query}") for key in keys]
    assert_none_in("".join(answer.content.decode() for answer in answers), values)


@pytest.mark.parametrize(
    "body",
    [
        {"name": "key", "iam_id": ALICE.iam_id, "apikey": OWN_VALUE},
        {"name": "key", "iam_id": ALICE.iam_id, "apikey": OWN_VALUE[:20]},
        {"name": "key", "iam_id": ALICE.iam_id, "apikey": OWN_VALUE * 20},
        {"name": "key", "iam_id": ALICE.iam_id, "apikey": [OWN_VALUE]},
    ],
    ids=["taken", "too-short", "too-long", "a-list"],
)
def test_no_refusal_repeats_the_value_of_an_api_key(world: World, body: Any) -> None:
    make_key(apikey=OWN_VALUE)
    answer = call("POST", KEYS, body)
    assert answer.status_code in (400, 409)
    assert_none_in(answer.content.decode(), [OWN_VALUE])


def test_no_event_contains_the_value_of_an_api_key(values: list[str]) -> None:
    assert_none_in(serializers.serialize("json", ActivityEvent.objects.all()), values)


def test_no_row_contains_the_value_of_an_api_key(values: list[str]) -> None:
    assert_none_in(serializers.serialize("json", [*ApiKey.objects.all(), *StoredValue.objects.all()]), values)
    assert not [row for row in StoredValue.objects.all() for value in values if value.encode() in bytes(row.ciphertext)]


def test_no_page_of_the_admin_shows_the_value_of_an_api_key_or_its_hash(
    values: list[str], world: World, client: Client
) -> None:
    client.force_login(User.objects.create_superuser("alice", iam_id=ALICE.iam_id, account=world.account))
    hashes = list(ApiKey.objects.values_list("sha256", flat=True))
    for model in (ApiKey, ActivityEvent, ServiceId):
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        rows = [f"{base}{row.pk}/change/" for row in model._default_manager.all()]
        pages = [client.get(path) for path in (base, *rows)]
        assert {page.status_code for page in pages} == {200}
        assert_none_in("".join(page.content.decode() for page in pages), [*values, *hashes])


def test_no_line_of_the_log_contains_the_value_of_an_api_key(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    caplog.set_level("DEBUG")
    values = request.getfixturevalue("values")
    printed = capfd.readouterr()
    assert_none_in(f"logged: {caplog.text} {printed.out} {printed.err}", values)
