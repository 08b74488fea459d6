"""Keys and certificates: states on a time axis, what comes next, and a hand-over now."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from django.conf import settings
from django.test import Client

from controlplane.activity.models import ActivityEvent
from controlplane.console.presenters.keys import Span, spans_of, timelines
from controlplane.kernel import clock
from identity.keyring import KeyFacts, Purpose, outlook
from identity.models import KeyPair
from identity.services.rotation import rotate_now

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
POLICY = settings.KEY_POLICIES["iam"]


def test_a_key_is_drawn_through_its_states_past_and_to_come() -> None:
    key = KeyFacts("k", "active", NOW - 3 * HOUR, NOW - 2 * HOUR, None, None, None)
    heir = KeyFacts("h", "prepared", NOW - HOUR, None, None, None, None)
    until = NOW - 2 * HOUR + POLICY.period
    assert spans_of(key, outlook(key, [key, heir], POLICY), POLICY, now=NOW) == [
        Span("prepared", NOW - 3 * HOUR, NOW - 2 * HOUR, False),
        Span("active", NOW - 2 * HOUR, NOW, False),
        Span("active", NOW, until, True),
        Span("retiring", until, until + POLICY.verify_after, True),
    ]


@pytest.mark.usefixtures("keys")
def test_every_purpose_has_an_axis_with_its_overlap() -> None:
    lines = timelines(now=clock.now())
    assert {line.purpose for line in lines} == set(get_args(Purpose))
    for line in lines:
        active, heir = ({key.state: key for key in line.keys}[state] for state in ("active", "prepared"))
        handing_over = next(bar for bar in active.bars if bar.state == "retiring").x
        taking_over = next(bar for bar in heir.bars if bar.state == "active").x
        assert handing_over == taking_over
        assert line.next_words == "Hands over to the prepared key"


@pytest.mark.usefixtures("keys")
def test_a_retiring_key_overlaps_the_one_that_signs() -> None:
    rotate_now("iam", now=clock.now())
    [line] = [each for each in timelines(now=clock.now()) if each.purpose == "iam"]
    assert [key.state for key in line.keys] == ["retiring", "active", "prepared"]


@pytest.mark.usefixtures("keys")
class TestThePage:
    def test_it_shows_what_is_public_of_keys_and_nothing_else(self, victor: Client) -> None:
        page = victor.get("/keys").content.decode()
        rows = KeyPair.objects.all()
        assert rows
        for row in rows:
            assert row.kid in page
            assert bytes(row.ciphertext).hex() not in page
        assert "PRIVATE KEY" not in page

    def test_who_only_looks_is_offered_no_hand_over(self, victor: Client) -> None:
        assert "Rotate now" not in victor.get("/keys").content.decode()

    def test_the_owner_hands_over_now(self, alice: Client) -> None:
        before = KeyPair.objects.get(purpose="identity", state="active").kid
        answer = alice.post("/keys/rotate", {"purpose": "identity"}, headers={"HX-Request": "true"})
        assert (answer.status_code, answer["HX-Trigger"]) == (204, "refresh")
        assert KeyPair.objects.get(kid=before).state == "retiring"
        rotated = ActivityEvent.objects.filter(action="baremint.key.rotate", initiator_id="IBMid-ALICE00001")
        assert rotated.get().data["old"] == before

    def test_who_operates_servers_does_not(self, olga: Client) -> None:
        assert olga.post("/keys/rotate", {"purpose": "identity"}).status_code == 403
        assert not KeyPair.objects.filter(state="retiring").exists()

    @pytest.mark.parametrize("purpose", ["", "house"])
    def test_a_key_nobody_knows_is_not_rotated(self, alice: Client, purpose: str) -> None:
        assert alice.post("/keys/rotate", {"purpose": purpose}).status_code == 400
