"""Whatever happens to servers, switches and time, in whatever order: each certificate stands as a small model says."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel import clock
from controlplane.kernel.errors import Conflict, InvalidValue
from identity import key_cache
from identity.certificates import valid_certificates
from identity.crl import REASONS, Reason
from identity.events import CERTIFICATE_RENEW, CERTIFICATE_REVOKE
from identity.models import IssuedCertificate
from identity.services.certificate_renewal import renew_due
from identity.services.certificate_renewal_switch import switch_certificate_rotation
from identity.services.certificate_status import respond
from identity.services.revocation import revoke, revoke_due
from identity.services.revocation_lists import publish_due
from servers.models import BareMetalServer
from servers.services import deletion
from servers.services.metadata_service import switch_metadata_service
from tests.certified import issue, list_of
from tests.world import make_server, make_world

pytestmark = pytest.mark.thorough

BY = Party("IBMid-ALICE00001", "Alice", "User")
KEYS = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
SERVERS = 2


@dataclass
class Server:
    row: BareMetalServer
    alive: bool = True
    is_on: bool = True
    epoch: int = 1
    rotating_since: datetime | None = None


@dataclass
class Certificate:
    row: IssuedCertificate
    server: Server
    key: str
    epoch: int
    due: datetime
    revoked: str = ""
    renewable: bool = True

    @property
    def is_condemned(self) -> bool:
        return not self.server.alive or self.epoch != self.server.epoch


class Certificates(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        world = make_world()
        self.now = clock.now()
        rows = [make_server(world.account, name=f"web-{n}", metadata_enabled=True) for n in range(SERVERS)]
        self.servers = [Server(row) for row in rows]
        self.certificates: list[Certificate] = []
        self.numbers: list[int] = []
        self.compromised: set[str] = set()
        for which in range(SERVERS):
            self.ask_for_one(which=which, key=KEYS[0], minutes=60)
        self.switch_the_rotation(which=0, on=True)

    def teardown(self) -> None:
        if hasattr(self, "transaction"):
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    # --- what happens ---

    @rule(which=st.integers(0, SERVERS - 1), key=st.sampled_from(KEYS), minutes=st.sampled_from([5, 60]))
    def ask_for_one(self, which: int, key: Any, minutes: int) -> None:
        server = self.servers[which]
        if not (server.alive and server.is_on):
            return  # the metadata service refuses before any of this
        # Of two that are made at the same time, their random ids say which is the latest; a history is to be replayed.
        self.now += timedelta(seconds=1)
        try:
            row = issue(server.row, key=key, lifetime=timedelta(minutes=minutes), now=self.now)
        except InvalidValue:
            assert self.fingerprint(key) in self.compromised
            return
        assert row.public_key_sha256 not in self.compromised
        self.remember(row, server)

    @rule(which=st.integers(0, SERVERS - 1), on=st.booleans())
    def switch_the_service(self, which: int, on: bool) -> None:
        server = self.servers[which]
        if server.alive:
            switch_metadata_service(server.row, enabled=on, by=BY)
            server.epoch += server.is_on and not on
            server.is_on = on

    @rule(which=st.integers(0, SERVERS - 1), on=st.booleans())
    def switch_the_rotation(self, which: int, on: bool) -> None:
        server = self.servers[which]
        if server.alive:
            switch_certificate_rotation(server.row, enabled=on, by=BY, now=self.now)
            server.rotating_since = (server.rotating_since or self.now) if on else None

    @rule(which=st.integers(0, SERVERS - 1))
    def delete(self, which: int) -> None:
        server = self.servers[which]
        if server.alive:
            BareMetalServer.objects.filter(pk=server.row.pk).update(status="deleting")
            assert deletion.remove(server.row, by=BY)
            server.alive, server.rotating_since = False, None

    @rule(data=st.data(), reason=st.sampled_from(REASONS))
    def revoke(self, data: Any, reason: Reason) -> None:
        certificate: Certificate = data.draw(st.sampled_from(self.certificates))
        if certificate.revoked:
            assert revoke(certificate.row, reason=reason, by=BY, now=self.now).revocation_reason == certificate.revoked
            return
        if self.has_expired(certificate):
            with pytest.raises(Conflict):
                revoke(certificate.row, reason=reason, by=BY, now=self.now)
            return
        revoke(certificate.row, reason=reason, by=BY, now=self.now)
        same = (
            [each for each in self.certificates if each.key == certificate.key]
            if reason == "keyCompromise"
            else [certificate]
        )
        for each in same:
            if not each.revoked and not self.has_expired(each):
                each.revoked = reason
        if reason == "keyCompromise":
            self.compromised.add(certificate.key)

    @rule(data=st.data())
    def ask_for_another(self, data: Any) -> None:
        """For a key that has been certified before."""
        certificate: Certificate = data.draw(st.sampled_from(self.certificates))
        key = next(key for key in KEYS if self.fingerprint(key) == certificate.key)
        self.ask_for_one(which=self.servers.index(certificate.server), key=key, minutes=60)

    @rule(minutes=st.sampled_from([1, 45, 400]))
    def let_time_pass(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.tick()

    def tick(self) -> None:
        revoke_due(now=self.now)
        for each in self.certificates:
            self.notice(each)
        publish_due(now=self.now)
        expected = {each.row.pk for each in self.to_be_renewed()}
        for each in self.certificates:
            if each.server.rotating_since and each.due <= self.now and each.server.rotating_since < each.row.not_after:
                each.renewable = False  # renewed, or looked at for the last time
        while renew_due(now=self.now):
            continue
        row_ids = {each.row.pk for each in self.certificates}
        certificates = list(IssuedCertificate.objects.exclude(pk__in=row_ids).select_related("issuer"))
        assert {row.renewal_of_id for row in certificates} == expected
        assert len(certificates) == len(expected)
        for row in certificates:
            self.remember(row, next(each.server for each in self.certificates if each.row.pk == row.renewal_of_id))

    @rule(data=st.data())
    def ask_for_the_status(self, data: Any) -> None:
        certificate: Certificate = data.draw(st.sampled_from(self.certificates))
        self.notice(certificate)
        leaf, issuer = (
            x509.load_pem_x509_certificate(pem.encode())
            for pem in (certificate.row.certificate, certificate.row.issuer.certificate)
        )
        request = ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer, hashes.SHA1()).build()
        answer = ocsp.load_der_ocsp_response(respond(request.public_bytes(Encoding.DER), now=self.now).der)
        assert answer.certificate_status.name == ("REVOKED" if certificate.revoked else "GOOD")

    @rule()
    def fetch_the_list(self) -> None:
        published = list_of(now=self.now)
        for each in self.certificates:
            self.notice(each)
        serial_numbers = {f"{entry.serial_number:x}" for entry in published}
        revoked = {each.row.serial_number for each in self.certificates if each.revoked}
        valid_still = {each.row.serial_number for each in self.certificates if not self.has_expired(each)}
        assert revoked & valid_still <= serial_numbers <= revoked
        self.numbers.append(published.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number)

    # --- the model ---

    @staticmethod
    def fingerprint(key: Any) -> str:
        der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(der).hexdigest()

    def remember(self, row: IssuedCertificate, server: Server) -> None:
        issue_time = row.created_at.replace(microsecond=0)
        due = issue_time + (row.not_after - issue_time) * 2 / 3
        self.certificates.append(Certificate(row, server, row.public_key_sha256, server.epoch, due))

    def has_expired(self, certificate: Certificate) -> bool:
        return certificate.row.not_after <= self.now

    def notice(self, certificate: Certificate) -> None:
        """A reader looks: what is to be revoked is."""
        if certificate.is_condemned and not certificate.revoked and not self.has_expired(certificate):
            certificate.revoked = "cessationOfOperation" if not certificate.server.alive else "privilegeWithdrawn"

    def is_latest(self, certificate: Certificate, among: list[Certificate]) -> bool:
        place = (certificate.row.created_at, certificate.row.pk)
        return all(
            (each.row.created_at, each.row.pk) <= place
            for each in among
            if each.server is certificate.server and each.key == certificate.key
        )

    def to_be_renewed(self) -> Iterator[Certificate]:
        for each in self.certificates:
            server = each.server
            if (
                server.rotating_since is not None
                and server.rotating_since < each.row.not_after
                and each.renewable
                and each.due <= self.now
                and not each.revoked
                and server.is_on
                and each.epoch == server.epoch
                and self.is_latest(each, self.certificates)
            ):
                yield each

    # --- what always holds ---

    @invariant()
    def servers_have_what_they_may_use(self) -> None:
        if not hasattr(self, "servers"):
            return
        usable = [
            each
            for each in self.certificates
            if not each.revoked and not each.is_condemned and not self.has_expired(each)
        ]
        for server in self.servers:
            expected = {each.row.pk for each in usable if each.server is server and self.is_latest(each, usable)}
            primary_keys = set(valid_certificates(server.row.id, now=self.now).values_list("pk", flat=True))
            assert primary_keys == expected

    @invariant()
    def numbers_never_fall(self) -> None:
        if hasattr(self, "numbers"):
            assert self.numbers == sorted(self.numbers)

    @invariant()
    def each_revocation_and_each_renewal_has_one_event(self) -> None:
        rows = IssuedCertificate.objects
        revoked = ActivityEvent.objects.filter(action=CERTIFICATE_REVOKE, data__has_key="reason").count()
        renewed = ActivityEvent.objects.filter(action=CERTIFICATE_RENEW).count()
        assert revoked == rows.filter(revoked_at__isnull=False).count()
        assert renewed == rows.filter(renewal_of__isnull=False).count()


@pytest.mark.usefixtures("keys")
@pytest.mark.django_db
def test_certificates_stand_as_the_model_says() -> None:
    key_cache.forget()
    machine = Certificates.TestCase
    machine.settings = settings(
        max_examples=20, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
    )
    machine().runTest()
