"""When a certificate is renewed, and what keeps it from that."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from identity.renewal_schedule import MOST_KEYS, DueCertificate, MetadataState, obstacle, renewal_due

NOW = datetime(2026, 5, 11, 8, 0, tzinfo=UTC)
CERTIFICATE = DueCertificate(metadata_epoch=3, is_revoked=False, is_superseded=False, newer_keys=0)
METADATA = MetadataState(metadata_is_on=True, metadata_epoch=3)


@pytest.mark.parametrize(("lifetime", "due"), [(300, 200), (3600, 2400)])
def test_a_certificate_is_due_at_two_thirds_of_its_life(lifetime: int, due: int) -> None:
    assert renewal_due(NOW, NOW + timedelta(seconds=lifetime)) == NOW + timedelta(seconds=due)


def test_a_certificate_of_an_unchanged_server_is_renewed() -> None:
    assert obstacle(CERTIFICATE, METADATA, dies_with_epoch=True) == ""


@pytest.mark.parametrize(
    ("certificate", "metadata", "reason"),
    [
        (replace(CERTIFICATE, is_revoked=True), METADATA, "revoked"),
        (replace(CERTIFICATE, is_superseded=True), METADATA, "later one"),
        (CERTIFICATE, replace(METADATA, metadata_is_on=False), "metadata service is off"),
        (CERTIFICATE, replace(METADATA, metadata_epoch=4), "switched off after"),
        (replace(CERTIFICATE, newer_keys=MOST_KEYS), METADATA, "other keys"),
    ],
    ids=["revoked", "superseded", "service-off", "service-was-off", "too-many-keys"],
)
def test_a_certificate_is_not_renewed_when(certificate: DueCertificate, metadata: MetadataState, reason: str) -> None:
    assert reason in obstacle(certificate, metadata, dies_with_epoch=True)


@pytest.mark.parametrize(
    ("certificate", "metadata", "dies"),
    [
        (CERTIFICATE, replace(METADATA, metadata_epoch=4), False),
        (replace(CERTIFICATE, metadata_epoch=None), METADATA, True),
        (replace(CERTIFICATE, newer_keys=MOST_KEYS - 1), METADATA, True),
    ],
    ids=["service-was-off-and-nothing-is-revoked-for-that", "from-before-epochs", "one-key-fewer"],
)
def test_a_certificate_is_renewed_although(certificate: DueCertificate, metadata: MetadataState, dies: bool) -> None:
    assert obstacle(certificate, metadata, dies_with_epoch=dies) == ""
