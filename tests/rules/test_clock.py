"""The domain's clock: what it shows, how it is moved, how often a process asks for it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.kernel import clock
from controlplane.kernel.clock import FRESH_SECONDS, UNMOVED, Setting
from controlplane.kernel.errors import InvalidValue
from controlplane.kernel.fresh_value import FreshValue
from controlplane.timekeeping.movement import END, Movement, moved

WALL = datetime(2026, 11, 24, 12, tzinfo=UTC)
BIRTH = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
LATER = WALL + timedelta(minutes=5)


def move(setting: Setting = UNMOVED, *, wall: datetime = WALL, **what: object) -> Setting:
    return moved(setting, Movement(**what), wall=wall, earliest=BIRTH)  # type: ignore[arg-type]


def test_an_unmoved_clock_shows_the_machines_time() -> None:
    assert UNMOVED.at(WALL) == WALL


def test_an_advanced_clock_runs_on_ahead() -> None:
    assert move(advance=HOUR).at(LATER) == LATER + HOUR


def test_advances_add_up() -> None:
    assert move(move(advance=HOUR), advance=HOUR).at(WALL) == WALL + 2 * HOUR


def test_an_offset_is_from_the_machines_time_whatever_was_before() -> None:
    assert move(move(advance=3 * HOUR), offset=HOUR).at(WALL) == WALL + HOUR


def test_a_frozen_clock_stands_still() -> None:
    assert move(frozen=True).at(LATER) == WALL


def test_a_frozen_clock_is_advanced_and_stays_frozen() -> None:
    assert move(move(frozen=True), wall=LATER, advance=HOUR).at(LATER + HOUR) == WALL + HOUR


def test_a_resumed_clock_runs_on_from_where_it_stood() -> None:
    resumed = move(move(frozen=True), wall=LATER, frozen=False)
    assert resumed.at(LATER) == WALL
    assert resumed.at(LATER + HOUR) == WALL + HOUR


def test_a_clock_is_set_and_frozen_at_once() -> None:
    assert move(now=WALL + HOUR, frozen=True).at(LATER) == WALL + HOUR


def test_a_reset_clock_is_unmoved_to_the_microsecond() -> None:
    assert move(move(advance=HOUR, frozen=True), wall=LATER, offset=timedelta(0), frozen=False) == UNMOVED


@pytest.mark.parametrize(
    "what",
    [{"now": BIRTH - timedelta(seconds=1)}, {"advance": BIRTH - WALL - HOUR}, {"offset": timedelta(days=-365)}],
    ids=["set", "advanced", "offset"],
)
def test_a_clock_does_not_go_back_to_before_the_product_began(what: dict[str, object]) -> None:
    with pytest.raises(InvalidValue, match="when the root certificate became valid"):
        move(**what)


def test_a_clock_does_not_reach_the_end() -> None:
    assert move(now=END - timedelta(seconds=1)).at(WALL) < END
    with pytest.raises(InvalidValue):
        move(now=END)


@given(
    steps=st.lists(
        st.one_of(
            st.builds(lambda minutes: {"advance": timedelta(minutes=minutes)}, st.integers(-600, 600)),
            st.just({"frozen": True}),
            st.just({"frozen": False}),
        )
    )
)
def test_freezing_and_resuming_at_one_instant_changes_nothing_but_whether_it_runs(
    steps: list[dict[str, object]],
) -> None:
    setting, expected = UNMOVED, WALL
    for step in steps:
        setting = moved(setting, Movement(**step), wall=WALL, earliest=WALL - timedelta(days=3650))  # type: ignore[arg-type]
        expected += step.get("advance", timedelta(0))  # type: ignore[operator]
    assert setting.at(WALL) == expected


# --- what a process knows ---------------------------------------------------------------------------------------


@pytest.fixture
def instant(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The process's monotonic time, to be moved."""
    readings = [100.0]
    monkeypatch.setattr("controlplane.kernel.fresh_value.time.monotonic", lambda: readings[0])
    return readings


def test_a_process_asks_at_most_twice_a_second(instant: list[float]) -> None:
    calls: list[object] = []
    followed = FreshValue(lambda last: calls.append(last) or UNMOVED, seconds=FRESH_SECONDS)
    for _ in range(1000):
        followed.get()
    assert len(calls) == 1
    instant[0] += 0.51
    followed.get()
    assert len(calls) == 2


def test_a_process_follows_a_change_within_half_a_second(instant: list[float]) -> None:
    settings = [UNMOVED, Setting(HOUR)]
    followed = FreshValue(lambda last: settings[0], seconds=FRESH_SECONDS)
    followed.get()
    settings.pop(0)
    assert followed.get() == UNMOVED
    instant[0] += 0.5
    assert followed.get() == Setting(HOUR)


def test_a_process_that_moved_the_clock_itself_does_not_wait(instant: list[float]) -> None:
    settings = [UNMOVED, Setting(HOUR)]
    followed = FreshValue(lambda last: settings.pop(0), seconds=FRESH_SECONDS)
    followed.get()
    followed.expire()
    assert followed.get() == Setting(HOUR)


def test_a_reader_is_told_what_was_read_before(instant: list[float]) -> None:
    calls: list[object] = []
    followed = FreshValue(lambda last: calls.append(last) or Setting(HOUR), seconds=FRESH_SECONDS)
    followed.get()
    followed.expire()
    followed.get()
    assert calls == [None, Setting(HOUR)]


def test_the_machines_time_is_not_moved() -> None:
    clock.follow(lambda last: Setting(frozen_at=WALL))
    assert clock.now() == WALL
    assert abs(clock.wall_clock() - datetime.now(UTC)) < HOUR
