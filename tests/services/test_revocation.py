"""Certificates are revoked by hand, with their server, and with its metadata service; once, and finally."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import IntegrityError, transaction

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel import clock
from controlplane.kernel.errors import Conflict, InvalidValue
from identity.events import CERTIFICATE_REVOKE
from identity.models import IssuedCertificate
from identity.services.revocation import revoke, revoke_due
from servers.models import BareMetalServer
from servers.services import transitions
from servers.services.actions import act
from servers.services.metadata_service import switch_account, switch_metadata_service
from tests.certified import issue
from tests.world import World, make_server

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys")]

BY = Party("IBMid-ALICE00001", "Alice", "User")
HOUR = timedelta(hours=1)


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="web-1", metadata_enabled=True)


@pytest.fixture
def certificate(server: BareMetalServer) -> IssuedCertificate:
    return issue(server)


def reason_of(certificate: IssuedCertificate) -> str:
    return IssuedCertificate.objects.get(pk=certificate.pk).revocation_reason


def events() -> list[dict[str, Any]]:
    return list(ActivityEvent.objects.filter(action=CERTIFICATE_REVOKE).order_by("pk").values_list("data", flat=True))


def delete(server: BareMetalServer, *, to_the_end: bool = True) -> None:
    act(server, action="stop", by=BY)
    transitions.run_due(clock.now() + HOUR)
    act(BareMetalServer.objects.get(pk=server.pk), action="delete", by=BY)
    if to_the_end:
        transitions.run_due(clock.now() + HOUR)
        assert not BareMetalServer.objects.filter(pk=server.pk).exists()


# --- by hand ----------------------------------------------------------------------------------------------------


def test_a_revoked_certificate_has_an_instant_and_a_reason(certificate: IssuedCertificate) -> None:
    now = clock.now()
    revocation = revoke(certificate, reason="superseded", by=BY, now=now)
    assert (revocation.revoked_at, revocation.revocation_reason) == (now, "superseded")


def test_a_revoked_certificate_is_not_renewed(certificate: IssuedCertificate) -> None:
    assert certificate.renew_at is not None
    assert revoke(certificate, reason="superseded", by=BY, now=clock.now()).renew_at is None


def test_a_revocation_leaves_one_event_that_names_the_server(
    certificate: IssuedCertificate, server: BareMetalServer
) -> None:
    revoke(certificate, reason="superseded", by=BY, now=clock.now())
    [event] = ActivityEvent.objects.filter(action=CERTIFICATE_REVOKE)
    assert (event.initiator_id, event.target_id, event.account_id) == (BY.id, server.crn, server.account_id)
    assert event.data == {
        "id": certificate.id,
        "serial_number": certificate.serial_number,
        "sha256": certificate.sha256,
        "reason": "superseded",
    }


def test_a_second_revocation_changes_nothing_and_says_so(certificate: IssuedCertificate) -> None:
    first = revoke(certificate, reason="superseded", by=BY, now=clock.now())
    second = revoke(certificate, reason="keyCompromise", by=BY, now=clock.now() + HOUR / 4)
    assert (second.revoked_at, second.revocation_reason) == (first.revoked_at, "superseded")
    assert events()[1] == {"id": certificate.id, "already_revoked_for": "superseded"}


def test_an_expired_certificate_is_not_revoked(certificate: IssuedCertificate) -> None:
    with pytest.raises(Conflict, match="has expired"):
        revoke(certificate, reason="superseded", by=BY, now=clock.now() + 2 * HOUR)


def test_another_certificate_of_the_same_key_stays_good(
    certificate: IssuedCertificate, server: BareMetalServer
) -> None:
    other = issue(server)
    revoke(certificate, reason="superseded", by=BY, now=clock.now())
    assert reason_of(other) == ""


def test_a_compromised_key_takes_all_its_certificates_along(
    certificate: IssuedCertificate, server: BareMetalServer
) -> None:
    same, another = issue(server), issue(server, key=ec.generate_private_key(ec.SECP256R1()))
    revoke(certificate, reason="keyCompromise", by=BY, now=clock.now())
    assert [reason_of(each) for each in (certificate, same, another)] == ["keyCompromise", "keyCompromise", ""]


def test_each_certificate_of_a_compromised_key_has_its_event(
    certificate: IssuedCertificate, server: BareMetalServer
) -> None:
    same = issue(server)
    revoke(certificate, reason="keyCompromise", by=BY, now=clock.now())
    assert {event["id"] for event in events()} == {certificate.id, same.id}


def test_another_accounts_certificate_of_a_compromised_key_is_not_ours_to_revoke(
    certificate: IssuedCertificate, world: World
) -> None:
    theirs = issue(make_server(world.other_account, name="theirs", metadata_enabled=True))
    revoke(certificate, reason="keyCompromise", by=BY, now=clock.now())
    assert reason_of(theirs) == ""


def test_a_compromised_key_is_certified_no_more(certificate: IssuedCertificate, server: BareMetalServer) -> None:
    revoke(certificate, reason="keyCompromise", by=BY, now=clock.now())
    with pytest.raises(InvalidValue, match="compromised; make a new one"):
        issue(server)


def test_a_key_whose_certificate_was_superseded_is_certified_again(
    certificate: IssuedCertificate, server: BareMetalServer
) -> None:
    revoke(certificate, reason="superseded", by=BY, now=clock.now())
    assert issue(server).revoked_at is None


@pytest.mark.parametrize(
    "change", [{"revoked_at": datetime(2026, 1, 1, tzinfo=UTC)}, {"revocation_reason": "superseded"}]
)
def test_the_database_knows_no_revocation_without_instant_and_reason(
    certificate: IssuedCertificate, change: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        IssuedCertificate.objects.update(**change)


# --- with the server --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to_the_end", [False, True], ids=["deleting", "deleted"])
def test_certificates_of_a_server_that_goes_are_revoked(
    certificate: IssuedCertificate, server: BareMetalServer, to_the_end: bool
) -> None:
    delete(server, to_the_end=to_the_end)
    assert revoke_due(now=clock.now()) == 1
    assert reason_of(certificate) == "cessationOfOperation"


def test_certificates_of_a_server_whose_service_was_switched_off_are_revoked(
    certificate: IssuedCertificate, server: BareMetalServer
) -> None:
    # D-88
    switch_metadata_service(server, enabled=False, by=BY)
    assert revoke_due(now=clock.now()) == 1
    assert reason_of(certificate) == "privilegeWithdrawn"


def test_switching_on_again_before_the_sweep_saves_no_certificate(
    certificate: IssuedCertificate, server: BareMetalServer
) -> None:
    for enabled in (False, True):
        switch_metadata_service(server, enabled=enabled, by=BY)
    new = issue(server)
    revoke_due(now=clock.now())
    assert (reason_of(certificate), reason_of(new)) == ("privilegeWithdrawn", "")


def test_certificates_of_an_account_whose_service_was_switched_off_are_revoked(
    certificate: IssuedCertificate, world: World
) -> None:
    switch_account(world.account, enabled=False, by=BY)
    revoke_due(now=clock.now())
    assert reason_of(certificate) == "privilegeWithdrawn"


def test_a_setting_lets_certificates_outlive_the_service(
    certificate: IssuedCertificate, server: BareMetalServer, settings: Any
) -> None:
    settings.BAREMINT_REVOKE_ON_DISABLE = False
    switch_metadata_service(server, enabled=False, by=BY)
    assert revoke_due(now=clock.now()) == 0


def test_no_setting_lets_certificates_outlive_their_server(
    certificate: IssuedCertificate, server: BareMetalServer, settings: Any
) -> None:
    settings.BAREMINT_REVOKE_ON_DISABLE = False
    delete(server)
    assert revoke_due(now=clock.now()) == 1


def test_certificates_from_before_epochs_were_kept_are_left_alone(certificate: IssuedCertificate) -> None:
    IssuedCertificate.objects.update(metadata_epoch=None)
    assert revoke_due(now=clock.now()) == 0


def test_expired_certificates_are_left_alone(certificate: IssuedCertificate, server: BareMetalServer) -> None:
    delete(server)
    assert revoke_due(now=clock.now() + 2 * HOUR) == 0


def test_a_change_of_another_kind_revokes_nothing(certificate: IssuedCertificate, server: BareMetalServer) -> None:
    switch_metadata_service(server, protocol="https", by=BY)
    assert revoke_due(now=clock.now()) == 0


def test_what_the_tick_revokes_has_the_system_as_its_initiator_and_is_revoked_once(
    certificate: IssuedCertificate, server: BareMetalServer
) -> None:
    delete(server)
    assert [revoke_due(now=clock.now()) for _ in range(2)] == [1, 0]
    [event] = ActivityEvent.objects.filter(action=CERTIFICATE_REVOKE)
    assert (event.initiator_id, event.target_id) == ("baremint", server.crn)


def test_more_than_one_batch_is_revoked_at_once(server: BareMetalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("identity.services.revocation.AT_ONCE", 2)
    for _ in range(5):
        issue(server)
    delete(server)
    assert revoke_due(now=clock.now()) == 5
