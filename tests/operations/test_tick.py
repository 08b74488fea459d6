"""The tick takes every due step, each for itself."""

import pytest

from controlplane.operations import tasks


@pytest.fixture(autouse=True)
def asked_for_the_bundle(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    asked: list[str] = []
    monkeypatch.setattr(tasks.bundle, "write", lambda: asked.append("bundle"))
    return asked


def test_a_tick_moves_servers_keys_and_images(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(tasks.transitions, "run_due", lambda now: asked.append("transitions") or 0)
    monkeypatch.setattr(tasks.rotation, "run_due_steps", lambda now: asked.append("rotation") or 1)
    monkeypatch.setattr(tasks.images, "retire_due", lambda now: asked.append("images") or 0)

    tasks.tick()

    assert asked == ["transitions", "rotation", "images"]


def test_a_step_that_fails_does_not_keep_the_next_from_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def fail(now: object) -> int:
        raise RuntimeError("no space left")

    monkeypatch.setattr(tasks.transitions, "run_due", fail)
    monkeypatch.setattr(tasks.rotation, "run_due_steps", lambda now: asked.append("rotation") or 0)
    monkeypatch.setattr(tasks.images, "retire_due", lambda now: asked.append("images") or 0)

    tasks.tick()

    assert asked == ["rotation", "images"]


def test_after_the_steps_the_ca_bundle_follows(
    monkeypatch: pytest.MonkeyPatch, asked_for_the_bundle: list[str]
) -> None:
    for step in ("transitions.run_due", "rotation.run_due_steps", "images.retire_due"):
        monkeypatch.setattr(f"controlplane.operations.tasks.{step}", lambda now: 0)

    tasks.tick()

    assert asked_for_the_bundle == ["bundle"]
