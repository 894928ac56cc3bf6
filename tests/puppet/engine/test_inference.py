"""The threads that track and act: two frames at a time, and steps that fail."""

from __future__ import annotations

import threading
from pathlib import Path

from engine_fakes import FakePuppeteer, FakeSource, endless, eventually, frame
from engine_fixtures import messages

from puppet.engine.inference import FAILURES_IN_A_ROW
from puppet.engine.status import Phase


def test_the_puppeteer_lives_in_one_thread(build):
    engine = build(endless())
    engine.start("0")
    assert engine.results.take(10)
    engine.stop()
    (puppeteer,) = engine.made
    assert puppeteer.stepped_in == {puppeteer.made_in} == {puppeteer.closed_in}
    assert puppeteer.made_in != threading.get_ident()


def test_newest_wins_and_the_rest_is_counted(build):
    stepping, release = threading.Event(), threading.Event()

    def second():
        stepping.wait(10)
        return frame(1)

    class Slow(FakePuppeteer):
        def track(self, frame):
            stepping.set()
            release.wait(10)
            return super().track(frame)

    engine = build(FakeSource("clip", [frame(0), second, *map(frame, range(2, 50))]), puppeteer=Slow)
    engine.start("clip")
    assert eventually(lambda: engine.status().phase is Phase.ENDED)
    release.set()
    assert eventually(lambda: engine.made[0].seen[-1:] == [49])
    status = engine.status()
    assert engine.made[0].seen == [0, 49]
    assert status.dropped == 48


def test_a_failing_step_is_reported_and_the_next_one_goes_on(build):
    handled = threading.Event()

    class Hiccup(FakePuppeteer):
        def track(self, frame):
            handled.set()
            if frame.index == 0:
                raise ValueError("planted")
            return super().track(frame)

    def after_the_first():
        handled.wait(10)
        return frame(1)

    engine = build(FakeSource("clip", [frame(0), after_the_first]), puppeteer=Hiccup)
    engine.start("clip")
    assert engine.results.take(10).frame.index == 1
    assert messages(engine) == ["Tracking failed unexpectedly (ValueError: planted)"]
    assert engine.status().phase is not Phase.FAILED


def test_steps_that_keep_failing_stop_with_failed_and_a_new_choice_revives(build):
    calls = []

    class Broken(FakePuppeteer):
        def track(self, frame):
            calls.append(frame.index)
            if self.actor is None:
                raise RuntimeError("no way")
            return super().track(frame)

    first = endless()
    engine = build(first, endless(), puppeteer=Broken)
    engine.start("0")
    assert eventually(lambda: engine.status().phase is Phase.FAILED)
    assert messages(engine) == ["Tracking failed unexpectedly (RuntimeError: no way)"]
    assert len(calls) == FAILURES_IN_A_ROW
    assert eventually(first.closed.is_set)
    assert eventually(lambda: engine.made[0].closed_in == engine.made[0].made_in)
    engine.set_actor(Path("marble.actor"))
    assert engine.results.take(10)
    assert engine.status().phase is Phase.RUNNING
    assert engine.status().problems == ()


def test_a_puppeteer_that_cannot_be_made_is_reported(build):
    def impossible():
        raise OSError("no model")

    engine = build(endless(), puppeteer=impossible)
    engine.start("0")
    assert eventually(lambda: messages(engine) == ["Tracking failed unexpectedly (OSError: no model)"])
    assert engine.status().phase is Phase.FAILED


def test_the_next_frame_is_tracked_while_one_is_acted(build):
    tracked_next, threads = threading.Event(), set()

    class Slow(FakePuppeteer):
        def track(self, frame):
            if self.seen:
                tracked_next.set()
            return super().track(frame)

        def act(self, tracked):
            threads.add(threading.get_ident())
            assert tracked_next.wait(10)
            return super().act(tracked)

    engine = build(endless(), puppeteer=Slow)
    engine.start("0")
    first, second = engine.results.take(10), engine.results.take(10)
    assert second.frame.index > first.frame.index
    assert threads.isdisjoint(engine.made[0].stepped_in)
    assert engine.stop() == []


def test_nothing_is_tracked_that_would_have_to_wait_behind_another(build):
    """At most one frame lies between tracking and acting, so that a slow actor never acts on old news."""
    acting, release = threading.Event(), threading.Event()

    class Stuck(FakePuppeteer):
        def act(self, tracked):
            acting.set()
            release.wait(10)
            return super().act(tracked)

    engine = build(endless(), puppeteer=Stuck)
    engine.start("0")
    assert acting.wait(10)
    assert eventually(lambda: len(engine.made[0].seen) == 2)
    threading.Event().wait(0.1)
    assert len(engine.made[0].seen) == 2
    release.set()
    assert eventually(lambda: len(engine.made[0].seen) > 4)
    assert engine.made[0].seen == sorted(engine.made[0].seen)


def test_an_act_that_keeps_failing_stops_with_failed(build):
    class Broken(FakePuppeteer):
        def act(self, tracked):
            raise RuntimeError("no way")

    engine = build(endless(), puppeteer=Broken)
    engine.start("0")
    assert eventually(lambda: engine.status().phase is Phase.FAILED)
    assert messages(engine) == ["Acting failed unexpectedly (RuntimeError: no way)"]
    assert eventually(lambda: engine.made[0].closed_in is not None)
    assert engine.made[0].closed_in == engine.made[0].made_in
