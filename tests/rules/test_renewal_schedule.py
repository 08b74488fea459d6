"""When a certificate is renewed, and what keeps it from that."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from identity.renewal_schedule import MOST_KEYS, Candidate, Holder, obstacle, renewal_due

NOW = datetime(2026, 5, 11, 8, 0, tzinfo=UTC)
CANDIDATE = Candidate(metadata_epoch=3, is_revoked=False, is_superseded=False, newer_keys=0)
HOLDER = Holder(metadata_is_on=True, metadata_epoch=3)


@pytest.mark.parametrize(("lifetime", "due"), [(300, 200), (3600, 2400)])
def test_a_certificate_is_due_at_two_thirds_of_its_life(lifetime: int, due: int) -> None:
    assert renewal_due(NOW, NOW + timedelta(seconds=lifetime)) == NOW + timedelta(seconds=due)


def test_a_certificate_of_an_unchanged_server_is_renewed() -> None:
    assert obstacle(CANDIDATE, HOLDER, dies_with_epoch=True) == ""


@pytest.mark.parametrize(
    ("candidate", "holder", "reason"),
    [
        (replace(CANDIDATE, is_revoked=True), HOLDER, "revoked"),
        (replace(CANDIDATE, is_superseded=True), HOLDER, "later one"),
        (CANDIDATE, replace(HOLDER, metadata_is_on=False), "metadata service is off"),
        (CANDIDATE, replace(HOLDER, metadata_epoch=4), "switched off after"),
        (replace(CANDIDATE, newer_keys=MOST_KEYS), HOLDER, "other keys"),
    ],
    ids=["revoked", "superseded", "service-off", "service-was-off", "too-many-keys"],
)
def test_a_certificate_is_not_renewed_when(candidate: Candidate, holder: Holder, reason: str) -> None:
    assert reason in obstacle(candidate, holder, dies_with_epoch=True)


@pytest.mark.parametrize(
    ("candidate", "holder", "dies"),
    [
        (CANDIDATE, replace(HOLDER, metadata_epoch=4), False),
        (replace(CANDIDATE, metadata_epoch=None), HOLDER, True),
        (replace(CANDIDATE, newer_keys=MOST_KEYS - 1), HOLDER, True),
    ],
    ids=["service-was-off-and-nothing-is-revoked-for-that", "from-before-epochs", "one-key-fewer"],
)
def test_a_certificate_is_renewed_although(candidate: Candidate, holder: Holder, dies: bool) -> None:
    assert obstacle(candidate, holder, dies_with_epoch=dies) == ""
