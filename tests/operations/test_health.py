"""Health, readiness and the first page."""

import pytest
from django.test import Client

from controlplane.kernel import clock
from controlplane.operations import broker, readiness
from identity.keystore import ensure_kek
from identity.services.rotation import ensure_keys


@pytest.fixture
def broker_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "answers", lambda *, seconds: True)


def test_healthz_answers_without_asking_anything(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.django_db
def test_readyz_is_ok_when_nothing_is_missing(client: Client, broker_answers: None, keys_from_the_pool: None) -> None:
    ensure_kek()
    ensure_keys(now=clock.now())

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_readyz_names_keys_that_are_missing(client: Client, broker_answers: None) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 503
    reason = answer.json()["reasons"]["keys"]
    assert reason.startswith("No active key for root, intermediate, tls, iam, identity. Run: ")
    assert reason.endswith("baremint bootstrap")


@pytest.mark.django_db
def test_readyz_names_a_broker_that_does_not_answer(client: Client, settings: object) -> None:
    answer = client.get("/readyz")

    assert "broker" in answer.json()["reasons"]


@pytest.mark.django_db
def test_readyz_names_migrations_that_are_missing(
    client: Client, broker_answers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "_unapplied_migrations", lambda: True)

    assert "baremint migrate" in client.get("/readyz").json()["reasons"]["database"]


def test_the_first_page_leads_on(client: Client) -> None:
    assert client.get("/").json()["links"]["admin"] == "http://testserver/admin/"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/"])
def test_nothing_is_changed_there(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405
