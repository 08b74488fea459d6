"""What the benchmark of renewals is made of: servers under rotation, each with a certificate of its own."""

from datetime import timedelta

import pytest

from controlplane.bench import renewals
from controlplane.kernel import clock
from identity.certificates import certificates_due
from identity.models import CertificateRotation, IssuedCertificate
from identity.services.certificate_renewal import renew_due
from tests.build import make_csr
from tests.world import World, make_server

pytestmark = pytest.mark.django_db
COUNT = 5


@pytest.fixture(autouse=True)
def certified(keys: None, world: World) -> None:
    make_server(world.account, name="web-1", metadata_enabled=True)
    renewals.certify(COUNT, make_csr())


def test_each_copy_of_a_server_has_a_certificate_and_is_under_rotation() -> None:
    copies = IssuedCertificate.objects.filter(id__startswith="copy-")
    assert len(set(copies.values_list("instance_id", flat=True))) == COUNT
    assert CertificateRotation.objects.count() == COUNT + 1


def test_all_of_them_are_renewed_when_they_are_due() -> None:
    later = clock.now() + timedelta(minutes=41)
    assert certificates_due(now=later).count() == COUNT + 1
    renew_due(now=later)
    assert IssuedCertificate.objects.filter(renewal_of__id__startswith="copy-").count() == COUNT
