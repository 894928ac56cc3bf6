"""Sources that come, go, hang and come back, in the engine."""

from __future__ import annotations

import threading

import pytest
from engine_fakes import FakeSource, endless, eventually, frame
from engine_fixtures import messages

from puppet.core.errors import SourceError
from puppet.engine.status import Origin, Phase


def test_a_live_source_that_fails_three_times_comes_back(build):
    gone = [SourceError("Camera is unplugged", "unplugged"), SourceError("Camera is busy", "busy")]
    engine = build(
        FakeSource("cam", [frame(1), gone[0]], live=True),
        FakeSource("cam", open_error=gone[1], live=True),
        SourceError("Camera is unplugged", "absent"),  # while it is away even its name is unknown
        endless("cam", 100),
    )
    seen_phases, told = set(), set()

    def watch():
        status = engine.status()
        seen_phases.add(status.phase)
        told.update(problem.message for problem in status.problems)
        result = engine.results.poll()
        return result is not None and result.frame.index >= 100

    engine.start("cam")
    assert eventually(watch)
    assert eventually(lambda: engine.status().phase is Phase.RUNNING)
    assert eventually(lambda: engine.status().problems == ())  # all is well again, so nothing stands
    assert told <= {"Camera is unplugged", "Camera is busy"}
    assert len(engine.made) == 1  # inference went on


def test_while_a_live_source_is_away_the_status_says_so_once(build):
    away = SourceError("Camera 0 is not there", "absent")
    engine = build(*(FakeSource("cam", open_error=away, live=True) for _ in range(100)), endless())
    engine.start("cam")
    assert eventually(lambda: engine.status().phase is Phase.RECONNECTING)
    assert eventually(lambda: messages(engine) == ["Camera 0 is not there"])
    first = engine.status().problems
    assert eventually(lambda: len(engine.opened) > 5)
    assert engine.status().problems in (first, ())
    assert eventually(lambda: engine.status().phase is Phase.RUNNING)


def test_a_stream_that_ends_is_opened_again(build):
    engine = build(FakeSource("http://phone", [frame(0)], live=True), endless("http://phone"))
    engine.start("http://phone")
    assert eventually(lambda: len(engine.opened) == 2 and engine.status().phase is Phase.RUNNING)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (SourceError("No camera is called 'nosuch'", "absent"), "No camera is called 'nosuch'"),
        (FakeSource(open_error=SourceError("notes.mp4 is no video", "unreadable")), "notes.mp4 is no video"),
        (FakeSource(script=[SourceError("clip.mp4 is damaged", "unreadable")]), "clip.mp4 is damaged"),
        (FakeSource(script=[KeyError("bug")]), "Reading fake failed unexpectedly (KeyError: 'bug')"),
    ],
    ids=["unknown", "at open", "at read", "bug"],
)
def test_a_source_that_cannot_work_fails_with_its_reason(build, source, message):
    engine = build(source, endless())
    engine.start("x")
    assert eventually(lambda: messages(engine) == [message])
    assert engine.status().phase is Phase.FAILED
    assert engine.status().error == engine.status().problems[0].message
    assert engine.status().problems[0].origin is Origin.SOURCE
    engine.set_source("another")  # and another one works
    assert engine.results.take(10)
    assert eventually(lambda: engine.status().phase is Phase.RUNNING)
    assert engine.status().problems == ()


def test_changing_the_source_leaves_no_thread_and_opens_one_at_a_time(build):
    sources = [endless(f"cam {n}", 1000 * n) for n in range(6)]
    for before, after in zip(sources, sources[1:], strict=False):

        def opened(before=before, after=after):
            after.opened_while_another = not before.closed.is_set()

        after.open = opened
    engine = build(*sources)
    engine.start("0")
    for n in range(1, 6):
        engine.set_source(str(n))
        assert eventually(lambda n=n: engine.status().source == f"cam {n}" and engine.status().frames_read > 0)
    assert eventually(lambda: (r := engine.results.poll()) is not None and r.frame.index >= 5000)
    assert eventually(lambda: sum(t.name.startswith("capture") for t in threading.enumerate()) == 1)
    assert not any(source.opened_while_another for source in sources)
    assert len(engine.made) == 1


def test_a_blocked_read_does_not_block_stop(build):
    hang = threading.Event()
    source = FakeSource("stuck", [hang.wait], live=True)
    engine = build(source)
    engine.start("stuck")
    assert eventually(lambda: engine.status().source == "stuck")
    problems = engine.stop()
    assert problems == ["stuck does not answer and was left behind."]
    assert source.closed.is_set()  # that was tried
    assert engine.stop() == []
    hang.set()


def test_closing_wakes_a_read_that_can_be_woken(build):
    source = FakeSource("sleepy", live=True)
    source.script = iter([lambda: source.closed.wait(10) and None])
    engine = build(source)
    engine.start("sleepy")
    assert eventually(lambda: engine.status().source == "sleepy")
    assert engine.stop() == []
