"""Keys and certificates: states on a time axis, what comes next, and a hand-over now."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from urllib.parse import unquote

import pytest
from django.test import Client

from controlplane.activity.models import ActivityEvent
from controlplane.console.presenters.form_snapshot import signing_shown
from controlplane.console.presenters.keys import Span, instant, spans_of, timelines
from controlplane.kernel import clock
from identity.key_periods import configured_key_times
from identity.key_schedule import KeyFacts, Purpose, outlook
from identity.models import KeyPair
from identity.selectors import KeySeries
from identity.services.key_rotation import rotate_now
from tests.forms import as_shown, form

BUTTON = r'<button [^>]*id="rotate-{}-us-south"[^>]*>([^<]*)</button>'
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TIMES = configured_key_times()["iam"]


def button(browser: Client, purpose: str) -> tuple[str, bool]:
    """What it says, and whether it can only be read."""
    match = re.search(BUTTON.format(purpose), browser.get("/keys/state").content.decode())
    assert match
    return match[1], "aria-disabled" in match[0]


def pressing(purpose: Purpose) -> dict[str, Any]:
    """What the button of a key sends."""
    active = KeyPair.objects.get(purpose=purpose, state="active", region="us-south")
    return {"purpose": purpose, **as_shown(signing_shown(KeySeries(purpose, "us-south"), active.kid))}


@pytest.mark.parametrize(
    ("at", "told"), [(NOW + HOUR, "13:00:00 UTC"), (NOW + 12 * HOUR, "2026-11-02 00:00:00 UTC")], ids=["today", "later"]
)
def test_an_instant_of_today_is_told_without_its_day(at: datetime, told: str) -> None:
    assert instant(at, now=NOW) == told


def test_a_key_is_drawn_through_its_states_past_and_to_come() -> None:
    key = KeyFacts("k", "active", NOW - 3 * HOUR, NOW - 2 * HOUR, None, None, None)
    successor = KeyFacts("h", "prepared", NOW - HOUR, None, None, None, None)
    until = NOW - 2 * HOUR + TIMES.period
    assert spans_of(key, outlook(key, [key, successor], TIMES), TIMES, now=NOW) == [
        Span("prepared", NOW - 3 * HOUR, NOW - 2 * HOUR, False),
        Span("active", NOW - 2 * HOUR, NOW, False),
        Span("active", NOW, until, True),
        Span("retiring", until, until + TIMES.verify_after, True),
    ]


@pytest.mark.usefixtures("keys")
def test_every_purpose_has_an_axis_with_its_overlap() -> None:
    lines = timelines(now=clock.now())
    assert {line.purpose for line in lines} == set(get_args(Purpose))
    for line in lines:
        active, successor = ({key.state: key for key in line.keys}[state] for state in ("active", "prepared"))
        handing_over = next(bar for bar in active.bars if bar.state == "retiring").x
        taking_over = next(bar for bar in successor.bars if bar.state == "active").x
        assert handing_over == taking_over
        assert line.next_words == "Hands over to the prepared key"


@pytest.mark.usefixtures("keys")
def test_a_retiring_key_overlaps_the_one_that_signs() -> None:
    rotate_now("iam", now=clock.now())
    [line] = [each for each in timelines(now=clock.now()) if each.purpose == "iam"]
    assert [key.state for key in line.keys] == ["retiring", "active", "prepared"]


@pytest.mark.usefixtures("keys")
class TestThePage:
    def test_the_page_of_keys_shows_only_what_is_public(self, victor: Client) -> None:
        page = victor.get("/keys").content.decode()
        rows = KeyPair.objects.all()
        assert rows
        for row in rows:
            assert row.kid in page
            assert bytes(row.ciphertext).hex() not in page
        assert "PRIVATE KEY" not in page

    def test_who_only_looks_is_offered_no_rotation(self, victor: Client) -> None:
        assert "/keys/rotate" not in victor.get("/keys/state").content.decode()

    def test_the_owner_hands_over_at_once_to_a_key_that_all_verifiers_can_know(self, alice: Client) -> None:
        KeyPair.objects.filter(state="prepared").update(published_at=clock.now() - HOUR)
        before, successor = (
            KeyPair.objects.get(purpose="identity", state=state).kid for state in ("active", "prepared")
        )
        assert button(alice, "identity") == ("Rotate now", False)
        answer = alice.post("/keys/rotate", pressing("identity"), headers={"HX-Request": "true"})
        assert (answer.status_code, answer["HX-Trigger"]) == (204, "refresh")
        assert unquote(answer["X-Announcement"]) == f"{successor} signs from now on."
        assert KeyPair.objects.get(kid=before).state == "retiring"
        rotated = ActivityEvent.objects.filter(action="baremint.key.rotate", initiator_id="IBMid-ALICE00001")
        assert rotated.get().data["old"] == before

    def test_the_owner_is_told_when_a_key_takes_over_that_verifiers_may_not_know(self, alice: Client) -> None:
        successor = KeyPair.objects.get(purpose="iam", state="prepared")
        at = instant(successor.published_at + TIMES.publish_before, now=clock.now())
        assert button(alice, "iam") == (f"Rotate at {at}", False)
        answer = alice.post("/keys/rotate", pressing("iam"), headers={"HX-Request": "true"})
        sentence = f"{successor.kid} takes over at {at}, when every verifier can know it."
        assert unquote(answer["X-Announcement"]) == sentence
        assert KeyPair.objects.get(kid=successor.kid).state == "prepared"
        event = ActivityEvent.objects.get(action="baremint.key.ask-rotation")
        assert (event.initiator_id, event.data["new"]) == ("IBMid-ALICE00001", successor.kid)

    def test_the_page_of_keys_says_to_every_reader_that_a_rotation_waits(self, alice: Client, victor: Client) -> None:
        alice.post("/keys/rotate", pressing("iam"))
        for page in (alice, victor):
            assert page.get("/keys/state").content.decode().count("As requested, hands over") == 1
        at = KeyPair.objects.get(purpose="iam", state="prepared").published_at + TIMES.publish_before
        assert button(alice, "iam") == (f"Rotates at {instant(at, now=clock.now())}", True)
        [line] = [each for each in timelines(now=clock.now()) if each.purpose == "iam"]
        assert line.next_at == at
        assert {key.next_at for key in line.keys} == {at}

    def test_asking_again_while_a_rotation_waits_says_the_same(self, alice: Client) -> None:
        answers = [alice.post("/keys/rotate", pressing("iam"), headers={"HX-Request": "true"}) for _ in range(2)]
        assert answers[0]["X-Announcement"] == answers[1]["X-Announcement"]
        assert ActivityEvent.objects.filter(action="baremint.key.ask-rotation").count() == 1

    def test_without_a_script_each_button_names_its_region(self, alice: Client) -> None:
        page_form = form(alice, "/keys", "keys-form")
        targets = [each.attributes["formaction"] for each in page_form.controls if each.name == "purpose"]
        assert "/keys/rotate?region=us-south" in targets
        assert alice.post("/keys/rotate?region=moon", {"purpose": "identity"}).status_code == 409

    def test_a_region_without_keys_is_refused_and_gets_none(self, alice: Client) -> None:
        assert alice.post("/keys/rotate", {"purpose": "identity", "region": "moon"}).status_code == 409
        assert not KeyPair.objects.filter(region="moon").exists()

    def test_a_button_that_is_pressed_twice_rotates_once(self, alice: Client) -> None:
        KeyPair.objects.filter(state="prepared").update(published_at=clock.now() - timedelta(days=1))
        pressed = pressing("identity")
        before = KeyPair.objects.get(purpose="identity", state="active").kid
        first, second = (alice.post("/keys/rotate", pressed, headers={"HX-Request": "true"}) for _ in range(2))
        active = KeyPair.objects.get(purpose="identity", state="active")
        assert (KeyPair.objects.get(kid=before).state, active.rotation_asked_at) == ("retiring", None)
        assert (first.status_code, second.status_code) == (204, 409)
        assert f"signing key: {active.kid}" in second.content.decode()

    def test_an_operator_of_servers_does_not_rotate_keys(self, olga: Client) -> None:
        assert olga.post("/keys/rotate", {"purpose": "identity"}).status_code == 403
        assert not KeyPair.objects.filter(state="retiring").exists()

    @pytest.mark.parametrize("purpose", ["", "house"])
    def test_an_unknown_purpose_of_keys_is_not_rotated(self, alice: Client, purpose: str) -> None:
        assert alice.post("/keys/rotate", {"purpose": purpose}).status_code == 400
