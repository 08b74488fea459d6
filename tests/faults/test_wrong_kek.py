"""F17: without the right KEK nothing starts, and nothing is touched. With another one first, keys move over."""

import base64
import os
import signal

import pytest
from django.test import override_settings

from controlplane.sealing import keks
from identity import key_cache
from identity.models import KeyPair, KnownAnswer
from identity.services.kek_rotation import BATCH
from tests.faults.site import Site

pytestmark = [pytest.mark.fault, pytest.mark.live]


def new_kek() -> str:
    return base64.b64encode(os.urandom(32)).decode()


def id_of(kek: str) -> str:
    with override_settings(BAREMINT_KEK=[kek]):
        return keks.first_kek()


def stored() -> list[tuple[object, ...]]:
    columns = ("pk", "kid", "state", "kek_id", "nonce", "ciphertext", "published_at", "activated_at")
    keys = [tuple(map(str, row)) for row in KeyPair.objects.order_by("pk").values_list(*columns)]
    return [*keys, *KnownAnswer.objects.order_by("pk").values_list("kek_id", "first_used_at")]


@pytest.mark.parametrize("command", ["up", "bootstrap", "serve_controlplane", "serve_metadata", "rotate iam"])
def test_a_wrong_kek_stops(site: Site, command: str) -> None:
    before = stored()
    process = site.baremint(*command.split(), check=False, BAREMINT_KEK=new_kek())
    assert process.returncode == 1
    [line] = [line for line in process.stderr.splitlines() if "KEK" in line]
    assert "BAREMINT_KEK" in line
    assert "Traceback" not in process.stderr
    assert stored() == before


@pytest.mark.parametrize("command", ["up", "serve_controlplane"])
def test_a_missing_kek_stops_and_is_not_replaced(site: Site, command: str) -> None:
    before = stored()
    process = site.baremint(command, check=False, BAREMINT_KEK="")
    assert process.returncode == 1
    assert f"{site.home.path / 'kek'}" in process.stderr
    assert not (site.home.path / "kek").exists()
    assert stored() == before


def test_a_wrong_kek_stops_the_worker(site: Site) -> None:
    before = stored()
    with site.worker("wrong-kek", BAREMINT_KEK=new_kek()) as worker:
        assert worker.wait(60) == 1
    assert "The worker does not start: Stored secrets are encrypted under KEK" in site.log("worker-wrong-kek")
    assert stored() == before


def test_a_rotation_of_the_kek_that_is_killed_at_each_batch_and_each_commit_is_completed_by_the_next(
    site: Site,
) -> None:
    site.sign()
    new = new_kek()
    both = {"BAREMINT_KEK": f"{new},{site.kek}"}
    total = KeyPair.objects.exclude(kek_id="").count()
    for point in ("before_commit:kek", "after_batch:1", "before_commit:kek", "after_batch:1"):
        count = KeyPair.objects.filter(kek_id=id_of(site.kek)).count()
        process = site.baremint("rotate", "kek", check=False, BAREMINT_FAILPOINT=point, **both)
        assert process.returncode == -signal.SIGKILL
        batch_size = BATCH if point.startswith("after_batch") else 0
        assert KeyPair.objects.filter(kek_id=id_of(site.kek)).count() == max(0, count - batch_size)
        site.baremint("bootstrap", **both)  # in between, a start finds all in order
    process = site.baremint("rotate", "kek", **both)
    assert f"all {total} are now under KEK" in process.stdout
    assert process.stdout.endswith("The other keys of BAREMINT_KEK can be dropped.\n")

    site.baremint("bootstrap", BAREMINT_KEK=new)
    with override_settings(BAREMINT_KEK=[new]):
        key_cache.forget()
        site.check_rows()
        site.check()
        site.sign()
        assert site.check() > 0
    site.kek = new
