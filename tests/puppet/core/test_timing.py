import pytest

from puppet.core.timing import RateMeter, StageTimes, percentiles


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_planted_rate_comes_back():
    clock = Clock()
    meter = RateMeter(clock=clock)
    for _ in range(200):
        clock.now += 1 / 25
        meter.tick()
    assert meter.rate == pytest.approx(25.0)


def test_the_rate_follows_a_change():
    clock = Clock()
    meter = RateMeter(window=2.0, clock=clock)
    for seconds in [1 / 30] * 90 + [1 / 10] * 30:
        clock.now += seconds
        meter.tick(clock.now)
    assert meter.rate == pytest.approx(10.0)


def test_a_stopped_stream_has_no_rate():
    clock = Clock()
    meter = RateMeter(clock=clock)
    assert meter.rate == 0.0
    for _ in range(30):
        clock.now += 1 / 30
        meter.tick()
    clock.now += 5
    assert meter.rate == 0.0


def test_percentiles_by_stage():
    times = StageTimes()
    for ms in range(101):
        times.add({"track": float(ms), "decode": 7.0})
    found = times.percentiles()
    assert list(found) == ["track", "decode"]
    assert found["track"] == pytest.approx({"p50": 50.0, "p95": 95.0, "p99": 99.0})
    assert found["decode"] == pytest.approx({"p50": 7.0, "p95": 7.0, "p99": 7.0})


def test_old_steps_are_forgotten_and_stages_may_be_left_out():
    times = StageTimes(keep=10)
    for ms in range(100):
        times.add({"track": float(ms)} if ms % 2 else {})
    assert times.percentiles()["track"]["p50"] == pytest.approx(90.0)  # 81, 83, ... 99
    assert StageTimes().percentiles() == {}


def test_percentiles_are_those_of_the_values() -> None:
    assert percentiles(range(101)) == {"p50": 50.0, "p95": 95.0, "p99": 99.0}
    assert percentiles([]) == {"p50": 0.0, "p95": 0.0, "p99": 0.0}
