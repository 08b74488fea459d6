"""The token inspector's page: whatever is pasted is answered, and nothing of it stays."""

import pytest
from django.test import Client

from controlplane.activity.models import ActivityEvent

FORGED = (
    "eyJhbGciOiJSUzI1NiIsImtpZCI6Im90aGVyIn0.eyJub3RlIjoiPHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0PiJ9.c2VjcmV0LXNpZ25hdHVyZQ"
)


def test_a_token_is_taken_apart(victor: Client) -> None:
    page = victor.post("/inspector", {"token": f"Bearer {FORGED}\n"}).content.decode()
    assert "No key of this service has its kid" in page
    assert "Refused" in page


def test_what_is_in_it_is_text(victor: Client) -> None:
    page = victor.post("/inspector", {"token": FORGED}).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page


@pytest.mark.usefixtures("keys")
def test_nothing_of_it_stays(alice: Client, caplog: pytest.LogCaptureFixture) -> None:
    before = ActivityEvent.objects.count()
    answer = alice.post("/inspector", {"token": FORGED})
    assert answer["Cache-Control"] == "no-store"
    assert FORGED.rpartition(".")[2] not in answer.content.decode() + caplog.text
    assert ActivityEvent.objects.count() == before


@pytest.mark.parametrize("token", ["", " ", "\0", "x" * 20_000, "ü.ü.ü"])
def test_anything_may_be_pasted(alice: Client, token: str) -> None:
    assert alice.post("/inspector", {"token": token}).status_code == 200


def test_a_token_in_the_address_is_not_read(alice: Client) -> None:
    assert "Checks" not in alice.get(f"/inspector?token={FORGED}").content.decode()
